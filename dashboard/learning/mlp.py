"""A small network, its forward pass, its loss and its backward pass, written out.

Layer l turns the activations before it into

    z_l = a_(l-1) W_l + b_l        the sum (pre-activation) of every unit
    a_l = f(z_l)                   its activation, a_0 being the inputs

and the last layer has one unit, whose sum is the logit of class 1. The backward pass goes the same
way in reverse; its formulas are at ``backward``. Nothing here differentiates by itself.
Source: Rumelhart, Hinton and Williams 1986, "Learning representations by back-propagating errors",
Nature 323, 533-536.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dashboard.inference.model import Doubles
from dashboard.learning.activations import apply_sigmoid, get_activation

Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Network:
    """``weights[l][i, j]`` is the edge from unit i of layer l to unit j of layer l + 1.

    ``weights[l]`` is (n_l, n_(l+1)), ``biases[l]`` (n_(l+1),); layer 0 is the inputs.
    ``activation`` names what the hidden layers do with their sums.
    """

    weights: tuple[Doubles, ...]
    biases: tuple[Doubles, ...]
    activation: str

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units of every layer, inputs first: (2, 8, 8, 1)."""
        return (len(self.weights[0]), *(len(bias) for bias in self.biases))

    def flatten(self) -> Doubles:
        """Return all weights and biases as one vector (P,)."""
        return np.concatenate([part.ravel() for part in self.weights + self.biases])

    def replace(self, parameters: Doubles) -> Network:
        """Return the same network with the weights and biases of a vector (P,)."""
        shapes = [part.shape for part in self.weights + self.biases]
        ends = np.cumsum([np.prod(shape, dtype=int) for shape in shapes])
        parts = np.split(parameters, ends[:-1])
        arrays = tuple(p.reshape(shape) for p, shape in zip(parts, shapes, strict=True))
        depth = len(self.weights)
        return Network(arrays[:depth], arrays[depth:], self.activation)


@dataclass(frozen=True, eq=False)
class Forward:
    """Everything that was computed on the way from inputs (N, n_0) to probabilities.

    ``pre_activations[l]`` (N, n_(l+1)) are the sums of layer l + 1, the last one the logits (N, 1);
    ``activations[l]`` (N, n_l) is what layer l passes on, the inputs first, the last hidden layer
    last; ``probability`` (N,) is that of class 1.
    """

    pre_activations: tuple[Doubles, ...]
    activations: tuple[Doubles, ...]
    probability: Doubles

    @property
    def logits(self) -> Doubles:
        """The output unit's sums (N,)."""
        return self.pre_activations[-1][:, 0]


@dataclass(frozen=True, eq=False)
class Gradients:
    """How much the mean loss would change per unit of change, for every number of the network.

    ``weights`` and ``biases`` have the network's shapes. ``deltas[l]`` (N, n_(l+1)) is the
    derivative by ``pre_activations[l]``, ``activations[l]`` (N, n_l) that by ``activations[l]``:
    the blame that arrives at a unit before its own slope is multiplied in. A row is one example's
    share; the shares of a batch add up.
    """

    weights: tuple[Doubles, ...]
    biases: tuple[Doubles, ...]
    deltas: tuple[Doubles, ...]
    activations: tuple[Doubles, ...]

    def flatten(self) -> Doubles:
        """Return all of them as one vector (P,), in the order of ``Network.flatten``."""
        return np.concatenate([part.ravel() for part in self.weights + self.biases])


def create_mlp(sizes: Sequence[int], activation: str = "tanh", seed: int = 0) -> Network:
    """Return an untrained network with ``sizes`` units a layer, inputs first, one output last.

    Weights are drawn from a normal distribution whose variance is the activation's gain over the
    number of inputs; biases start at 0.

    Raises:
        ValueError: there are no two layers, one is empty, or there is more than one output.
        KeyError: there is no activation of that name.
    """
    if len(sizes) < 2 or min(sizes) < 1 or sizes[-1] != 1:
        raise ValueError(f"a network needs inputs, filled layers and one output, not {sizes}")
    rng = np.random.default_rng(seed)
    gain = get_activation(activation).gain
    weights = tuple(
        rng.normal(0, np.sqrt(gain / n_in), (n_in, n_out)) for n_in, n_out in pairwise(sizes)
    )
    return Network(weights, tuple(np.zeros(n_out) for n_out in sizes[1:]), activation)


def forward(network: Network, inputs: Doubles) -> Forward:
    """Return every intermediate result for inputs (N, n_0)."""
    apply = get_activation(network.activation).apply
    pre_activations: list[Doubles] = []
    activations = [inputs]
    for weights, bias in zip(network.weights, network.biases, strict=True):
        pre_activations.append(activations[-1] @ weights + bias)  # (N, n_(l+1))
        activations.append(apply(pre_activations[-1]))
    probability = apply_sigmoid(pre_activations[-1][:, 0])  # (N,)
    return Forward(tuple(pre_activations), tuple(activations[:-1]), probability)


def compute_loss(logits: Doubles, labels: Labels) -> float:
    """Return the mean binary cross-entropy of logits z (N,) and labels y (N,), in nats.

    -y log p - (1 - y) log(1 - p) with p = sigmoid(z) is log(1 + exp(-z)) where y = 1 and
    log(1 + exp(z)) where y = 0, which needs no p and so no log of 0.
    """
    signs = 2.0 * labels - 1  # +1 for class 1, -1 for class 0
    return float(np.logaddexp(0, -signs * logits).mean())


def backward(network: Network, passed: Forward, labels: Labels) -> Gradients:
    """Return the gradient of the mean loss by every weight, bias, sum and activation.

    Written L for the loss and delta_l for dL/dz_l, from the last layer to the first:

        delta_last = (p - y) / N           cross-entropy and sigmoid together
        dL/dW_l    = a_(l-1)^T delta_l     what came in times what was wrong
        dL/db_l    = sum over N of delta_l
        dL/da_(l-1) = delta_l W_l^T        the blame, sent back along the same edges
        delta_(l-1) = dL/da_(l-1) * f'(z_(l-1))
    """
    slope = get_activation(network.activation).slope
    errors = (passed.probability - labels) / len(labels)  # (N,)
    deltas = [errors[:, np.newaxis]]  # (N, 1), the last layer's first
    blames: list[Doubles] = []
    for layer in reversed(range(len(network.weights))):
        blames.append(deltas[-1] @ network.weights[layer].T)  # (N, n_l)
        if layer > 0:
            deltas.append(blames[-1] * slope(passed.pre_activations[layer - 1]))  # (N, n_l)
    deltas.reverse()
    blames.reverse()
    weights = tuple(a.T @ d for a, d in zip(passed.activations, deltas, strict=True))
    biases = tuple(delta.sum(axis=0) for delta in deltas)
    return Gradients(weights, biases, tuple(deltas), tuple(blames))
