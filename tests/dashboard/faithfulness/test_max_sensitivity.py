import math

import numpy as np
import pytest

from dashboard.faithfulness.max_sensitivity import compute_max_sensitivity
from dashboard.inference.model import Floats

RANGE = (np.zeros((1, 1, 1), np.float32), np.ones((1, 1, 1), np.float32))
INPUTS = np.full((1, 1, 6, 6), 0.5, np.float32)


def test_a_map_that_ignores_the_photo_is_steady() -> None:
    assert compute_max_sensitivity(lambda inputs: np.ones((6, 6), np.float32), INPUTS, RANGE) == 0


def test_a_map_that_is_the_photo_moves_with_it() -> None:
    seen: list[Floats] = []

    def explain(inputs: Floats) -> Floats:
        seen.append(inputs)
        return inputs[0, 0]

    found = compute_max_sensitivity(explain, INPUTS, RANGE, radius=25.5, n_samples=5)
    # By hand: every pixel moves by at most 0.1, |inputs| is 0.5 x 6.
    moves = [float(np.linalg.norm(each - INPUTS)) for each in seen[1:]]
    assert found == pytest.approx(max(moves) / 3, rel=1e-5)
    assert len(seen) == 6 and 0 < found <= 0.1 * 6 / 3
    assert max(float(np.abs(each - INPUTS).max()) for each in seen) <= 0.1 + 1e-6


def test_pictures_stay_valid_and_draws_are_seeded() -> None:
    white = np.ones_like(INPUTS)
    seen: list[float] = []

    def explain(inputs: Floats) -> Floats:
        seen.append(float(inputs.max()))
        return inputs[0, 0]

    first, second = (compute_max_sensitivity(explain, white, RANGE) for _ in range(2))
    assert first == second and max(seen) <= 1


def test_a_map_of_zeros_has_none() -> None:
    found = compute_max_sensitivity(lambda inputs: np.zeros((6, 6), np.float32), INPUTS, RANGE)
    assert math.isnan(found)


@pytest.mark.parametrize(("radius", "n_samples"), [(0.0, 5), (1.0, 0)])
def test_bad_arguments(radius: float, n_samples: int) -> None:
    with pytest.raises(ValueError, match="Max-sensitivity needs"):
        compute_max_sensitivity(lambda inputs: inputs[0, 0], INPUTS, RANGE, radius, n_samples)
