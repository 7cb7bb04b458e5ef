"""Operators for ``onnx.reference``, where its own run window by window or round to float32.

Convolutions and pools take one array operation a tap of the kernel. What onnx's evaluator lacks, or
computes in single precision or wrongly, is here too.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx.reference.op_run import OpRun
from onnx.reference.ops.op_max_pool import MaxPool as MaxPoolWithIndices

from export.autodiff.arrays import Doubles

Slices = tuple[slice, ...]


# --- Windows ------------------------------------------------------------------------------------


def _pads(
    auto_pad: str, pads: Sequence[int] | None, missing: Sequence[int]
) -> list[tuple[int, int]]:
    """Return (begin, end) an axis; ``missing`` is what SAME has to add."""
    rank = len(missing)
    if auto_pad in ("NOTSET", "") and pads:
        return [(pads[i], pads[i + rank]) for i in range(rank)]
    if auto_pad.startswith("SAME"):
        odd = int(auto_pad == "SAME_LOWER")
        firsts = [(max(m, 0) + odd) // 2 for m in missing]
        return [(f, max(m, 0) - f) for f, m in zip(firsts, missing, strict=True)]
    return [(0, 0)] * rank


def _missing(size: Sequence[int], reach: Sequence[int], strides: Sequence[int]) -> list[int]:
    """Return the rows that SAME adds: ceil(size / stride) places must fit."""
    return [(-(-n // s) - 1) * s + r + 1 - n for n, r, s in zip(size, reach, strides, strict=True)]


def _taps(
    kernel: Sequence[int], dilations: Sequence[int], strides: Sequence[int], places: Sequence[int]
) -> Iterator[tuple[tuple[int, ...], Slices]]:
    """Yield each tap of a kernel with the elements that it meets, one a place of the window."""
    for tap in itertools.product(*(range(k) for k in kernel)):
        firsts = [t * d for t, d in zip(tap, dilations, strict=True)]
        spans = zip(firsts, places, strides, strict=True)
        yield tap, tuple(slice(f, f + (n - 1) * s + 1, s) for f, n, s in spans)


@dataclass(frozen=True)
class _Window:
    """What convolutions and pools have in common, by its names in ONNX."""

    kernel_shape: Any
    auto_pad: Any
    ceil_mode: Any = None
    dilations: Any = None
    pads: Any = None
    strides: Any = None


def _lay_out(x: Any, window: _Window) -> Any:
    """Return (padding, ends beyond the padding, places, strides, dilations) of a window."""
    rank = len(window.kernel_shape)
    strides, dilations = window.strides or [1] * rank, window.dilations or [1] * rank
    reach = [(k - 1) * d for k, d in zip(window.kernel_shape, dilations, strict=True)]
    padding = _pads(window.auto_pad, window.pads, _missing(x.shape[2:], reach, strides))
    size = [n + a + b for n, (a, b) in zip(x.shape[2:], padding, strict=True)]
    places = [(n - r - 1) // s + 1 for n, r, s in zip(size, reach, strides, strict=True)]
    if window.ceil_mode:
        more = [(n - r - 1) % s != 0 for n, r, s in zip(size, reach, strides, strict=True)]
        starts = zip(places, strides, more, x.shape[2:], padding, strict=True)
        # a window that would start in the padding at the end is left out
        places = [p + int(m and p * s < n + a) for p, s, m, n, (a, _) in starts]
    reached = zip(places, strides, reach, size, strict=True)
    beyond = [max((p - 1) * s + r + 1 - n, 0) for p, s, r, n in reached]
    return padding, beyond, places, strides, dilations


# --- Convolutions -------------------------------------------------------------------------------


def _mix(weights: Doubles, x: Doubles) -> Doubles:
    """Multiply (G, O, I) with (N, G, I, places) to (N, G, O, places)."""
    if weights.shape[1:] == (1, 1):
        return weights[None, :, :, 0, None] * x
    product: Doubles = np.matmul(weights[None], x)
    return product


class Conv(OpRun):
    """Convolution, one matrix product a tap."""

    def _run(
        self, x: Any, w: Any, bias: Any = None, group: Any = None, **given: Any
    ) -> tuple[Any, ...]:
        window = _Window(**{**given, "kernel_shape": w.shape[2:]})
        padding, _, places, strides, dilations = _lay_out(x, window)
        x = np.pad(x, [(0, 0), (0, 0), *padding])
        batch, out = x.shape[0], w.shape[0]
        parts = w.reshape(group, out // group, *w.shape[1:])
        result = np.zeros((batch, group, out // group, int(np.prod(places))), x.dtype)
        for tap, met in _taps(w.shape[2:], dilations, strides, places):
            seen = x[(slice(None), slice(None), *met)].reshape(
                batch, group, x.shape[1] // group, -1
            )
            result += _mix(parts[(..., *tap)], seen)
        result = result.reshape(batch, out, *places)
        return (result if bias is None else result + bias.reshape(-1, *[1] * len(places)),)


class ConvTranspose(OpRun):
    """Transposed convolution, one matrix product a tap."""

    def _run(
        self,
        x: Any,
        w: Any,
        bias: Any = None,
        group: Any = None,
        output_padding: Any = None,
        output_shape: Any = None,
        **given: Any,
    ) -> tuple[Any, ...]:
        rank, window = w.ndim - 2, _Window(**{**given, "kernel_shape": w.shape[2:]})
        strides, dilations = window.strides or [1] * rank, window.dilations or [1] * rank
        output_padding = output_padding or [0] * rank
        sizes = zip(x.shape[2:], strides, w.shape[2:], dilations, strict=True)
        full = [(n - 1) * s + (k - 1) * d + 1 for n, s, k, d in sizes]
        cut = _cut(full, x.shape[2:], strides, output_padding, output_shape, window)
        room = [f + o for f, o in zip(full, output_padding, strict=True)]
        if output_shape:  # it may ask for more than the taps reach: zeros at the end
            room = [max(r, w) for r, w in zip(room, output_shape[-rank:], strict=True)]
        batch, width = x.shape[0], w.shape[1]
        parts = w.reshape(group, w.shape[0] // group, *w.shape[1:]).swapaxes(1, 2)
        seen = x.reshape(batch, group, x.shape[1] // group, -1)
        result = np.zeros((batch, group * width, *room), x.dtype)
        for tap, met in _taps(w.shape[2:], dilations, strides, x.shape[2:]):
            spread = _mix(np.ascontiguousarray(parts[(..., *tap)]), seen)
            result[(slice(None), slice(None), *met)] += spread.reshape(
                batch, group * width, *x.shape[2:]
            )
        kept = tuple(slice(b, r - e) for (b, e), r in zip(cut, room, strict=True))
        result = result[(slice(None), slice(None), *kept)]
        return (result if bias is None else result + bias.reshape(-1, *[1] * rank),)


def _cut(
    full: Any, size: Any, strides: Any, output_padding: Any, output_shape: Any, window: _Window
) -> list[tuple[int, int]]:
    """Return how much of a transposed convolution is cut off, (begin, end) an axis."""
    rank = len(full)
    if output_shape is None and not window.auto_pad.startswith("SAME"):
        return _pads(window.auto_pad, window.pads, [0] * rank)
    wanted = output_shape or [n * s for n, s in zip(size, strides, strict=True)]
    totals = [
        max(f + o - w, 0) for f, o, w in zip(full, output_padding, wanted[-rank:], strict=True)
    ]
    late = int(window.auto_pad != "SAME_UPPER")
    return [((t + late) // 2, t - (t + late) // 2) for t in totals]


# --- Pools --------------------------------------------------------------------------------------


class _Pool(OpRun):
    """A pool by one operation a tap; subclasses say what it is."""

    def _met(self, x: Any, fill: Any, window: _Window) -> Iterator[Any]:
        """Yield the elements under each tap: (N, C, places...)."""
        padding, beyond, places, strides, dilations = _lay_out(x, window)
        wide = [(a, b + more) for (a, b), more in zip(padding, beyond, strict=True)]
        x = np.pad(x, [(0, 0)] * (x.ndim - len(wide)) + wide, constant_values=fill)
        for _, met in _taps(window.kernel_shape, dilations, strides, places):
            yield x[(..., *met)]


class MaxPool(_Pool):
    """Maximum over each window; indices are left to onnx's own operator."""

    def _run(self, x: Any, storage_order: Any = None, **window: Any) -> tuple[Any, ...]:
        if len(self.onnx_node.output) > 1:
            complete: Any = MaxPoolWithIndices(self.onnx_node, self.run_params)
            return tuple(complete._run(x, storage_order=storage_order, **window))
        return (np.maximum.reduce(list(self._met(x, -np.inf, _Window(**window)))),)


