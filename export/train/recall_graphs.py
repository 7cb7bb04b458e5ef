"""The graphs of the three recall networks: predictions, and gradients by what stood where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from models.recall_rnn import RecallRNN
from models.recall_transformer import RecallTransformer
from torch import Tensor, nn

from export.arrays import Floats
from export.card import Port
from export.datasets.recall import MAX_LAG, SYMBOLS, create_sequences
from export.graphs import Graph
from export.recurrent import run_rnn

TOKENS, EMBEDDINGS, LOGITS, STATES, ATTENTION = (
    "tokens",
    "embeddings",
    "logits",
    "states",
    "attention",
)
GRADIENT_LAG = 32  # of the gradient graph, whose length is fixed
_WIDTH = 32


class RecallGraph(nn.Module):
    """What is exported: logits, and how they came about (states, or attention)."""

    def __init__(self, model: nn.Module, embedded: bool = False) -> None:
        super().__init__()
        self.model, self.embedded = model, embedded

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (N, symbols) and states (N, T, H) or attention (N, L, heads, T, T)."""
        model = self.model
        x = inputs if self.embedded else cast(nn.Embedding, model.embedding)(inputs)
        if isinstance(model, RecallTransformer):
            return model.read_with_attention(x)
        recurrent = model.recurrent
        if isinstance(model, RecallRNN):
            states = run_rnn(cast(nn.RNN, recurrent), x)
        else:
            states = cast(nn.LSTM, recurrent)(x)[0]
        return cast(nn.Linear, model.classifier)(states[:, -1]), states


def create_predict_graph(model: nn.Module) -> Graph:
    """Return the graph that takes sequences of any length."""
    checks = create_sequences(16, 40, (4,)).tokens
    return Graph(
        RecallGraph(model),
        (torch.from_numpy(checks[:2]),),
        {
            TOKENS: Port(
                "int64", ("N", "T"), "0 to 7: the symbols A to H; 8: the query mark, at the end"
            )
        },
        _describe_outputs(model, "T"),
        checks=(checks,),
    )


def create_gradient_graph(model: nn.Module) -> Graph:
    """Return the graph that takes embeddings of ``GRADIENT_LAG + 2`` tokens."""
    length = GRADIENT_LAG + 2
    with torch.no_grad():
        tokens = torch.from_numpy(create_sequences(16, GRADIENT_LAG, (5,)).tokens)
        checks: Floats = cast(nn.Embedding, model.embedding)(tokens).numpy()
    return Graph(
        RecallGraph(model, embedded=True),
        (torch.from_numpy(checks[:2]),),
        {EMBEDDINGS: Port("float32", ("N", length, _WIDTH), "rows of the embedding, one a token")},
        _describe_outputs(model, length),
        checks=(checks,),
    )


def _describe_outputs(model: nn.Module, length: str | int) -> Mapping[str, Port]:
    logits = Port("float32", ("N", len(SYMBOLS)), "one score a symbol, before softmax")
    if isinstance(model, RecallTransformer):
        blocks = model.blocks
        heads = cast(int, blocks[0].heads)
        axes = ("N", len(blocks), heads, length, length)
        return {
            LOGITS: logits,
            ATTENTION: Port("float32", axes, "layer, head, from this token, to that token"),
        }
    hidden = cast(nn.LSTM, model.recurrent).hidden_size
    return {
        LOGITS: logits,
        STATES: Port("float32", ("N", length, hidden), "hidden state after every token"),
    }


def get_embedding(model: nn.Module) -> Floats:
    """Return the embedding table (tokens, width), which the gradient graph's callers need."""
    table: Floats = cast(nn.Embedding, model.embedding).weight.detach().numpy()
    return table


assert GRADIENT_LAG <= MAX_LAG
