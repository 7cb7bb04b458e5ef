from dataclasses import replace

import numpy as np
import pytest

from dashboard.learning.mlp import Network, backward, create_mlp, forward
from dashboard.learning.optimizers import OPTIMIZERS, create_state
from dashboard.learning.problems import PROBLEMS, Points, create_split, get_problem
from dashboard.learning.train import (
    Settings,
    compute_score,
    has_diverged,
    take_step,
    train,
)


def run(problem, activation="tanh", sizes=(2, 8, 8, 1), seed=0, **settings):
    split = create_split(get_problem(problem), seed=seed)
    chosen = Settings(seed=seed, **settings)
    return list(train(create_mlp(sizes, activation, seed), split, chosen))


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
def test_a_small_network_solves_every_problem(problem, activation):
    last = run(problem.name, activation)[-1]
    assert last.epoch == 200
    assert last.train.accuracy >= 0.98 and last.test.accuracy >= 0.97


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda optimizer: optimizer.name)
def test_every_optimizer_solves_the_moons_at_its_own_rate(optimizer):
    assert run("moons", optimizer=optimizer.name)[-1].test.accuracy >= 0.97


def test_a_sigmoid_network_solves_xor():
    assert run("xor", "sigmoid")[-1].test.accuracy >= 0.97


def test_a_single_neuron_solves_the_blobs_and_not_the_circles():
    assert run("blobs", sizes=(2, 1))[-1].test.accuracy == 1
    assert run("circles", sizes=(2, 1))[-1].test.accuracy < 0.75


def test_too_many_neurons_for_a_few_noisy_points_overfit():
    split = create_split(get_problem("moons"), 24, 500, noise=0.35)
    frames = list(train(create_mlp((2, 32, 32, 1)), split, Settings()))
    assert frames[-1].train.accuracy == 1 and frames[-1].train.loss < 0.01
    assert frames[-1].test.loss > 2 * min(frame.test.loss for frame in frames)


def test_same_seed_same_frames_and_other_frames_under_another():
    first, again = run("spiral", epochs=5), run("spiral", epochs=5)
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.network.flatten(), two.network.flatten())
        assert (one.epoch, one.train, one.test) == (two.epoch, two.train, two.test)
    split = create_split(get_problem("spiral"))
    other = list(train(create_mlp((2, 8, 8, 1)), split, Settings(epochs=5, seed=1)))
    np.testing.assert_array_equal(other[0].network.flatten(), first[0].network.flatten())
    assert not np.array_equal(other[1].network.flatten(), first[1].network.flatten())


def test_the_first_frames_do_not_depend_on_how_many_follow():
    short, long = run("moons", epochs=2), run("moons", epochs=4)
    np.testing.assert_array_equal(short[2].network.flatten(), long[2].network.flatten())


def test_an_epoch_of_one_full_batch_is_one_step_down_the_gradient():
    split = create_split(get_problem("moons"), 50)
    network = create_mlp((2, 3, 1))
    settings = Settings("gradient_descent", 0.5, batch_size=10_000, epochs=1)
    frames = list(train(network, split, settings))
    gradients = backward(network, forward(network, split.train.inputs), split.train.labels)
    expected = network.flatten() - 0.5 * gradients.flatten()
    np.testing.assert_allclose(frames[1].network.flatten(), expected, atol=1e-14)
    assert frames[1].train.loss < frames[0].train.loss


def test_every_point_is_in_one_batch_of_an_epoch():
    # Plain descent on a network of one neuron at a tiny rate: the steps of an epoch add up, to
    # first order, to the gradients of all both its batches of 25 points.
    split = create_split(get_problem("blobs"), 50)
    network = create_mlp((2, 1))
    frames = list(train(network, split, Settings("gradient_descent", 1e-7, 25, epochs=1)))
    gradients = backward(network, forward(network, split.train.inputs), split.train.labels)
    moved = (frames[1].network.flatten() - network.flatten()) / -1e-7
    np.testing.assert_allclose(moved, 2 * gradients.flatten(), rtol=1e-4)


def test_batches_are_drawn_anew_every_epoch():
    # Plain descent remembers nothing: the second epoch would be the first one, started later.
    split, settings = create_split(get_problem("moons")), Settings("gradient_descent", epochs=2)
    frames = list(train(create_mlp((2, 3, 1)), split, settings))
    again = list(train(frames[1].network, split, settings))
    assert not np.array_equal(again[1].network.flatten(), frames[2].network.flatten())


def test_a_step_is_shown_with_everything_that_led_to_it():
    points = create_split(get_problem("xor"), 10).train
    network = create_mlp((2, 3, 1))
    update = take_step(network, points, create_state(network.flatten()), "gradient_descent", 0.1)
    for before, gradient, after in zip(
        network.weights, update.gradients.weights, update.network.weights, strict=True
    ):
        np.testing.assert_allclose(after, before - 0.1 * gradient)
    assert update.loss == compute_score(network, points).loss
    assert compute_score(update.network, points).loss < update.loss


@pytest.mark.parametrize("rate", [1e3, 1e200])
def test_a_rate_far_too_large_ends_the_run_at_the_last_frame_of_use(rate):
    settings = Settings("momentum", rate, epochs=30)
    split = create_split(get_problem("moons"))
    frames = list(train(create_mlp((2, 8, 8, 1), "relu"), split, settings))
    assert has_diverged(frames, settings) and 1 <= len(frames) < 31
    assert all(np.isfinite(frame.network.flatten()).all() for frame in frames)
    assert all(np.isfinite([frame.train.loss, frame.test.loss]).all() for frame in frames)
    assert not has_diverged(run("moons", epochs=3), replace(settings, epochs=3))


def test_score_by_hand():
    network = Network((np.array([[1.0], [0.0]]),), (np.array([0.0]),), "relu")
    points = Points(np.array([[0.2, 0.0], [-2.0, 0.0], [3.0, 0.0]]), np.array([1, 0, 0]))
    score = compute_score(network, points)
    assert score.accuracy == pytest.approx(2 / 3)
    losses = np.log1p(np.exp([-0.2, -2.0, 3.0]))
    assert score.loss == pytest.approx(losses.mean())


@pytest.mark.parametrize(
    "bad", [{"rate": 0.0}, {"rate": float("inf")}, {"batch_size": 0}, {"epochs": -1}]
)
def test_bad_settings_are_one_sentence(bad):
    with pytest.raises(ValueError, match=r"must be more than 0|at least one point"):
        Settings(**bad)
    with pytest.raises(KeyError):
        Settings("newton")
