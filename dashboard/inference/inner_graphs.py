"""Changing a graph in memory: inner tensors as outputs, with switches; one unit's mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import onnx
from onnx import TensorProto, helper

from dashboard.inference.stages import SWITCH, Stage

MEAN = "glass_box/mean"  # (N, channels), the mean over all places
_SWITCHED = "glass_box/switched/"


def add_switches(model: onnx.ModelProto, stages: Sequence[Stage]) -> None:
    """Make each stage's two tensors outputs, and let what follows read it times a switch, in place.

    The switches are inputs (N, C, 1, 1) called ``glass_box/switch/<tensor>``.
    """
    graph = model.graph
    renamed = {stage.tensor: _SWITCHED + stage.tensor for stage in stages}
    nodes = []
    for node in graph.node:
        for index, name in enumerate(node.input):
            node.input[index] = renamed.get(name, name)
        nodes.append(node)
        nodes += [
            helper.make_node("Mul", [name, SWITCH + name], [renamed[name]])
            for name in node.output
            if name in renamed
        ]
    copies = [_copy(node) for node in nodes]
    del graph.node[:]
    graph.node.extend(copies)
    for stage in stages:
        float32 = TensorProto.FLOAT
        axes: list[str | int | None] = ["N", stage.channels]
        switch, side = SWITCH + stage.tensor, stage.side
        graph.input.append(helper.make_tensor_value_info(switch, float32, [*axes, 1, 1]))
        for name in (stage.tensor, stage.before):
            shape = [*axes, side, side]
            graph.output.append(helper.make_tensor_value_info(name, float32, shape))


def end_at_mean(model: onnx.ModelProto, tensor: str, channels: int) -> None:
    """Cut a graph, in place, to what computes ``tensor``; its output is the mean over places."""
    graph, wanted, kept = model.graph, {tensor}, []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            kept.append(_copy(node))
    weights = [_copy(weight) for weight in graph.initializer if weight.name in wanted]
    axes = helper.make_tensor(f"{MEAN}/axes", TensorProto.INT64, [2], [2, 3])
    kept.insert(0, helper.make_node("ReduceMean", [tensor, axes.name], [MEAN], keepdims=0))
    for field in ("node", "initializer", "output", "value_info"):
        del getattr(graph, field)[:]
    graph.node.extend(reversed(kept))
    graph.initializer.extend([*weights, axes])
    graph.output.append(helper.make_tensor_value_info(MEAN, TensorProto.FLOAT, ["N", channels]))


def resize_input(model: onnx.ModelProto, image: str, side: int) -> None:
    """Let the graph take pictures of another side, in place; it must be convolutions only."""
    value = next(value for value in model.graph.input if value.name == image)
    for dim in value.type.tensor_type.shape.dim[2:]:
        dim.dim_value = side


def _copy(message: Any) -> Any:
    copied = type(message)()
    copied.CopyFrom(message)
    return copied
