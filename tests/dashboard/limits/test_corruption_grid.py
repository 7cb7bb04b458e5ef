"""A picture under corruption, before a network whose answers can be computed by hand."""

import numpy as np
import pytest

from dashboard.inference.model import Explained, Floats, Ints
from dashboard.inference.preprocessing import Pixels
from dashboard.inference.sight import ModelFacts, Sight
from dashboard.limits.corruption_grid import compute_grid, compute_steps, corrupt_picture
from dashboard.limits.sample_shift import (
    average,
    compute_corruption_errors,
    compute_relative_errors,
    measure_shift,
)
from dashboard.stress import CORRUPTIONS, get_corruption, list_corruptions
from dashboard.stress.base import corrupt_views


class Brightness:
    """Two classes: the logit of "bright" is the mean pixel in grey levels less 100."""

    layers = ()
    has_gradients = False

    def __init__(self, channels: int) -> None:
        self.input_shape = (channels, 28, 28)
        black = np.zeros((channels, 1, 1), np.float32)
        self.input_range: tuple[Floats, Floats] = (black, black + 255)

    def predict(self, inputs: Floats) -> Floats:
        mean = inputs.mean(axis=(1, 2, 3)) - 100
        return np.stack([mean, np.zeros_like(mean)], axis=1)

    def explain(self, inputs: Floats, target: Ints, versus: Ints | None = None) -> Explained:
        raise RuntimeError


def create_sight(channels: int = 1) -> Sight:
    picture = np.full((28, 28, 3), 110, np.uint8)
    model = Brightness(channels)

    def normalize(views: Pixels) -> Floats:
        return views[..., :channels].transpose(0, 3, 1, 2).astype(np.float32)

    logits = model.predict(normalize(picture[np.newaxis]))[0]
    return Sight(
        model=model,
        facts=ModelFacts("m", "M", {}, "CPU"),
        key=("m", "p"),
        picture=picture,
        logits=logits,
        labels=("bright", "dark"),
        normalize=normalize,
        crop=lambda photo: photo,
        is_light=True,
    )


def test_brightness_raises_the_probability_step_by_step() -> None:
    sight = create_sight()
    steps = compute_steps(sight, get_corruption("brightness"), [])
    assert [step.severity for step in steps] == [0, 1, 2, 3, 4, 5]
    assert np.array_equal(steps[0].view, sight.picture)
    assert steps[0].probs[0] == pytest.approx(1 / (1 + np.exp(-10)))
    for step in steps:
        mean = float(step.view[..., 0].mean())
        assert step.probs[0] == pytest.approx(1 / (1 + np.exp(100 - mean)), rel=1e-4)


def test_the_grid_holds_every_cell_once_and_equals_the_steps() -> None:
    sight, told = create_sight(), []
    chosen = [get_corruption("fog"), get_corruption("gaussian_noise")]
    cells = compute_grid(sight, chosen, lambda doing, done: told.append((doing, done)))
    assert [(cell.corruption, cell.severity) for cell in cells] == [
        (each.name, severity) for each in chosen for severity in range(1, 6)
    ]
    assert told == [("Fog", 0.0), ("Gaussian noise", 0.5)]
    for cell in cells:
        step = compute_steps(sight, get_corruption(cell.corruption), [])[cell.severity]
        assert np.array_equal(cell.view, step.view)
        assert cell.probability == pytest.approx(float(step.probs[0]), rel=1e-5)


def test_stopping_the_grid_leaves_at_once() -> None:
    def stop(doing: str, fraction: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        compute_grid(create_sight(), CORRUPTIONS, stop)


def test_a_grey_network_gets_grey_noise_and_no_colour_shift() -> None:
    noise = get_corruption("gaussian_noise")
    grey, colour = create_sight(1), create_sight(3)
    view = corrupt_picture(grey, noise, 3)
    assert np.array_equal(view[..., 0], view[..., 1]) and np.array_equal(view[..., 0], view[..., 2])
    view = corrupt_picture(colour, noise, 3)
    assert not np.array_equal(view[..., 0], view[..., 1])
    assert len(list_corruptions(is_grey=False)) == len(CORRUPTIONS)
    assert all(not each.needs_colour for each in list_corruptions(is_grey=True))


def test_shift_of_a_sample_by_hand() -> None:
    # Half of the pictures are just bright enough; fog makes all of them bright.
    views = np.repeat(np.array([90, 110], np.uint8), 4)[:, None, None, None]
    views = np.broadcast_to(views, (8, 28, 28, 3)).copy()
    labels = np.array([1] * 4 + [0] * 4)
    sight = create_sight()

    def predict(shown: Pixels) -> Floats:
        return sight.model.predict(sight.normalize(shown))

    fog = get_corruption("fog")
    shift = measure_shift(predict, views, labels, fog, is_grey=True, temperature=1.0)
    assert shift.n == 8 and len(shift.levels) == 6
    assert shift.levels[0].plain.accuracy == 1.0
    shown = corrupt_views(views, fog, 5, is_grey=True)
    expected = ((predict(shown).argmax(axis=1)) == labels).mean()
    assert shift.levels[5].plain.accuracy == expected
    assert shift.levels[5].plain == shift.levels[5].scaled  # a temperature of 1
    fitted = measure_shift(predict, views, labels, fog, is_grey=True, temperature=None)
    assert fitted.n == 4  # every other picture fitted the temperature


def test_corruption_errors_by_hand() -> None:
    errors = {"fog": [20.0, 40.0], "noise": [10.0, 10.0]}
    base = {"fog": [10.0, 20.0], "noise": [20.0, 20.0]}
    found = compute_corruption_errors(errors, base)
    assert found == {"fog": 2.0, "noise": 0.5}
    assert average(found, ["fog", "noise", "snow"]) == 1.25
    # Added: fog (15 + 35) / (5 + 15) = 2.5, noise (5 + 5) / (15 + 15) = 1/3, with 5 % clean.
    added = compute_relative_errors(errors, 5.0, base, 5.0)
    assert added == {"fog": 2.5, "noise": pytest.approx(1 / 3)}
    assert compute_relative_errors(errors, 5.0, {"fog": [5.0, 5.0]}, 5.0) == {}
