"""The graphs of the three readers of reviews: predictions, an LSTM's gates, gradients by words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import numpy as np
import torch
from models.text_lstm import TextLSTM, compute_cells
from models.text_rnn import TextRNN
from models.text_transformer import TextTransformer
from numpy.typing import NDArray
from torch import Tensor, nn

from export.arrays import Floats
from export.card import Port
from export.datasets.imdb import LABELS, pad
from export.graphs import Graph
from export.recurrent import create_node, run_rnn

TOKENS, EMBEDDINGS, MASK = "tokens", "embeddings", "mask"
LOGITS, LOGITS_BY_WORD, STATES, ATTENTION = "logits", "logits_by_word", "states", "attention"
CELLS, GATES = "cells", ("input_gate", "forget_gate", "candidate", "output_gate")
GRADIENT_LENGTH = 64  # words of the gradient graph, whose length is fixed
_PAD = 0
_CHECK_LENGTHS = (3, 17, 40, 64, 90, 120, 200, 300, 5, 55)  # of the reviews' parts compared


class PredictGraph(nn.Module):
    """Logits of the whole text and after every word, and how they came about."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor) -> tuple[Tensor, ...]:
        """Return logits, logits by word, states, embeddings and, of a Transformer, attention."""
        embedded = _embed(self.model, tokens)
        states, *attention = compute_states(self.model, embedded)
        by_word = _judge(self.model, states, (tokens != _PAD).float())
        return by_word[:, -1], by_word, states, embedded, *attention


class TraceGraph(nn.Module):
    """What goes on inside an LSTM, word by word."""

    def __init__(self, model: TextLSTM) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor) -> tuple[Tensor, ...]:
        """Return logits by word, states, cells and the four gates, (N, T, ...) each."""
        embedded = _embed(self.model, tokens)
        (states,) = compute_states(self.model, embedded)
        gates = self.model.compute_gates(embedded, states)
        by_word = _judge(self.model, states, (tokens != _PAD).float())
        return by_word, states, compute_cells(gates), *gates


class EmbeddedGraph(nn.Module):
    """Logits of embedded words: what can be differentiated by them."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, embeddings: Tensor, mask: Tensor) -> Tensor:
        """Return logits (N, classes)."""
        states = compute_states(self.model, embeddings)[0]
        return _judge(self.model, states, mask)[:, -1]


def compute_states(model: nn.Module, embeddings: Tensor) -> tuple[Tensor, ...]:
    """Return the states (N, T, width) and, of a Transformer, the attention (N, L, heads, T, T)."""
    if isinstance(model, TextTransformer):
        return model.compute_states(embeddings)
    if isinstance(model, TextRNN):
        return (run_rnn(model.recurrent, embeddings),)
    return (_run_lstm(cast(TextLSTM, model), embeddings),)


def _run_lstm(model: TextLSTM, embeddings: Tensor) -> Tensor:
    """Return an LSTM's states (N, T, hidden); while exporting, as one ONNX LSTM node.

    The exporter makes such a node too, but fixes T where gates are computed from the states.
    """
    if not torch.compiler.is_exporting():
        return model.compute_states(embeddings)
    weights = cast(list[Tensor], model.recurrent.all_weights[0])
    # Parts in torch: input, forget, candidate, output; in ONNX: input, output, forget, candidate.
    parts = [weight.chunk(4) for weight in weights]
    of_word, of_state, *biases = (torch.cat([i, o, f, g])[None] for i, f, g, o in parts)
    joined = (of_word, of_state, torch.cat(biases, 1))
    return create_node("LSTM", embeddings, joined, model.recurrent.hidden_size)


def _embed(model: nn.Module, tokens: Tensor) -> Tensor:
    return cast(Tensor, cast(nn.Embedding, model.embedding)(tokens))


def _judge(model: nn.Module, states: Tensor, mask: Tensor) -> Tensor:
    return cast(Callable[[Tensor, Tensor], Tensor], model.head)(states, mask)


def create_predict_graph(model: nn.Module, rows: Sequence[NDArray[np.int64]]) -> Graph:
    """Return the graph that takes texts of any length; it is compared on parts of ``rows``."""
    hidden, width = _get_widths(model)
    outputs = {
        LOGITS: Port("float32", ("N", len(LABELS)), "the whole text's scores, before softmax"),
        **_describe_steps(hidden),
        EMBEDDINGS: Port("float32", ("N", "T", width), "the numbers that stand for each word"),
    }
    if isinstance(model, TextTransformer):
        heads = cast(int, model.blocks[0].heads)
        axes = ("N", len(model.blocks), heads, "T", "T")
        outputs[ATTENTION] = Port("float32", axes, "layer, head, from this word, to that word")
    return _create_token_graph(PredictGraph(model), rows, outputs)


def create_trace_graph(model: TextLSTM, rows: Sequence[NDArray[np.int64]]) -> Graph:
    """Return the graph of an LSTM's gates and cells."""
    hidden, _ = _get_widths(model)
    axes = ("N", "T", hidden)
    meanings = {
        CELLS: "the memory itself after every word: forget x before + input x candidate",
        "input_gate": "0 to 1: how much of the candidate is written",
        "forget_gate": "0 to 1: how much of the memory before is kept",
        "candidate": "-1 to 1: what is proposed to be written",
        "output_gate": "0 to 1: how much of the memory shows in the state",
    }
    outputs = _describe_steps(hidden) | {
        name: Port("float32", axes, meaning) for name, meaning in meanings.items()
    }
    return _create_token_graph(TraceGraph(model), rows, outputs)


