import numpy as np
import pytest

from dashboard.inference.probability import compute_probabilities, compute_probability


def test_softmax_with_a_temperature():
    logits = np.array([[np.log(4.0), 0.0], [1000.0, 0.0]], np.float32)
    found = compute_probabilities(logits)
    assert found[0] == pytest.approx([0.8, 0.2])
    assert found[1] == pytest.approx([1.0, 0.0])  # no overflow
    roots = compute_probabilities(logits, 2.0)  # of 4 and 1
    assert roots[0] == pytest.approx([2 / 3, 1 / 3])


def test_softmax_is_over_the_last_axis():
    scores = np.array([[[np.log(2.0), 0.0, -1e9]]])
    np.testing.assert_allclose(compute_probabilities(scores), [[[2 / 3, 1 / 3, 0]]], atol=1e-6)


def test_softmax_by_hand():
    logits = np.log(np.array([[1, 2, 5], [6, 1, 1]], np.float32))
    assert compute_probability(logits, 1) == pytest.approx([2 / 8, 1 / 8])


def test_versus_looks_at_two_classes_only():
    logits = np.log(np.array([[1, 2, 5], [6, 1, 1]], np.float32))
    assert compute_probability(logits, 0, versus=1) == pytest.approx([1 / 3, 6 / 7])


def test_versus_is_the_sigmoid_of_the_difference():
    logits = np.array([[3.0, 1.0, 9.0]], np.float32)
    assert compute_probability(logits, 0, 1) == pytest.approx([1 / (1 + np.exp(-2.0))])


@pytest.mark.parametrize("versus", [None, 1])
def test_huge_logits_neither_overflow_nor_lose_small_probabilities(versus):
    logits = np.array([[1e4, -1e4], [-1e4, 1e4], [0, 100]], np.float32)
    with np.errstate(over="raise", invalid="raise"):
        probability = compute_probability(logits, 0, versus)
    assert probability == pytest.approx([1, 0, np.exp(-100)], rel=1e-9)


def test_nan_stays_in_its_row():
    probability = compute_probability(np.array([[np.nan, 0], [0, 0]], np.float32), 0)
    assert np.isnan(probability[0]) and probability[1] == 0.5
