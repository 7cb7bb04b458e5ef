"""A vision Transformer's maps."""

import numpy as np
import pytest

from dashboard.inference.model import Explained
from dashboard.sequences.patches import (
    CENTER,
    RELEVANCE,
    ROLLOUT,
    compute_patch_maps,
    enlarge,
    read_out,
)


def test_what_is_classified_reads_the_class_token_and_the_mean_patch() -> None:
    flow = np.array([[0.2, 0.6, 0.2], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    np.testing.assert_allclose(read_out(flow), [0.55, 0.35])


def test_a_patch_is_centred_where_its_window_is() -> None:
    found = enlarge(np.array([[0.0, 4.0], [8.0, 12.0]]), 4)
    assert found.shape == (8, 8)
    assert (found[0, 0], found[0, 4], found[4, 0], found[4, 4]) == (0, 4, 8, 12)
    assert found[0, 1] == 1 and found[0, 7] == 4  # in between, and beyond the last centre


def test_maps_of_a_picture() -> None:
    rng = np.random.default_rng(0)
    attention = rng.dirichlet(np.ones(10), size=(1, 2, 10)).astype(np.float32)
    gradient = np.zeros_like(attention)
    gradient[..., 5] = 1  # only attention to the patch in the middle helps
    explained = Explained(
        logits=np.zeros((1, 2)),
        score=np.zeros(1),
        gradient=np.zeros((1, 1, 12, 12)),
        layers={"attention_0": (attention, gradient)},
    )
    maps = compute_patch_maps(explained, 3, 4)
    assert set(maps) == {ROLLOUT, RELEVANCE, CENTER}
    peak = np.unravel_index(maps[RELEVANCE].argmax(), (12, 12))
    assert tuple(map(int, peak)) == (4, 4)
    assert (maps[CENTER][5:7, 5:7] == maps[CENTER].max()).all()
    assert (maps[CENTER] == maps[CENTER][::-1, ::-1]).all()
    grid = maps[RELEVANCE][::4, ::4]
    assert np.count_nonzero(grid) == 1 and grid[1, 1] == pytest.approx(
        (attention[0, :, 0, 5].mean() + attention[0, :, 1:, 5].mean()) / 2
    )
