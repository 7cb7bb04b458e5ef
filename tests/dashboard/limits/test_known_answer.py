import numpy as np
import pytest

from dashboard.attribution import METHODS, get_method
from dashboard.attribution.base import Question
from dashboard.attribution.params import compute_defaults
from dashboard.limits.known_answer import (
    SIDE,
    compute_truth,
    create_linear_model,
    mark_methods,
    shuffle_model,
)

INPUTS = np.random.default_rng(0).uniform(0.1, 1, (1, 1, SIDE, SIDE)).astype(np.float32)


def test_what_the_pixels_add_is_the_score() -> None:
    model = create_linear_model()
    logits = model.predict(INPUTS)
    assert compute_truth(model, INPUTS).sum() == pytest.approx(float(logits[0, 0]), rel=1e-5)
    assert logits[0, 1] == 0


@pytest.mark.parametrize(("target", "versus"), [(0, None), (1, None), (0, 1), (1, 0)])
def test_the_gradient_is_exact(target: int, versus: int | None) -> None:
    model = create_linear_model()
    against = None if versus is None else np.array([versus])
    found = model.explain(INPUTS, np.array([target]), against)
    moved = model.explain(INPUTS + found.gradient, np.array([target]), against)
    assert moved.score - found.score == pytest.approx((found.gradient**2).sum(), abs=1e-4)


@pytest.mark.parametrize("name", ["input_x_gradient", "integrated_gradients", "deeplift", "lrp"])
def test_exact_methods_are_exact(name: str) -> None:
    model, method = create_linear_model(), get_method(name)
    params = compute_defaults(method.params)
    if "fill" in params:
        params["fill"] = "black"
    heat = method.compute_heat(method.attribute(model, Question(INPUTS, 0), params))
    assert np.allclose(heat, compute_truth(model, INPUTS), atol=1e-6)


def test_methods_are_marked() -> None:
    offered = [each for each in METHODS if each.is_compatible(create_linear_model()) is None]
    fast = [each for each in offered if each.name not in ("rise", "kernel_shap")]
    marks = {mark.method.name: mark for mark in mark_methods(INPUTS, fast)}
    assert "grad_cam" not in marks  # a linear model has no layer
    for name in ("saliency", "input_x_gradient", "integrated_gradients", "smoothgrad"):
        assert marks[name].inside == pytest.approx(1)
        assert marks[name].correlation == pytest.approx(1, abs=0.15)
        kept = marks[name].kept
        assert kept is not None and abs(kept) < 0.2
    assert marks["input_x_gradient"].correlation == pytest.approx(1)
    assert marks["edges"].kept == pytest.approx(1)
    assert marks["edges"].inside < 0.3


def test_shuffling_keeps_the_numbers() -> None:
    model = create_linear_model()
    other = shuffle_model(model)
    assert np.array_equal(np.sort(other.weights.ravel()), np.sort(model.weights.ravel()))
