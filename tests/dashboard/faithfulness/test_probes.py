"""The probes: what they show, and values worked out by hand on a linear network."""

import math

import numpy as np
import pytest

from dashboard.attribution.base import Question
from dashboard.faithfulness.probes import (
    N_CELLS,
    N_SHOWN,
    compute_log_odds,
    create_shown,
    join_probes,
    place_units,
    run_probes,
)
from dashboard.faithfulness.removal import BLACK, BLUR, GREY, JUDGES, REMOVALS, compute_blurred
from tests.dashboard.faithfulness.tiny_models import LinearModel


@pytest.mark.parametrize("size", [(28, 28), (224, 224), (260, 260), (7, 7), (30, 45), (8, 1024)])
def test_every_probe_shows_the_same_share(size: tuple[int, int]) -> None:
    shown = create_shown(40, size)
    rows, columns = (place_units(side) for side in size)
    shares = shown[:, rows][:, :, columns].mean(axis=(1, 2))
    assert np.abs(shares - N_SHOWN / N_CELLS**2).max() <= 0.01 + 1e-9


def test_every_unit_is_shown_about_as_often_as_any_other() -> None:
    often = create_shown(4000, (28, 28)).mean(axis=0)
    # Binomial: the standard error is .008; 784 units stay within 5 of them.
    assert np.abs(often - N_SHOWN / N_CELLS**2).max() < 0.04


def test_the_same_seed_shows_the_same() -> None:
    first, again, other = (create_shown(5, (28, 28), seed) for seed in (1, 1, 2))
    assert (first == again).all() and (first != other).any()


def test_log_odds_by_hand() -> None:
    logits = np.array([[1.0, 2.0, 3.0], [900.0, -900.0, 0.0]], np.float32)
    expected = 1 - np.log(np.exp(2) + np.exp(3))
    assert compute_log_odds(logits, 0) == pytest.approx([expected, 900.0])
    assert compute_log_odds(logits, 0, versus=2) == pytest.approx([-2.0, 900.0])
    assert compute_log_odds(logits[:, :2], 1) == pytest.approx([1.0, -1800.0])


def test_a_linear_network_loses_what_a_probe_hides() -> None:
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(1, 28, 28)).astype(np.float32)
    photo = rng.uniform(-1, 1, (1, 1, 28, 28)).astype(np.float32)
    probes = run_probes(LinearModel(weights), Question(photo, 0), (GREY, BLACK), 20)
    shown = probes.shown.reshape(20, 28, 28)  # a unit is a pixel here
    for log_odds, empty in zip(probes.log_odds, (0.0, -1.0), strict=True):
        pictures = np.where(shown, photo[0, 0], empty)
        assert log_odds == pytest.approx((pictures * weights[0]).sum(axis=(1, 2)), abs=1e-4)
    assert probes.whole == pytest.approx(float((photo[0] * weights).sum()), abs=1e-4)
    apart = [run_probes(LinearModel(weights), Question(photo, 0), (each,), 20) for each in JUDGES]
    both = run_probes(LinearModel(weights), Question(photo, 0), JUDGES, 20)
    assert join_probes(apart).log_odds == pytest.approx(both.log_odds)


def test_a_picture_of_a_few_pixels_is_refused() -> None:
    model = LinearModel(np.ones((1, 6, 9), np.float32))
    with pytest.raises(ValueError, match="7 pixels"):
        run_probes(model, Question(np.zeros((1, 1, 6, 9), np.float32), 0), JUDGES, 5)


def test_grey_is_halfway_blur_keeps_the_mean_and_black_is_black() -> None:
    model = LinearModel(np.ones((1, 28, 28), np.float32))
    photo = np.random.default_rng(0).uniform(-1, 1, (1, 28, 28)).astype(np.float32)
    assert (GREY.compute(model, photo) == 0).all() and (BLACK.compute(model, photo) == -1).all()
    blurred = BLUR.compute(model, photo)
    assert blurred.std() < photo.std() / 3 and abs(blurred.mean() - photo.mean()) < 0.1
    assert set(JUDGES) < set(REMOVALS) and len(JUDGES) >= 2


def test_what_the_reader_sees_vanish_is_what_the_network_loses() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (28, 28, 3)).astype(np.uint8)
    assert (GREY.paint(picture) == 128).all() and (BLACK.paint(picture) == 0).all()
    inputs = picture.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1
    blurred = BLUR.compute(LinearModel(np.ones((3, 28, 28), np.float32)), inputs)
    painted = BLUR.paint(picture).transpose(2, 0, 1)
    assert painted == pytest.approx((blurred + 1) * 127.5, abs=0.51)


def test_blur_keeps_a_constant_and_the_centre_of_mass() -> None:
    assert compute_blurred(np.full((3, 30, 20), 2.5, np.float32)) == pytest.approx(2.5)
    dot = np.zeros((1, 41, 41), np.float32)
    dot[0, 20, 20] = 1
    blurred = compute_blurred(dot, sigma=2.0)
    assert blurred.sum() == pytest.approx(1)
    assert np.allclose(blurred, blurred[:, ::-1]) and np.allclose(blurred, blurred.swapaxes(1, 2))
    # A Gaussian's neighbour at one sigma stands at exp(-1/2) of its peak.
    assert blurred[0, 20, 22] / blurred[0, 20, 20] == pytest.approx(math.exp(-0.5))
