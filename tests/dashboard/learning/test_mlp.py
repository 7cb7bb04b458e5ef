import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.learning.activations import ACTIVATIONS
from dashboard.learning.mlp import (
    Network,
    backward,
    compute_loss,
    create_mlp,
    forward,
)

SIZES = ((2, 1), (2, 3, 1), (2, 8, 8, 1), (3, 5, 4, 3, 1))
NAMES = tuple(activation.name for activation in ACTIVATIONS)


def create_case(sizes, activation, n=7, seed=0):
    """Return a network with biases that are not 0, inputs and labels."""
    network = create_mlp(sizes, activation, seed)
    rng = np.random.default_rng(seed + 100)
    network = network.replace(network.flatten() + rng.normal(0, 0.1, len(network.flatten())))
    return network, rng.normal(0, 1, (n, sizes[0])), rng.integers(0, 2, n)


def compute_numeric(function, vector, h=1e-6):
    """Return the central differences of ``function`` by every number of ``vector``."""
    steps = h * np.eye(len(vector))
    return np.array([(function(vector + s) - function(vector - s)) / (2 * h) for s in steps])


@pytest.mark.parametrize(("sizes", "activation"), list(itertools.product(SIZES, NAMES)))
def test_every_edge_and_bias_agrees_with_finite_differences(sizes, activation):
    network, inputs, labels = create_case(sizes, activation)

    def loss(parameters):
        return compute_loss(forward(network.replace(parameters), inputs).logits, labels)

    gradients = backward(network, forward(network, inputs), labels)
    expected = compute_numeric(loss, network.flatten())
    np.testing.assert_allclose(gradients.flatten(), expected, rtol=1e-6, atol=1e-9)
    assert [w.shape for w in gradients.weights] == [w.shape for w in network.weights]


@pytest.mark.parametrize("activation", NAMES)
def test_every_delta_and_the_inputs_gradient_agree_with_finite_differences(activation):
    network, inputs, labels = create_case((2, 4, 3, 1), activation)
    gradients = backward(network, forward(network, inputs), labels)

    for layer in range(3):

        def loss(sums, layer=layer):  # the network from the sums of this layer on
            rest = Network(network.weights[layer:], network.biases[layer:], activation)
            shifted = Network(
                (np.eye(sums.shape[1]), *rest.weights[1:]),
                (np.zeros(sums.shape[1]), *rest.biases[1:]),
                activation,
            )
            return compute_loss(forward(shifted, sums).logits, labels)

        sums = forward(network, inputs).pre_activations[layer]
        numeric = compute_numeric(lambda v, s=sums, f=loss: f(v.reshape(s.shape)), sums.ravel())
        np.testing.assert_allclose(gradients.deltas[layer].ravel(), numeric, rtol=1e-5, atol=1e-9)

    def by_inputs(vector):
        return compute_loss(forward(network, vector.reshape(inputs.shape)).logits, labels)

    numeric = compute_numeric(by_inputs, inputs.ravel())
    np.testing.assert_allclose(gradients.activations[0].ravel(), numeric, rtol=1e-5, atol=1e-9)


def test_a_network_computed_by_hand():
    # One point (1, 2) of class 1; two ReLU units, one of them switched off.
    network = Network(
        (np.array([[0.5, -1.0], [0.25, -1.0]]), np.array([[2.0], [3.0]])),
        (np.array([1.0, 0.0]), np.array([-4.0])),
        "relu",
    )
    passed = forward(network, np.array([[1.0, 2.0]]))
    np.testing.assert_array_equal(passed.pre_activations[0], [[2, -3]])  # 0.5 + 0.5 + 1; -1 - 2
    np.testing.assert_array_equal(passed.activations[1], [[2, 0]])
    np.testing.assert_array_equal(passed.logits, [0])  # 2 * 2 + 3 * 0 - 4
    np.testing.assert_array_equal(passed.probability, [0.5])
    assert compute_loss(passed.logits, np.array([1])) == pytest.approx(np.log(2))

    gradients = backward(network, passed, np.array([1]))
    np.testing.assert_array_equal(gradients.deltas[1], [[-0.5]])  # p - y
    np.testing.assert_array_equal(gradients.weights[1], [[-1], [0]])  # activation * delta
    np.testing.assert_array_equal(gradients.biases[1], [-0.5])
    np.testing.assert_array_equal(gradients.activations[1], [[-1, -1.5]])  # delta * weight
    np.testing.assert_array_equal(gradients.deltas[0], [[-1, 0]])  # times slope 1 and 0
    np.testing.assert_array_equal(gradients.weights[0], [[-1, 0], [-2, 0]])
    np.testing.assert_array_equal(gradients.biases[0], [-1, 0])
    np.testing.assert_array_equal(gradients.activations[0], [[-0.5, -0.25]])


@settings(max_examples=50, deadline=None)
@given(
    hidden=st.lists(st.integers(1, 6), max_size=3),
    activation=st.sampled_from(NAMES),
    n=st.integers(1, 9),
    seed=st.integers(0, 1000),
)
def test_shares_of_examples_add_up_to_every_edges_gradient(hidden, activation, n, seed):
    network, inputs, labels = create_case((2, *hidden, 1), activation, n, seed)
    passed = forward(network, inputs)
    gradients = backward(network, passed, labels)
    for layer, expected in enumerate(gradients.weights):
        before, delta = passed.activations[layer], gradients.deltas[layer]
        shares = before[:, :, np.newaxis] * delta[:, np.newaxis, :]  # what came in times blame
        assert shares.shape == (n, *expected.shape)
        np.testing.assert_allclose(shares.sum(axis=0), expected, atol=1e-12)
    alone = [
        backward(network, forward(network, inputs[i : i + 1]), labels[i : i + 1]).flatten()
        for i in range(n)
    ]  # the gradient of a mean is the mean of the gradients
    np.testing.assert_allclose(np.mean(alone, axis=0), gradients.flatten(), atol=1e-12)


def test_loss_is_exact_where_a_logarithm_of_the_probability_would_not_be():
    logits = np.array([1000.0, -1000.0, 50.0, 0.0])
    with np.errstate(over="raise", divide="raise"):
        assert compute_loss(logits[:2], np.array([1, 0])) == 0
        assert compute_loss(logits[:2], np.array([0, 1])) == 1000
        assert compute_loss(logits[2:3], np.array([1])) == pytest.approx(np.exp(-50))
        assert compute_loss(logits[3:], np.array([1])) == pytest.approx(np.log(2))


def test_flattening_and_replacing_are_inverse():
    network = create_mlp((2, 3, 1), "relu", 5)
    back = network.replace(network.flatten())
    assert back.sizes == network.sizes == (2, 3, 1)
    for before, after in zip(
        network.weights + network.biases, back.weights + back.biases, strict=True
    ):
        np.testing.assert_array_equal(before, after)


def test_creation_follows_the_seed_and_starts_without_bias():
    first, again, other = (create_mlp((2, 4, 1), "tanh", seed).flatten() for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert all((bias == 0).all() for bias in create_mlp((2, 4, 1)).biases)


@pytest.mark.parametrize("sizes", [(2,), (2, 0, 1), (2, 3, 2), ()])
def test_sizes_that_make_no_network_are_refused(sizes):
    with pytest.raises(ValueError, match="one output"):
        create_mlp(sizes)
    with pytest.raises(KeyError):
        create_mlp((2, 1), "step")
