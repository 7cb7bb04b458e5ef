"""From a torch module to an ONNX file: export, strip, and one weights file for a whole folder.

All graphs of a folder read the same ``weights.bin``, in which equal weights are stored once.
Trained weights of a kilobyte or more are kept as float16 and cast to float32 when the graph is
loaded: half the bytes, and since the module is rounded first, torch and ONNX compute with equal
weights all the same.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from export.card import Port

OPSET = 18
WEIGHTS_FILE = "weights.bin"

# Smaller tensors stay in the graph, where constant folding can see them.
EXTERNAL_BYTES = 1024
_ALIGNMENT = 64


@dataclass(frozen=True)
class Graph:
    """A torch module to become an ONNX file.

    ``module`` maps the inputs to the outputs and then the layers, in order, as one tensor or a
    tuple. ``layers`` keep their names inside the graph without being outputs. ``example`` are
    inputs, a batch of 2; on ``checks``, real inputs of 8 rows or more, torch and ONNX are compared.
    ``original`` is what the graph must equal and whose parameters count, where ``module`` is a form
    of it made for the export (batch norms folded).
    """

    module: nn.Module
    example: tuple[Tensor, ...]
    inputs: Mapping[str, Port]
    outputs: Mapping[str, Port]
    layers: tuple[str, ...] = ()
    checks: tuple[NDArray[np.generic], ...] = ()
    original: nn.Module | None = None

    @property
    def truth(self) -> nn.Module:
        """The module that the exported graph is compared with."""
        return self.original or self.module


@dataclass
class WeightsFile:
    """The weights of all graphs of a folder, each distinct one written once.

    ``free`` are names of weights that other weights may take the place of: these are external
    whatever their size, since ONNX Runtime replaces external weights only. ``is_half`` says whether
    the large ones become float16; published weights stay as they are, one right after the other.
    """

    folder: Path
    free: frozenset[str] = frozenset()
    is_half: bool = True
    _offsets: dict[tuple[bytes, str], int] = field(default_factory=dict)

    def take(self, model: onnx.ModelProto) -> None:
        """Move the large weights of a graph into the file."""
        casts = []
        for weight in model.graph.initializer:
            data = numpy_helper.to_array(weight)
            is_large = data.nbytes >= EXTERNAL_BYTES
            if not is_large and weight.name not in self.free:
                continue
            if self.is_half and is_large and data.dtype == np.float32:
                casts.append(_cast(model.graph, weight.name))
                data = data.astype(np.float16)
            self._point(weight, np.ascontiguousarray(data))
        nodes = list(model.graph.node)
        del model.graph.node[:]
        model.graph.node.extend([*casts, *nodes])

    def _point(self, weight: TensorProto, data: NDArray[np.generic]) -> None:
        """Turn an initializer into a reference to its place in the file."""
        content = data.tobytes()
        key = (content, str(data.dtype))
        if key not in self._offsets:
            path = self.folder / WEIGHTS_FILE
            with path.open("ab") as file:
                if self.is_half:
                    file.write(b"\0" * (-file.tell() % _ALIGNMENT))
                self._offsets[key] = file.tell()
                file.write(content)
        kept = TensorProto(name=weight.name, dims=weight.dims)
        if not self.is_half:
            kept.doc_string = weight.doc_string  # empty, but said: shipped files are built anew
        weight.CopyFrom(kept)
        weight.data_type = helper.np_dtype_to_tensor_dtype(data.dtype)
        weight.data_location = TensorProto.EXTERNAL
        entries = {
            "location": WEIGHTS_FILE,
            "offset": str(self._offsets[key]),
            "length": str(len(content)),
        }
        for name, value in entries.items():
            entry = weight.external_data.add()
            entry.key, entry.value = name, value


def _cast(graph: onnx.GraphProto, name: str) -> onnx.NodeProto:
    """Let every node read the weight through a cast to float32."""
    wide = f"{name}.float32"
    for node in graph.node:
        node.input[:] = [wide if i == name else i for i in node.input]
    for value in graph.value_info:  # what was known of the weight is true of its cast now
        if value.name == name:
            value.name = wide
    return helper.make_node("Cast", [name], [wide], to=TensorProto.FLOAT, name=f"{name}.cast")


def round_weights(module: nn.Module) -> None:
    """Round in place what the weights file will round: parameters and buffers of a kilobyte.

    A recurrent layer's biases are rounded whatever their size: in a graph they are one weight.
    """
    joined = {
        id(weight)
        for layer in module.modules()
        if isinstance(layer, nn.RNNBase)
        for weight in layer.parameters()
    }
    with torch.no_grad():
        for tensor in (*module.parameters(), *module.buffers()):
            if is_rounded(tensor) or id(tensor) in joined:
                tensor.copy_(tensor.half().float())


def is_rounded(tensor: Tensor) -> bool:
    """Return whether a weight is stored as float16."""
    return tensor.dtype == torch.float32 and tensor.numel() * 4 >= EXTERNAL_BYTES


def to_stored(weights: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
    """Return weights as the graphs store them: large ones as float16, by their names."""
    return {
        # Contiguous: a trained convolution's weights may lie in memory with the channels last.
        name: (tensor.half() if is_rounded(tensor) else tensor).detach().cpu().contiguous().numpy()
        for name, tensor in weights.items()
        if tensor.is_floating_point()
    }


def fold_batch_norm(module: nn.Module) -> nn.Module:
    """Return an evaluated copy in which each ``norm`` beside a ``conv`` is folded into it."""
    folded = copy.deepcopy(module).eval()
    for block in folded.modules():
        conv, norm = getattr(block, "conv", None), getattr(block, "norm", None)
        if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            block.conv, block.norm = fuse_conv_bn_eval(conv, norm), nn.Identity()
    return folded


def export_graph(graph: Graph, path: Path, weights: WeightsFile) -> Path:
    """Write ``graph`` to ``path`` with its weights in the folder's file; return ``path``.

    Raises:
        onnx.checker.ValidationError: the graph is not valid ONNX.
    """
    if any(isinstance(layer, nn.LSTM) for layer in graph.module.modules()):
        # In one process torch 2.13.0 keeps the length open in the first LSTM only that it exports.
        with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
            model = onnx.load_from_string(fresh.submit(_trace_to_bytes, graph).result())
    else:
        model = _trace(graph)
    del model.graph.output[len(graph.outputs) :]  # layers stay inner tensors with their own names
    strip(model)
    weights.take(model)
    onnx.save_model(model, path)
    onnx.checker.check_model(path, full_check=True)
    return path


def _trace_to_bytes(graph: Graph) -> bytes:
    content: bytes = _trace(graph).SerializeToString()
    return content


def _trace(graph: Graph) -> onnx.ModelProto:
    symbols: dict[str, object] = {}
    axes = [
        {
            i: symbols.setdefault(axis, torch.export.Dim(axis, min=1, max=4096))
            for i, axis in enumerate(port.axes)
            if isinstance(axis, str)
        }
        for port in graph.inputs.values()
    ]
    program = torch.onnx.export(
        graph.module.eval(),
        graph.example,
        dynamo=True,
        input_names=list(graph.inputs),
        output_names=[*graph.outputs, *graph.layers],
        dynamic_shapes=tuple(axes),
        opset_version=OPSET,
        verbose=False,
    )
    assert program is not None
    model: onnx.ModelProto = program.model_proto
    return model


def strip(model: onnx.ModelProto) -> None:
    """Remove what the exporter noted of its own machine: paths, stack traces, source lines."""
    model.doc_string = ""
    model.graph.doc_string = ""
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    nodes = [*model.graph.node, *(node for each in model.functions for node in each.node)]
    values = [*model.graph.value_info, *model.graph.input, *model.graph.output]
    for item in (*nodes, *values, *model.graph.initializer):
        item.doc_string = ""
        del item.metadata_props[:]
