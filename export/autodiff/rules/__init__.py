"""Every operator that has a derivative, and the rule that gives it: one table, no scanning."""

from export.autodiff.builder import Lowering, Rule
from export.autodiff.rules import (
    activation,
    attention,
    convolution,
    elementwise,
    indexing,
    linear_algebra,
    movement,
    normalisation,
    padding,
    pooling,
    recurrent,
    reduction,
    resize,
)

FAMILIES: dict[str, dict[str, Rule]] = {
    "convolution": convolution.RULES,
    "linear algebra": linear_algebra.RULES,
    "elementwise": elementwise.RULES,
    "activation": activation.RULES,
    "normalisation": normalisation.RULES,
    "pooling": pooling.RULES,
    "reduction": reduction.RULES,
    "movement": movement.RULES,
    "indexing": indexing.RULES,
    "padding": padding.RULES,
    "resize": resize.RULES,
}

RULES: dict[str, Rule] = {
    op_type: rule for family in FAMILIES.values() for op_type, rule in family.items()
}

# Operators without a short derivative of their own, replaced by their parts: see lower.py.
LOWERINGS: dict[str, Lowering] = {**attention.LOWERINGS, **recurrent.LOWERINGS}
