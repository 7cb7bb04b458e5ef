"""Rollout and relevance, held against values computed by hand."""

import base64

import numpy as np
import pytest

from dashboard.sequences.attention import (
    compute_relevance,
    compute_rollout,
    encode_maps,
)


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
