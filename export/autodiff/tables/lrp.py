"""Layer-wise relevance propagation, by the composite epsilon-plus.

Bach et al. 2015, https://doi.org/10.1371/journal.pone.0130140 (equations 56 and 60); Montavon et
al. 2019, https://doi.org/10.1007/978-3-030-28954-6_10; composite and epsilon are those of zennit's
EpsilonPlus. The score is the relevance at the start, and every layer deals its own out to its
inputs:

| operator | R of an input | by |
|---|---|---|
| Conv, ConvTranspose | its part of the positive contributions: x+ w+, x- w-, b+ | Bach eq. 60 |
| Gemm, MatMul, averages, sums, Resize | its part of all, x w / (z + epsilon sign z) | Bach eq. 56 |
| a function of one number, a constant factor, BatchNormalization left over | all of it | zennit |
| MaxPool, Max, ReduceMax | all to the largest | zennit |
| what moves, copies or cuts | where it came from | |
| gate x signal (a gate is what a Sigmoid or a Softmax gives) | all to the signal | Arras, Ali |
| product of two signals | half to each | AttnLRP |
| LayerNormalization and its kin | as a linear layer, its deviation held constant | Ali |

BatchNormalization behind a convolution is folded into it first, and a bias added behind a linear
layer is that layer's. A bias takes the part of the relevance that is its own, so that the map adds
up to the score less what the biases (and epsilon) took; without biases it is conserved.
Arras et al. 2017, https://arxiv.org/abs/1706.07206 (gates); Ali et al. 2022,
https://arxiv.org/abs/2202.07304 (attention and LayerNorm); Achtibat et al. 2024 (AttnLRP),
https://arxiv.org/abs/2402.05602. A Softmax that is asked for its own input's relevance is refused.
"""

from collections.abc import Callable, Sequence

from export.autodiff.builder import Builder, Gradients, Rule
from export.autodiff.node import Node
from export.autodiff.rules import RULES
from export.autodiff.score import Head, Seed
from export.autodiff.tables.deeplift import FUNCTIONS, MOVEMENT
from export.autodiff.tables.lrp_layers import (
    conv_plus,
    divide_by_output,
    find_bias_sum,
    normalisation,
)
from export.autodiff.tables.lrp_products import product, quotient
from export.autodiff.tables.table import Table

LINEAR = (
    *("AveragePool", "GlobalAveragePool", "ReduceSum", "ReduceMean", "CumSum"),
    *("Resize", "Upsample", "Sub", "Sum", "Mean"),
)
PASSED = ("Neg", "BatchNormalization", "LRN", "LpNormalization", *FUNCTIONS)
TO_THE_WINNER = ("MaxPool", "GlobalMaxPool", "ReduceMax", "ReduceMin", "Max", "Min", "Where")
NORMS = (
    "LayerNormalization",
    "RMSNormalization",
    "InstanceNormalization",
    "GroupNormalization",
)


def start_with_score(b: Builder, seed: Seed, head: Head) -> str:
    """Return the target's logit at the target, and less that of the class it is contrasted with."""
    return b.op("Mul", seed.gradient, head.tensor)


def epsilon(op_type: str) -> Rule:
    """Make the rule of a linear operator: to each input its part of the output."""
    plain = RULES[op_type]

    def rule(b: Builder, node: Node, grad: str) -> Gradients:
        shares = plain(b, node, divide_by_output(b, grad, node))
        return [
            share and b.op("Mul", name, share) if b.needs_grad(name) else None
            for name, share in zip(node.inputs, shares, strict=False)
        ]

    return rule


def add(b: Builder, node: Node, grad: str) -> Gradients:
    """A bias behind a linear layer is counted there; else each summand gets its part."""
    if find_bias_sum(b, node) is not None:
        return [grad if b.needs_grad(name) else None for name in node.inputs]
    return epsilon("Add")(b, node, grad)


def passed(b: Builder, node: Node, grad: str, *rest: str | None) -> Gradients:
    """All to the one input that depends on the picture."""
    places = [i for i, name in enumerate(node.inputs) if b.needs_grad(name)]
    if len(places) != 1:
        raise b.refusal("relevance passes through functions of one number; this one has two")
    (place,) = places
    everything = b.unbroadcast(grad, node.inputs[place])
    return [everything if i == place else None for i in range(place + 1)]


def refused(b: Builder, node: Node, grad: str) -> Gradients:
    """Softmax: its output is relevant as attention's weights only, and those get nothing."""
    raise b.refusal(
        "epsilon-plus has no rule for a softmax that is not attention's; name the tensor before it "
        "as the score"
    )


def _make(make: Callable[[str], Rule], names: Sequence[str]) -> dict[str, Rule]:
    return {name: make(name) for name in names if name in RULES}


TABLE = Table(
    "LRP",
    {
        **{name: RULES[name] for name in (*MOVEMENT, *TO_THE_WINNER)},
        **_make(epsilon, LINEAR),
        **dict.fromkeys(PASSED, passed),
        **_make(normalisation, NORMS),
        "Conv": conv_plus,
        "ConvTranspose": conv_plus,
        "Add": add,
        "Mul": product("Mul"),
        "MatMul": product("MatMul"),
        "Gemm": product("Gemm"),
        "Einsum": product("Einsum"),
        "Div": quotient,
        "Softmax": refused,
        "LogSoftmax": refused,
    },
    start_with_score,
)
