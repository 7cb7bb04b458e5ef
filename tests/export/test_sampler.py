import numpy as np
import pytest

from export.arrays import Floats
from export.sampler import FAINTEST, Ints, PredictNoise, choose_times, compute_alphas_bar, sample

ALPHAS_BAR = compute_alphas_bar(1000)
NO_CLASS = 10


def test_the_schedule_falls_from_almost_all_to_almost_nothing() -> None:
    assert ALPHAS_BAR[0] > 0.999 and ALPHAS_BAR[-1] < 1e-5
    assert (np.diff(ALPHAS_BAR) < 0).all()
    # cos^2 of half of a right angle, but for the offset.
    assert ALPHAS_BAR[499] == pytest.approx(0.5, abs=0.01)


def test_times_are_even_and_begin_where_something_can_be_seen() -> None:
    times = choose_times(ALPHAS_BAR, 5)
    assert ALPHAS_BAR[times[0]] >= FAINTEST > ALPHAS_BAR[times[0] + 1]
    assert times[-1] == 0 and np.ptp(np.diff(times)) <= 1  # rounded
    assert choose_times(ALPHAS_BAR, 3, first=400) == [400, 200, 0]
    assert len(choose_times(ALPHAS_BAR, 1)) == 1


def know_all(images: Floats) -> PredictNoise:
    """A predictor that knows the clean images of the classes: each its own, none their mean."""

    def predict_noise(image: Floats, time: Ints, label: Ints) -> Floats:
        kept = ALPHAS_BAR[time][:, None, None, None]
        targets = np.concatenate([images, images.mean(0, keepdims=True)])
        clean = targets[np.where(label == NO_CLASS, len(images), label)]
        noise: Floats = ((image - np.sqrt(kept) * clean) / np.sqrt(1 - kept)).astype(np.float32)
        return noise

    return predict_noise


@pytest.mark.parametrize("steps", [1, 2, 10])
def test_a_perfect_predictor_leads_to_the_image_in_any_number_of_steps(steps: int) -> None:
    images = np.linspace(-0.9, 0.9, 8, dtype=np.float32).reshape(2, 1, 2, 2)
    noise = np.random.default_rng(0).standard_normal((2, 1, 2, 2), dtype=np.float32)
    path = list(sample(know_all(images), noise, np.arange(2), NO_CLASS, ALPHAS_BAR, steps))
    assert len(path) == steps and path[0].image is noise
    np.testing.assert_allclose(path[-1].clean, images, atol=1e-3)
    assert all((step.change == 0).all() for step in path)


def test_guidance_moves_away_from_the_mean_and_0_ignores_the_class() -> None:
    images = np.array([-0.2, 0.4], np.float32).reshape(2, 1, 1, 1)
    noise = np.zeros((2, 1, 1, 1), np.float32)

    def run(guidance: float) -> list[float]:
        found = sample(
            know_all(images),
            noise,
            np.arange(2),
            NO_CLASS,
            ALPHAS_BAR,
            4,
            guidance,
        )
        *_, last = found
        return [round(float(each), 3) for each in last.clean.ravel()]

    assert run(0) == [0.1, 0.1]
    assert run(1) == [-0.2, 0.4]
    assert run(2) == [-0.5, 0.7]


def test_the_clean_guess_stays_in_range_and_the_parts_add_up_to_the_next_image() -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((1, 1, 4, 4), dtype=np.float32)

    def predict_noise(image: Floats, time: Ints, label: Ints) -> Floats:
        return np.zeros_like(image)

    first, second = sample(predict_noise, noise, np.zeros(1, np.int64), 10, ALPHAS_BAR, 2)
    assert np.abs(first.clean).max() == 1
    signal, spread = np.sqrt(ALPHAS_BAR[first.time]), np.sqrt(1 - ALPHAS_BAR[first.time])
    rest = (noise - signal * first.clean) / spread
    kept = ALPHAS_BAR[second.time]
    expected = np.sqrt(kept) * first.clean + np.sqrt(1 - kept) * rest
    np.testing.assert_allclose(second.image, expected, atol=1e-6)
