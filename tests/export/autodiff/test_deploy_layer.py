"""Grad-CAM's layer where none is named: the page's own choice."""

import pytest

from dashboard.uploads.inside.layers import choose_layer
from export.autodiff.deploy.layer import find_layer
from export.autodiff.prepare import prepare
from export.autodiff.score import find_head
from tests.export.autodiff.tiny_graphs import classifier

PADDED = "<pads = [1,1,1,1]>"
TAIL = "p = GlobalAveragePool({}) f = Flatten(p) y = Gemm(f, v)"
PATCHES = (
    "c = Conv <strides = [3,3], kernel_shape = [3,3]> (image, w) r = Reshape(c, tokens) "
    "t = Transpose <perm = [0,2,1]> (r) m = MatMul(t, r) a = Softmax(m) "
    "u = MatMul(a, t) e = ReduceMean <keepdims = 0> (u, axis) y = Gemm(e, v)"
)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"c = Conv {PADDED} (image, w) r = Tanh(c) {TAIL.format('r')}", "r"),
        (
            f"c = Conv {PADDED} (image, w) m = MaxPool <kernel_shape = [2,2]> (c) "
            f"{TAIL.format('m')}",
            "c",
        ),
        (
            f"c = Conv {PADDED} (image, w) r = Relu(c) d = Conv {PADDED} (r, x) "
            f"s = Add(r, d) b = Sigmoid(s) {TAIL.format('b')}",
            "b",
        ),
        (PATCHES, None),
        ("f = Flatten(image) h = Gemm(f, dense) t = Tanh(h) y = Gemm(t, v)", None),
    ],
)
def test_it_is_the_last_map_of_a_convolution(body: str, expected: str | None) -> None:
    weights = {"w": (4, 2, 3, 3), "x": (4, 4, 3, 3), "v": (4, 5), "dense": (72, 4)}
    model = classifier(body, {**weights, "tokens": [0, 4, 4], "axis": [1]})
    graph = prepare(model, None, frozenset())
    score = find_head(graph, None).tensor
    assert find_layer(graph, "image", score) == expected
    shapes = {
        name: tuple(d if isinstance(d, int) else None for d in tensor.shape)
        for name, tensor in graph.tensors.items()
    }
    assert choose_layer(graph.nodes, score, shapes) == expected
