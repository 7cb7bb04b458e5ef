"""Guided Backprop, DeepLIFT and LRP as tables of one backward pass: by hand, by law, by torch."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import captum.attr
import numpy as np
import onnx
import pytest
import torch

from export.autodiff import UnsupportedGraph, differentiate
from export.autodiff.deploy import Options, create_explainer
from export.autodiff.interpreter import Interpreter
from export.autodiff.laws import check_laws
from export.autodiff.tables import TABLES
from export.benchmark.gradients import export_network
from export.benchmark.rule_networks import CLASSES, NETWORKS, SHAPE, create_images, create_network
from tests.export.autodiff.tiny_graphs import classifier, images, open_session, relative
from tests.export.autodiff.torch_rules import carry

ZOO = Path(__file__).parents[3] / "models" / "zoo"
RULES = ("guided_backprop", "deeplift", "lrp")
TWO = "float[N,2,1,1] image"
BOUND = 1e-5


def explain(model: onnx.ModelProto, method: str, image: Any, target: Any, **more: Any) -> Any:
    feeds = {"image": np.asarray(image, np.float32), "target": np.asarray(target, np.int64)}
    feeds |= {name: np.asarray(value) for name, value in more.items()}
    return open_session(create_explainer(model, method).model).run(["attributions"], feeds)[0]


def explain_two(
    body: str, weights: dict[str, Any], method: str, x: Any, **more: Any
) -> list[float]:
    """Explain class 0 of a network of two numbers at x."""
    floats = {name: np.asarray(value, np.float32) for name, value in weights.items()}
    model = classifier(body, floats, image=TWO)
    image = np.asarray(x, np.float32).reshape(1, 2, 1, 1)
    found = explain(model, method, image, [0], **more)
    return [float(value) for value in found.ravel()]


# --- By hand ------------------------------------------------------------------------------------

HIDDEN = "f = Flatten(image) h = Gemm(f, w) r = Relu(h) y = Gemm(r, v)"
# h = (x1, x2 - x1, x1 + x2) = (1, 1, 3) at (1, 2); y = r1 - 2 r2 + r3
WEIGHTS = {"w": [[1, -1, 1], [0, 1, 1]], "v": [[1, 0], [-2, 0], [1, 0]]}


def test_guided_backprop_drops_what_is_negative_at_a_relu() -> None:
    assert explain_two(HIDDEN, WEIGHTS, "saliency", [1, 2]) == [4, 1]  # |1 + 2 + 1|, |-2 + 1|
    assert explain_two(HIDDEN, WEIGHTS, "guided_backprop", [1, 2]) == [2, 1]  # r2's part is gone
    # (2, 1): h2 = -1 is closed, and its part is gone either way
    assert explain_two(HIDDEN, WEIGHTS, "guided_backprop", [2, 1]) == [2, 1]


@pytest.mark.parametrize(
    ("activation", "value"),
    [
        ("Relu(h)", 1.0),
        ("Clip(h, zero, six)", 1.0),
        ("Max(h, zero)", 1.0),
        ("LeakyRelu <alpha = 0.5> (h)", 0.0),
        ("Identity(h)", 0.0),
    ],
)
def test_only_rectifiers_are_guided(activation: str, value: float) -> None:
    # One hidden unit h = x1 that speaks against the class and one, x2, that speaks for it.
    body = f"f = Flatten(image) h = Identity(f) r = {activation} y = Gemm(r, v)"
    weights = {"v": [[-1, 0], [1, 0]], "zero": 0.0, "six": 6.0}
    found = explain_two(body, weights, "guided_backprop", [1, 2])
    assert found == [0.0 if value else -1.0, 1.0]


def test_deeplift_shares_out_the_change_from_the_baseline() -> None:
    body = "f = Flatten(image) h = Gemm(f, w, b) r = Relu(h) y = Gemm(r, v)"
    weights = {"w": [[1], [0.5]], "b": [-1], "v": [[2, 0]]}
    # x = (3, 2): h = 3; baseline (0, 0): h' = -1. Of 4 up, 3 show: m = 2 * 3 / 4.
    assert explain_two(body, weights, "deeplift", [3, 2]) == [4.5, 1.5]  # 6 = 2 * 3 - 0
    # Baseline (1, 2): h' = 1, open on both sides: the slope.
    blank = np.array([1, 2], np.float32).reshape(1, 2, 1, 1)
    assert explain_two(body, weights, "deeplift", [3, 2], baseline=blank) == [4, 0]


def test_deeplift_sees_what_saturation_hides_from_the_gradient() -> None:
    # The paper's example: y = min(x1 + x2, 1) is flat at (1, 1).
    body = "f = Flatten(image) s = Gemm(f, w) c = Clip(s, zero, one) y = Gemm(c, v)"
    weights = {"w": [[1], [1]], "v": [[1, 0]], "zero": 0.0, "one": 1.0}
    assert explain_two(body, weights, "saliency", [1, 1]) == [0, 0]
    assert explain_two(body, weights, "deeplift", [1, 1]) == [0.5, 0.5]


def test_deeplift_of_a_product_gives_each_factor_half_of_both_orders() -> None:
    body = "f = Flatten(image) a, b = Split <axis = 1, num_outputs = 2> (f) p = Mul(a, b) "
    body += "y = Gemm(p, v)"
    blank = np.array([1, 2], np.float32).reshape(1, 2, 1, 1)
    # 3 * 5 - 1 * 2 = 13: (3 - 1) (5 + 2) / 2 and (5 - 2) (3 + 1) / 2
    found = explain_two(body, {"v": [[1, 0]]}, "deeplift", [3, 5], baseline=blank)
    assert found == [7, 6]


def test_deeplift_of_a_maximum_credits_who_won() -> None:
    body = "f = Flatten(image) m = ReduceMax <keepdims = 1> (f, axes) y = Gemm(m, v)"
    weights = {"v": [[1, 0]], "axes": np.array([1])}
    model = classifier(body, {k: np.asarray(v) for k, v in weights.items()}, image=TWO)
    model.graph.initializer[0].CopyFrom(
        onnx.numpy_helper.from_array(np.array([[1, 0]], np.float32), "v")
    )
    for x, blank, expected in (
        ([3, 1], [0, 2], [1, 0]),  # 3 - 2: x1 won the image's run, with 1 more
        ([0, 2], [3, 1], [-1, 0]),  # 2 - 3: x1 won the baseline's
        ([3, 4], [3, 1], [0, 1]),
    ):
        more = {"baseline": np.array(blank, np.float32).reshape(1, 2, 1, 1)}
        image = np.reshape(x, (1, 2, 1, 1))
        found = explain(model, "deeplift", image, [0], **more)
        np.testing.assert_allclose(found.ravel(), expected, atol=1e-6)


def test_lrp_deals_out_by_contributions_and_a_bias_keeps_its_part() -> None:
    body = "f = Flatten(image) y = Gemm(f, v, b)"
    found = explain_two(body, {"v": [[3, 0], [-1, 0]], "b": [1, 0]}, "lrp", [1, 2])
    np.testing.assert_allclose(found, [3, -2], atol=1e-5)  # of 2 = 3 - 2 + 1


def test_lrp_of_a_convolution_counts_what_is_positive() -> None:
    body = "c = Conv(image, k, b) r = Relu(c) f = Flatten(r) y = Gemm(f, v)"
    weights = {"k": np.reshape([3, -1], (1, 2, 1, 1)), "b": [1], "v": [[1, 0]]}
    # z = 3 - 2 + 1 = 2 is dealt out by 3 and the bias 1: 2 * 3 / 4
    np.testing.assert_allclose(explain_two(body, weights, "lrp", [1, 2]), [1.5, 0], atol=1e-5)
    # Two negatives make a positive: x = (-1, -2), k = (-3, 1): 3 of 3 + 1, z = 3 - 2 + 1
    weights["k"] = np.reshape([-3, 1], (1, 2, 1, 1))
    np.testing.assert_allclose(explain_two(body, weights, "lrp", [-1, -2]), [1.5, 0], atol=1e-5)


def test_lrp_counts_a_bias_that_an_add_brings_as_the_layers() -> None:
    gemm = explain_two(
        "f = Flatten(image) h = Gemm(f, w, b) r = Relu(h) y = Gemm(r, v)",
        {"w": [[1, 2], [3, -1]], "b": [0.5, -1], "v": [[1, 0], [2, 0]]},
        "lrp",
        [2, 1],
    )
    added = explain_two(
        "f = Flatten(image) m = MatMul(f, w) h = Add(m, b) r = Relu(h) y = Gemm(r, v)",
        {"w": [[1, 2], [3, -1]], "b": [0.5, -1], "v": [[1, 0], [2, 0]]},
        "lrp",
        [2, 1],
    )
    np.testing.assert_allclose(gemm, added, rtol=1e-6)


@pytest.mark.parametrize(
    ("product", "expected"),
    [
        ("g = Sigmoid(a) p = Mul(g, b)", [0, 1]),  # the signal takes all
        ("g = Sigmoid(b) p = Mul(a, g)", [1, 0]),
        ("g = Sigmoid(a) t = Tanh(b) p = Mul(g, t)", [0, 1]),
        ("p = Mul(a, b)", [0.5, 0.5]),  # two signals share
        ("e = Sigmoid(b) p = Div(a, e)", [1, 0]),
    ],
)
def test_lrp_through_a_product(product: str, expected: list[float]) -> None:
    body = f"f = Flatten(image) a, b = Split <axis = 1, num_outputs = 2> (f) {product} "
    body += "y = Gemm(p, v)"
    model = classifier(body, {"v": np.array([[1, 0]], np.float32)}, image=TWO)
    image = np.array([3, 5], np.float32).reshape(1, 2, 1, 1)
    score = open_session(create_explainer(model, "lrp").model).run(
        ["logits"], {"image": image, "target": np.array([0])}
    )[0][0, 0]
    found = explain(model, "lrp", image, [0]).ravel()
    np.testing.assert_allclose(found, np.array(expected) * score, atol=1e-4)


def test_a_contrast_starts_with_both_scores() -> None:
    body, weights = "f = Flatten(image) y = Gemm(f, v)", {"v": [[3, 1], [-1, 2]]}
    found = explain_two(body, weights, "lrp", [1, 2], versus=[1])
    np.testing.assert_allclose(found, [3 - 1, -2 - 4], atol=1e-5)


# --- By law -------------------------------------------------------------------------------------

CONV = "c = Conv <pads = [1,1,1,1]> (image, w, d) "
HEAD = "g = GlobalAveragePool(l) q = Flatten(g) y = Gemm(q, v)"
TOKENS = "t = Reshape(c, shape) u = Transpose <perm = [0, 2, 1]> (t) "
TAIL = "m = ReduceMean <keepdims = 0> (o, one) y = Gemm(m, v)"
COMMON = {
    "w": (4, 2, 3, 3),
    "d": (4,),
    "v": (4, 5),
    "shape": np.array([0, 4, 36]),
    "one": np.array([1]),
    "k": (4, 4),
    "b": (4,),
    "s": np.array([0.5, 1.5, -1, 1], np.float32),
    "low": np.float32(0),
    "high": np.float32(0.5),
    "var": np.array([0.5, 1, 2, 1.5], np.float32),
}
GRAPHS = {
    "relu": CONV + "l = Relu(c) " + HEAD,
    "relu6": CONV + "l = Clip(c, low, high) " + HEAD,
    "smooth": CONV + "a = Softplus(c) e = Elu(a) l = Tanh(e) " + HEAD,
    "batch norm": CONV + "n = BatchNormalization(c, s, b, d, var) l = Relu(n) " + HEAD,
    "norm first": CONV + "r = Relu(c) n = BatchNormalization(r, s, b, d, var) l = Relu(n) " + HEAD,
    "largest": CONV + "r = Relu(c) l = MaxPool <kernel_shape = [3,3], strides = [2,2]> (r) " + HEAD,
    "average": CONV
    + "r = Relu(c) l = AveragePool <kernel_shape = [2,2], strides = [2,2]> (r) "
    + HEAD,
    "global": CONV + "r = Relu(c) g = GlobalMaxPool(r) q = Flatten(g) y = Gemm(q, v)",
    "sum": CONV + "r = Relu(c) a = Add(r, c) l = Sub(a, r) " + HEAD,
    "squeeze": CONV + "p = GlobalAveragePool(c) e = Sigmoid(p) l = Mul(c, e) " + HEAD,
    "swish": CONV + "e = Sigmoid(c) l = Mul(c, e) " + HEAD,
    "quotient": CONV + "e = Softplus(c) f = Relu(c) l = Div(f, e) " + HEAD,
    "transposed": CONV
    + "r = Relu(c) l = ConvTranspose <strides = [2,2]> (r, w) g = GlobalAveragePool"
    "(l) q = Flatten(g) y = Gemm(q, k2)",
    "resize": CONV + 'r = Relu(c) l = Resize <mode = "nearest"> (r, , scales) ' + HEAD,
    "layer norm": CONV + TOKENS + "o = LayerNormalization(u, s, b) " + TAIL,
    "attention": CONV
    + TOKENS
    + "qq = MatMul(u, k) kk = Transpose <perm = [0, 2, 1]> (u) i = MatMul(qq, kk) "
    + "a = Softmax <axis = -1> (i) z = MatMul(a, u) o = Add(z, u) "
    + TAIL,
    "bias": CONV + TOKENS + "n = MatMul(u, k) h = Add(n, b) o = Relu(h) " + TAIL,
    "position": CONV + TOKENS + "o = Add(u, b) " + TAIL,
}
MORE = {"k2": (2, 5), "scales": np.array([1, 1, 2, 2], np.float32)}


def create_graph(name: str) -> onnx.ModelProto:
    body = GRAPHS[name]
    weights = {k: v for k, v in {**COMMON, **MORE}.items() if f" {k}" in body or f"({k}" in body}
    return classifier(body, weights)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("name", GRAPHS)
def test_every_node_follows_its_law(name: str, table: str) -> None:
    found = check_laws(differentiate(create_graph(name), table=table))
    assert found.error <= BOUND, found


@pytest.mark.parametrize("name", GRAPHS)
def test_deeplift_adds_up_to_the_change_of_the_score(name: str) -> None:
    model, image = create_graph(name), images(3, 2, 6, 6).astype(np.float64)
    graph = Interpreter(create_explainer(model, "deeplift").model)
    baseline = images(1, 2, 6, 6, seed=5).astype(np.float64)
    feeds = {"target": np.array([0, 2, 4]), "baseline": baseline}
    found = graph.run({"image": image, **feeds})
    blank = graph.run({"image": np.repeat(baseline, 3, 0), **feeds})["logits"]
    change = (found["logits"] - blank)[np.arange(3), [0, 2, 4]]
    assert np.abs(change).max() > 1e-2
    np.testing.assert_allclose(found["attributions"].sum((1, 2, 3)), change, atol=1e-8)


WITHOUT_BIAS = ("relu", "largest", "average", "global", "squeeze", "swish")


@pytest.mark.parametrize("name", WITHOUT_BIAS)
def test_lrp_conserves_the_score_where_no_bias_takes_a_part(name: str) -> None:
    model, image = create_graph(name), images(2, 2, 6, 6).astype(np.float64)
    bias = next(w for w in model.graph.initializer if w.name == "d")
    bias.CopyFrom(onnx.numpy_helper.from_array(np.zeros(4, np.float32), "d"))
    graph = Interpreter(create_explainer(model, "lrp").model)
    found = graph.run({"image": image, "target": np.array([1, 3])})
    score = found["logits"][[0, 1], [1, 3]]
    assert np.abs(score).min() > 1e-3
    # Epsilon keeps about a millionth of every sum near one.
    np.testing.assert_allclose(found["attributions"].sum((1, 2, 3)), score, rtol=1e-3)


@pytest.mark.parametrize(
    ("table", "op_type", "wrong"),
    [
        ("guided_backprop", "Relu", "gradient"),
        ("deeplift", "Relu", "gradient"),
        ("deeplift", "Conv", "lrp"),
        ("lrp", "Conv", "gradient"),
        ("lrp", "Gemm", "gradient"),
        ("lrp", "Relu", "guided_backprop"),
        ("gradient", "Relu", "lrp"),
    ],
)
def test_a_wrong_rule_breaks_its_law(
    table: str, op_type: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = {**TABLES[table].rules, op_type: TABLES[wrong].rules[op_type]}
    monkeypatch.setitem(TABLES, table, replace(TABLES[table], rules=rules))  # type: ignore[arg-type]
    assert check_laws(differentiate(create_graph("relu"), table=table)).error > 100 * BOUND


# --- By torch -----------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=NETWORKS)
def relus(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    network = create_network(request.param)
    return network, export_network(network, SHAPE, tmp_path_factory.mktemp(request.param))


@pytest.mark.parametrize("blank", [0.0, 0.25])
def test_networks_of_relus_agree_with_captum(relus: Any, blank: float) -> None:
    network, model = relus
    picture, target = create_images(4), torch.arange(4) % CLASSES
    guided = captum.attr.GuidedBackprop(network).attribute(picture, target=target)
    lifted = captum.attr.DeepLift(network).attribute(
        picture, torch.full_like(picture, blank), target=target
    )
    x, more = picture.numpy(), {"baseline": np.full((1, 1, 1, 1), blank, np.float32)}
    ours = explain(model, "deeplift", x, target.numpy(), **more)
    for one, other in zip(ours, lifted.detach().numpy(), strict=True):
        assert relative(one, other) <= BOUND
    ours = explain(model, "guided_backprop", x, target.numpy())
    for one, other in zip(ours, guided.numpy(), strict=True):
        assert relative(one, other) <= BOUND


@pytest.mark.parametrize("table", RULES)
def test_networks_of_relus_agree_with_the_rules_written_out(relus: Any, table: str) -> None:
    _, model = relus
    picture, target = create_images(4).numpy(), [0, 1, 2, 4]
    for one, other in zip(
        explain(model, table, picture, target), carry(model, table, picture, target), strict=True
    ):
        assert relative(one, other) <= BOUND


@pytest.mark.parametrize("table", RULES)
@pytest.mark.parametrize(
    ("name", "bound"),
    [
        ("cnn.fashion_mnist", BOUND),
        ("vit.fashion_mnist", BOUND),
        # Float32 under 49 layers; a unit at a kink of a ReLU6 passes all or nothing.
        pytest.param("efficientnet_lite0.imagenet", 1e-4, marks=pytest.mark.slow),
    ],
)
def test_the_zoo_agrees_with_the_rules_written_out(name: str, bound: float, table: str) -> None:
    folder = str(ZOO / name)
    model = onnx.load(f"{folder}/predict.onnx", load_external_data=False)
    shape = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim[1:]]
    image, target = images(2, *shape), [1, 2]
    expected = carry(model, table, image, target, folder=folder, baseline=0.1, output="logits")
    explainer = create_explainer(model, table, Options(baseline=0.1), folder=folder)
    feeds = {"image": image, "target": np.array(target)}
    found = open_session(explainer.model).run(["attributions"], feeds)[0]
    for one, other in zip(found, expected, strict=True):
        assert relative(one, other) <= bound
    if bound == BOUND:
        exact = Interpreter(explainer.model, ["attributions"]).run(feeds)["attributions"]
        assert relative(exact, expected) <= 1e-7


def test_equal_elements_of_a_flat_baseline_are_no_lottery() -> None:
    """A pool over a flat blank has ties up to rounding: the first wins, in any precision."""
    model = create_graph("largest")
    image = images(1, 2, 6, 6)
    graph = create_explainer(model, "deeplift", Options(baseline=0.1)).model
    feeds = {"image": image, "target": np.array([2])}
    single = open_session(graph).run(["attributions"], feeds)[0]
    double = Interpreter(graph, ["attributions"]).run(feeds)["attributions"]
    assert relative(single, double) <= BOUND


# --- Refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "body", "reason"),
    [
        (
            "deeplift",
            CONV + "l = LRN <size = 3> (c) " + HEAD,
            "LRN .* cannot be explained by DeepLIFT: there is no rule",
        ),
        (
            "deeplift",
            CONV + "i = Greater(c, low) l = Where(i, c, low) " + HEAD,
            "changes with the picture but carries no gradient",
        ),
        ("deeplift", CONV + "e = Softplus(c) l = Pow(e, c) " + HEAD, "this one has two"),
        (
            "lrp",
            CONV + "l = ReduceL2(c, one) q = Flatten(l) y = Gemm(q, v36)",
            "ReduceL2 .* cannot be explained by LRP",
        ),
        ("lrp", CONV + "l = Softmax <axis = 1> (c) " + HEAD, "not attention's"),
        ("guided_backprop", CONV + "i, j = TopK <axis = 1> (c, one) y = Flatten(i)", "TopK"),
    ],
)
def test_what_has_no_rule_is_refused_with_its_reason(table: str, body: str, reason: str) -> None:
    weights = {k: v for k, v in {**COMMON, "v36": (36, 5)}.items() if k in body}
    with pytest.raises(UnsupportedGraph, match=reason):
        differentiate(classifier(body, weights), table=table)


def test_names_of_the_second_run_are_free() -> None:
    taken = classifier(
        CONV.replace("c =", "baseline =") + "l = Relu(baseline) " + HEAD,
        {k: COMMON[k] for k in ("w", "d", "v")},
    )
    plain = classifier(CONV + "l = Relu(c) " + HEAD, {k: COMMON[k] for k in ("w", "d", "v")})
    image = images(1, 2, 6, 6)
    one, other = (explain(each, "deeplift", image, [1]) for each in (taken, plain))
    np.testing.assert_array_equal(one, other)
