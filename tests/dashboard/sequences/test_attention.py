"""Temperature, rollout and relevance, held against values computed by hand."""

import base64

import numpy as np
import pytest

from dashboard.sequences.attention import (
    compute_relevance,
    compute_rollout,
    compute_weights,
    encode_maps,
)


def test_weights_by_hand() -> None:
    queries = np.array([[2.0, 0.0, 0.0, 0.0]])
    keys = np.array([[np.log(3.0), 0, 0, 0], [0, 5.0, 0, 0]])
    # q k / sqrt(4) = (log 3, 0): shares 3/4 and 1/4.
    np.testing.assert_allclose(compute_weights(queries, keys), [[0.75, 0.25]])


def test_temperature_sharpens_and_flattens() -> None:
    rng = np.random.default_rng(0)
    queries, keys = rng.normal(size=(2, 3, 5, 8))
    cold, own, hot = (compute_weights(queries, keys, t) for t in (0.01, 1.0, 1e6))
    for weights in (cold, own, hot):
        np.testing.assert_allclose(weights.sum(-1), 1)
    assert cold.max(-1).min() > own.max(-1).min() > hot.max(-1).min()
    np.testing.assert_allclose(hot, 1 / 5, atol=1e-5)


def test_rollout_of_one_layer_is_half_the_attention_and_half_the_word_itself() -> None:
    attention = np.array([[[[0.2, 0.8], [0.5, 0.5]], [[0.4, 0.6], [0.5, 0.5]]]])  # 1 layer, 2 heads
    np.testing.assert_allclose(compute_rollout(attention), [[0.65, 0.35], [0.25, 0.75]])


def test_rollout_multiplies_layers_and_keeps_shares() -> None:
    rng = np.random.default_rng(1)
    attention = rng.dirichlet(np.ones(4), size=(3, 2, 4))
    mixed = [(layer.mean(0) + np.eye(4)) / 2 for layer in attention]
    found = compute_rollout(attention)
    np.testing.assert_allclose(found, mixed[2] @ mixed[1] @ mixed[0])
    np.testing.assert_allclose(found.sum(1), 1)


def test_relevance_counts_what_speaks_for_the_score() -> None:
    attention = np.array([[[[0.5, 0.5], [0.5, 0.5]]]])
    gradients = np.array([[[[2.0, -4.0], [0.0, 6.0]]]])
    np.testing.assert_allclose(compute_relevance(attention, gradients), [[1, 0], [0, 3]])
    twice = compute_relevance(np.repeat(attention, 2, 0), np.repeat(gradients, 2, 0))
    # (I + A)(I + A) - I with A = diag(1, 3)
    np.testing.assert_allclose(twice, [[3, 0], [0, 15]])


def test_maps_survive_the_way_to_the_browser() -> None:
    attention = np.random.default_rng(2).dirichlet(np.ones(3), size=(2, 2, 3)).astype(np.float32)
    sent = np.frombuffer(base64.b64decode(encode_maps(attention)), "<u2") / 65535
    assert sent.reshape(attention.shape) == pytest.approx(attention, abs=1e-5)
