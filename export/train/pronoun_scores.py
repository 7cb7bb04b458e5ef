"""How often a pair of pronoun sentences is read right: by a network, by a rule, by a head."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.arrays import Doubles, Floats
from export.card import Metric
from export.datasets.minilm import load_tokenizer
from export.datasets.pronoun_tokens import Encoded, encode
from export.datasets.pronouns import (
    KINDS,
    SELECTIONAL,
    WORLDLY,
    create_pairs,
    load_natural_pairs,
)
from export.metrics import measure_share
from export.sessions import open_session, run_in_batches

_HELD_OUT_SEED, _SEEN_SEED, _KIND_SEED = (9, 1), (9, 2), (9, 3)  # no seed of a training is one
WORDING = {
    "held_out": "generated, selectional, their nouns, verbs and adjectives unseen in training",
    "seen_words": "generated, selectional, new, of words that training showed",
    "natural": "written by hand in varied wording",
    **{
        f"held_out_{kind}": f"generated, selectional, only their {kind} unseen in training"
        for kind in KINDS
    },
    "held_out_worldly": "generated, worldly, their nouns, verbs and adjectives unseen in training",
    "seen_words_worldly": "generated, worldly, new, of words that training showed",
}


def create_tests(count: int) -> dict[str, Encoded]:
    """Return the test sets by name, ``count`` generated pairs each, and the natural ones.

    Selectional pairs are as the seed sentence is: an animal is tired, a street is wide. In worldly
    ones either noun could be what the adjective says.
    """
    pairs = {
        "held_out": create_pairs(count, _HELD_OUT_SEED, KINDS, SELECTIONAL),
        "seen_words": create_pairs(count, _SEEN_SEED, (), SELECTIONAL),
        "natural": load_natural_pairs(),
        **{
            f"held_out_{kind}": create_pairs(count, _KIND_SEED, (kind,), SELECTIONAL)
            for kind in KINDS
        },
        "held_out_worldly": create_pairs(count, _HELD_OUT_SEED, KINDS, WORLDLY),
        "seen_words_worldly": create_pairs(count, _SEEN_SEED, (), WORLDLY),
    }
    return {name: encode(value, load_tokenizer()) for name, value in pairs.items()}


def find_right(data: Encoded, scores: Floats) -> NDArray[np.bool_]:
    """Return for each sentence whether its highest score (N, T) is at the referent."""
    right: NDArray[np.bool_] = data.referent[np.arange(len(data)), scores.argmax(1)]
    return right


def measure_pairs(right: NDArray[np.bool_], what: str) -> Metric:
    """Return the share of pairs of which both sentences are right."""
    both = right[::2] & right[1::2]
    return measure_share(int(both.sum()), len(both), what)


def measure_scores(tests: Mapping[str, Encoded], scores: Mapping[str, Floats]) -> dict[str, Metric]:
    """Return the shares of pairs and of sentences that are right in every test set."""
    found = {}
    for name, data in tests.items():
        right = find_right(data, scores[name])
        what = f"of the pairs ({WORDING[name]}) are right in both sentences"
        found[f"pairs/{name}"] = measure_pairs(right, what)
        found[f"sentences/{name}"] = measure_share(
            int(right.sum()), len(right), f"of the sentences ({WORDING[name]}) are right"
        )
    return found


def compute_states(path: Path, data: Encoded, layer: int) -> Floats:
    """Return the exported encoder's states (N, T, 384) after a layer."""
    feed = {"input_ids": data.input_ids, "attention_mask": data.attention_mask}
    session = open_session(path)
    parts = [
        run_in_batches(session, "hidden_states", {k: v[i : i + 50] for k, v in feed.items()})
        for i in range(0, len(data), 50)
    ]
    return np.concatenate([part[:, layer] for part in parts])


def measure_rules(tests: Mapping[str, Encoded]) -> dict[str, dict[str, float]]:
    """Return what rules that look at places alone reach: percent of sentences and of pairs."""
    found: dict[str, dict[str, float]] = {}
    for name, data in tests.items():
        first, second = data.referent.argmax(1), data.other.argmax(1)
        rules: dict[str, NDArray[np.bool_]] = {
            "first_noun": first < second,
            "nearest_noun": abs(first - data.pronoun) < abs(second - data.pronoun),
        }
        for rule, right in rules.items():
            found.setdefault(rule, {})[f"sentences/{name}"] = 100 * float(right.mean())
            both = right[::2] & right[1::2]
            found[rule][f"pairs/{name}"] = 100 * float(both.mean())
    return found


def compute_head_shares(path: Path, data: Encoded) -> Doubles:
    """Return (N, layers, heads): of what "it" gives to both nouns, the share of the right one."""
    session, parts = open_session(path), []
    for i in range(0, len(data), 50):
        part = data.take(np.arange(i, min(i + 50, len(data))))
        feed = {"input_ids": part.input_ids, "attention_mask": part.attention_mask}
        maps = run_in_batches(session, "attentions", feed)  # (N, layers, heads, T, T)
        given = maps[np.arange(len(part)), :, :, part.pronoun].astype(np.float64)  # (N, L, H, T)
        right, wrong = (
            (given * places[:, None, None]).sum(-1) for places in (part.referent, part.other)
        )
        parts.append(right / (right + wrong))
    return np.concatenate(parts)


def measure_heads(shares: Doubles) -> tuple[dict[str, Metric], dict[str, list[int]]]:
    """Return the best head's score and the best head, each chosen on one half of the pairs.

    "resolves": "it" gives the right noun more than the other in both sentences of a pair.
    "shifts": the adjective moves "it" towards the right noun: the first noun's share is larger
    where it is the referent than where it is not.
    """
    pairs = shares.reshape(-1, 2, *shares.shape[1:])  # (pairs, 2, layers, heads)
    # The second sentence's referent is the other noun, whose share is 1 minus the first's.
    tests: dict[str, NDArray[np.bool_]] = {
        "resolves": (pairs[:, 0] > 0.5) & (pairs[:, 1] > 0.5),
        "shifts": pairs[:, 0] > 1 - pairs[:, 1],
    }
    metrics, heads = {}, {}
    for name, right in tests.items():
        chosen, measured = right[::2], right[1::2]
        layer, head = np.unravel_index(chosen.mean(0).argmax(), chosen.shape[1:])
        heads[name] = [int(layer), int(head)]
        metrics[name] = measure_share(
            int(measured[:, layer, head].sum()),
            len(measured),
            f"of the pairs: layer {layer}, head {head} (from 0), chosen on the other half of them",
        )
    return metrics, heads
