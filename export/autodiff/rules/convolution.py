"""Derivatives of Conv and ConvTranspose by their input.

The kernel is a constant of the model; it is flipped and transposed by operators in the graph, which
ONNX Runtime folds at load, so that the weights file holds it once.
"""

from dataclasses import replace

from export.autodiff.builder import Builder, Gradients, Rule
from export.autodiff.node import Node
from export.autodiff.rules.phases import phased, split
from export.autodiff.rules.window import Window, read_window

LOWEST = -(2**31)  # Slice's "to the very beginning" when it runs backwards


def conv(b: Builder, node: Node, grad: str) -> Gradients:
    """The convolution of the gradient with the flipped kernel (Dumoulin and Visin, 2016)."""
    x, weight = node.inputs[:2]
    _refuse_moving_kernel(b, node)
    window = read_window(b, node, _kernel(b, weight), x, grad)
    group = int(node.attributes["group"])
    flat = all(s == 1 for s in window.strides)
    if flat and all(
        p <= r for p, r in zip(window.begin + window.end, window.reach * 2, strict=True)
    ):
        return [_flipped_conv(b, grad, weight, window, group)]
    phases = split(window) if _is_depthwise(b, weight, group) else None
    if phases is not None:
        return [phased(b, grad, weight, window, phases)]
    return [transposed(b, grad, weight, window, group)]


def _is_depthwise(b: Builder, weight: str, group: int) -> bool:
    """Whether every channel of an image has a kernel of its own."""
    return b.rank(weight) == 4 and b.shape(weight)[:2] == (group, 1)


def _kernel(b: Builder, weight: str) -> tuple[int, ...]:
    return tuple(b.size(weight, axis) for axis in range(2, b.rank(weight)))


def _refuse_moving_kernel(b: Builder, node: Node) -> None:
    if any(b.needs_grad(name) for name in node.inputs[1:]):
        raise b.refusal("its kernel is computed from the image; only constant kernels have a rule")


def _flipped_conv(b: Builder, grad: str, weight: str, window: Window, group: int) -> str:
    """At stride 1 the gradient is a Conv again, and stays in ONNX Runtime's blocked layout."""
    ends = zip(window.begin + window.end, window.reach * 2, strict=True)
    return b.op(
        "Conv",
        grad,
        backward_kernel(b, weight, group),
        group=group,
        dilations=window.dilations,
        pads=[reach - pad for pad, reach in ends],
    )


def backward_kernel(b: Builder, weight: str, group: int) -> str:
    """Return the kernel (C, M/g, k...) of the backward convolution from (M, C/g, k...)."""
    spatial = _kernel(b, weight)
    out, inner = b.size(weight, 0), b.size(weight, 1)
    swapped = weight
    if (out // group, inner) != (1, 1):
        rest = range(2, 2 + len(spatial))
        if group == 1:
            swapped = b.op("Transpose", weight, perm=[1, 0, *rest])
        else:
            parts = b.op("Reshape", weight, [group, out // group, inner, *spatial])
            turned = b.op("Transpose", parts, perm=[0, 2, 1, *(a + 1 for a in rest)])
            swapped = b.op("Reshape", turned, [group * inner, out // group, *spatial])
    axes = [2 + i for i, k in enumerate(spatial) if k > 1]
    if not axes:
        return swapped
    count = len(axes)
    return b.op("Slice", swapped, [-1] * count, [LOWEST] * count, axes, [-1] * count)


def transposed(b: Builder, grad: str, weight: str, window: Window, group: int) -> str:
    """Spread each place's gradient over its window: ConvTranspose, cut or filled to the input.

    Rows behind the last window get zeros, which is what ``output_padding`` (a negative end) does.
    """
    cut = tuple(max(e, 0) for e in window.end)
    extra = tuple(max(-e, 0) for e in window.end)
    steps = [max(s, d) for s, d in zip(window.strides, window.dilations, strict=True)]
    fits = all(e < s for e, s in zip(extra, steps, strict=True))
    spread = b.op(
        "ConvTranspose",
        grad,
        weight,
        group=group,
        strides=window.strides,
        dilations=window.dilations,
        pads=window.begin + cut,
        output_padding=extra if fits else (0,) * len(extra),
    )
    if fits:
        return spread
    before = (0,) * (2 + len(extra))
    return b.op("Pad", spread, [*before, 0, 0, *extra])


def conv_transpose(b: Builder, node: Node, grad: str) -> Gradients:
    """Conv with the same kernel: each is the other's transpose."""
    x, weight = node.inputs[:2]
    _refuse_moving_kernel(b, node)
    window = _transposed_window(b, node, x, _kernel(b, weight))
    gathered = b.op(
        "Conv",
        grad,
        weight,
        group=int(node.attributes["group"]),
        strides=window.strides,
        dilations=window.dilations,
        pads=[max(p, 0) for p in window.begin + window.end],
    )
    return [_cut_to(b, gathered, x)]


def _transposed_window(b: Builder, node: Node, x: str, kernel: tuple[int, ...]) -> Window:
    """Read the window of a ConvTranspose, whose pads may follow from its output's size."""
    bare = replace_auto_pad(node)
    window = read_window(b, bare, kernel, node.outputs[0], x)
    if "output_shape" not in node.attributes and node.attributes["auto_pad"] == "NOTSET":
        return window
    missing = [
        max(p + e + o, 0)
        for p, e, o in zip(window.begin, window.end, _output_padding(node, kernel), strict=True)
    ]
    late = node.attributes["auto_pad"] != "SAME_UPPER"  # then the odd row is cut at the beginning
    begin = tuple((m + int(late)) // 2 for m in missing)
    totals = zip(window.begin, window.end, begin, strict=True)
    return replace(window, begin=begin, end=tuple(p + e - new for p, e, new in totals))


def replace_auto_pad(node: Node) -> Node:
    """Return the node with explicit pads, zero where it has none."""
    return replace(node, attributes={**node.attributes, "auto_pad": "NOTSET"})


def _output_padding(node: Node, kernel: tuple[int, ...]) -> list[int]:
    return list(node.attributes.get("output_padding", [0] * len(kernel)))


def _cut_to(b: Builder, grad: str, x: str) -> str:
    """Drop places that only padding of the output made possible."""
    axes = [a for a in range(2, b.rank(x)) if b.size(grad, a) != b.size(x, a)]
    if not axes:
        return grad
    sizes = [b.size(x, a) for a in axes]
    return b.op("Slice", grad, [0] * len(axes), sizes, axes)


RULES: dict[str, Rule] = {"Conv": conv, "ConvTranspose": conv_transpose}
