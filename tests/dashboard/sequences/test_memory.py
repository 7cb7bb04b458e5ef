"""What recurrent networks keep in mind, held against the equations of the LSTM."""

from functools import cache

import numpy as np
import pytest

from dashboard.cache import ZOO
from dashboard.inference.gradients import GradientGraph
from dashboard.inference.graphs import OnnxGraph
from dashboard.sequences.memory import Memory, choose_units, compute_praise, read_memory
from dashboard.sequences.word_attribution import (
    GRADIENT,
    INTEGRATED,
    TAKEN,
    compute_margins,
    explain_words,
    measure_removal,
)
from dashboard.sequences.words import WordReader, Words

TEXT = "The plot is thin, yet the acting is wonderful and I loved the end."


@cache
def open_graph(name: str, file: str = "predict.onnx") -> OnnxGraph:
    return OnnxGraph(ZOO / name, file)


def read(name: str) -> tuple[Words, Memory]:
    predict = open_graph(name)
    words = WordReader(ZOO / name, predict.card).read(TEXT)
    trace = open_graph(name, "trace.onnx") if name == "lstm.imdb" else None
    return words, read_memory(predict, words, trace)


def test_the_cell_follows_its_gates() -> None:
    words, memory = read("lstm.imdb")
    gates = memory.gates
    for name in ("forget_gate", "input_gate", "output_gate"):
        assert gates[name].shape == (len(words), 128)
        assert gates[name].min() >= 0 and gates[name].max() <= 1
    before = np.vstack([np.zeros((1, 128)), gates["cells"][:-1]])
    after = gates["forget_gate"] * before + gates["input_gate"] * gates["candidate"]
    assert np.abs(after - gates["cells"]).max() < 1e-4
    assert np.abs(gates["output_gate"] * np.tanh(gates["cells"]) - memory.states).max() < 1e-4
    assert memory.shown is gates["cells"]


@pytest.mark.parametrize("name", ["rnn.imdb", "lstm.imdb"])
def test_the_last_verdict_is_the_whole_text_s(name: str) -> None:
    words, memory = read(name)
    logits = open_graph(name).run({"tokens": words.numbers}, ("logits",))["logits"][0]
    assert memory.verdicts[-1] == pytest.approx(compute_praise(logits), abs=1e-5)
    assert memory.states.shape == (len(words), 128)


def test_praise_by_hand_and_the_liveliest_units() -> None:
    assert compute_praise(np.array([0, np.log(3)], np.float32)) == pytest.approx(0.75)
    carried = np.array([[0, 5, 1], [0, -5, 2]], np.float32)  # (T, units)
    assert choose_units(carried, 2) == [1, 2]
    assert choose_units(np.array([[0, 1, -3]], np.float32)) == [2, 1, 0]  # one word


@pytest.mark.parametrize("name", ["rnn.imdb", "lstm.imdb"])
def test_shares_hold_what_they_promise(name: str) -> None:
    words, memory = read(name)
    predict = open_graph(name)
    evidence = explain_words(predict, GradientGraph(ZOO / name), words, memory.embeddings)
    whole = compute_margins(predict, words, [[]])[0]
    assert evidence.margin == pytest.approx(whole, abs=1e-4)
    assert set(evidence.shares) == {GRADIENT, INTEGRATED, TAKEN}
    assert all(len(each) == len(words) for each in evidence.shares.values())
    assert abs(evidence.gap) < 0.05 * max(1, abs(whole))  # completeness, to 32 steps
    without = compute_margins(predict, words, [[3]])[0]
    assert evidence.shares[TAKEN][3] == pytest.approx(whole - without, abs=1e-4)
    removal = measure_removal(predict, words, evidence)
    assert removal == measure_removal(predict, words, evidence)
    assert removal.falls[TAKEN] > removal.lucky > removal.random


def test_a_text_of_one_word_can_lose_it() -> None:
    predict = open_graph("rnn.imdb")
    words = WordReader(ZOO / "rnn.imdb", predict.card).read("wonderful")
    margins = compute_margins(predict, words, [[], [0]])
    unknown = predict.run({"tokens": np.array([[1]])}, ("logits",))["logits"][0]
    assert margins[1] == pytest.approx(unknown[1] - unknown[0], abs=1e-5)
