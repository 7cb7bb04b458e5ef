import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dashboard.learning import problems
from dashboard.learning.problems import PROBLEMS, Points, create_split, get_problem

every_problem = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)


def create_clean(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x, y and labels of 400 points without noise."""
    points = create_split(get_problem(name), 400, 2, noise=0).train
    return points.inputs[:, 0], points.inputs[:, 1], points.labels


@every_problem
def test_points_are_balanced_in_range_and_where_pages_expect_them(problem):
    split = create_split(problem, 100, 61, seed=4)
    for part, n in ((split.train, 100), (split.test, 61)):
        assert part.inputs.shape == (n, 2) and part.inputs.dtype == np.float64 and len(part) == n
        assert set(part.labels) == {0, 1} and abs(part.labels.sum() - n / 2) <= 0.5
    assert np.abs(create_split(problem, 500, noise=0).train.inputs).max() <= 1
    assert problem.label and problem.summary.endswith(".") and get_problem(problem.name) is problem
    assert problem.place.__doc__


@every_problem
def test_same_seed_same_points_and_other_points_under_another(problem):
    first, again, other = (create_split(problem, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.train.inputs, again.train.inputs)
    np.testing.assert_array_equal(first.test.labels, again.test.labels)
    assert not np.array_equal(first.train.inputs, other.train.inputs)
    longer = create_split(problem, n_test=900, seed=1)
    np.testing.assert_array_equal(first.train.inputs, longer.train.inputs)


@every_problem
def test_no_point_is_in_both_parts(problem):
    split = create_split(problem)
    seen = {tuple(point) for point in split.train.inputs}
    assert not seen & {tuple(point) for point in split.test.inputs}


@every_problem
def test_noise_is_the_standard_deviation_of_what_is_added(problem):
    clean, noisy = (create_split(problem, 4000, noise=noise).train for noise in (0, 0.3))
    assert (noisy.inputs - clean.inputs).std() == pytest.approx(0.3, rel=0.03)


def test_moons_are_half_circles_one_in_the_hollow_of_the_other():
    x, y, labels = create_clean("moons")
    upper, lower = labels == 0, labels == 1
    np.testing.assert_allclose(np.hypot(x[upper] + 1 / 3, y[upper] + 1 / 6), 2 / 3)
    np.testing.assert_allclose(np.hypot(x[lower] - 1 / 3, y[lower] - 1 / 6), 2 / 3)
    assert y[upper].min() >= -1 / 6 and y[lower].max() <= 1 / 6


def test_circles_have_radii_of_0_9_and_0_4():
    x, y, labels = create_clean("circles")
    np.testing.assert_allclose(np.hypot(x, y), np.where(labels == 0, 0.9, 0.4))


def test_xor_is_the_exclusive_or_of_the_signs_in_all_four_squares():
    x, y, labels = create_clean("xor")
    np.testing.assert_array_equal(labels, (x < 0) ^ (y < 0))
    assert np.abs([x, y]).min() >= 0.1
    assert len(set(zip(x < 0, y < 0, strict=True))) == 4


def test_one_arm_of_the_spiral_is_the_other_turned_by_half_a_turn():
    x, y, labels = create_clean("spiral")
    sign = 1 - 2 * labels
    radius = np.hypot(x, y)
    np.testing.assert_allclose(sign * x, radius * np.cos(2.5 * np.pi * radius), atol=1e-12)
    np.testing.assert_allclose(sign * y, radius * np.sin(2.5 * np.pi * radius), atol=1e-12)


def test_a_straight_line_parts_the_blobs():
    x, y, labels = create_clean("blobs")
    np.testing.assert_array_equal(labels, x + y > 0)
    assert np.hypot(x - 0.45, y - 0.45)[labels == 1].max() <= 0.3


@pytest.mark.parametrize("bad", [{"noise": -0.1}, {"noise": float("nan")}, {"n_train": 1}])
def test_bad_numbers_are_one_sentence(bad):
    with pytest.raises(ValueError, match=r"must be 0 or more|at least two points"):
        create_split(PROBLEMS[0], **bad)


def test_unknown_name_and_taking_points():
    with pytest.raises(KeyError):
        get_problem("cheese")
    points = Points(np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]), np.array([0, 1, 0]))
    taken = points.take(np.array([2, 1]))
    np.testing.assert_array_equal(taken.inputs, [[4, 5], [2, 3]])
    np.testing.assert_array_equal(taken.labels, [0, 1])


def test_the_room_loads_nothing_heavy():
    folder = Path(problems.__file__).parent
    rooms = sorted(path.stem for path in folder.glob("[!_]*.py"))
    assert len(rooms) >= 9
    code = (
        f"import sys, {', '.join('dashboard.learning.' + room for room in rooms)}\n"
        "heavy = {'streamlit', 'torch', 'sklearn', 'scipy', 'onnxruntime', 'matplotlib'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