class AveragePool(_Pool):
    """Mean over each window."""

    def _run(self, x: Any, count_include_pad: Any = None, **given: Any) -> tuple[Any, ...]:
        window = _Window(**given)
        padding, beyond, places, strides, dilations = _lay_out(x, window)
        # padding may count; what a window reaches beyond it never does
        counted = np.pad(np.ones(x.shape[2:]), padding, constant_values=float(count_include_pad))
        counted = np.pad(counted, [(0, more) for more in beyond])
        taps = _taps(window.kernel_shape, dilations, strides, places)
        return (sum(self._met(x, 0.0, window)) / sum(counted[met] for _, met in taps),)


class LpPool(_Pool):
    """(sum |x|^p)^(1/p) over each window."""

    def _run(self, x: Any, p: Any = None, **window: Any) -> tuple[Any, ...]:
        return (sum(self._met(np.abs(x) ** p, 0.0, _Window(**window))) ** (1.0 / p),)


class GlobalLpPool(OpRun):
    """(sum |x|^p)^(1/p) over each channel; onnx's evaluator has none."""

    def _run(self, x: Any, p: Any = None) -> tuple[Any, ...]:
        axes = tuple(range(2, x.ndim))
        return ((np.abs(x) ** p).sum(axis=axes, keepdims=True) ** (1.0 / p),)


