"""DeepLIFT by its rescale rule (Shrikumar et al. 2017, https://arxiv.org/abs/1704.02685).

The network runs on the image and on a baseline. What goes back is a multiplier, the change of the
score per change of a tensor, and the image's multiplier times its change adds up to the change of
the score (summation to delta). With x, y of the image and x', y' of the baseline:

| operator | multiplier | by |
|---|---|---|
| linear, by constant weights | as the gradient's; biases take nothing | section 3.5.1 |
| a function of one number | m (y - y') / (x - x'); m f'(x) where they nearly meet | section 3.5.2 |
| MaxPool, Max, ReduceMax | what the larger run has more goes to that run's largest element | SHAP |
| product of two activations | m (b + b') / 2 and m (a + a') / 2, half of each order | SHAP |
| Softmax | its parts: exp(x - log sum exp), each by its own rule above | by parts |
| LayerNorm and its kin | their parts: mean, square, root, product | by parts |

SHAP: Lundberg and Lee's extension (Chen, Lundberg and Lee 2022, https://arxiv.org/abs/2105.00108,
and Captum's rule for pools); for two activations it is their Shapley value. "By parts": the papers
have no rule for the whole that keeps the sum, and every part has one. BatchNormalization at
inference is linear. What compares values to choose (Where by the picture's own values, TopK) is
refused: no multiplier accounts for the change of the choice.
"""

from collections.abc import Callable, Sequence

from export.autodiff.builder import Builder, Gradients, Rule
from export.autodiff.node import Node
from export.autodiff.rules import RULES
from export.autodiff.tables import deeplift_norms
from export.autodiff.tables.deeplift_extremes import EXTREMES, at_reference
from export.autodiff.tables.quotient import divide_by_change
from export.autodiff.tables.table import Table, start_with_direction

MOVEMENT = (
    *("Identity", "Dropout", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Expand"),
    *("Concat", "Split", "Tile", "Cast", "CastLike", "Trilu", "DepthToSpace", "SpaceToDepth"),
    *("Gather", "GatherElements", "GatherND", "Slice", "Pad"),
)
LINEAR = (
    *("Conv", "ConvTranspose", "Add", "Sub", "Neg", "Sum", "Mean", "Where", "AveragePool"),
    *("GlobalAveragePool", "ReduceSum", "ReduceMean", "CumSum", "Resize", "Upsample"),
    "BatchNormalization",
)
PRODUCTS = ("Mul", "MatMul", "Gemm", "Einsum")
FUNCTIONS = (
    *("Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Softplus", "Softsign", "Sigmoid"),
    *("Tanh", "HardSigmoid", "HardSwish", "Mish", "Swish", "ThresholdedRelu", "Gelu", "Clip"),
    *("Pow", "Abs", "Sqrt", "Exp", "Log", "Reciprocal", "Erf", "Sin", "Cos"),
    *("Floor", "Ceil", "Round", "Sign"),
)


def _active(b: Builder, node: Node) -> list[int]:
    """Return the places of the inputs that multipliers are asked for.

    Raises:
        UnsupportedOperator: another input changes with the picture: its change would be lost.
    """
    places = [i for i, name in enumerate(node.inputs) if b.needs_grad(name)]
    for i, name in enumerate(node.inputs):
        if name and i not in places and b.reference(name) != name:
            raise b.refusal(
                f"{name!r} changes with the picture but carries no gradient (a comparison or an "
                "index), so the parts would not add up; use integrated gradients"
            )
    return places


def _linear(op_type: str) -> Rule:
    plain = RULES[op_type]

    def rule(b: Builder, node: Node, *grads: str | None) -> Gradients:
        _active(b, node)
        return plain(b, node, *grads)

    return rule


def _product(op_type: str) -> Rule:
    """Each factor's multiplier is the other's mean over the two runs."""
    plain = RULES[op_type]

    def rule(b: Builder, node: Node, grad: str) -> Gradients:
        here = plain(b, node, grad)
        if len(_active(b, node)) < 2:
            return here
        there = plain(b, at_reference(b, node), grad)
        return [
            b.op("Mul", b.op("Add", one, other), 0.5) if one and other else None
            for one, other in zip(here, there, strict=True)
        ]

    return rule


def _function(op_type: str) -> Rule:
    """The rescale rule, for an operator that one number passes through."""
    plain = RULES[op_type]

    def rule(b: Builder, node: Node, grad: str) -> Gradients:
        places = _active(b, node)
        if len(places) != 1:
            raise b.refusal("the rescale rule is for functions of one number; this one has two")
        place, y = places[0], node.outputs[0]
        x = node.inputs[place]
        slope = [*plain(b, node, grad), None, None][place] or b.zeros_like(x)
        change = b.op("Mul", grad, b.op("Sub", y, b.reference(y)))
        multiplier = divide_by_change(b, b.unbroadcast(change, x), x, slope)
        return [multiplier if i == place else None for i in range(place + 1)]

    return rule


def quotient_rule(b: Builder, node: Node, grad: str) -> Gradients:
    """a / b is the product of a and 1 / b, and 1 / b changes by -(b - b') / (b b')."""
    _active(b, node)
    x, y = node.inputs
    here, there = b.op("Reciprocal", y), b.op("Reciprocal", b.reference(y))
    left = right = None
    if b.needs_grad(x):
        mean = b.op("Mul", b.op("Add", here, there), 0.5)
        left = b.unbroadcast(b.op("Mul", grad, mean), x)
    if b.needs_grad(y):
        mean = b.op("Mul", b.op("Add", x, b.reference(x)), -0.5)
        slope = b.op("Mul", mean, b.op("Mul", here, there))
        right = b.unbroadcast(b.op("Mul", grad, slope), y)
    return [left, right]


def _extreme(op_type: str) -> Rule:
    further, to_winners = EXTREMES[op_type]

    def rule(b: Builder, node: Node, grad: str | None, *rest: str | None) -> Gradients:
        _active(b, node)
        if grad is None:
            return [None]
        y, other = node.outputs[0], b.reference(node.outputs[0])
        furthest = b.op(further, y, other)
        here = to_winners(b, node, b.op("Mul", grad, b.op("Sub", furthest, other)))
        there = b.op("Mul", grad, b.op("Sub", y, furthest))
        parts = zip(
            node.inputs,
            to_winners(b, node, grad),
            here,
            to_winners(b, at_reference(b, node), there),
            strict=False,
        )
        return [
            divide_by_change(b, b.op("Add", won, lost), x, slope)
            if won and lost and slope
            else None
            for x, slope, won, lost in parts
        ]

    return rule


def _make(make: Callable[[str], Rule], names: Sequence[str]) -> dict[str, Rule]:
    return {name: make(name) for name in names if name in RULES}


TABLE = Table(
    "DeepLIFT",
    {
        **_make(_linear, (*MOVEMENT, *LINEAR)),
        **_make(_product, PRODUCTS),
        **_make(_function, FUNCTIONS),
        **_make(_extreme, tuple(EXTREMES)),
        "Div": quotient_rule,
        **deeplift_norms.RULES,
    },
    start_with_direction,
    has_reference=True,
)
