import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.learning.surfaces import SURFACES, compute_heights, compute_size, get_surface

every_surface = pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)


def compute_hessian(surface, point, h=1e-5):
    steps = h * np.eye(2)
    gradient = surface.gradient
    return np.array([(gradient(point + s) - gradient(point - s)) / (2 * h) for s in steps])


def answer(x, weight, bias):
    return 1 / (1 + np.exp(-(weight * x + bias)))


@every_surface
@settings(max_examples=40, deadline=None)
@given(share=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_gradient_agrees_with_finite_differences(surface, share):
    point = np.array([a + s * (b - a) for s, (a, b) in zip(share, surface.domain, strict=True)])
    h = 1e-6
    numeric = [
        (surface.value(point + s) - surface.value(point - s)) / (2 * h) for s in h * np.eye(2)
    ]
    np.testing.assert_allclose(surface.gradient(point), numeric, rtol=1e-6, atol=1e-7)


@every_surface
def test_minima_are_minima_and_the_global_ones_are_the_lowest_on_the_map(surface):
    _, _, heights = compute_heights(surface, 201)
    lowest = min(minimum.value for minimum in surface.minima)
    assert heights.min() >= lowest - 1e-6
    for minimum in surface.minima:
        point = np.array(minimum.point)
        assert surface.has_inside(minimum.point)
        assert surface.value(point) == pytest.approx(minimum.value, abs=1e-6)
        np.testing.assert_allclose(surface.gradient(point), 0, atol=1e-6)
        assert np.linalg.eigvalsh(compute_hessian(surface, point)).min() > 1e-4
        assert minimum.is_global == (minimum.value == lowest)


@every_surface
def test_saddles_go_down_one_way_and_up_another(surface):
    for saddle in surface.saddles:
        point = np.array(saddle)
        np.testing.assert_allclose(surface.gradient(point), 0, atol=1e-6)
        down, up = np.linalg.eigvalsh(compute_hessian(surface, point))
        assert down < 0 < up


@every_surface
def test_no_minimum_and_no_saddle_is_missing(surface):
    # Where both parts of the gradient change sign within a cell of a fine grid, Newton's method
    # starts; where it ends close by, there is a place without slope.
    axes = [np.linspace(low - 1e-3, high + 1e-3, 300) for low, high in surface.domain]
    points = np.stack(np.meshgrid(*axes), axis=-1)
    signs = surface.gradient(points) > 0
    corners = np.stack([signs[:-1, :-1], signs[1:, :-1], signs[:-1, 1:], signs[1:, 1:]])
    changes = (corners.any(axis=0) & ~corners.all(axis=0)).all(axis=-1)
    known = [m.point for m in surface.minima] + list(surface.saddles)
    found = set()
    for start in points[:-1, :-1][changes]:
        place = start
        for _ in range(20):
            step = np.linalg.lstsq(compute_hessian(surface, place), surface.gradient(place))[0]
            place = place - step
        if np.hypot(*(place - start)) < 0.01 * compute_size(surface):
            distances = [np.hypot(*(place - point)) for point in known]
            assert min(distances) < 1e-4
            found.add(int(np.argmin(distances)))
    assert len(found) == len(known)


@every_surface
def test_has_what_a_page_needs(surface):
    assert surface.label and surface.summary.endswith(".") and surface.value.__doc__
    assert surface.has_inside(surface.start) and surface.rate > 0 and surface.steps > 0
    assert not surface.has_inside((float("nan"), 0.0)) and not surface.has_inside((99.0, 0.0))
    assert get_surface(surface.name) is surface
    x, y, heights = compute_heights(surface, 5)
    assert heights.shape == (5, 5)
    assert heights[1, 4] == surface.value(np.array([x[4], y[1]]))


def test_values_by_hand():
    point = np.array([1.0, 2.0])
    values = {surface.name: float(surface.value(point)) for surface in SURFACES}
    assert values["bowl"] == 2.5 and values["ravine"] == 50.5 and values["banana"] == 10
    assert values["two_valleys"] == pytest.approx(4 / 3 + 4)
    assert values["saddle"] == 0.5 + 9 / 4 and values["plateau"] == 1 - np.exp(-10)


def test_the_neurons_map_is_the_error_of_a_neuron():
    outputs = [answer(x, 0.7, -0.3) for x in (-2, 0, 0.5, 2.5)]
    expected = np.mean((np.array(outputs) - [0, 0.2, 0.8, 0.1]) ** 2)
    assert get_surface("neuron").value(np.array([0.7, -0.3])) == pytest.approx(expected)


def test_the_neurons_bad_minimum_meets_the_two_middle_examples():
    local = next(m for m in get_surface("neuron").minima if not m.is_global)
    weight, bias = local.point
    assert answer(0, weight, bias) == pytest.approx(0.2, abs=0.001)
    assert answer(0.5, weight, bias) == pytest.approx(0.8, abs=0.001)
    assert answer(2.5, weight, bias) > 0.99  # it should be 0.1
