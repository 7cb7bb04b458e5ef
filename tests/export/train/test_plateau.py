"""Training to convergence: the rule by hand, and a run that is stopped and goes on."""

from pathlib import Path

import numpy as np
import pytest
import torch

from export.datasets.fashion_mnist import Images
from export.train.checkpoint import Checkpoint
from export.train.images import Recipe
from export.train.loop import TrainState
from export.train.plateau import Patience, Progress, converge, follow
from models.small_cnn import create_small_cnn


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ([], Progress(0, -1, False)),
        ([0.5], Progress(0, 0, False)),
        ([0.5, 0.6, 0.6], Progress(0, 1, False)),  # as good is no better, but one is not two
        ([0.5, 0.6, 0.6, 0.4], Progress(1, 1, False)),
        ([0.5, 0.6, 0.6, 0.4, 0.7, 0.1], Progress(1, 4, False)),  # a better one starts the count
        ([0.5, 0.6, 0.6, 0.4, 0.1, 0.1], Progress(2, 1, False)),
        ([0.5, 0.6, 0.6, 0.4, 0.1, 0.1, 0.6, 0.1], Progress(2, 1, True)),  # the third plateau
    ],
)
def test_the_rate_falls_at_a_plateau_and_the_third_is_the_end(
    checks: list[float], expected: Progress
) -> None:
    assert follow(checks, wait=2, cuts=2) == expected


def test_patience_is_counted_in_steps_or_in_passes_through_the_set() -> None:
    patience = Patience(every=250, steps=1_000, epochs=4)
    assert patience.count_checks(600, 128) == 4  # 19 steps are four passes: 1,000 steps count
    assert patience.count_checks(55_000, 128) == 7  # 1,719 steps, rounded up to a check


def draw(count: int, seed: int) -> Images:
    """Return pictures that are bright in a row of their class: a network can learn them."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    pixels = rng.integers(0, 60, (count, 28, 28)).astype(np.uint8)
    for picture, label in zip(pixels, labels, strict=True):
        picture[2 * label + 2] = 255
    return Images(pixels, labels)


DATA, HELD_OUT = draw(40, 0), draw(20, 1)
RECIPE = Recipe(steps=40, batch=10, rate=0.05, augment=False, half=False)
PATIENCE = Patience(every=4, steps=8, epochs=0, warm=2)


def train(path: Path, steps: int = RECIPE.steps) -> TrainState:
    recipe = Recipe(steps, batch=10, rate=0.05, augment=False, half=False)
    return converge(create_small_cnn, DATA, HELD_OUT, recipe, PATIENCE, 0, Checkpoint(path))


class Interrupt(Exception):
    """The machine goes down."""


def test_a_run_that_was_interrupted_ends_where_another_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(tmp_path / "whole.pt")
    save, saved = Checkpoint.save, []

    def fail(self: Checkpoint, state: dict) -> None:  # type: ignore[type-arg]
        save(self, state)
        saved.append(state["step"])
        if len(saved) == 2:
            raise Interrupt

    monkeypatch.setattr(Checkpoint, "save", fail)
    with pytest.raises(Interrupt):
        train(tmp_path / "cut.pt")
    assert saved == [4, 8]
    resumed = train(tmp_path / "cut.pt")
    assert resumed.history == whole.history and resumed.step == whole.step
    for name, weights in whole.model.state_dict().items():
        assert torch.equal(resumed.model.state_dict()[name], weights)


def test_the_weights_of_the_best_check_are_kept_and_the_run_ends_by_itself(
    tmp_path: Path,
) -> None:
    state = train(tmp_path / "run.pt", steps=400)
    checks = [figures[-1] for _, *figures in state.history]
    assert state.step < 400  # three plateaus came first
    assert follow(checks, 2, 2).is_over and not follow(checks[:-1], 2, 2).is_over
    with torch.no_grad():
        pixels = torch.from_numpy((HELD_OUT.pixels.astype(np.float32) / 255 - 0.2860) / 0.3530)
        answers = state.model(pixels[:, None]).argmax(1).numpy()
    assert not state.model.training
    assert (answers == HELD_OUT.labels).mean() == pytest.approx(max(checks))


def test_more_steps_than_the_recipe_has_are_not_taken(tmp_path: Path) -> None:
    state = train(tmp_path / "run.pt", steps=6)
    assert [step for step, *_ in state.history] == [4, 6] and state.step == 6
