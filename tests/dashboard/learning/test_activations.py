import numpy as np
import pytest

from dashboard.learning.activations import ACTIVATIONS, get_activation

every_activation = pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda a: a.name)


@every_activation
def test_slope_is_the_derivative(activation):
    z = np.array([-30.0, -3.0, -0.7, 0.4, 1.0, 5.0, 40.0])
    h = 1e-6
    numeric = (activation.apply(z + h) - activation.apply(z - h)) / (2 * h)
    np.testing.assert_allclose(activation.slope(z), numeric, atol=1e-8)
    assert activation.label and get_activation(activation.name) is activation


@every_activation
def test_nothing_overflows(activation):
    with np.errstate(all="raise"):
        z = np.array([-1e6, 0.0, 1e6])
        assert np.isfinite([activation.apply(z), activation.slope(z)]).all()


@every_activation
def test_the_gain_keeps_the_size_of_a_signal_through_ten_layers(activation):
    rng = np.random.default_rng(0)
    signal = rng.standard_normal((200, 256))
    for _ in range(10):
        weights = rng.normal(0, np.sqrt(activation.gain / 256), (256, 256))
        signal = activation.apply((signal - signal.mean()) @ weights)
    assert 0.1 < signal.std() < 1.5


def test_values_by_hand():
    z = np.array([-np.log(3), 0.0, np.log(3)])
    np.testing.assert_allclose(get_activation("sigmoid").apply(z), [0.25, 0.5, 0.75])
    np.testing.assert_allclose(get_activation("tanh").apply(z), [-0.8, 0, 0.8])
    np.testing.assert_array_equal(get_activation("relu").apply(z), [0, 0, np.log(3)])
    np.testing.assert_array_equal(get_activation("relu").slope(z), [0, 0, 1])
