"""Conv and ConvTranspose: every way to write a window, against finite differences."""

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from export.autodiff import UnsupportedOperator
from export.autodiff.rules import convolution
from tests.export.autodiff.finite_differences import Operator, assert_agrees, gradients
from tests.export.autodiff.pullback import pullback

RNG = np.random.default_rng(0)


def kernel(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


def conv(size: tuple[int, ...], weight: np.ndarray, **attributes: Any) -> Operator:
    channels = weight.shape[1] * int(attributes.get("group", 1))
    return Operator("Conv", [("N", channels, *size), weight], attributes)


def transposed(size: tuple[int, ...], weight: np.ndarray, **attributes: Any) -> Operator:
    return Operator("ConvTranspose", [("N", weight.shape[0], *size), weight], attributes)


OPERATORS = {
    "1x1": conv((3, 4), kernel(5, 2, 1, 1)),
    "3x3": conv((5, 6), kernel(3, 2, 3, 3), pads=[1, 1, 1, 1]),
    "bias": Operator("Conv", [("N", 2, 4, 4), kernel(3, 2, 3, 3), kernel(3)]),
    "uneven pads": conv((5, 6), kernel(3, 2, 3, 2), pads=[0, 1, 2, 0]),
    "pads beyond the kernel": conv((4, 4), kernel(3, 2, 2, 2), pads=[2, 3, 2, 1]),
    "stride 2": conv((7, 8), kernel(3, 2, 3, 3), strides=[2, 2], pads=[1, 1, 1, 1]),
    "stride 3, kernel 1": conv((7, 9), kernel(3, 2, 1, 1), strides=[3, 3]),
    "stride 2 and 1": conv((7, 5), kernel(3, 2, 3, 3), strides=[2, 1]),
    "stride 2, pads beyond the kernel": conv(
        (5, 5), kernel(3, 2, 2, 2), strides=[2, 2], pads=[3, 2, 3, 2]
    ),
    "dilated": conv((9, 8), kernel(3, 2, 3, 2), dilations=[2, 3], pads=[2, 1, 2, 1]),
    "dilated, stride 2": conv((9, 9), kernel(3, 2, 3, 3), dilations=[2, 2], strides=[2, 2]),
    "grouped": conv((5, 5), kernel(6, 2, 3, 3), group=2, pads=[1, 1, 1, 1]),
    "grouped, stride 2": conv((6, 5), kernel(6, 2, 3, 3), group=3, strides=[2, 2]),
    "depthwise": conv((5, 5), kernel(4, 1, 3, 3), group=4, pads=[1, 1, 1, 1]),
    "depthwise, stride 2": conv(
        (8, 7), kernel(4, 1, 5, 5), group=4, strides=[2, 2], pads=[2, 2, 2, 2]
    ),
    "depthwise, stride 2, uneven pads": conv(
        (8, 8), kernel(4, 1, 3, 3), group=4, strides=[2, 2], pads=[0, 0, 1, 1]
    ),
    "depthwise, two filters each": conv((5, 5), kernel(8, 1, 3, 3), group=4),
    "same upper": conv((6, 7), kernel(3, 2, 3, 4), auto_pad="SAME_UPPER", strides=[2, 2]),
    "same lower": conv((6, 7), kernel(3, 2, 4, 3), auto_pad="SAME_LOWER", strides=[2, 1]),
    "valid": conv((6, 7), kernel(3, 2, 3, 3), auto_pad="VALID"),
    "1-D": conv((9,), kernel(3, 2, 4), strides=[2], pads=[1, 2]),
    "3-D": conv((4, 3, 5), kernel(2, 2, 2, 3, 3), pads=[0, 1, 1, 1, 1, 1]),
    "transposed": transposed((3, 4), kernel(2, 3, 3, 3)),
    "transposed, stride 2": transposed(
        (3, 4), kernel(2, 3, 3, 3), strides=[2, 2], pads=[1, 0, 1, 1]
    ),
    "transposed, output padding": transposed(
        (3, 3), kernel(2, 3, 3, 3), strides=[2, 3], output_padding=[1, 2]
    ),
    "transposed, grouped": transposed((3, 3), kernel(4, 2, 2, 2), group=2, strides=[2, 2]),
    "transposed, dilated": transposed((3, 4), kernel(2, 3, 2, 3), dilations=[3, 2]),
    "transposed, output shape": transposed(
        (3, 3), kernel(2, 3, 3, 3), strides=[3, 2], output_shape=[8, 6]
    ),
    "transposed, same upper": transposed(
        (3, 3), kernel(2, 3, 4, 3), strides=[2, 2], auto_pad="SAME_UPPER"
    ),
    "transposed, same lower": transposed(
        (3, 3), kernel(2, 3, 4, 3), strides=[2, 2], auto_pad="SAME_LOWER"
    ),
    "transposed, bias": Operator("ConvTranspose", [("N", 2, 3), kernel(2, 3, 2), kernel(3)]),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_agrees_with_finite_differences(name: str) -> None:
    assert_agrees(OPERATORS[name])


def test_every_rule_of_the_family_is_tried() -> None:
    assert {o.op_type for o in OPERATORS.values()} == convolution.RULES.keys()


def test_gradient_of_a_sum_of_pairs_by_hand() -> None:
    pairs = Operator("Conv", [("N", 1, 4), np.array([[[1.0, 10.0]]])])
    found, feeds = gradients(pairs, 1)
    a, b, c = feeds["cotangent/y0"][0, 0]
    np.testing.assert_allclose(found["x0"], [[[a, 10 * a + b, 10 * b + c, 10 * c]]])


@pytest.mark.parametrize("op_type", ["Conv", "ConvTranspose"])
def test_a_kernel_computed_from_the_image_is_refused(op_type: str) -> None:
    model = Operator(op_type, [("N", 2, 4), (2, 2, 3)]).model(TensorProto.FLOAT)
    with pytest.raises(UnsupportedOperator, match="kernel") as refusal:
        pullback(model, ["y0"], ["x1"])
    assert (refusal.value.op_type, refusal.value.node_name) == (op_type, "it")


def test_the_flipped_kernel_is_not_stored() -> None:
    wide = conv((5, 5), kernel(16, 16, 3, 3), pads=[1, 1, 1, 1]).model(TensorProto.FLOAT)
    graph = pullback(wide, ["y0"], ["x0"])
    assert not _stored(graph) - _stored(wide) - {1}
    assert any(node.op_type == "Transpose" for node in graph.graph.node)


def _stored(model: onnx.ModelProto) -> set[int]:
    """The sizes of the float initializers."""
    floats = (w for w in model.graph.initializer if w.data_type == TensorProto.FLOAT)
    return {int(np.prod(w.dims)) for w in floats}


def test_a_strided_depthwise_convolution_has_one_conv_a_phase() -> None:
    even = OPERATORS["depthwise, stride 2, uneven pads"].model(TensorProto.FLOAT)
    graph = pullback(even, ["y0"], ["x0"]).graph
    emitted = [n.op_type for n in graph.node if n.name.startswith("d/")]
    assert emitted.count("Conv") == 4
    assert "ConvTranspose" not in emitted
