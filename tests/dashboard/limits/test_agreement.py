import math

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from dashboard.limits.agreement import (
    SHARES,
    compute_agreement,
    compute_rank_correlation,
    compute_similarity,
    compute_ssim,
    summarize,
)

RNG = np.random.default_rng(0)
NOISE = RNG.normal(size=(20, 20)).astype(np.float32)


def test_the_order_alone_counts() -> None:
    assert compute_rank_correlation(NOISE, np.exp(NOISE)) == pytest.approx(1)
    assert compute_rank_correlation(NOISE, -(NOISE**3)) == pytest.approx(-1)


def test_spearman_by_hand_with_a_tie() -> None:
    # Ranks 1, 2.5, 2.5, 4 and 1, 3, 2, 4: centred products 2.25 + 0 + 0 + 2.25 = 4.5,
    # squares 4.5 and 5.
    first = np.array([[1, 2], [2, 3]], np.float32)
    second = np.array([[1, 3], [2, 4]], np.float32)
    assert compute_rank_correlation(first, second) == pytest.approx(4.5 / math.sqrt(4.5 * 5))


def test_a_flat_map_has_no_correlation() -> None:
    assert math.isnan(compute_rank_correlation(np.ones_like(NOISE), NOISE))
    assert math.isnan(compute_similarity(np.ones_like(NOISE), NOISE, is_signed=True))


def test_overlap_by_hand() -> None:
    rising = np.arange(100, dtype=np.float32).reshape(10, 10)
    half = rising.copy()
    half[9, 5:] = -1  # five of the ten hottest pixels are now the coldest
    found = compute_agreement({"rising": rising, "half": half, "falling": -rising})
    tenth = found.overlap[SHARES.index(0.1)]
    assert tenth[0, 1] == 0.5 and tenth[0, 2] == 0
    assert np.diag(tenth).tolist() == [1, 1, 1]
    assert found.correlation[0, 2] == pytest.approx(-1)
    assert np.array_equal(tenth, tenth.T)


def test_the_summary_leaves_trivial_and_flat_maps_out() -> None:
    heats = {"a": NOISE, "b": -NOISE, "edges": NOISE, "flat": np.zeros_like(NOISE)}
    summary = summarize(compute_agreement(heats), ["edges"])
    assert summary is not None
    assert summary.mean == summary.lowest == pytest.approx(-1)
    assert summary.pair == ("a", "b")
    assert summarize(compute_agreement({"a": NOISE}), []) is None


@pytest.mark.parametrize("size", [7, 28, 50])
def test_ssim_is_scikit_images(size: int) -> None:
    first, second = RNG.random((2, size, size))
    expected = structural_similarity(first, second, data_range=1.0)
    assert compute_ssim(first, second) == pytest.approx(expected, abs=1e-9)
    assert compute_ssim(first, first) == pytest.approx(1)


def test_ssim_needs_a_window() -> None:
    with pytest.raises(ValueError, match="at least 7"):
        compute_ssim(np.zeros((6, 20)), np.zeros((6, 20)))


def test_similarity_ignores_the_unit() -> None:
    assert compute_similarity(NOISE, 50 * NOISE, is_signed=True) == pytest.approx(1)
