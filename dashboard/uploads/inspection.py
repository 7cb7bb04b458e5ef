"""What the sandbox says of an uploaded network, and the app's own check of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.inference.fields import FieldError, Fields
from dashboard.inference.model import Floats
from dashboard.uploads.sandbox_wire import Header, Message, UploadError, clean_text

MAX_BYTES = 100 << 20  # of a file
MIN_SIDE, MAX_SIDE = 4, 1024  # of an image, in pixels

MAX_LISTED = 64
MAX_METADATA = 100_000
MAX_NORM_CHANNELS = 8_192
_MAX_LAYER = 1 << 24  # numbers of one activation

STATISTICS = "glass_box_statistics"  # the outputs that are added for them begin like this

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class TensorInfo:
    """An input or output as the file declares it; None stands for a size left open.

    The name is untrusted: show it through ``sandbox_wire.clean_text`` only.
    """

    name: str
    dtype: str
    shape: Shape


@dataclass(frozen=True, eq=False)
class NormStatistics:
    """What a batch normalization remembers of its training: mean and variance a channel, (C,)."""

    mean: Floats
    variance: Floats


@dataclass(frozen=True, eq=False)
class Inspection:
    """A checked upload: its one image input, its outputs, what it says of itself.

    ``operators`` counts the operators; ``norms`` are those of the first batch normalizations, in
    order; ``was_converted`` says that it came in 16 or 64 bits and was made one of 32.
    """

    image: TensorInfo
    outputs: tuple[TensorInfo, ...]
    metadata: Mapping[str, str]
    operators: Mapping[str, int]
    opset: int
    n_nodes: int
    n_parameters: int
    was_converted: bool = False
    norms: tuple[NormStatistics, ...] = ()


def encode_inspection(inspection: Inspection) -> Message:
    """Return the message that says all this."""
    header: Header = {
        "image": _encode_tensor(inspection.image),
        "outputs": [_encode_tensor(each) for each in inspection.outputs],
        "metadata": dict(inspection.metadata),
        "operators": dict(inspection.operators),
        "opset": inspection.opset,
        "n_nodes": inspection.n_nodes,
        "n_parameters": inspection.n_parameters,
        "was_converted": inspection.was_converted,
    }
    arrays = [array for norm in inspection.norms for array in (norm.mean, norm.variance)]
    return Message(header, tuple(arrays))


def _encode_tensor(info: TensorInfo) -> dict[str, Any]:
    return {"name": info.name, "dtype": info.dtype, "shape": list(info.shape)}


def parse_inspection(message: Message) -> Inspection:
    """Return what a message says.

    Raises:
        UploadError: it is not what ``encode_inspection`` would have sent.
    """
    fields = Fields(message.header)
    try:
        return Inspection(
            image=_parse_tensor(fields.any("image")),
            outputs=tuple(_parse_tensor(each) for each in _parse_list(fields.any("outputs"))),
            metadata=_parse_metadata(fields),
            operators={key: fields.fields("operators").count(key) for key in _list_keys(fields)},
            opset=fields.count("opset"),
            n_nodes=fields.count("n_nodes"),
            n_parameters=int(fields.number("n_parameters")),
            was_converted=fields.any("was_converted") is True,
            norms=_parse_norms(message),
        )
    except FieldError as error:
        raise UploadError("The sandbox's description of the model makes no sense.") from error


def _list_keys(fields: Fields) -> list[str]:
    return list(fields.fields("operators").values)


def _parse_list(value: object) -> list[object]:
    if not isinstance(value, list) or len(value) > MAX_LISTED:
        raise FieldError("no list")
    return value


def _parse_tensor(value: object) -> TensorInfo:
    if not isinstance(value, dict):
        raise FieldError("no tensor")
    fields = Fields(value)
    shape = _parse_list(fields.any("shape"))
    if not all(dim is None or _is_count(dim) for dim in shape):
        raise FieldError("no shape")
    dims = tuple(dim if isinstance(dim, int) else None for dim in shape)
    return TensorInfo(fields.text("name"), fields.text("dtype"), dims)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 31


def _parse_metadata(fields: Fields) -> dict[str, str]:
    metadata = fields.texts("metadata")
    return {key: value[:MAX_METADATA] for key, value in list(metadata.items())[:MAX_LISTED]}


def _parse_norms(message: Message) -> tuple[NormStatistics, ...]:
    arrays = message.arrays
    if len(arrays) % 2:
        raise FieldError("no pairs")
    pairs = zip(arrays[::2], arrays[1::2], strict=True)
    return tuple(_parse_norm(mean, variance) for mean, variance in pairs)


def _parse_norm(mean: Any, variance: Any) -> NormStatistics:
    if mean.ndim != 1 or mean.shape != variance.shape or not 0 < mean.size <= MAX_NORM_CHANNELS:
        raise FieldError("no statistics")
    if mean.dtype != np.float32 or variance.dtype != np.float32:
        raise FieldError("no numbers")
    if not (np.isfinite(mean).all() and np.isfinite(variance).all()):
        raise FieldError("not finite")
    return NormStatistics(mean, variance)


@dataclass(frozen=True)
class GradientFacts:
    """What became of differentiating a network.

    ``layer`` is the activation for Grad-CAM ("" without one), of ``layer_shape`` (C, H, W).
    Without gradients ``reason`` is a sentence, and ``operator`` what has no derivative, if it is
    one operator's fault.
    """

    layer: str = ""
    layer_shape: tuple[int, ...] = ()
    operator: str = ""
    reason: str = ""


def parse_gradient_facts(reply: Message) -> GradientFacts:
    """Return what the sandbox says; raises UploadError where it makes no sense."""
    fields = Fields(reply.header)
    try:
        reason, operator, layer = (fields.any(key) for key in ("reason", "operator", "layer"))
        shape = fields.any("layer_shape")
        if not all(isinstance(text, str) for text in (reason, operator, layer)):
            raise FieldError("no texts")
        if not isinstance(shape, list) or not all(isinstance(dim, int) for dim in shape):
            raise FieldError("no shape")
    except FieldError as error:
        raise UploadError("The sandbox's answer about gradients makes no sense.") from error
    is_usable = len(shape) == 3 and min(shape) > 0 and np.prod(shape, dtype=float) <= _MAX_LAYER
    return GradientFacts(
        layer=layer if is_usable else "",
        layer_shape=tuple(shape) if is_usable else (),
        operator=clean_text(operator, 60),
        reason=clean_text(reason),
    )
