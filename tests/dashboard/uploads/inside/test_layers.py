"""The layer for Grad-CAM."""

from dashboard.uploads.inside.layers import choose_layer
from tests.dashboard.uploads.networks import (
    node,
)


def test_the_last_map_before_the_head_is_chosen() -> None:
    nodes = [
        node("Conv", ["image", "w"], ["a"]),
        node("Relu", ["a"], ["b"]),
        node("MaxPool", ["b"], ["c"], kernel_shape=[2, 2]),
        node("Conv", ["c", "v"], ["d"]),
        node("Relu", ["d"], ["e"]),
        node("MaxPool", ["e"], ["f"], kernel_shape=[2, 2]),
        node("GlobalAveragePool", ["f"], ["g"]),
        node("Transpose", ["e"], ["turned"]),
        node("Conv", ["image", "u"], ["elsewhere"]),
        node("Flatten", ["g"], ["out"]),
    ]
    shapes = dict.fromkeys("abcdef", (None, 8, 4, 4)) | {"g": (None, 8, 1, 1)}
    assert choose_layer(nodes, "out", shapes) == "e"
    assert choose_layer(nodes, "out", {**shapes, "e": (None, 8, 1, 1)}) == "d"
    assert choose_layer(nodes[2:3], "c", shapes) is None


def test_a_softmax_at_the_end_is_no_attention() -> None:
    nodes = [node("Conv", ["image", "w"], ["a"]), node("Softmax", ["a"], ["out"])]
    assert choose_layer(nodes, "out", {"a": (None, 8, 4, 4)}) == "a"


def test_a_transformer_s_patches_are_no_layer_for_grad_cam() -> None:
    nodes = [
        node("Conv", ["image", "w"], ["patches"]),
        node("Reshape", ["patches", "s"], ["tokens"]),
        node("Softmax", ["tokens"], ["attention"]),
        node("MatMul", ["attention", "tokens"], ["mixed"]),
        node("ReduceMean", ["mixed"], ["out"]),
    ]
    assert choose_layer(nodes, "out", {"patches": (None, 8, 14, 14)}) is None
