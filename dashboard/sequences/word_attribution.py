"""Which words made the verdict of a network on film reviews, and do the answers hold?

Three ways to ask: gradient x input and integrated gradients (Sundararajan, Taly and Yan 2017)
through the embedding, from the network's own gradient graph, and taking each word away. The test:
words are removed in an answer's order, and the verdict should fall faster than in random orders.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dashboard.inference.gradients import GradientGraph
from dashboard.inference.graphs import OnnxGraph
from dashboard.inference.model import Doubles, Floats
from dashboard.sequences.words import LONGEST, Words

GRADIENT, INTEGRATED, TAKEN = "gradient × input", "integrated gradients", "taken away"
_STEPS = 32  # of the path from no words (all embeddings zero) to the text
_ORDERS = 24  # random ones
REMOVED = 5  # words at most in the test


@dataclass(frozen=True, eq=False)
class WordEvidence:
    """Shares (T,) of each word in the margin of praise over blame, by way of asking.

    Positive speaks for praise. ``margin`` is the whole text's, ``gap`` what integrated gradients
    leave unexplained of its difference to no words at all.
    """

    shares: Mapping[str, Doubles]
    margin: float
    gap: float


@dataclass(frozen=True)
class Removal:
    """How far the margin moves towards the other verdict, mean over 1 to ``count`` words removed.

    ``falls`` by way of asking; ``random`` is the mean of random orders, ``lucky`` what one in
    twenty of them reaches.
    """

    falls: Mapping[str, float]
    random: float
    lucky: float
    count: int


def explain_words(
    predict: OnnxGraph, gradients: GradientGraph, words: Words, embeddings: Floats
) -> WordEvidence:
    """Return each word's share; ``embeddings`` (1, T, E) are the words' own."""
    length = len(words)
    inputs = np.zeros((1, LONGEST, embeddings.shape[2]), np.float32)
    inputs[0, :length] = embeddings[0]
    mask = np.zeros((1, LONGEST), np.float32)
    mask[0, :length] = 1
    steps = ((np.arange(_STEPS) + 0.5) / _STEPS).astype(np.float32)  # midpoints of the path
    path = np.concatenate([inputs, inputs * steps[:, np.newaxis, np.newaxis], 0 * inputs])
    feed = {"embeddings": path, "mask": np.repeat(mask, len(path), axis=0)}
    score, gradient = gradients.run(feed, 1, 0)
    product = (gradient.astype(np.float64) * inputs).sum(-1)  # (N, T)
    integrated = product[1:-1].mean(0)[:length]
    margin, start = float(score[0]), float(score[-1])
    shares = {
        GRADIENT: product[0, :length],
        INTEGRATED: integrated,
        TAKEN: margin - compute_margins(predict, words, [[i] for i in range(length)]),
    }
    return WordEvidence(shares, margin, float(margin - start - integrated.sum()))


def compute_margins(predict: OnnxGraph, words: Words, removed: list[list[int]]) -> Doubles:
    """Return the margin of praise (N,) of the text without each list of places.

    A text without any word is one unknown word, as in training.
    """
    rows = [np.delete(words.numbers[0], places) for places in removed]
    width = max(1, *(len(row) for row in rows)) if rows else 1
    tokens = np.zeros((len(rows), width), np.int64)  # padded on the right
    for i, row in enumerate(rows):
        tokens[i, : len(row)] = row
        if not len(row):
            tokens[i, 0] = 1
    logits = predict.run({"tokens": tokens}, ("logits",))["logits"].astype(np.float64)
    margins: Doubles = logits[:, 1] - logits[:, 0]
    return margins


def measure_removal(
    predict: OnnxGraph, words: Words, evidence: WordEvidence, seed: int = 0
) -> Removal:
    """Return how far removing words in each order moves the verdict, beside random orders."""
    count = min(REMOVED, len(words))
    sign = 1.0 if evidence.margin >= 0 else -1.0
    generator = np.random.default_rng(seed)
    orders = {name: np.argsort(-sign * each) for name, each in evidence.shares.items()}
    draws = [generator.permutation(len(words)) for _ in range(_ORDERS)]
    removed = [
        [int(place) for place in order[:n]]
        for order in (*orders.values(), *draws)
        for n in range(1, count + 1)
    ]
    margins = compute_margins(predict, words, removed).reshape(-1, count)
    falls = sign * (evidence.margin - margins).mean(1)  # (orders,)
    named, random = falls[: len(orders)], falls[len(orders) :]
    return Removal(
        dict(zip(orders, (float(fall) for fall in named), strict=True)),
        float(random.mean()),
        float(np.quantile(random, 0.95)),
        count,
    )
