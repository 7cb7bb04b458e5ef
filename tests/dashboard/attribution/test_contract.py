"""What every method in METHODS promises. A new method is tested by being registered."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from threading import Thread

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from dashboard.attribution import METHODS, get_method
from dashboard.attribution.base import Method, Question
from dashboard.attribution.params import Params, compute_defaults
from dashboard.inference.model import Explained, Floats, Ints
from dashboard.limits.stability import get_budget
from tests.dashboard.attribution.tiny_models import (
    TorchModel,
    create_inputs,
    create_linear,
)
from tests.export.autodiff.tiny_graphs import classifier

QUICK: Mapping[str, Params] = {
    "integrated_gradients": {"n_steps": 8},
    "rise": {"n_masks": 100},
    "kernel_shap": {"n_samples": 100, "n_segments": 10},
    "occlusion": {"window": 8, "stride": 8},
}
# By construction there is no gap to look at: the pieces' values are summed in test_kernel_shap.py.
# How many seeds, and how close their mean is, as a share of the score's difference. GradientSHAP's
# gap has a standard deviation of 0.25 here, so the mean of 12 seeds has one of 0.07.
COMPLETE = {"exact": (1, 1e-3), "in expectation": (12, 0.3)}

every_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)


class TinyNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.conv = nn.Conv2d(2, 4, 3, padding=1, stride=2)
        self.out = nn.Linear(4, 3)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.5, generator=generator)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.softplus(self.conv(x))

    def classify(self, features: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.out(features.mean((2, 3)))
        return logits

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classify(self.features(x))

    def to_onnx(self) -> onnx.ModelProto:
        weights = {name: value.numpy() for name, value in self.state_dict().items()}
        names = {"w": "conv.weight", "c": "conv.bias", "v": "out.weight", "d": "out.bias"}
        return classifier(
            "a = Conv <pads = [1,1,1,1], strides = [2,2]> (image, w, c) f = Softplus(a) "
            "g = GlobalAveragePool(f) h = Flatten(g) y = Gemm <transB = 1> (h, v, d)",
            {key: weights[name] for key, name in names.items()},
            image="float[N,2,16,16] image",
        )


def create_model() -> TorchModel:
    return TorchModel(TinyNet().eval(), (2, 16, 16))


def set_params(method: Method) -> Params:
    return {**compute_defaults(method.params), **QUICK.get(method.name, {})}


@every_method
def test_has_what_a_page_needs(method: Method) -> None:
    assert method.label and method.summary.endswith(".") and method.source
    assert len(method.help.split()) > 25
    assert get_method(method.name) is method


@every_method
def test_attributions_fit_the_input_are_finite_and_repeat_under_a_seed(method: Method) -> None:
    model, inputs, params = create_model(), create_inputs(), set_params(method)
    before = inputs.copy()
    first, again = (method.attribute(model, Question(inputs, 1, seed=3), params) for _ in "ab")
    assert first.attributions.shape in {(1, 2, 16, 16), (1, 1, 16, 16)}
    assert np.isfinite(first.attributions).all()
    np.testing.assert_array_equal(first.attributions, again.attributions)
    np.testing.assert_array_equal(inputs, before)
    assert method.compute_heat(first).shape == (16, 16)


@every_method
def test_another_seed_gives_another_map_where_the_method_draws(method: Method) -> None:
    model = create_model()
    maps = [
        method.attribute(model, Question(create_inputs(), 1, seed=s), set_params(method))
        for s in (0, 1)
    ]
    is_same = np.array_equal(maps[0].attributions, maps[1].attributions)
    assert is_same != method.is_stochastic


@every_method
def test_what_is_drawn_at_random_says_how_much_of_it(method: Method) -> None:
    budget = get_budget(method)
    assert (budget.name if budget else "") == method.budget
    assert method.is_stochastic or budget is None


@every_method
def test_only_signed_maps_have_values_below_zero(method: Method) -> None:
    questions = [Question(create_inputs(), target) for target in range(3)]
    model, params = create_model(), set_params(method)
    heats = [method.compute_heat(method.attribute(model, each, params)) for each in questions]
    assert (min(heat.min() for heat in heats) < 0) == method.is_signed


@every_method
def test_what_a_method_needs_of_a_network_is_declared(method: Method) -> None:
    class Poor(TorchModel):
        def explain(self, inputs: Floats, target: Ints, versus: Ints | None = None) -> Explained:
            assert method.needs_gradients
            explained = super().explain(inputs, target, versus)
            return explained if method.needs_layer else replace(explained, layers={})

    layers = ("features",) if method.needs_layer else ()
    model = Poor(TinyNet().eval(), (2, 16, 16), method.needs_gradients, layers)
    assert method.is_compatible(model) is None
    method.attribute(model, Question(create_inputs(), 1), set_params(method))


@every_method
def test_contrasting_changes_what_depends_on_the_network(method: Method) -> None:
    model, inputs, params = create_model(), create_inputs(), set_params(method)
    plain = method.attribute(model, Question(inputs, 1), params).attributions
    contrast = method.attribute(model, Question(inputs, 1, versus=2), params).attributions
    assert np.allclose(plain, contrast) == method.is_baseline


@every_method
def test_nothing_is_left_behind(method: Method) -> None:
    model = create_model()
    torch.manual_seed(5)
    np.random.seed(5)
    expected = torch.rand(3), np.random.rand(3)
    torch.manual_seed(5)
    np.random.seed(5)
    method.attribute(model, Question(create_inputs(), 1), set_params(method))
    assert torch.equal(torch.rand(3), expected[0])
    np.testing.assert_array_equal(np.random.rand(3), expected[1])
    assert torch.is_grad_enabled()
    assert all(parameter.grad is None for parameter in model.module.parameters())


@every_method
def test_progress_rises_to_one(method: Method) -> None:
    told: list[float] = []
    method.attribute(create_model(), Question(create_inputs(), 1), set_params(method), told.append)
    assert told == sorted(told)
    assert told[0] > 0 and told[-1] == pytest.approx(1.0)


@every_method
def test_progress_can_stop_the_work(method: Method) -> None:
    class Stopped(BaseException):
        pass

    def stop(fraction: float) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        method.attribute(create_model(), Question(create_inputs(), 1), set_params(method), stop)
    # the locks and generators are free again
    method.attribute(create_model(), Question(create_inputs(), 1), set_params(method))


@every_method
def test_two_visitors_at_once_get_what_each_would_get_alone(method: Method) -> None:
    params = set_params(method)
    alone = [
        method.attribute(create_model(), Question(create_inputs(), 1, seed=s), params)
        for s in range(3)
    ]
    together: dict[int, Floats] = {}
    # Made beforehand: torch draws a new module's weights from the generator that methods seed.
    model = create_model()

    def work(seed: int) -> None:
        question = Question(create_inputs(), 1, seed=seed)
        together[seed] = method.attribute(model, question, params).attributions

    threads = [Thread(target=work, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, result in enumerate(alone):
        np.testing.assert_allclose(together[seed], result.attributions, rtol=1e-5, atol=1e-7)


@every_method
def test_a_promise_of_completeness_is_kept(method: Method) -> None:
    model, params = create_model(), set_params(method)
    bright = 0.7 + 0.3 * create_inputs()  # far from every blank, so that there is much to add up
    n_seeds, bound = COMPLETE.get(method.completeness or "", (1, 0.0))
    questions = [Question(bright, 0, seed=seed) for seed in range(n_seeds)]
    results = [method.attribute(model, question, params) for question in questions]
    deltas = [each.convergence_delta for each in results if each.convergence_delta is not None]
    differences = [each.score_difference for each in results if each.score_difference is not None]
    if method.completeness not in COMPLETE:
        assert not deltas and len(differences) == (method.completeness is not None)
        return
    assert len(deltas) == len(differences) == n_seeds
    assert min(np.abs(differences)) > 0.01
    assert abs(np.mean(deltas)) <= bound * abs(np.mean(differences))


def test_methods_that_need_gradients_say_so_to_a_model_without() -> None:
    model = create_linear()
    model.has_gradients = False
    for method in METHODS:
        reason = method.is_compatible(model)
        assert (reason is None) == (not method.needs_gradients)
        assert reason is None or method.label in reason


@pytest.mark.slow
def test_the_first_use_may_be_by_several_visitors_at_once() -> None:
    # In a process of its own: here torch and captum have long been imported.
    code = """
