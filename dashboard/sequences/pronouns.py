"""Pronouns: where one stands, and what a trained resolver takes it for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from dashboard.inference.cards import ModelCard
from dashboard.inference.graphs import Array
from dashboard.inference.model import Doubles, Floats
from dashboard.inference.probability import compute_probabilities
from dashboard.sequences.word_pieces import Pieces

TRAINED_ON = "it"
_THIRD_PERSON = "he she they him her them its his their himself herself itself themselves"
_ARTICLES = frozenset({"the", "a", "an", "my", "our", "your", "this", "that"})
_CONTINUED = "##"
_TESTS = {
    "held_out": "generated pairs of words it never met",
    "held_out_worldly": "such pairs whose adjective could be said of either noun",
    "natural": "handwritten pairs",
}


class Runs(Protocol):
    """A graph that can be run, with its card."""

    @property
    def card(self) -> ModelCard:
        """The model's card."""

    def run(self, feed: Mapping[str, Array], outputs: Sequence[str]) -> dict[str, Array]:
        """Return the named outputs."""


@dataclass(frozen=True, eq=False)
class Resolved:
    """What a resolver makes of one pronoun: ``scores`` and ``probabilities`` (T,), its attention.

    ``feed`` is what the resolver was given; ``attention`` is (layers, heads, T, T).
    """

    feed: Mapping[str, Array]
    scores: Floats
    attention: Floats

    @property
    def probabilities(self) -> Doubles:
        """The softmax of the scores."""
        return compute_probabilities(self.scores)

    @property
    def pronoun(self) -> int:
        """The place of the pronoun."""
        return int(self.feed["pronoun"][0])

    @property
    def choice(self) -> int:
        """The place that it points to."""
        return int(self.scores.argmax())

    def average_heads(self) -> Floats:
        """Return how much the pronoun looks at each place, (T,), on average of all heads."""
        return np.asarray(self.attention[:, :, self.pronoun].mean((0, 1)))

    @property
    def runner_up(self) -> int | None:
        """The place that came second, of those that hold a word; None where there is none."""
        taken = {self.choice, self.pronoun}
        left = [place for place in range(1, len(self.scores) - 1) if place not in taken]
        return max(left, key=lambda place: float(self.scores[place]), default=None)


def find_pronoun(tokens: Sequence[str]) -> int | None:
    """Return the place of "it", else of another pronoun of the third person, else None."""
    if TRAINED_ON in tokens:
        return list(tokens).index(TRAINED_ON)
    others = frozenset(_THIRD_PERSON.split())
    return next((place for place, token in enumerate(tokens) if token in others), None)


def find_candidate(tokens: Sequence[str]) -> int | None:
    """Return the place of the first word after an article: a first guess at a noun."""
    inner = range(1, len(tokens) - 2)  # what follows must be a word, not the end mark
    return next((place + 1 for place in inner if tokens[place] in _ARTICLES), None)


def resolve(encoder: Runs, resolver: Runs, pieces: Pieces, pronoun: int) -> Resolved:
    """Let a resolver read the encoder's states of a sentence and point from ``pronoun``."""
    told = resolver.card.details["encoder"]
    states = encoder.run(pieces.feed, ["hidden_states"])["hidden_states"][:, int(told["layer"])]
    feed: dict[str, Array] = {
        "states": states,
        "attention_mask": pieces.feed["attention_mask"],
        "pronoun": np.array([pronoun], np.int64),
    }
    found = resolver.run(feed, ["scores", "attentions"])
    return Resolved(feed, found["scores"][0], found["attentions"][0])


def ask_from_everywhere(feed: Mapping[str, Array]) -> dict[str, Array]:
    """Return a resolver's feed of one sentence in which each place in turn is the pronoun (T rows).

    A resolver was trained to point from pronouns alone: what it points to from other words is no
    answer to anything.
    """
    length = feed["attention_mask"].shape[1]
    rows = {name: np.repeat(feed[name], length, axis=0) for name in ("states", "attention_mask")}
    return {**rows, "pronoun": np.arange(length, dtype=np.int64)}


def point_from_everywhere(resolver: Runs, resolved: Resolved) -> Doubles:
    """Return the attention of the pointer, (T, T): the softmax of the scores from every place.

    The pronoun's row is the resolver's answer. Pointer networks: Vinyals et al. 2015, equation 3.
    """
    found = resolver.run(ask_from_everywhere(resolved.feed), ["scores"])
    return compute_probabilities(found["scores"])


def join_word(labels: Sequence[str], place: int) -> str:
    """Return the whole word that a piece is part of."""
    first, last = place, place + 1
    while first > 0 and labels[first].startswith(_CONTINUED):
        first -= 1
    while last < len(labels) and labels[last].startswith(_CONTINUED):
        last += 1
    return labels[first] + "".join(each[len(_CONTINUED) :] for each in labels[first + 1 : last])


def describe_accuracy(card: ModelCard) -> str:
    """Return one sentence on how often a resolver is right, beside the rule of the nearest noun."""
    parts: list[str] = []
    rules: Mapping[str, Any] = card.details.get("rules", {}).get("nearest_noun", {})
    for name, words in _TESTS.items():
        metric = card.metrics.get(f"pairs/{name}")
        if metric is None:
            continue
        rule = rules.get(f"pairs/{name}")
        beside = "" if rule is None or parts else f"; always the nearest noun: {rule:.0f} %"
        parts.append(
            f"{metric.value:.1f} % of {metric.n} {words} "
            f"(95 % interval {metric.low:.0f} to {metric.high:.0f}{beside})"
        )
    return f"{card.title}: both sentences right in {', in '.join(parts)}."


def describe_heads(card: ModelCard) -> str:
    """Return one sentence on what the attention of an encoder resolves, from its card."""
    parts = []
    for name, words in (("held_out", "generated"), ("natural", "handwritten")):
        metric = card.metrics[f"resolves/{name}"]
        layer, head = card.details["best_heads"][name]["resolves"]
        parts.append(
            f"{metric.value:.1f} % of {metric.n} {words} pairs (95 % interval {metric.low:.0f} to "
            f"{metric.high:.0f}; layer {layer + 1}, head {head + 1})"
        )
    shifts = card.metrics["shifts/held_out"]
    return (
        f"{card.title}: the best of its heads, chosen on other pairs, lets “it” look at the right "
        f"noun more than at the wrong one in both sentences of {' and of '.join(parts)}; a coin "
        "tossed for each sentence: 25 %. No head resolves pronouns. There is a tendency, no more: "
        "the changed word moves the best head the right way in "
        f"{shifts.value:.0f} % of pairs, where chance is 50 %."
    )
