"""Orders of words: by attention, by gradient, by experiment, and how far they agree."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pytest

from dashboard.cache import ZOO
from dashboard.inference.gradients import GradientGraph
from dashboard.inference.heads import HeadsGraph
from dashboard.sequences.pronouns import Resolved
from dashboard.sequences.word_evidence import (
    ATTENTION,
    EXPERIMENT,
    GRADIENT,
    TRIVIAL,
    Evidence,
    compute_chance,
    compute_rank_correlation,
    explain_choice,
    explain_similarity,
    find_disagreement,
)
from dashboard.sequences.word_pieces import Pieces, WordPieces
from dashboard.views.transformer.charts import TITLES, plot_evidence


def test_rank_correlation_by_hand() -> None:
    order = np.array([1.0, 2.0, 3.0, 4.0])
    assert compute_rank_correlation(order, order**3) == pytest.approx(1)
    assert compute_rank_correlation(order, -order) == pytest.approx(-1)
    # 1 - 6 sum(d^2) / (n (n^2 - 1)) with d = (1, 1, 0, 0)
    assert compute_rank_correlation(order, np.array([2.0, 1, 3, 4])) == pytest.approx(0.8)
    # Ties share the mean rank: (1.5, 1.5, 3, 4)
    assert compute_rank_correlation(order, np.array([0.0, 0, 1, 2])) == pytest.approx(0.9486833)


def test_no_order_is_no_correlation() -> None:
    assert math.isnan(compute_rank_correlation(np.ones(5), np.arange(5.0)))
    assert math.isnan(compute_rank_correlation(np.arange(3.0), np.arange(3.0)))
    assert math.isnan(compute_chance(3))


def test_chance_falls_with_the_number_of_words() -> None:
    # The table of critical values (one-sided 5 %): 0.564 for n = 10, 0.306 for n = 30.
    assert compute_chance(10) == pytest.approx(0.564, abs=0.03)
    assert compute_chance(30) == pytest.approx(0.306, abs=0.03)


def test_the_widest_disagreement() -> None:
    sizes = {ATTENTION: np.array([3.0, 2, 1, 0]), GRADIENT: np.array([0.0, 2, 1, 3])}
    evidence = Evidence((1, 2, 3, 4), sizes, "", "", 0.0)
    assert find_disagreement(evidence) == (1, 1, 4)


def test_similarity_is_explained_on_the_real_encoder() -> None:
    folder = ZOO / "minilm.sentences"
    encoder, gradients = HeadsGraph(folder, threads=2), GradientGraph(folder, threads=2)
    cutter = WordPieces(folder / "tokenizer.json")
    pieces = cutter.split("The animal didn't cross the street because it was too tired.")
    other = cutter.split("The animal didn't cross the street because it was too wide.")
    found = explain_similarity(encoder, gradients, pieces, other)
    embeddings = [
        encoder.run(each.feed, ["sentence_embedding"])["sentence_embedding"][0]
        for each in (pieces, other)
    ]
    assert found.start == pytest.approx(float(embeddings[0] @ embeddings[1]), abs=1e-5)
    assert found.places == tuple(range(1, 15))
    for name in (ATTENTION, GRADIENT, TRIVIAL, EXPERIMENT):
        assert found.sizes[name].shape == (14,) and (found.sizes[name] >= 0).all()
    # Rollout shares over all 16 pieces sum to one; the two marks hold the rest.
    assert 0 < found.sizes[ATTENTION].sum() < 1
    without = {**pieces.feed, "attention_mask": pieces.feed["attention_mask"].copy()}
    without["attention_mask"][0, 13] = 0
    left = encoder.run(without, ["sentence_embedding"])["sentence_embedding"][0]
    assert found.sizes[EXPERIMENT][12] == pytest.approx(
        abs(found.start - float(left @ embeddings[1])), abs=1e-5
    )
    spec = plot_evidence(found, pieces.labels)
    alt.Chart.from_dict(spec, validate=True)
    shares = [row["share"] for row in spec["data"]["values"]]
    assert sum(shares) == pytest.approx(len(TITLES))


class Card:
    details: Mapping[str, Any] = {"encoder": {"layer": 0}}


class Linear:
    """An encoder whose states are the mask, and a resolver whose score of place 2 counts words."""

    card = Card()

    def run(self, feed: Mapping[str, Any], outputs: Sequence[str]) -> dict[str, Any]:
        mask = feed["attention_mask"].astype(np.float32)
        weights = np.arange(1, mask.shape[1] + 1)
        scores = np.zeros_like(mask)
        scores[:, 2] = (mask * weights).sum(1) / 10
        every = {"hidden_states": mask[:, None, :, None], "scores": scores}
        return {name: every[name] for name in outputs}


class Slope:
    def run(self, feed: Mapping[str, Any], target: int, versus: int) -> tuple[Any, Any]:
        assert (target, versus) == (2, 5) and feed["states"].shape == (1, 32, 1)
        return np.zeros(1), np.arange(1, 33, dtype=np.float32)[None, :, None] / 10


def test_a_choice_is_explained_against_a_rival() -> None:
    labels = ("[CLS]", "a", "b", "it", "d", "e", "f", "[SEP]")
    pieces = Pieces(labels, labels, np.arange(8), (), 0)
    feed = {
        "states": np.ones((1, 8, 1), np.float32),
        "attention_mask": np.ones((1, 8), np.int64),
        "pronoun": np.array([3]),
    }
    scores = np.array([0.0, 0, 3.6, 0.5, 0, 0.2, 0, 0], np.float32)  # (1 + ... + 8) / 10 = 3.6
    resolved = Resolved(feed, scores, np.full((1, 1, 8, 8), 1 / 8))
    assert (resolved.choice, resolved.runner_up, resolved.pronoun) == (2, 5, 3)
    network: Any = Linear()
    gradients: Any = Slope()
    found = explain_choice(network, network, gradients, pieces, resolved, 5)
    assert found.places == (1, 4, 6)
    assert found.start == pytest.approx(3.4)
    np.testing.assert_allclose(found.sizes[GRADIENT], [0.2, 0.5, 0.7], rtol=1e-6)
    np.testing.assert_allclose(found.sizes[ATTENTION], 1 / 16)
    # The runner-up's score stays at 0 in this network, and the choice loses the word's weight.
    lost = 3.4 - (3.6 - np.array([0.2, 0.5, 0.7]))
    np.testing.assert_allclose(found.sizes[EXPERIMENT], np.abs(lost), atol=1e-6)
    np.testing.assert_allclose(found.sizes[TRIVIAL], [6, 7, 5])
    assert found.what == "lead of “b” over “e”"
