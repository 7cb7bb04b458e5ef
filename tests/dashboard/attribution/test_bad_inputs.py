"""Every method before networks and pictures that have nothing to explain: a map, or one sentence.

A sentence is what the method says where it has no map, or what it means that the map is flat.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pytest

from dashboard.attribution import METHODS
from dashboard.attribution.base import Method, Question
from dashboard.attribution.params import Params, compute_defaults
from dashboard.inference.model import Explained, Floats, Ints
from tests.dashboard.attribution.tiny_models import LinearModel, create_inputs

QUICK: Mapping[str, Params] = {
    "integrated_gradients": {"n_steps": 8},
    "rise": {"n_masks": 100},
    "kernel_shap": {"n_samples": 200, "n_segments": 10},
    "occlusion": {"window": 8, "stride": 8},
}


@dataclass
class OddModel(LinearModel):
    """A linear network with a layer; its ``answer`` and its ``slope`` may be one value each."""

    answer: float | None = None
    slope: float | None = None
    layer_slope: float = 1.0

    def predict(self, inputs: Floats) -> Floats:
        logits = super().predict(inputs)
        return logits if self.answer is None else np.full_like(logits, self.answer)

    def explain(self, inputs: Floats, target: Ints, versus: Ints | None = None) -> Explained:
        linear = super().explain(inputs, target, versus)
        gradient = np.broadcast_to(linear.gradient, inputs.shape).astype(np.float32)
        activation = np.abs(inputs[:, :1])
        by_layer = np.full_like(activation, self.layer_slope)
        if self.slope is not None:
            gradient, by_layer = (np.full_like(each, self.slope) for each in (gradient, by_layer))
        return Explained(
            linear.logits, linear.score, gradient, {"features": (activation, by_layer)}
        )


def create(n_classes: int = 3, size: tuple[int, ...] = (2, 16, 16)) -> OddModel:
    weights = np.random.default_rng(0).normal(size=(n_classes, *size)).astype(np.float32)
    return OddModel(weights, layers=("features",))


PICTURE = create_inputs()
ONE_VALUE = np.ones((3, 2, 16, 16), np.float32)


def list_cases() -> dict[str, tuple[OddModel, Question]]:
    model, asked = create(), Question(PICTURE, 1)
    odd: dict[str, OddModel] = {
        "all gradients zero": replace(model, weights=0 * model.weights, layer_slope=0.0),
        "all negative": replace(model, weights=-np.abs(model.weights), layer_slope=-1.0),
        "NaN": replace(model, answer=np.nan, slope=np.nan),
        "NaN answers": replace(model, answer=np.nan),
        "NaN gradients": replace(model, slope=np.nan),
        "infinite": replace(model, answer=np.inf, slope=np.inf),
        "huge": replace(model, weights=np.float32(1e37) * model.weights),
    }
    cases = {name: (each, asked) for name, each in odd.items()}
    cases["two classes"] = create(2), asked
    cases["two classes, one against the other"] = create(2), Question(PICTURE, 1, versus=0)
    cases["one logit"] = create(1), Question(PICTURE, 0)
    halves = np.concatenate([-model.weights[:1], model.weights[:1]]) / 2
    cases["one logit as two classes"] = replace(model, weights=halves, bias=0.0), asked
    for level in (-1.0, 0.0, 1.0):
        cases[f"constant picture {level:+.0f}"] = model, Question(np.full_like(PICTURE, level), 1)
    cases["the same everywhere"] = (
        replace(model, weights=ONE_VALUE), Question(np.full_like(PICTURE, 0.3), 1)
    )  # fmt: skip
    for size in ((1, 1), (1, 5), (5, 1), (3, 3), (2, 40)):
        inputs = create_inputs(shape=(1, 3, *size))
        cases[f"{size[0]} x {size[1]} pixels"] = create(3, (3, *size)), Question(inputs, 1)
    return cases


CASES = list_cases()
# Where a method may have no map: values that are not finite, or become so when they are summed.
BROKEN = {"NaN", "NaN answers", "NaN gradients", "infinite", "huge"}


def explain(method: Method, name: str) -> tuple[Floats | None, str]:
    """Return the map, if there is one, and the sentence, if there is something to say."""
    model, question = CASES[name]
    params = {**compute_defaults(method.params), **QUICK.get(method.name, {})}
    try:
        heat = method.compute_heat(method.attribute(model, question, params))
    except ValueError as error:
        return None, str(error)
    return heat, "" if np.ptp(heat) > 1e-6 * np.abs(heat).max() else method.if_flat


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of infinite values on their way
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_there_is_a_map_or_a_sentence_and_never_an_exception(method: Method, name: str) -> None:
    heat, sentence = explain(method, name)
    if heat is not None:
        assert np.isfinite(heat).all()
        assert heat.shape == CASES[name][1].inputs.shape[2:]
    assert heat is not None or (name in BROKEN and method.label in sentence)
    assert not sentence or (sentence.endswith(".") and sentence.count(". ") == 0)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_network_that_looks_at_nothing_leaves_only_maps_that_do_not_look_at_it(
    method: Method,
) -> None:
    heat, sentence = explain(method, "all gradients zero")
    assert heat is not None
    assert bool(sentence) != method.is_baseline
    assert not sentence or "another" in sentence or "same" in sentence


def test_grad_cam_says_so_where_all_speaks_against_the_class() -> None:
    method = next(each for each in METHODS if each.name == "grad_cam")
    heat, sentence = explain(method, "all negative")
    assert heat is not None and not heat.any()
    assert "speaks for this class" in sentence and "dropped" in sentence


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_values_that_are_no_numbers_give_a_sentence_where_they_are_asked_for(
    method: Method,
) -> None:
    heat, sentence = explain(method, "NaN")
    assert (heat is None) != method.is_baseline
    assert method.is_baseline or sentence.startswith(method.label)


def test_every_method_that_asks_the_network_has_a_sentence_of_its_own() -> None:
    sentences = [each.if_flat for each in METHODS if not each.is_baseline]
    assert len(set(sentences)) == len(sentences)
    assert Method.if_flat not in sentences
