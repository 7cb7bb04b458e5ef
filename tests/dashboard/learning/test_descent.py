import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.learning.descent import Verdict, descend
from dashboard.learning.surfaces import SURFACES, get_surface


def walk(name, rate=None, momentum=0.0, steps=None, start=None):
    surface = get_surface(name)
    return descend(surface, start or surface.start, rate or surface.rate, momentum, steps)


@pytest.mark.parametrize(
    ("name", "rate", "momentum", "verdict"),
    [
        ("bowl", 0.3, 0.0, Verdict.GLOBAL_MINIMUM),
        ("bowl", 0.001, 0.0, Verdict.CRAWLING),
        ("bowl", 2.0, 0.0, Verdict.OSCILLATING),  # exactly 2 / curvature: there and back for ever
        ("bowl", 2.05, 0.0, Verdict.DIVERGED),
        ("ravine", 0.07, 0.0, Verdict.GLOBAL_MINIMUM),
        ("ravine", 0.01, 0.0, Verdict.CRAWLING),
        ("ravine", 0.01, 0.9, Verdict.GLOBAL_MINIMUM),  # momentum helps along the valley
        ("ravine", 0.0805, 0.0, Verdict.DIVERGED),
        ("banana", 0.01, 0.0, Verdict.CRAWLING),
        ("banana", 0.01, 0.9, Verdict.GLOBAL_MINIMUM),
        ("two_valleys", 0.05, 0.0, Verdict.LOCAL_MINIMUM),
        ("two_valleys", 0.05, 0.9, Verdict.GLOBAL_MINIMUM),  # momentum carries it over the ridge
        ("two_valleys", 0.4, 0.0, Verdict.DIVERGED),
        ("saddle", 0.2, 0.0, Verdict.GLOBAL_MINIMUM),
        ("plateau", 0.1, 0.0, Verdict.CRAWLING),
        ("plateau", 3.0, 0.0, Verdict.DIVERGED),  # thrown out of the hole, off the map
        ("neuron", 6.0, 0.0, Verdict.LOCAL_MINIMUM),
        ("neuron", 0.5, 0.0, Verdict.CRAWLING),
    ],
)
def test_verdicts_on_known_settings(name, rate, momentum, verdict):
    assert walk(name, rate, momentum).verdict is verdict


def test_the_start_decides_which_minimum_is_found():
    assert walk("two_valleys", start=(0.3, 1.0)).minimum.point == (1, 0)
    assert walk("two_valleys", start=(0.2, 1.0)).minimum.point == (-1, 0)
    assert walk("neuron", start=(0.0, 2.0)).verdict is Verdict.GLOBAL_MINIMUM
    assert walk("saddle", start=(1.0, 0.3)).minimum.point == (0, 1)
    assert walk("saddle", start=(1.0, -0.3)).minimum.point == (0, -1)


def test_on_the_saddles_ridge_it_stops_at_the_pass():
    stuck = walk("saddle", start=(1.5, 0.0))
    assert stuck.verdict is Verdict.SADDLE and stuck.minimum is None


@settings(max_examples=60, deadline=None)
@given(share=st.floats(0.01, 2), x=st.floats(0.2, 2), y=st.floats(-2, 2))
def test_a_quadratic_diverges_exactly_above_two_over_its_curvature(share, x, y):
    # Curvature 1: every step multiplies the distance by |1 - rate|.
    for rate in (2 - share / 2, 2 + share):
        descent = walk("bowl", rate, start=(x, y), steps=50)
        far = np.hypot(*descent.path.T)
        np.testing.assert_allclose(far[1:], far[:-1] * abs(1 - rate), atol=1e-9)
        assert (descent.verdict is Verdict.DIVERGED) == (rate > 2)


def test_path_is_gradient_descent_by_hand():
    descent = walk("ravine", 0.1, start=(1.0, 0.4), steps=2)
    np.testing.assert_allclose(descent.path, [[1, 0.4], [0.9, -0.6], [0.81, 0.9]])
    np.testing.assert_allclose(descent.values[0], 2.5)
    assert descent.reversals == 1
    heavy = walk("bowl", 0.5, 0.5, start=(1.0, 0.0), steps=2)
    np.testing.assert_allclose(heavy.path[:, 0], [1, 0.5, 0])  # v = 1, then 0.5 * 1 + 0.5


def test_who_rolls_through_a_minimum_has_not_settled_there():
    passing = walk("bowl", 0.5, 0.5, start=(1.0, 0.0), steps=2)
    assert passing.path[-1, 0] == 0 and passing.minimum is None
    assert passing.verdict is Verdict.CRAWLING


def test_who_leaves_the_map_far_behind_is_not_followed():
    descent = walk("bowl", 9.0, steps=100)
    assert len(descent.path) == len(descent.values) == 2 and np.isfinite(descent.path).all()


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
@settings(max_examples=40, deadline=None)
@given(
    share=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    rate=st.floats(1e-6, 1e6),
    momentum=st.floats(0, 0.99),
    steps=st.integers(1, 40),
)
def test_any_setting_gets_a_finite_path_and_a_verdict(surface, share, rate, momentum, steps):
    start = tuple(a + s * (b - a) for s, (a, b) in zip(share, surface.domain, strict=True))
    start = tuple(np.clip(s, a, b) for s, (a, b) in zip(start, surface.domain, strict=True))
    descent = descend(surface, start, rate, momentum, steps)
    assert np.isfinite(descent.path).all() and np.isfinite(descent.values).all()
    assert len(descent.path) <= steps + 1
    settled = descent.verdict in (Verdict.GLOBAL_MINIMUM, Verdict.LOCAL_MINIMUM)
    assert (descent.minimum is not None) == settled
    assert descent.verdict.value.endswith(".")


@pytest.mark.parametrize(
    "bad",
    [
        {"start": (9.0, 0.0)},
        {"start": (float("nan"), 0.0)},
        {"rate": -1.0},
        {"rate": float("inf")},
        {"momentum": 1.0},
        {"momentum": float("nan")},
        {"steps": 0},
    ],
)
def test_bad_settings_are_one_sentence(bad):
    with pytest.raises(ValueError, match="must"):
        walk("bowl", **bad)
