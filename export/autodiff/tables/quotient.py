"""A quotient of changes, and what stands for it where the change is too small to divide by."""

from export.autodiff.builder import Builder

# Below it the difference of two float32 numbers near 1 is rounding; SHAP's own bound.
NEAR = 1e-6


def divide_by_change(b: Builder, numerator: str, x: str, near: str) -> str:
    """Return numerator / (x - x'), and ``near`` where x and x' nearly meet."""
    return divide(b, numerator, b.op("Sub", x, b.reference(x)), near)


def divide(b: Builder, numerator: str, change: str, near: str) -> str:
    """Return numerator / change, and ``near`` where the change is below ``NEAR``."""
    is_near = b.op("Less", b.op("Abs", change), NEAR)
    safe = b.op("Where", is_near, b.const(1.0, like=change), change)
    return b.op("Where", is_near, near, b.op("Div", numerator, safe))