def _create_token_graph(
    module: nn.Module, rows: Sequence[NDArray[np.int64]], outputs: Mapping[str, Port]
) -> Graph:
    parts = [row[-length:] for row, length in zip(rows, _CHECK_LENGTHS, strict=False)]
    meaning = "numbers of words, 0 (padding) only on the right; T up to 512"
    return Graph(
        module,
        (torch.from_numpy(pad(parts[:2], 20)),),
        {TOKENS: Port("int64", ("N", "T"), meaning)},
        outputs,
        checks=(pad(parts),),
    )


def _describe_steps(hidden: int) -> dict[str, Port]:
    return {
        LOGITS_BY_WORD: Port(
            "float32", ("N", "T", len(LABELS)), "scores of the text up to and with this word"
        ),
        STATES: Port("float32", ("N", "T", hidden), "hidden state after every word"),
    }


def create_gradient_graph(model: nn.Module, rows: Sequence[NDArray[np.int64]]) -> Graph:
    """Return the graph that takes embeddings of ``GRADIENT_LENGTH`` words and a mask."""
    _, width = _get_widths(model)
    parts = [row[-length:] for row, length in zip(rows, _CHECK_LENGTHS, strict=False)]
    tokens = pad(parts, GRADIENT_LENGTH)
    with torch.no_grad():
        embedded: Floats = _embed(model, torch.from_numpy(tokens)).numpy()
    mask = (tokens != _PAD).astype(np.float32)
    axes = ("N", GRADIENT_LENGTH)
    return Graph(
        EmbeddedGraph(model),
        (torch.from_numpy(embedded[:2]), torch.from_numpy(mask[:2])),
        {
            EMBEDDINGS: Port("float32", (*axes, width), "as predict.onnx gives them; 0 is padding"),
            MASK: Port("float32", axes, "1 at words, 0 at padding, which is on the right"),
        },
        {LOGITS: Port("float32", ("N", len(LABELS)), "the whole text's scores, before softmax")},
        checks=(embedded, mask),
    )


def _get_widths(model: nn.Module) -> tuple[int, int]:
    """Return the width of a state and of an embedding."""
    head = cast(nn.Module, model.head)
    classifier, embedding = cast(nn.Linear, head.classifier), cast(nn.Embedding, model.embedding)
    return classifier.in_features, embedding.embedding_dim