# --- Others -------------------------------------------------------------------------------------


class LRN(OpRun):
    """Local response normalisation; onnx's own mistakes the batch for the channels."""

    def _run(
        self, x: Any, alpha: Any = None, beta: Any = None, bias: Any = None, size: Any = None
    ) -> tuple[Any, ...]:
        before = (size - 1) // 2
        squares = np.pad(x**2, [(0, 0), (before, size - 1 - before), *[(0, 0)] * (x.ndim - 2)])
        total = sum(squares[:, i : i + x.shape[1]] for i in range(size))
        return (x / (bias + alpha / size * total) ** beta,)


class Erf(OpRun):
    """The error function; onnx's own rounds to float32."""

    def _run(self, x: Any) -> tuple[Any, ...]:
        return (np.vectorize(math.erf, otypes=[x.dtype])(x) if x.size else x,)


class Gelu(OpRun):
    """The Gaussian error linear unit; onnx's own expands to its Erf."""

    def _run(self, x: Any, approximate: Any = None) -> tuple[Any, ...]:
        if approximate == "tanh":
            inner = math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)
            return (0.5 * x * (1.0 + np.tanh(inner)),)
        bell = np.vectorize(math.erf, otypes=[x.dtype])(x * math.sqrt(0.5))
        return (0.5 * x * (1.0 + bell),)


KERNELS: tuple[type[OpRun], ...] = (
    Conv,
    ConvTranspose,
    MaxPool,
    AveragePool,
    LpPool,
    GlobalLpPool,
    LRN,
    Erf,
    Gelu,
)
