"""Elman networks as one ONNX RNN node: the exporter unrolls them, and so fixes their length."""

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
    count, length, _ = inputs.shape
    hidden = layer.hidden_size
    weights = {name: cast(Tensor, getattr(layer, name)) for name in _WEIGHTS}
    bias = torch.cat([weights["bias_ih_l0"], weights["bias_hh_l0"]])[None]  # (1, 2 hidden)
    states = torch.onnx.ops.symbolic(
        "RNN",
        (
            inputs.transpose(0, 1),
            weights["weight_ih_l0"][None],
            weights["weight_hh_l0"][None],
            bias,
        ),
        {"hidden_size": hidden},
        dtype=inputs.dtype,
        shape=(length, 1, count, hidden),
        version=18,
    )
    return states[:, 0].transpose(0, 1)  # (T, 1, N, hidden) to (N, T, hidden)
