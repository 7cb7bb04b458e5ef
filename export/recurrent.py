"""Recurrent layers as one ONNX node: the exporter unrolls them or fixes their length."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

_WEIGHTS = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


def run_rnn(layer: nn.RNN, inputs: Tensor) -> Tensor:
    """Return the states (N, T, hidden) of a one-layer, one-way tanh RNN over (N, T, width).

    While exporting, the layer becomes ONNX's own RNN operator with any number of steps; the
    exporter does as much for an LSTM by itself.
    """
    assert layer.batch_first and layer.num_layers == 1 and not layer.bidirectional
    if not torch.compiler.is_exporting():
        states: Tensor = layer(inputs)[0]
        return states
    weights = {name: cast(Tensor, getattr(layer, name)) for name in _WEIGHTS}
    bias = torch.cat([weights["bias_ih_l0"], weights["bias_hh_l0"]])[None]  # (1, 2 hidden)
    of_word, of_state = weights["weight_ih_l0"][None], weights["weight_hh_l0"][None]
    return create_node("RNN", inputs, (of_word, of_state, bias), layer.hidden_size)


def create_node(operator: str, inputs: Tensor, weights: tuple[Tensor, ...], hidden: int) -> Tensor:
    """Return the states (N, T, hidden) of ONNX's own "RNN" or "LSTM" over (N, T, width).

    ``weights`` are of the inputs, of the state, and the biases, as ONNX wants them.
    """
    count, length, _ = inputs.shape
    states = torch.onnx.ops.symbolic(
        operator,
        (inputs.transpose(0, 1), *weights),
        {"hidden_size": hidden},
        dtype=inputs.dtype,
        shape=(length, 1, count, hidden),
        version=18,
    )
    return states[:, 0].transpose(0, 1)  # (T, 1, N, hidden) to (N, T, hidden)
