import copy
from pathlib import Path

import numpy as np
import pytest
import torch

from export.datasets.fashion_mnist import Images
from export.train import gan_fit
from export.train.checkpoint import Checkpoint
from export.train.gan_fit import Contest, Fitted, Recipe, fit

RECIPE = Recipe(steps=4, moments=(1, 4), batch=4, average_from=2, average=0.5)


@pytest.fixture
def data() -> Images:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 28, 28)).astype(np.uint8)
    return Images(pixels, np.arange(20) % 10)


def get_weights(fitted: Fitted) -> torch.Tensor:
    tensors = [*fitted.generator.state_dict().values(), *fitted.discriminator.state_dict().values()]
    return torch.cat([each.detach().flatten().float() for each in tensors])


def test_an_interrupted_contest_ends_where_an_uninterrupted_one_does(
    data: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gan_fit, "_SAVE_EVERY", 2)
    whole = fit(data, RECIPE, 0, Checkpoint(tmp_path / "whole.pt"), "")

    class Interrupted(Checkpoint):
        def save(self, state: dict[str, object]) -> None:
            super().save(state)
            if state["step"] == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(data, RECIPE, 0, Interrupted(tmp_path / "parts.pt"), "")
    resumed = fit(data, RECIPE, 0, Checkpoint(tmp_path / "parts.pt"), "")
    assert torch.equal(get_weights(whole), get_weights(resumed))
    assert [each.step for each in resumed.rounds] == [1, 2, 4]
    assert list(resumed.generators) == list(resumed.discriminators) == ["step_00001", "step_00004"]
    assert all(0 <= each.real_right <= 100 and 0 <= each.fake_right <= 100 for each in whole.rounds)


def test_the_discriminators_step_leaves_the_generator_alone() -> None:
    contest = Contest(RECIPE, 0)
    generator, discriminator = (
        copy.deepcopy(model.state_dict()) for model in (contest.generator, contest.discriminator)
    )
    contest._update(1, contest.discriminator(torch.ones(2, 1, 28, 28), torch.arange(2)).mean())
    now = contest.generator.state_dict()
    assert all(torch.equal(generator[name], now[name]) for name in generator)
    name = "score.parametrizations.weight.original"
    assert not torch.equal(discriminator[name], contest.discriminator.state_dict()[name])


def test_players_go_on_from_another_contest(data: Images, tmp_path: Path) -> None:
    fit(data, RECIPE, 0, Checkpoint(tmp_path / "one.pt"), "")
    begin = torch.load(tmp_path / "one.pt", weights_only=True)
    still = Recipe(1, (), batch=4, generator_rate=0, discriminator_rate=0, average_from=0)
    fitted = fit(data, still, 0, Checkpoint(tmp_path / "two.pt"), "", begin)
    for name, parameter in fitted.generator.named_parameters():
        torch.testing.assert_close(parameter, begin["average"][name])
