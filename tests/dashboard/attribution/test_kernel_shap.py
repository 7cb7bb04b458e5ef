"""KernelSHAP's sets and weights by hand, its shares against Shapley's own formula."""

import math
from itertools import permutations

import numpy as np
import pytest

from dashboard.attribution import get_method
from dashboard.attribution.base import Question
from dashboard.attribution.coalitions import compute_kernel, count_sets, draw_coalitions
from dashboard.attribution.kernel_shap import fit_shares
from dashboard.attribution.params import Value, compute_defaults
from dashboard.attribution.superpixels import compute_superpixels
from dashboard.inference.model import Doubles, Floats
from dashboard.inference.preprocessing import preprocess
from dashboard.inference.samples import load_sample
from dashboard.inference.sessions import OnnxModel
from dashboard.limits.stability import GOAL
from export.artifact import ZOO
from export.benchmark.seeds import measure
from tests.dashboard.attribution.tiny_models import LinearModel, SquareModel, create_inputs

METHOD = get_method("kernel_shap")


def draw(n_pieces: int, n_samples: int, seed: int = 0):
    return draw_coalitions(n_pieces, n_samples, np.random.default_rng(seed))


def test_the_kernel_by_hand() -> None:
    # M = 4: all sets of 1 or 3 pieces weigh 3 / (1 * 3) each size, those of 2 weigh 3 / (2 * 2).
    np.testing.assert_allclose(compute_kernel(4), [2 / 2.75, 0.75 / 2.75])
    np.testing.assert_allclose(compute_kernel(5), [(2 / 4) / (5 / 6), (2 / 6) / (5 / 6)])
    assert [count_sets(4, size) for size in (1, 2)] == [8, 6]


@pytest.mark.parametrize("n_pieces", [2, 3, 4, 5])
def test_a_budget_for_all_sets_takes_each_once_with_the_kernels_weight(n_pieces: int) -> None:
    drawn = draw(n_pieces, 2**n_pieces)
    assert len(np.unique(drawn.shown, axis=0)) == len(drawn.shown) == 2**n_pieces - 2
    sizes = drawn.shown.sum(axis=1)
    kernel = np.array(
        [(n_pieces - 1) / (math.comb(n_pieces, s) * s * (n_pieces - s)) for s in sizes]
    )
    np.testing.assert_allclose(drawn.weights, kernel / kernel.sum())


@pytest.mark.parametrize(("n_pieces", "n_samples"), [(12, 200), (40, 400), (40, 401), (97, 200)])
def test_what_is_drawn_is_paired_different_and_within_the_budget(
    n_pieces: int, n_samples: int
) -> None:
    drawn = draw(n_pieces, n_samples)
    assert n_samples - 2 <= len(drawn.shown) <= n_samples
    rows = {row.tobytes(): weight for row, weight in zip(drawn.shown, drawn.weights, strict=True)}
    assert len(rows) == len(drawn.shown)
    for row in drawn.shown:
        assert rows[row.tobytes()] == pytest.approx(rows[(~row).tobytes()])
    assert drawn.shown.sum(axis=1).min() > 0 and drawn.shown.sum(axis=1).max() < n_pieces
    assert drawn.weights.sum() == pytest.approx(1)


def test_the_outermost_sizes_are_whole_and_the_rest_has_the_kernels_weight() -> None:
    drawn, kernel = draw(40, 400), compute_kernel(40)
    alone = np.isin(drawn.shown.sum(axis=1), (1, 39))
    assert alone.sum() == 80
    assert drawn.weights[alone].sum() == pytest.approx(kernel[0])
    many = [draw(40, 400, seed) for seed in range(40)]
    pairs = [each.weights[np.isin(each.shown.sum(axis=1), (2, 38))].sum() for each in many]
    assert np.mean(pairs) == pytest.approx(kernel[1], rel=0.05)


@pytest.mark.parametrize("n_samples", [0, 1])
def test_no_budget_draws_nothing_and_one_piece_has_no_sets(n_samples: int) -> None:
    with pytest.raises(ValueError, match="two pieces"):
        draw(1, 100)
    with pytest.raises(ValueError, match="two samples"):
        draw(5, n_samples)


def compute_shapley(gains: dict[frozenset[int], float], n_pieces: int) -> Doubles:
    """Return Shapley values by their definition: the mean gain of a piece over all orders."""
    shares = np.zeros(n_pieces)
    orders = list(permutations(range(n_pieces)))
    for order in orders:
        for place, piece in enumerate(order):
            before = frozenset(order[:place])
            shares[piece] += gains[before | {piece}] - gains[before]
    return shares / len(orders)


def test_with_every_set_the_shares_are_shapleys() -> None:
    drawn, rng = draw(5, 100), np.random.default_rng(3)
    gains = {frozenset(np.flatnonzero(row)): rng.normal() for row in drawn.shown}
    everything = {**gains, frozenset(): 0.0, frozenset(range(5)): 2.5}
    found = fit_shares(drawn, np.array(list(gains.values())), 2.5)
    np.testing.assert_allclose(found, compute_shapley(everything, 5), atol=1e-9)


def test_shares_of_values_that_are_not_finite_are_none() -> None:
    drawn = draw(4, 20)
    assert np.isnan(fit_shares(drawn, np.full(len(drawn.shown), np.inf), 1.0)).all()


def explain(model: LinearModel, inputs: Floats, **params: Value):
    return METHOD.attribute(
        model, Question(inputs, 1), {**compute_defaults(METHOD.params), **params}
    )


def sum_pieces(values: Floats, pieces: np.ndarray) -> float:
    _, first = np.unique(pieces, return_index=True)
    return float(values.ravel()[first].sum(dtype=np.float64))


@pytest.mark.parametrize("n_samples", [200, 1000])
def test_the_pieces_add_up_whatever_the_network_and_the_budget(n_samples: int) -> None:
    model = SquareModel(np.random.default_rng(0).normal(size=(3, 2, 16, 16)).astype(np.float32))
    inputs = create_inputs()
    result = explain(model, inputs, n_segments=20, n_samples=n_samples, fill="black")
    pieces = compute_superpixels(model, inputs, 20)
    whole, black = model.predict(np.concatenate([inputs, -np.ones_like(inputs)]))[:, 1]
    assert result.score_difference == pytest.approx(float(whole - black), abs=1e-3)
    assert sum_pieces(result.attributions, pieces) == pytest.approx(whole - black, abs=1e-3)
    assert result.convergence_delta is None


def test_one_piece_has_the_whole_difference() -> None:
    model = LinearModel(np.ones((2, 1, 1, 1), np.float32))
    result = explain(model, np.full((1, 1, 1, 1), 0.75, np.float32))
    assert result.attributions.item() == pytest.approx(0.75)


@pytest.mark.slow
@pytest.mark.parametrize("network", ["cnn.fashion_mnist", "vit.fashion_mnist"])
def test_at_the_pages_budget_a_map_is_close_to_the_converged_one(network: str) -> None:
    model = OnnxModel(ZOO / network, threads=1)
    inputs = preprocess(load_sample("clothing_bag").pixels, model.card)
    question = Question(inputs, int(model.predict(inputs)[0].argmax()))
    params = compute_defaults(METHOD.params)
    budget = int(params["n_samples"])
    (row,) = measure(model, question, METHOD, params, (budget,), 6 * budget)
    assert row.converged >= GOAL and row.two >= 0.8
