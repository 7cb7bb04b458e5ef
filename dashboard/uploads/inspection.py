"""What the sandbox says of an uploaded network, and the app's own check of that."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta

from dashboard.inference.model import Floats
from dashboard.uploads.sandbox_wire import Header, Message, UploadError, clean_text

MAX_BYTES = 100 << 20  # of a file
MIN_SIDE, MAX_SIDE = 4, 1024  # of an image, in pixels

MAX_LISTED = 64
MAX_METADATA = 100_000
MAX_NORM_CHANNELS = 8_192
_MAX_LAYER = 1 << 24  # numbers of one activation

STATISTICS = "glass_box_statistics"  # the outputs that are added for them begin like this

Text = Annotated[str, Meta(min_length=1)]
Count = Annotated[int, Meta(ge=1)]
Dim = Annotated[int, Meta(ge=1, lt=1 << 31)]
Shape = Annotated[tuple[Dim | None, ...], Meta(max_length=MAX_LISTED)]


@dataclass(frozen=True)
class TensorInfo:
    """An input or output as the file declares it; None stands for a size left open.

    The name is untrusted: show it through ``sandbox_wire.clean_text`` only.
    """

    name: Text
    dtype: Text
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
    outputs: Annotated[tuple[TensorInfo, ...], Meta(max_length=MAX_LISTED)]
    metadata: Mapping[str, str]
    operators: Mapping[str, Count]
    opset: Count
    n_nodes: Count
    n_parameters: Annotated[int, Meta(ge=0)]
    was_converted: bool = False
    norms: tuple[NormStatistics, ...] = ()


def encode_inspection(inspection: Inspection) -> Message:
    """Return the message that says all this."""
    header: Header = msgspec.to_builtins(replace(inspection, norms=()))
    arrays = [array for norm in inspection.norms for array in (norm.mean, norm.variance)]
    return Message(header, tuple(arrays))


def parse_inspection(message: Message) -> Inspection:
    """Return what a message says.

    Raises:
        UploadError: it is not what ``encode_inspection`` would have sent.
    """
    try:
        found = msgspec.convert({**message.header, "norms": ()}, Inspection)
        metadata = list(found.metadata.items())[:MAX_LISTED]
        return replace(
            found,
            metadata={key: value[:MAX_METADATA] for key, value in metadata},
            norms=_parse_norms(message),
        )
    except ValueError as error:
        raise UploadError("The sandbox's description of the model makes no sense.") from error


def _parse_norms(message: Message) -> tuple[NormStatistics, ...]:
    arrays = message.arrays
    if len(arrays) % 2:
        raise ValueError("no pairs")
    pairs = zip(arrays[::2], arrays[1::2], strict=True)
    return tuple(_parse_norm(mean, variance) for mean, variance in pairs)


def _parse_norm(mean: Any, variance: Any) -> NormStatistics:
    if mean.ndim != 1 or mean.shape != variance.shape or not 0 < mean.size <= MAX_NORM_CHANNELS:
        raise ValueError("no statistics")
    if mean.dtype != np.float32 or variance.dtype != np.float32:
        raise ValueError("no numbers")
    if not (np.isfinite(mean).all() and np.isfinite(variance).all()):
        raise ValueError("not finite")
    return NormStatistics(mean, variance)


@dataclass(frozen=True)
class GradientFacts:
    """What became of differentiating a network.

    ``layer`` is the activation for Grad-CAM ("" without one), of ``layer_shape`` (C, H, W).
    Without gradients ``reason`` is a sentence, and ``operator`` what has no derivative, if it is
    one operator's fault.
    """

    reason: str
    operator: str = ""
    layer: str = ""
    layer_shape: tuple[int, ...] = ()


def parse_gradient_facts(reply: Message) -> GradientFacts:
    """Return what the sandbox says; raises UploadError where it makes no sense."""
    try:
        found = msgspec.convert(reply.header, GradientFacts)
    except msgspec.ValidationError as error:
        raise UploadError("The sandbox's answer about gradients makes no sense.") from error
    shape = found.layer_shape
    is_usable = len(shape) == 3 and min(shape) > 0 and math.prod(shape) <= _MAX_LAYER
    return GradientFacts(
        layer=found.layer if is_usable else "",
        layer_shape=shape if is_usable else (),
        operator=clean_text(found.operator, 60),
        reason=clean_text(found.reason),
    )
