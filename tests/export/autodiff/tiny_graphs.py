"""Small classifiers written as ONNX text, and the two ways to run a gradient graph."""

from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper, parser

from export.autodiff import Differentiated
from export.autodiff.interpreter import Interpreter

Arrays = dict[str, np.ndarray]
IMAGE = "float[N,2,6,6] image"


def classifier(
    body: str,
    weights: dict[str, Any] | None = None,
    image: str = IMAGE,
    output: str = "float[N,k] y",
    opset: int = 18,
    domain: str = "",
) -> onnx.ModelProto:
    """Build a graph from its nodes as text; a tuple for a weight draws one of that shape."""
    imports = f'"" : {opset}' + (f', "{domain}" : 1' if domain else "")
    header = f"<ir_version: 10, opset_import: [{imports}]>"
    model = parser.parse_model(f"{header} tiny ({image}) => ({output}) {{ {body} }}")
    rng = np.random.default_rng(0)
    for name, value in (weights or {}).items():
        if isinstance(value, tuple):
            fan = int(np.prod(value[1:])) or 1
            value = (rng.normal(size=value) / np.sqrt(fan)).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    return model


def run(found: Differentiated, image: np.ndarray, target: Any, **more: Any) -> Arrays:
    """Run on ONNX Runtime, one thread."""
    feeds = {found.image: image.astype(np.float32), "target": np.asarray(target, np.int64)}
    feeds |= {name: np.asarray(value, np.int64) for name, value in more.items()}
    session = open_session(found.model)
    names = [o.name for o in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


def open_session(model: onnx.ModelProto | str) -> onnxruntime.InferenceSession:
    """Load a model or a file into ONNX Runtime on one CPU thread, without warnings."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # it warns that ``versus`` may be left out
    source = model if isinstance(model, str) else model.SerializeToString()
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def run_in_double(found: Differentiated, image: np.ndarray, target: Any) -> Arrays:
    """Interpret in float64."""
    return Interpreter(found.model).run(
        {found.image: image.astype(np.float64), "target": np.asarray(target, np.int64)}
    )


def images(*shape: int, seed: int = 0) -> np.ndarray:
    """Draw images (N, C, H, W)."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def relative(found: np.ndarray, expected: np.ndarray) -> float:
    """Return the relative L2 distance."""
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def subgraph(name: str) -> onnx.GraphProto:
    """Return a graph without inputs that returns a constant."""
    node = helper.make_node("Constant", [], [name], value_float=1.0)
    value = helper.make_tensor_value_info(name, TensorProto.FLOAT, [])
    return helper.make_graph([node], name, [], [value])


CONV = "c = Conv <pads = [1,1,1,1]> (image, w) r = Relu(c) f = GlobalAveragePool(r) "
NET = CONV + "g = Flatten(f) y = Gemm(g, v)"
WEIGHTS = {"w": (4, 2, 3, 3), "v": (4, 5)}


def net(ending: str = "", **settings: str) -> onnx.ModelProto:
    """Return a small convolutional classifier of images (N, 2, 6, 6), with nodes after it."""
    return classifier(NET + ending, WEIGHTS, **settings)


def predict(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    return open_session(model).run(None, {"image": x})[0]
