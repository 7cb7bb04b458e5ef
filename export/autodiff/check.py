"""Is a gradient graph right? Its gradient against finite differences, both in float64."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from export.autodiff.arrays import Doubles
from export.autodiff.differentiate import GRADIENT, LOGITS, SCORE, TARGET, Differentiated
from export.autodiff.interpreter import Interpreter

# Too large a step leaves the tangent and crosses kinks, too small a one drowns in rounding.
STEPS = (1e-4, 1e-5, 1e-6, 1e-7)
ENOUGH = 1e-8  # as near as differences come; smaller steps are not tried
BOUND = 1e-5  # a wrong rule is off by 1e-2 or more; a kink within a step by a little


@dataclass(frozen=True)
class Agreement:
    """How a gradient compares with finite differences.

    Attributes:
        error: relative error of the derivative along random directions, root mean square, at the
            best step; it estimates the relative L2 error of the gradient.
        step: that step.
        leak: how far, relatively, one sample's gradient depends on its neighbour in the batch.
    """

    error: float
    step: float
    leak: float

    @property
    def holds(self) -> bool:
        """Whether the gradient is right."""
        return self.error <= BOUND and self.leak <= BOUND


def compare(
    found: Differentiated, folder: str = "", directions: int = 4, seed: int = 0
) -> Agreement:
    """Measure the gradient of the highest class at a random image.

    Args:
        found: the gradient graph.
        folder: where its external data lies.
        directions: how many random directions are tried.
        seed: of the image and the directions.
    """
    rng = np.random.default_rng(seed)
    whole = Interpreter(found.model, [LOGITS, SCORE, GRADIENT], folder)
    image = rng.standard_normal((2, *_image_shape(found)))
    target = _run(whole, found, image, [0, 0])[LOGITS].argmax(axis=1)
    result = _run(whole, found, image, target)
    alone = _run(whole, found, image[:1], target[:1])
    gradient = result[GRADIENT][0]
    leak = _relative(alone[GRADIENT][0], gradient)
    paths = rng.standard_normal((directions, *gradient.shape))
    expected = (paths * gradient).reshape(directions, -1).sum(axis=1)
    forward = Interpreter(found.model, [SCORE], folder)
    best = (np.inf, STEPS[0])
    for step in STEPS:
        measured = _differences(forward, found, image[0], paths, step, int(target[0]))
        best = min(best, (_relative(measured, expected), step))
        if best[0] <= ENOUGH:
            break
    return Agreement(*best, leak)


def _image_shape(found: Differentiated) -> tuple[int, ...]:
    declared = next(i for i in found.model.graph.input if i.name == found.image)
    return tuple(d.dim_value for d in declared.type.tensor_type.shape.dim[1:])


def _run(
    graph: Interpreter, found: Differentiated, image: Doubles, target: Sequence[int] | np.ndarray
) -> dict[str, Doubles]:
    return graph.run({found.image: image, TARGET: np.asarray(target, np.int64)})


def _differences(
    forward: Interpreter,
    found: Differentiated,
    image: Doubles,
    paths: Doubles,
    step: float,
    target: int,
) -> Doubles:
    """Central differences of the score along each path, all in one batch."""
    moved = np.concatenate([image + step * paths, image - step * paths])
    scores = _run(forward, found, moved, [target] * len(moved))[SCORE]
    return (scores[: len(paths)] - scores[len(paths) :]) / (2.0 * step)


def _relative(found: Doubles, expected: Doubles) -> float:
    scale = float(np.linalg.norm(expected)) or 1.0
    return float(np.linalg.norm(found - expected)) / scale
