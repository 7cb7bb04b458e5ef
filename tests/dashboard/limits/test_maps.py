import numpy as np

from dashboard.limits.maps import MAX_SIDE, compare_maps, describe_heat, encode_heat, shrink


def test_a_small_map_stays_and_of_a_large_one_the_strongest_stay() -> None:
    small = np.random.default_rng(0).normal(size=(28, 28)).astype(np.float32)
    assert np.array_equal(shrink(small), small)
    large = np.zeros((2 * MAX_SIDE, 2 * MAX_SIDE), np.float32)
    large[0, 1], large[1, 0], large[-1, -1] = 2, -3, 1
    found = shrink(large)
    assert found.shape == (MAX_SIDE, MAX_SIDE)
    assert found[0, 0] == -3 and found[-1, -1] == 1 and np.count_nonzero(found) == 2


def test_a_map_that_is_missing_or_flat_is_not_compared_and_said() -> None:
    heat = np.arange(100, dtype=np.float32).reshape(10, 10)
    flat = np.ones_like(heat)
    assert compare_maps(heat, 2 * heat, True) == (1.0, 1.0)
    assert compare_maps(heat, flat, True) == compare_maps(None, heat, True) == (None, None)
    assert describe_heat(heat) == "" and encode_heat(None, True) == ""
    assert "flat" in describe_heat(flat) and "no map" in describe_heat(None)
