"""Small networks to upload: their answers are known to the last number."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from dashboard.inference.model import Explained, Model
from dashboard.inference.samples import list_samples, load_sample
from dashboard.uploads.file import UploadedFile
from dashboard.uploads.inspection import Inspection, TensorInfo
from dashboard.uploads.limits import Limits
from dashboard.uploads.model import UploadedModel
from dashboard.uploads.spec import NORMALIZATIONS, InputSpec, Kind, Layout, OutputSpec

FLOAT = TensorProto.FLOAT
SIDE, CHANNELS, CLASSES = 16, 8, 5

ZOO = Path(__file__).resolve().parents[3] / "models" / "zoo"

_RNG = np.random.default_rng(0)
KERNEL = _RNG.normal(size=(CHANNELS, 3, 3, 3)).astype(np.float32) / 3
HEAD = _RNG.normal(size=(CHANNELS, CLASSES)).astype(np.float32)


def node(kind: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any) -> Any:
    return helper.make_node(kind, inputs, outputs, **attributes)


def value(name: str, shape: Sequence[int | str | None], kind: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def build(
    nodes: Sequence[Any],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    weights: dict[str, Any] | None = None,
    opset: int = 18,
    **metadata: str,
) -> onnx.ModelProto:
    """Return a model; nothing about it is checked."""
    initializers = [numpy_helper.from_array(np.asarray(v), k) for k, v in (weights or {}).items()]
    graph = helper.make_graph(nodes, "upload", inputs, outputs, initializers)
    opsets = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    helper.set_model_props(model, metadata)
    return model


def create_network(
    tail: str = "logits",
    batch: int | str = "N",
    layout: str = "NCHW",
    kind: int = FLOAT,
    side: int | str = SIDE,
    n_columns: int = CLASSES,
    **metadata: str,
) -> onnx.ModelProto:
    """Return Conv - Relu - mean - MatMul, then what ``tail`` says: logits, Softmax, Sigmoid ..."""
    kinds = {TensorProto.FLOAT16: np.float16, TensorProto.DOUBLE: np.float64}
    number = kinds.get(kind, np.float32)
    nodes, source = [], "image"
    if kind == TensorProto.UINT8:
        nodes.append(node("Cast", [source], ["numbers"], to=FLOAT))
        source = "numbers"
    if layout == "NHWC":
        nodes.append(node("Transpose", [source], ["turned"], perm=[0, 3, 1, 2]))
        source = "turned"
    nodes += [
        node("Conv", [source, "kernel"], ["before"], pads=[1, 1, 1, 1]),
        node("Relu", ["before"], ["features"]),
        node("GlobalAveragePool", ["features"], ["pooled"]),
        node("Flatten", ["pooled"], ["flat"]),
        node("MatMul", ["flat", "head"], ["scores"]),
        node("Identity" if tail == "logits" else tail, ["scores"], ["out"]),
    ]
    shape = [batch, 3, side, side] if layout == "NCHW" else [batch, side, side, 3]
    out_kind = FLOAT if kind == TensorProto.UINT8 else kind
    return build(
        nodes,
        [value("image", shape, kind)],
        [value("out", [batch, n_columns], out_kind)],
        {"kernel": KERNEL.astype(number), "head": HEAD[:, :n_columns].astype(number)},
        **metadata,
    )


def run_by_hand(inputs: Any, n_columns: int = CLASSES) -> Any:
    """Return the logits of ``create_network`` for inputs (N, 3, H, W), by numpy alone."""
    height, width = inputs.shape[2:]
    padded = np.pad(inputs.astype(np.float64), ((0, 0), (0, 0), (1, 1), (1, 1)))
    shifted = [
        padded[:, :, y : y + height, x : x + width] for y in range(3) for x in range(3)
    ]  # 9 of (N, 3, H, W)
    patches = np.stack(shifted, axis=2)  # (N, 3, 9, H, W)
    before = np.einsum("oik,nikhw->nohw", KERNEL.reshape(CHANNELS, 3, 9).astype(float), patches)
    return np.maximum(before, 0).mean(axis=(2, 3)) @ HEAD[:, :n_columns]


def draw(count: int, side: int = SIDE, seed: int = 1) -> Any:
    return np.random.default_rng(seed).normal(size=(count, 3, side, side)).astype(np.float32)


@cache
def load_photos(count: int = 8) -> tuple[Any, ...]:
    return tuple(load_sample(sample.name).pixels for sample in list_samples()[:count])


def load_zoo_file(name: str = "efficientnet_lite0.imagenet") -> onnx.ModelProto:
    """Return a model of the zoo with its weights inside, as a person would upload it."""
    return onnx.load(ZOO / name / "predict.onnx")


def describe_image(shape: Sequence[int | None], kind: str = "float32", **other: Any) -> Inspection:
    """Return an inspection of which only the input matters."""
    facts: dict[str, Any] = {
        "outputs": (TensorInfo("out", "float32", (None, CLASSES)),),
        "metadata": {},
        "operators": {"Conv": 1},
        "opset": 18,
        "n_nodes": 1,
        "n_parameters": 1,
        **other,
    }
    return Inspection(TensorInfo("image", kind, tuple(shape)), **facts)


def open_here(model: onnx.ModelProto) -> Callable[[InputSpec, Any, Sequence[str]], list[Any]]:
    """Return what runs a model in this process: for tests of what needs no sandbox."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 2
    session = ort.InferenceSession(model.SerializeToString(), options)

    def run(spec: InputSpec, inputs: Any, names: Sequence[str]) -> list[Any]:
        found: list[Any] = session.run(list(names), {spec.name: spec.to_graph(inputs)})
        return found

    return run


def softmax(logits: Any) -> Any:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def assert_slope(model: Model, explained: Explained, inputs: Any, score: Any) -> None:
    """Compare the gradient with a finite difference of ``score`` (inputs -> (N,)) along it."""
    gradient = explained.gradient.astype(np.float64)
    lengths = np.sqrt((gradient**2).sum(axis=(1, 2, 3), keepdims=True))
    step = (1e-2 * gradient / lengths).astype(np.float32)
    slope = (score(inputs + step) - score(inputs - step)) / 2e-2
    np.testing.assert_allclose(slope, lengths[:, 0, 0, 0], rtol=2e-2)


class Uploads:
    """Uploads networks, each into a sandbox of its own; ``close`` ends them all."""

    def __init__(self) -> None:
        self.files: list[UploadedFile] = []

    def __call__(
        self,
        model: onnx.ModelProto,
        kind: Kind = "logits",
        n_columns: int = CLASSES,
        layout: Layout = "NCHW",
        side: int = SIDE,
    ) -> UploadedModel:
        """Return an uploaded network, built as the arguments say."""
        file = UploadedFile(model.SerializeToString(), Limits(seconds=20, threads=1))
        self.files.append(file)
        spec = InputSpec("image", layout, 3, side, side, NORMALIZATIONS[1])
        return UploadedModel(file, spec, OutputSpec("out", kind, n_columns), load_photos(3))

    def close(self) -> None:
        for file in self.files:
            file.close()
