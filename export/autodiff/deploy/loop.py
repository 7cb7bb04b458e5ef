"""The weighted sum of gradients at several points, one point an iteration of an ONNX Loop.

Why a Loop and not one batch of N * n_points: measured on EfficientNet-Lite0, 50 points, one CPU
thread, the Loop took 26 ms a point and 0.2 GiB, the batch 30 ms and 3.9 GiB. The network's weights
lie in the body: captured from outside it (43 ms a point) ONNX Runtime does not fuse them.
"""

from collections.abc import Callable, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper

from export.autodiff.deploy.graph_builder import PREFIX, GraphBuilder, fill
from export.autodiff.differentiate import GRADIENT, LOGITS

# Inside the body; no name may stand for two tensors, in the body and around it.
STEP, GO, GOES_ON = f"{PREFIX}step", f"{PREFIX}go", f"{PREFIX}goes_on"
POINT, SUM, NEW_SUM = f"{PREFIX}point", f"{PREFIX}sum", f"{PREFIX}new_sum"
OLD_LOGITS, NEW_LOGITS = f"{PREFIX}old_logits", f"{PREFIX}new_logits"


def sum_gradients(
    s: GraphBuilder,
    weights: Sequence[float],
    emit_point: Callable[[str], str],
    emit_term: Callable[[], str] = lambda: GRADIENT,
) -> str:
    """Add the loop; it also gives the ``logits`` (N, classes) of its last point.

    That point must be the image itself and has weight 0: the logits then cost one gradient more
    instead of a second copy of the network outside the body.

    Args:
        s: receives the loop.
        weights: one a point, without the last.
        emit_point: given the name of the iteration's number, a scalar, emits the point
            (N, C, H, W) and returns its name.
        emit_term: emits what is summed, of the gradient's shape, and returns its name.

    Returns:
        The name of the sum (N, C, H, W).
    """
    weight = s.constant([*weights, 0.0])
    start, logits = s.op("Sub", s.image, s.image), _no_logits(s)
    outer = s.take_nodes()
    s.op("Identity", emit_point(STEP), name=POINT)
    before = s.take_nodes()
    weighted = s.op("Mul", emit_term(), s.op("Gather", weight, STEP))
    s.op("Add", SUM, weighted, name=NEW_SUM)
    s.op("Identity", GO, name=GOES_ON)
    body = _create_body(s, before, s.take_nodes())
    s.nodes = outer
    count, go = s.constant(np.array(len(weights) + 1)), s.constant(np.array(True))
    total = f"{PREFIX}total"
    loop = helper.make_node("Loop", [count, go, start, logits], [total, LOGITS], body=body)
    s.nodes.append(loop)
    return total


def _no_logits(s: GraphBuilder) -> str:
    """Return zeros (N, classes), which the first iteration replaces."""
    classes = next(o for o in s.source.output if o.name == LOGITS).type.tensor_type.shape.dim[1]
    batch = s.op("Shape", s.image, start=0, end=1)
    shape = s.op("Concat", batch, s.constant(np.array([classes.dim_value])), axis=0)
    return s.op("Expand", s.constant([0.0]), shape)


def _create_body(
    s: GraphBuilder, before: Sequence[onnx.NodeProto], after: Sequence[onnx.NodeProto]
) -> onnx.GraphProto:
    """Return the loop's body: the point, the gradient graph at that point, the sum."""
    inside = {s.image: POINT, LOGITS: NEW_LOGITS}
    body = onnx.GraphProto(name="gradient_at_a_point")
    body.input.append(helper.make_tensor_value_info(STEP, TensorProto.INT64, []))
    body.input.append(helper.make_tensor_value_info(GO, TensorProto.BOOL, []))
    body.input.append(s.info(SUM, s.image))
    body.input.append(s.info(OLD_LOGITS, LOGITS))
    body.output.append(helper.make_tensor_value_info(GOES_ON, TensorProto.BOOL, []))
    body.output.append(s.info(NEW_SUM, s.image))
    body.output.append(s.info(NEW_LOGITS, LOGITS))
    gradient = [_rename(node, inside) for node in s.source.node]
    fill(body, [*before, *gradient, *after], s.source)
    # With the batch's symbol here too, ONNX Runtime keeps the network in its blocked layout.
    body.value_info.append(s.info(POINT, s.image))
    return body


def _rename(node: onnx.NodeProto, names: dict[str, str]) -> onnx.NodeProto:
    renamed = onnx.NodeProto()
    renamed.CopyFrom(node)
    renamed.input[:] = [names.get(name, name) for name in node.input]
    renamed.output[:] = [names.get(name, name) for name in node.output]
    return renamed
