"""Which words matter: attention, gradient x input and an experiment, and how far they agree.

The experiment takes each word away in turn (no place may look at it) and watches the score. It is
the referee: attention and gradient only say what they would expect of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dashboard.inference.gradients import GradientGraph
from dashboard.inference.graphs import Array
from dashboard.inference.heads import HeadsGraph
from dashboard.inference.model import Doubles, Floats
from dashboard.sequences.attention import compute_rollout
from dashboard.sequences.pronouns import Resolved, Runs
from dashboard.sequences.word_pieces import LONGEST, Pieces

ATTENTION, GRADIENT, TRIVIAL, EXPERIMENT = "attention", "gradient", "trivial", "experiment"
WORD_TABLE = "encoder.embeddings.word_embeddings.weight"
_DRAWS = 2000  # random orders
_FEWEST = 4  # words: with fewer, an order says nothing


@dataclass(frozen=True, eq=False)
class Evidence:
    """Sizes (n,) a word, none negative, by where they come from; ``places`` are the words' pieces.

    ``what`` says what the score is, ``trivial`` what the trivial order is.
    """

    places: tuple[int, ...]
    sizes: Mapping[str, Doubles]
    what: str
    trivial: str
    start: float


def explain_similarity(
    encoder: HeadsGraph, gradients: GradientGraph, pieces: Pieces, other: Pieces
) -> Evidence:
    """Return which words of a sentence make it similar to another one, for a sentence encoder.

    The score is the cosine of both embeddings, and an embedding is the average over all pieces:
    so the attention that counts is the rollout's average row.
    """
    length, names = len(pieces), ["attentions", "sentence_embedding"]
    found = encoder.run(pieces.feed, names)
    reference = encoder.run(other.feed, names[1:])["sentence_embedding"]
    inputs = np.zeros((1, LONGEST, reference.shape[1]), np.float32)
    inputs[0, :length] = encoder.read_rows(WORD_TABLE, pieces.ids)
    mask = np.zeros((1, LONGEST), np.int64)
    mask[0, :length] = 1
    feed: dict[str, Array] = {"embeddings": inputs, "attention_mask": mask, "reference": reference}
    _, gradient = gradients.run(feed, 0)
    places = tuple(range(1, length - 1))
    start = float(found["sentence_embedding"][0] @ reference[0])
    without = encoder.run(_leave_out(pieces.feed, places), names[1:])["sentence_embedding"]
    sizes = {
        ATTENTION: compute_rollout(found["attentions"][0]).mean(0)[list(places)],
        GRADIENT: _weigh(gradient, inputs, places),
        TRIVIAL: np.array([len(pieces.labels[place]) for place in places], np.float64),
        EXPERIMENT: np.abs(start - without @ reference[0]).astype(np.float64),
    }
    return Evidence(places, sizes, "similarity of the two sentences", "longer words first", start)


def explain_choice(
    encoder: Runs,
    resolver: Runs,
    gradients: GradientGraph,
    pieces: Pieces,
    resolved: Resolved,
    rival: int,
) -> Evidence:
    """Return which words make a resolver prefer its choice to the word at ``rival``.

    The score is the difference of theirs, which, unlike a probability near 1, still moves. Without
    the pronoun or one of the two there is no question left, so they are not among the words.
    """
    choice, other, pronoun = resolved.choice, rival, resolved.pronoun
    length = len(pieces)
    states = np.zeros((1, LONGEST, resolved.feed["states"].shape[2]), np.float32)
    states[0, :length] = resolved.feed["states"][0]
    mask = np.zeros((1, LONGEST), np.int64)
    mask[0, :length] = 1
    feed: dict[str, Array] = {
        "states": states,
        "attention_mask": mask,
        "pronoun": resolved.feed["pronoun"],
    }
    _, gradient = gradients.run(feed, choice, other)
    taken = {choice, other, pronoun}
    places = tuple(place for place in range(1, length - 1) if place not in taken)
    start = float(resolved.scores[choice] - resolved.scores[other])
    left = _score_without(encoder, resolver, pieces, pronoun, places)
    sizes = {
        ATTENTION: compute_rollout(resolved.attention)[pronoun][list(places)],
        GRADIENT: _weigh(gradient, states, places),
        TRIVIAL: np.array([-abs(place - pronoun) for place in places], np.float64) + length,
        EXPERIMENT: np.abs(start - (left[:, choice] - left[:, other])).astype(np.float64),
    }
    what = f"lead of “{pieces.labels[choice]}” over “{pieces.labels[other]}”"
    return Evidence(places, sizes, what, "words nearest to the pronoun first", start)


def _score_without(
    encoder: Runs, resolver: Runs, pieces: Pieces, pronoun: int, places: tuple[int, ...]
) -> Floats:
    """Return the resolver's scores (n, T) of the sentence without each of n pieces in turn."""
    if not places:
        return np.zeros((0, len(pieces)), np.float32)
    holes = _leave_out(pieces.feed, places)
    layer = int(resolver.card.details["encoder"]["layer"])
    feed: dict[str, Array] = {
        "states": encoder.run(holes, ["hidden_states"])["hidden_states"][:, layer],
        "attention_mask": holes["attention_mask"],
        "pronoun": np.full(len(places), pronoun, np.int64),
    }
    scores: Floats = resolver.run(feed, ["scores"])["scores"]
    return scores


