"""The task of pure memory, as it was in training."""

import numpy as np
import pytest

from dashboard.cache import ZOO
from dashboard.inference.graphs import OnnxGraph
from dashboard.sequences.recall import draw_rows, play, read_accuracy, read_gradient_norms
from export.datasets.recall import LAGS, SYMBOLS, create_sequences


def test_rows_are_like_those_of_training() -> None:
    rows, known = draw_rows(len(SYMBOLS), 5, 3, 7), create_sequences(7, 5, (3,))
    assert np.array_equal(rows, known.tokens)


def test_the_networks_recall_as_their_cards_say() -> None:
    names = ("rnn.recall", "transformer.recall")
    graphs = {name: OnnxGraph(ZOO / name, "predict.onnx") for name in names}
    game = play(graphs, SYMBOLS, 16, 0)
    assert len(game.letters) == 17 and game.letters[0] == game.first
    for name, graph in graphs.items():
        near = read_accuracy(graph.card, "near")
        assert sorted(near) == sorted(read_accuracy(graph.card, "even")) == list(LAGS)
        assert game.shares[name] == pytest.approx(near[16] / 100, abs=0.05)
        letter, probability = game.answers[name]
        assert letter in SYMBOLS and 0 < probability <= 1


def test_the_signal_of_an_untrained_rnn_fades() -> None:
    card = OnnxGraph(ZOO / "rnn.recall", "predict.onnx").card
    norms = read_gradient_norms(card, "untrained")
    assert norms[1] > 10 * norms[16] > 1000 * norms[64]
