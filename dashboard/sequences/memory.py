"""What two recurrent networks keep in mind while they read: states, gates, verdicts by word.

The vanilla RNN (Elman 1990) writes its whole state anew at every word; the LSTM (Hochreiter and
Schmidhuber 1997; forget gate: Gers, Schmidhuber and Cummins 2000) has a memory cell that gates
write to, keep and read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dashboard.inference.graphs import OnnxGraph
from dashboard.inference.model import Doubles, Floats
from dashboard.sequences.words import Words

GATES = ("forget_gate", "input_gate", "candidate", "output_gate", "cells", "states")
UNITS = 16  # shown of all


@dataclass(frozen=True, eq=False)
class Memory:
    """A network on a text: ``verdicts`` (T,) the probability of praise after each word.

    ``states`` (T, units) is the hidden state. ``gates`` has, for an LSTM, the tensors of ``GATES``,
    (T, units) each, and is empty otherwise. ``embeddings`` (1, T, E).
    """

    verdicts: Doubles
    states: Floats
    gates: Mapping[str, Floats]
    embeddings: Floats

    @property
    def shown(self) -> Floats:
        """What the network carries from word to word: the LSTM's cells, the RNN's states."""
        return self.gates["cells"] if self.gates else self.states


def read_memory(predict: OnnxGraph, words: Words, trace: OnnxGraph | None = None) -> Memory:
    """Return what a network keeps while it reads; ``trace`` is the graph with an LSTM's gates."""
    feed = {"tokens": words.numbers}
    found = predict.run(feed, ("logits_by_word", "states", "embeddings"))
    gates = {} if trace is None else trace.run(feed, GATES)
    return Memory(
        compute_praise(found["logits_by_word"][0]),
        found["states"][0],
        {name: values[0] for name, values in gates.items()},
        found["embeddings"],
    )


def compute_praise(logits: Floats) -> Doubles:
    """Return the probability of the second of two classes, (…,) of logits (…, 2)."""
    margin = (logits[..., 1] - logits[..., 0]).astype(np.float64)
    praise: Doubles = 1 / (1 + np.exp(-margin))
    return praise


def choose_units(carried: Floats, count: int = UNITS) -> list[int]:
    """Return the units (of (T, units)) that vary most, the liveliest first.

    The zeros before the first word count, so that a text of one word has an order too.
    """
    start = np.zeros((1, carried.shape[1]), carried.dtype)
    order = np.argsort(-np.concatenate([start, carried]).std(axis=0), kind="stable")
    return [int(unit) for unit in order[:count]]
