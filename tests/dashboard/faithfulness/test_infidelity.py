import math

import numpy as np
import pytest

from dashboard.attribution.base import Question
from dashboard.faithfulness.infidelity import Removals, compute_infidelity, compute_removals
from tests.dashboard.faithfulness.tiny_models import LinearModel

RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(size=(3, 16, 16)).astype(np.float32)
INPUTS = RNG.uniform(-1, 1, (1, 3, 16, 16)).astype(np.float32)
BLANK = np.full_like(INPUTS, -0.25)
TRUTH = (WEIGHTS * (INPUTS - BLANK)[0]).sum(axis=0)  # what each pixel adds over the blank


@pytest.fixture(scope="module")
def removals() -> Removals:
    return compute_removals(LinearModel(WEIGHTS, 2.0), Question(INPUTS, 0), BLANK)


def test_the_falls_are_those_of_the_squares(removals: Removals) -> None:
    expected = [float(TRUTH[mask].sum()) for mask in removals.masks]
    assert np.allclose(removals.falls, expected, atol=1e-3)
    for mask in removals.masks:
        rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
        assert mask.sum() == len(rows) * len(columns) and len(rows) == len(columns)


def test_a_linear_models_exact_map_is_faithful_in_any_unit(removals: Removals) -> None:
    assert compute_infidelity(removals, TRUTH) == pytest.approx(0, abs=1e-6)
    assert compute_infidelity(removals, 1000 * TRUTH) == pytest.approx(0, abs=1e-6)


def test_maps_that_foretell_nothing(removals: Removals) -> None:
    assert compute_infidelity(removals, np.zeros_like(TRUTH)) == 1
    assert compute_infidelity(removals, -TRUTH) == 1  # upside down is not half right
    noise = RNG.normal(size=TRUTH.shape).astype(np.float32)
    assert 0.3 < compute_infidelity(removals, noise) <= 1


def test_by_hand() -> None:
    masks = np.eye(2, dtype=bool).reshape(2, 1, 2)  # two squares of one pixel
    found = compute_infidelity(
        Removals(masks, np.array([1.0, 1.0])), np.array([[2.0, 0.0]], np.float32)
    )
    assert found == pytest.approx(0.5)  # the first is foretold by the factor 1/2, the second not


def test_a_score_that_never_moves() -> None:
    still = compute_removals(LinearModel(0 * WEIGHTS), Question(INPUTS, 0), BLANK, n_squares=3)
    assert math.isnan(compute_infidelity(still, TRUTH))
    with pytest.raises(ValueError, match="at least one square"):
        compute_removals(LinearModel(WEIGHTS), Question(INPUTS, 0), BLANK, n_squares=0)
