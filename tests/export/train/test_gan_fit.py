import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from export.datasets.fashion_mnist import Images
from export.train import gan_fit
from export.train.checkpoint import Checkpoint
from export.train.gan_fit import FIGURES, Contest, Recipe, fit
from export.train.loop import descend

RECIPE = Recipe(steps=4, moments=(1, 4), batch=4, average_from=2, average=0.5)


@pytest.fixture
def data() -> Images:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 28, 28)).astype(np.uint8)
    return Images(pixels, np.arange(20) % 10)


def test_the_history_and_the_moments_are_those_of_the_recipe(data: Images, tmp_path: Path) -> None:
    state = fit(data, RECIPE, 0, Checkpoint(tmp_path / "run.pt"), "")
    assert [step for step, *_ in state.history] == [1, 4]
    assert all(len(figures) == len(FIGURES) for _, *figures in state.history)
    assert all(0 <= right <= 100 for _, _, _, *rights in state.history for right in rights)
    for player in ("generator", "discriminator"):
        assert list(state.moments[player]) == ["step_00001", "step_00004"]


def test_moments_outlive_an_interruption(
    data: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gan_fit, "_SAVE_EVERY", 2)
    whole = fit(data, RECIPE, 0, Checkpoint(tmp_path / "whole.pt"), "")

    class Interrupted(Checkpoint):
        def save(self, state: dict[str, Any]) -> None:
            super().save(state)
            if state["step"] == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(data, RECIPE, 0, Interrupted(tmp_path / "parts.pt"), "")
    resumed = fit(data, RECIPE, 0, Checkpoint(tmp_path / "parts.pt"), "")
    assert resumed.history == whole.history
    assert [step for step, *_ in resumed.history] == [1, 2, 4]
    for player, moments in whole.moments.items():
        for name, weights in moments.items():
            for key, weight in weights.items():
                assert torch.equal(weight, resumed.moments[player][name][key])


def test_the_discriminators_step_leaves_the_generator_alone() -> None:
    contest = Contest(RECIPE, 0)
    generator, discriminator = (
        copy.deepcopy(model.state_dict()) for model in (contest.generator, contest.discriminator)
    )
    loss = contest.discriminator(torch.ones(2, 1, 28, 28), torch.arange(2)).mean()
    descend(contest.optimizers[1], loss, RECIPE.discriminator_rate)
    now = contest.generator.state_dict()
    assert all(torch.equal(generator[name], now[name]) for name in generator)
    name = "score.parametrizations.weight.original"
    assert not torch.equal(discriminator[name], contest.discriminator.state_dict()[name])


def test_players_go_on_from_another_contest(data: Images, tmp_path: Path) -> None:
    begin = fit(data, RECIPE, 0, Checkpoint(tmp_path / "one.pt"), "")
    still = Recipe(1, (), batch=4, generator_rate=0, discriminator_rate=0, average_from=0)
    state = fit(data, still, 0, Checkpoint(tmp_path / "two.pt"), "", begin)
    for name, parameter in state.model.named_parameters():
        torch.testing.assert_close(parameter, begin.model.get_parameter(name))