import threading
import numpy as np
from dashboard.attribution import METHODS
from dashboard.attribution.base import Question
from dashboard.inference.model import Explained
from dashboard.attribution.params import compute_defaults

class Model:
    input_shape, layers, has_gradients = (3, 16, 16), (), True
    input_range = -np.ones((3, 1, 1), np.float32), np.ones((3, 1, 1), np.float32)
    def predict(self, inputs):
        return inputs.reshape(len(inputs), -1)[:, :2]
    def explain(self, inputs, target, versus=None):
        logits = self.predict(inputs)
        return Explained(logits, logits[:, 0], np.ones_like(inputs))
    def propagate(self, rules, inputs, target, versus=None, baseline=None):
        return np.ones_like(inputs)

question = Question(np.random.default_rng(0).random((1, 3, 16, 16), np.float32), 0)
failed = []
def visit(method):
    try:
        method.attribute(Model(), question, compute_defaults(method.params))
    except BaseException as error:
        failed.append(f"{method.name}: {error!r}")

visits = [threading.Thread(target=visit, args=(m,)) for m in METHODS if not m.needs_layer]
[visit.start() for visit in visits]
[visit.join() for visit in visits]
print(failed)
"""
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"


def test_reading_the_registry_loads_no_torch() -> None:
    code = (
        "import sys, dashboard.attribution as a; [m.help for m in a.METHODS];"
        "print(sorted({'torch', 'captum', 'sklearn', 'skimage', 'scipy'} & sys.modules.keys()))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