def _leave_out(feed: Mapping[str, Array], places: tuple[int, ...]) -> dict[str, Array]:
    """Return a batch in which row i cannot look at the piece ``places[i]``."""
    count = len(places)
    mask = np.repeat(feed["attention_mask"], count, axis=0)  # (n, T)
    mask[np.arange(count), list(places)] = 0
    return {"input_ids": np.repeat(feed["input_ids"], count, axis=0), "attention_mask": mask}


def _weigh(gradient: Floats, inputs: Floats, places: tuple[int, ...]) -> Doubles:
    """Return |gradient x input|, summed over the numbers of a piece: its first-order share."""
    products = (gradient[0].astype(np.float64) * inputs[0]).sum(-1)  # (T,)
    sizes: Doubles = np.abs(products)[list(places)]
    return sizes


def compute_rank_correlation(first: Doubles, second: Doubles) -> float:
    """Return Spearman's correlation of two orders (n,); ties share a rank, NaN if all are tied."""
    ranks = [_rank(each) for each in (first, second)]
    lengths = [float(np.sqrt(each @ each)) for each in ranks]
    if min(lengths) == 0 or len(first) < _FEWEST:
        return float("nan")
    return float(ranks[0] @ ranks[1] / (lengths[0] * lengths[1]))


def _rank(values: Doubles) -> Doubles:
    """Return the ranks less their mean."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    centred: Doubles = ranks - ranks.mean()
    return centred


@lru_cache(maxsize=LONGEST)
def compute_chance(count: int) -> float:
    """Return the correlation that one random order of ``count`` in twenty reaches; seeded."""
    if count < _FEWEST:
        return float("nan")
    order = np.arange(count) - (count - 1) / 2  # ranks less their mean
    draws = np.random.default_rng(0).permuted(np.tile(order, (_DRAWS, 1)), axis=1)
    return float(np.quantile(draws @ order / (order @ order), 0.95))


def find_disagreement(evidence: Evidence) -> tuple[int, int, int]:
    """Return (place, rank by attention, rank by gradient) where the two orders differ most."""
    ranks = [
        np.argsort(np.argsort(-evidence.sizes[name], kind="stable"), kind="stable") + 1
        for name in (ATTENTION, GRADIENT)
    ]
    index = int(np.abs(ranks[0] - ranks[1]).argmax())
    return evidence.places[index], int(ranks[0][index]), int(ranks[1][index])
