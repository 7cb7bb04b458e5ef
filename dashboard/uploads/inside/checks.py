"""Everything that an uploaded file must pass before ONNX Runtime sees it. Runs in the sandbox.

The file is hostile until shown otherwise: its size, its format, every part of it, how the parts
hang together, ONNX's own rules, and whether it is an image classifier at all.
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx
from onnx import TensorProto, checker

from dashboard.uploads.inside.formats import describe_foreign, describe_unparsable
from dashboard.uploads.inside.parts import check_parts
from dashboard.uploads.inside.structure import check_structure
from dashboard.uploads.inspection import MAX_BYTES, MAX_SIDE, MIN_SIDE
from dashboard.uploads.sandbox_wire import UploadError

MIN_OPSET = 7  # older ones mean other things by the same operators
MIN_IR_VERSION = 3
CHANNELS = (1, 3)

DTYPES = {
    TensorProto.FLOAT: "float32",
    TensorProto.FLOAT16: "float16",
    TensorProto.DOUBLE: "float64",
    TensorProto.UINT8: "uint8",
}


def check_upload(data: bytes) -> onnx.ModelProto:
    """Return the model in a file.

    Raises:
        UploadError: it breaks a rule; the message is one sentence on which, and what to do.
    """
    if len(data) > MAX_BYTES:
        raise UploadError(
            f"The file has {len(data) / (1 << 20):.0f} MB, and at most {MAX_BYTES >> 20} can be "
            "taken."
        )
    foreign = describe_foreign(data)
    if foreign is not None:
        raise UploadError(foreign)
    model = _parse(data)
    check_structure(model, check_parts(model))
    _check_versions(model)
    check_image_input(model)
    _check_rules(model)
    return model


def _parse(data: bytes) -> onnx.ModelProto:
    try:
        model = onnx.ModelProto()
        model.ParseFromString(data)
    except Exception:  # protobuf's DecodeError, in whichever of its implementations is installed
        raise UploadError(describe_unparsable(data)) from None
    # Any protobuf of another kind parses too: its fields are unknown ones.
    if not model.ir_version or not model.HasField("graph"):
        raise UploadError(describe_unparsable(data))
    if not model.graph.node:
        raise UploadError("The file is ONNX, but its network has no nodes.")
    return model


def _check_versions(model: onnx.ModelProto) -> None:
    if not MIN_IR_VERSION <= model.ir_version <= onnx.IR_VERSION:
        raise UploadError(
            f"The file's format version {model.ir_version} is not one from {MIN_IR_VERSION} to "
            f"{onnx.IR_VERSION}: export the model again with another version of onnx."
        )
    newest = onnx.defs.onnx_opset_version()
    opsets = [each.version for each in model.opset_import if each.domain in ("", "ai.onnx")]
    if len(opsets) != 1 or not MIN_OPSET <= opsets[0] <= newest:
        found = f"Operator set {opsets[0]}" if opsets else "A missing operator set"
        raise UploadError(
            f"{found} is not one from {MIN_OPSET} to {newest}: export the model again, best with "
            "opset_version=18."
        )


def _check_rules(model: onnx.ModelProto) -> None:
    types = [value.type.tensor_type for value in model.graph.output]
    without_shape = [each for each in types if not each.HasField("shape")]
    try:
        for each in without_shape:  # a rule that exporters break and ONNX Runtime does not mind
            each.shape.SetInParent()
        checker.check_model(model)
    except Exception as error:  # ValidationError, and what the bindings make of C++ exceptions
        first_line = str(error).strip().split("\n", 1)[0]
        raise UploadError(f"The file breaks a rule of ONNX: {first_line}") from error
    finally:
        for each in without_shape:
            each.ClearField("shape")


def find_inputs(graph: onnx.GraphProto) -> list[onnx.ValueInfoProto]:
    """Return the inputs that must be given; older files list the weights among them."""
    weights = {tensor.name for tensor in graph.initializer}
    weights |= {tensor.values.name for tensor in graph.sparse_initializer}
    return [value for value in graph.input if value.name not in weights]


def check_image_input(model: onnx.ModelProto) -> onnx.ValueInfoProto:
    """Return the one input, which takes a batch of images.

    Raises:
        UploadError: there is another number of inputs, or this one takes no images.
    """
    inputs = find_inputs(model.graph)
    if len(inputs) != 1:
        names = ", ".join(value.name for value in inputs[:4]) or "none"
        raise UploadError(
            f"The network takes {len(inputs)} inputs ({names}); only networks that take one "
            "image can be explained here."
        )
    (image,) = inputs
    if not image.type.HasField("tensor_type") or not image.type.tensor_type.HasField("shape"):
        raise UploadError(
            f"The network does not declare the shape of its input {image.name}: export it with an "
            "example image."
        )
    tensor = image.type.tensor_type
    if tensor.elem_type not in DTYPES:
        kind = TensorProto.DataType.Name(tensor.elem_type).lower()
        raise UploadError(
            f"The network's input {image.name} holds {kind} values, which are no image: numbers "
            "(float32, float16, float64 or uint8) are needed."
        )
    _check_image_shape(image.name, [read_dim(dim) for dim in tensor.shape.dim])
    return image


def read_dim(dim: onnx.TensorShapeProto.Dimension) -> int | None:
    """Return the size of an axis, None where it is left open."""
    # Some exporters write an open size as 0 or -1.
    return dim.dim_value if dim.HasField("dim_value") and dim.dim_value > 0 else None


def _check_image_shape(name: str, shape: Sequence[int | None]) -> None:
    written = " × ".join("?" if dim is None else str(dim) for dim in shape) or "a single number"
    if len(shape) != 4:
        raise UploadError(
            f"The network's input {name} is {written}: an image classifier takes four axes, "
            "batch, channels, height and width."
        )
    if not any(shape[axis] in (None, *CHANNELS) for axis in (1, 3)):
        raise UploadError(
            f"The network's input {name} is {written}: photos have 3 channels, or 1 in grey."
        )
    sides = [dim for axis, dim in enumerate(shape) if axis and dim not in (None, *CHANNELS)]
    if any(not MIN_SIDE <= side <= MAX_SIDE for side in sides if side is not None):
        raise UploadError(
            f"The network's input {name} is {written}: images from {MIN_SIDE} to {MAX_SIDE} "
            "pixels a side can be shown."
        )
