import numpy as np
import pytest
import torch

from dashboard.learning.optimizers import (
    OPTIMIZERS,
    create_state,
    get_optimizer,
    step_adam,
    step_gradient_descent,
    step_momentum,
)

TORCH = {
    "gradient_descent": lambda p, rate: torch.optim.SGD([p], rate),
    "momentum": lambda p, rate: torch.optim.SGD([p], rate, momentum=0.9),
    "adam": lambda p, rate: torch.optim.Adam([p], rate),
}

every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: o.name)


@every_optimizer
def test_agrees_with_torch_on_the_same_gradients(optimizer):
    rng = np.random.default_rng(0)
    ours = rng.standard_normal((3, 4))
    theirs = torch.tensor(ours, requires_grad=True)
    state, rival = create_state(ours), TORCH[optimizer.name](theirs, 0.05)
    for scale in np.geomspace(1e-4, 1e3, 40):
        gradient = scale * rng.standard_normal((3, 4))
        ours, state = optimizer.step(ours, gradient, state, 0.05)
        theirs.grad = torch.tensor(gradient)
        rival.step()
        np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-10, atol=1e-12)
    assert state.count == 40


@every_optimizer
def test_steps_are_pure(optimizer):
    parameters, gradients = np.array([1.0, 2.0]), np.array([0.5, -0.5])
    state = create_state(parameters)
    first, _ = optimizer.step(parameters, gradients, state, 0.1)
    again, _ = optimizer.step(parameters, gradients, state, 0.1)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(parameters, [1, 2])
    np.testing.assert_array_equal(state.velocity, [0, 0])
    assert optimizer.rate > 0 and optimizer.source and get_optimizer(optimizer.name) is optimizer


def test_gradient_descent_by_hand():
    after, state = step_gradient_descent(
        np.array([1.0, -2.0]), np.array([2.0, -4.0]), create_state(np.zeros(2)), 0.25
    )
    np.testing.assert_array_equal(after, [0.5, -1.0])
    assert state.count == 1


def test_momentum_by_hand():
    w, state = step_momentum(np.array([1.0]), np.array([1.0]), create_state(np.zeros(1)), 0.1, 0.5)
    np.testing.assert_allclose(w, [0.9])  # v = 1
    w, state = step_momentum(w, np.array([1.0]), state, 0.1, 0.5)
    np.testing.assert_allclose(w, [0.75])  # v = 1.5
    w, state = step_momentum(w, np.array([0.0]), state, 0.1, 0.5)
    np.testing.assert_allclose(w, [0.675])  # v = 0.75: it rolls on without a slope


def test_momentum_is_polyaks_heavy_ball():
    rng = np.random.default_rng(1)
    gradients = rng.standard_normal((20, 3))
    w, state = np.zeros(3), create_state(np.zeros(3))
    before = heavy = np.zeros(3)
    for gradient in gradients:
        w, state = step_momentum(w, gradient, state, 0.1, 0.8)
        heavy, before = heavy - 0.1 * gradient + 0.8 * (heavy - before), heavy
        np.testing.assert_allclose(w, heavy, atol=1e-12)


def test_adam_by_hand():
    # m = 0.1 * 3, v = 0.001 * 9; corrected they are 3 and 9: a step of rate * 3 / 3.
    w, state = step_adam(np.array([1.0]), np.array([3.0]), create_state(np.zeros(1)), 0.5)
    np.testing.assert_allclose(w, [0.5])
    np.testing.assert_allclose([state.velocity[0], state.square[0]], [0.3, 0.009])
    # m = 0.27 / 0.19, v = 0.008991 / 0.001999.
    w, state = step_adam(w, np.array([0.0]), state, 0.5)
    np.testing.assert_allclose(w, 0.5 - 0.5 * (0.27 / 0.19) / np.sqrt(0.008991 / 0.001999))
