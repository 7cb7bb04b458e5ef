"""What the page *Fundamentals* plays: frames, walks, fits."""

from itertools import pairwise

import numpy as np
import pytest

from dashboard.learning.frames import (
    N_STEPS,
    SIZES,
    WALKS,
    Lesson,
    Walk,
    compute_descent,
    create_descent_scene,
    create_fit_scene,
    create_network_scene,
)
from dashboard.learning.mlp import compute_loss, create_mlp, forward
from dashboard.learning.surfaces import get_surface
from dashboard.views.fundamentals.neuron_figure import Neuron, parse_neuron


@pytest.fixture(scope="module")
def scene() -> dict[str, object]:
    return create_network_scene(Lesson())


def test_each_frame_follows_from_the_one_before(scene: dict) -> None:  # type: ignore[type-arg]
    assert len(scene["frames"]) == N_STEPS + 1 and not scene["diverged"]
    for before, after in zip(scene["frames"][:-1], scene["frames"][1:], strict=True):
        step = np.array(before["w"]) - scene["rate"] * np.array(before["g"])
        np.testing.assert_allclose(step, after["w"], atol=3e-5)  # five digits are sent


def test_a_frames_gradients_are_finite_differences(scene: dict) -> None:  # type: ignore[type-arg]
    frame, inputs = scene["frames"][40], np.array(scene["points"])
    network = create_mlp(SIZES, scene["activation"])

    def lose(parameters: np.ndarray) -> float:
        logits = forward(network.replace(parameters), inputs).logits
        return compute_loss(logits, np.array(scene["labels"]))

    at, h = np.array(frame["w"]), 1e-5
    slopes = [(lose(at + h * e) - lose(at - h * e)) / (2 * h) for e in np.eye(len(at))]
    np.testing.assert_allclose(slopes, frame["g"], atol=2e-3)  # points are sent with three digits
    assert lose(at) == pytest.approx(frame["loss"], abs=1e-3)


def test_the_first_lesson_is_learnt(scene: dict) -> None:  # type: ignore[type-arg]
    assert scene["frames"][-1]["loss"] < 0.05
    assert scene["frames"][-1]["accuracy"] > 0.9


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.name)
def test_every_offered_walk_ends_as_its_name_says(walk: Walk) -> None:
    walked = compute_descent(walk.surface, walk.start, walk.rate, walk.momentum)
    assert walked.verdict is walk.verdict
    scene = create_descent_scene(walked, get_surface(walk.surface))
    assert len(scene["path"]) == len(scene["values"]) == len(scene["gradients"])


@pytest.mark.filterwarnings("error")  # of numpy, where numbers are too coarse for a degree
@pytest.mark.parametrize("count", [15, 30, 100])
def test_every_degree_offered_can_be_computed(count: int) -> None:
    fits = create_fit_scene(count, 0.2, 1)["fits"]
    degrees = [fit["degree"] for fit in fits]
    assert degrees == sorted(set(degrees)) and set(range(15)) <= set(degrees)  # old links open
    assert {count - 1, count} <= set(degrees) or max(degrees) < count
    assert all(fit["train"] == 0 for fit in fits if fit["degree"] >= count)


def test_the_errors_are_a_falling_line_and_a_u_that_falls_again() -> None:
    scene = create_fit_scene(15, 0.2, 1)
    train = [fit["train"] for fit in scene["fits"]]
    test = [fit["test"] for fit in scene["fits"]]
    assert all(a >= b for a, b in pairwise(train))
    assert train[14] == pytest.approx(0, abs=1e-3)
    assert 0 < scene["best"] < 14
    assert test[0] > 2 * test[scene["best"]] and test[14] > 2 * test[scene["best"]]
    assert max(test) == test[14] > 5 * test[-1]


def test_a_neuron_in_the_link_comes_back() -> None:
    neuron = Neuron((-1.0, 2.5), (0.1, -3.0), 0.0, "tanh")
    assert parse_neuron(neuron.encode()) == neuron


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "1,1,1,1,9,relu", "1,1,1,1,nan,relu", "1,1,1,1,1,step", "a,b,c,d,e,relu"]
)
def test_a_neuron_that_means_nothing_is_none(text: str) -> None:
    assert parse_neuron(text) is None
