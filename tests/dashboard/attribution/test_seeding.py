"""Borrowed generators: repeatable for us, untouched for everybody else."""

from threading import Barrier, Thread

import numpy as np
import pytest
import torch

from dashboard.attribution import get_method
from dashboard.attribution.base import Question
from dashboard.attribution.params import compute_defaults
from dashboard.attribution.seeding import Draws
from dashboard.inference.model import Explained, Floats, Ints
from tests.dashboard.attribution.tiny_models import LinearModel, create_inputs, create_linear

Drawn = tuple[float, float]


def draw() -> Drawn:
    return float(torch.rand(1)), float(np.random.rand())


def seed_plainly(seed: int) -> None:
    torch.manual_seed(seed)
    np.random.seed(seed)


def draw_from(seed: int, n: int) -> list[Drawn]:
    seed_plainly(seed)
    return [draw() for _ in range(n)]


def test_draws_are_those_of_the_seed_set_in_the_plain_way() -> None:
    expected = draw_from(4, 3)
    with Draws(4):
        assert [draw() for _ in range(3)] == expected


@pytest.mark.parametrize("seed", [0, -1, 2**40, 2**70])
def test_every_whole_number_is_a_seed(seed: int) -> None:
    drawn = []
    for _ in range(2):
        with Draws(seed):
            drawn.append(draw())
    assert drawn[0] == drawn[1]


def test_everybody_else_goes_on_where_they_were() -> None:
    others = draw_from(7, 2)
    seed_plainly(7)
    assert draw() == others[0]
    with pytest.raises(KeyError), Draws(1):
        draw()
        raise KeyError
    assert draw() == others[1]


def test_a_pause_is_everybody_elses_turn_and_is_not_felt_inside() -> None:
    mine, others = draw_from(1, 2), draw_from(7, 2)
    seed_plainly(7)
    with Draws(1) as draws:
        assert draw() == mine[0]
        with draws.paused():
            assert draw() == others[0]
        assert draw() == mine[1]
    assert draw() == others[1]


def test_a_stop_during_a_pause_frees_the_generators() -> None:
    others = draw_from(7, 1)
    seed_plainly(7)
    with pytest.raises(KeyError), Draws(1) as draws, draws.paused():
        raise KeyError
    assert draw() == others[0]
    with Draws(1):
        draw()


def test_a_pause_outside_the_block_is_nothing() -> None:
    with Draws(1).paused():
        pass


class MeetingModel(LinearModel):
    """Answers only while two visitors are being answered at the same time."""

    meeting = Barrier(2, timeout=20)

    def predict(self, inputs: Floats) -> Floats:
        self.meeting.wait()
        return super().predict(inputs)

    def explain(self, inputs: Floats, target: Ints, versus: Ints | None = None) -> Explained:
        return super().explain(inputs, target, versus)  # which predicts


@pytest.mark.parametrize("name", ["smoothgrad", "gradient_shap", "kernel_shap"])
def test_two_visitors_compute_at_the_same_time_and_draw_as_if_alone(name: str) -> None:
    method, inputs = get_method(name), create_inputs()
    params = compute_defaults(method.params)
    alone = [
        method.attribute(create_linear(), Question(inputs, 1, seed=seed), params)
        for seed in range(2)
    ]
    together: dict[int, Floats] = {}
    model = create_linear(kind=MeetingModel)

    def visit(seed: int) -> None:
        question = Question(inputs, 1, seed=seed)
        together[seed] = method.attribute(model, question, params).attributions

    threads = [Thread(target=visit, args=(seed,)) for seed in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, result in enumerate(alone):
        np.testing.assert_array_equal(together[seed], result.attributions)
