"""The committed readers of film reviews, measured again on some of the held-out reviews."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from export.datasets import imdb
from export.sessions import open_session
from export.train.text import predict
from models import MODELS

ZOO = Path(__file__).resolve().parents[2] / "models" / "zoo"
NAMES = [name for name in MODELS if name.endswith(".imdb")]
FLOORS = {"rnn.imdb": 50.0, "lstm.imdb": 86.0, "transformer.imdb": 86.0}
SAMPLE = 10  # every tenth held-out review
PRAISE = "A wonderful film, beautifully acted and very moving. I loved every minute of it!"
BLAME = "What a waste of time. The plot is stupid, the acting is awful and I was bored to death."

each_name = pytest.mark.parametrize("name", NAMES)


def read_json(name: str, file: str) -> Any:
    return json.loads((ZOO / name / file).read_text(encoding="utf-8"))


def encode(name: str, *texts: str) -> np.ndarray:
    return imdb.pad(imdb.encode(texts, read_json(name, "vocabulary.json")))


@each_name
def test_a_network_does_on_a_sample_what_its_card_says(name: str) -> None:
    accuracy = read_json(name, "card.json")["metrics"]["accuracy"]
    assert accuracy["n"] == 5_000 and accuracy["value"] >= FLOORS[name]
    test = imdb.load("test")
    sample = test.take(range(0, len(test), SAMPLE))
    rows = imdb.encode(sample.texts, read_json(name, "vocabulary.json"))
    hits = int((predict(ZOO / name / "predict.onnx", rows) == sample.labels).sum())
    share, n = accuracy["value"] / 100, len(sample)
    assert abs(hits / n - share) <= 4 * math.sqrt(share * (1 - share) / n)


@each_name
def test_a_card_does_not_hide_the_baseline(name: str) -> None:
    card = read_json(name, "card.json")
    network, baseline = card["metrics"]["accuracy"], card["metrics"]["baseline"]
    table = card["details"]["baseline"]
    assert table["is_better"] == (baseline["value"] > network["value"])
    assert f"{baseline['value']:.1f} %" in card["limits"]
    right = table["both_right"] + table["only_network_right"]
    assert right == round(network["value"] * network["n"] / 100)


@each_name
def test_plain_praise_and_blame_are_told_apart_whatever_the_padding(name: str) -> None:
    session = open_session(ZOO / name / "predict.onnx")
    tokens = encode(name, PRAISE, BLAME)
    logits, by_word = session.run(["logits", "logits_by_word"], {"tokens": tokens})
    assert logits.argmax(1).tolist() == [1, 0]
    np.testing.assert_allclose(by_word[:, -1], logits, atol=1e-6)
    wider = np.pad(tokens, ((0, 0), (0, 64 - tokens.shape[1])))
    np.testing.assert_allclose(session.run(["logits"], {"tokens": wider})[0], logits, atol=1e-5)


def test_the_gates_make_the_state() -> None:
    tokens = encode("lstm.imdb", PRAISE, BLAME)
    trace = open_session(ZOO / "lstm.imdb" / "trace.onnx")
    names = ["states", "cells", "input_gate", "forget_gate", "candidate", "output_gate"]
    states, cells, write, keep, candidate, show = trace.run(names, {"tokens": tokens})
    for gate in (write, keep, show):
        assert gate.min() >= 0 and gate.max() <= 1
    before = np.pad(cells, ((0, 0), (1, 0), (0, 0)))[:, :-1]
    np.testing.assert_allclose(cells, keep * before + write * candidate, atol=1e-5)
    np.testing.assert_allclose(states, show * np.tanh(cells), atol=1e-5)


def test_attention_is_a_distribution_over_the_past() -> None:
    tokens = encode("transformer.imdb", PRAISE)
    session = open_session(ZOO / "transformer.imdb" / "predict.onnx")
    (attention,) = session.run(["attention"], {"tokens": tokens})
    np.testing.assert_allclose(attention.sum(-1), 1, atol=1e-5)
    assert np.abs(np.triu(attention, 1)).max() == 0


@each_name
def test_no_review_is_shipped(name: str) -> None:
    words = read_json(name, "vocabulary.json")
    assert len(words) == imdb.VOCABULARY_SIZE == len(set(words))
    assert not any(" " in word for word in words)
    assert words[2:] != sorted(words[2:])  # by frequency
