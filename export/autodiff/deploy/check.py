"""Does an explainer do what its method says? Against numpy, step by step, both in float64."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from export.autodiff.arrays import Doubles
from export.autodiff.deploy.explainer import Explainer, wrap
from export.autodiff.deploy.graph_builder import ATTRIBUTIONS, GraphBuilder
from export.autodiff.deploy.masked_gradients import get_shape
from export.autodiff.deploy.masks import Fills, create_masks, create_smoothers, draw
from export.autodiff.deploy.smoothgrad import draw_noise
from export.autodiff.differentiate import GRADIENT, TARGET
from export.autodiff.interpreter import Interpreter

BOUND = 1e-6  # constants are float32, hence the noise and the points too
N_POINTS = 2  # in place of what was asked for: the loop is the same, and float64 is slow
N_MASKS = 6  # each kind of fill of a small picture

Passes = Callable[[Doubles], Mapping[str, Doubles]]  # one pass of the gradient graph at an image


def _saliency(image: Doubles, passes: Passes, explainer: Explainer) -> Doubles:
    saliency: Doubles = np.abs(passes(image)[GRADIENT])
    return saliency


def _input_x_gradient(image: Doubles, passes: Passes, explainer: Explainer) -> Doubles:
    return image * passes(image)[GRADIENT]


def _integrated_gradients(image: Doubles, passes: Passes, explainer: Explainer) -> Doubles:
    options = explainer.options
    nodes, weights = np.polynomial.legendre.leggauss(options.n_steps)
    away = image - options.baseline
    points = [options.baseline + (1 + node) / 2 * away for node in nodes]
    gradients = np.stack([passes(point)[GRADIENT] for point in points])
    attributions: Doubles = away * np.tensordot(weights / 2, gradients, 1)
    return attributions


def _smoothgrad(image: Doubles, passes: Passes, explainer: Explainer) -> Doubles:
    row, starts = draw_noise(image[0].size, explainer.options)
    fields = [row[start : start + image[0].size].reshape(image[0].shape) for start in starts]
    mean: Doubles = np.mean([passes(image + field)[GRADIENT] for field in fields], axis=0)
    return np.abs(mean)


def _masked_gradients(image: Doubles, passes: Passes, explainer: Explainer) -> Doubles:
    shape = get_shape(GraphBuilder(explainer.gradient))
    is_last = image.shape[1:] != shape  # the channels
    front, back = ((0, 3, 1, 2), (0, 2, 3, 1)) if is_last else ((0, 1, 2, 3),) * 2
    pictures = image.transpose(front)
    draws = draw(explainer.options.n_masks, shape, explainer.options.seed)
    masks = create_masks(draws, slice(None))
    fills = np.stack([Fills(p).create(draws.kinds, draws.levels) for p in pictures], axis=1)
    slopes = [
        passes((fill + mask * (pictures - fill)).transpose(back))[GRADIENT].transpose(front)
        * (pictures - fill)
        for mask, fill in zip(masks, fills, strict=True)
    ]
    rows, columns = create_smoothers(shape[1:])
    smooth: Doubles = rows @ np.mean(slopes, axis=0) @ columns.T
    return smooth.transpose(back)


def _grad_cam(image: Doubles, passes: Passes, explainer: Explainer) -> Doubles:
    found, layer = passes(image), str(explainer.options.layer)
    weights: Doubles = found[f"{GRADIENT}/{layer}"].mean(axis=(2, 3))
    coarse = np.maximum(np.einsum("nc,nchw->nhw", weights, found[layer]), 0)
    _, _, height, width = _shape(explainer, 1)
    rows, columns = _enlarge(coarse.shape[1], height), _enlarge(coarse.shape[2], width)
    enlarged: Doubles = rows @ coarse @ columns.T
    return enlarged[:, np.newaxis]  # (N, 1, H, W)


def _carried(image: Doubles, passes: Passes, explainer: Explainer) -> Doubles:
    """What the pass carries is the answer; that it follows its rules is checked by ``laws``."""
    return passes(image)[GRADIENT]


def _deeplift(image: Doubles, passes: Passes, explainer: Explainer) -> Doubles:
    return (image - explainer.options.baseline) * passes(image)[GRADIENT]


def _enlarge(old: int, new: int) -> Doubles:
    """Return the matrix (new, old) that interpolates linearly, ends repeated."""
    centers = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    weights: Doubles = np.maximum(1 - np.abs(centers[:, np.newaxis] - np.arange(old)), 0)
    return weights


DEFINITIONS: Mapping[str, Callable[[Doubles, Passes, Explainer], Doubles]] = {
    "saliency": _saliency,
    "input_x_gradient": _input_x_gradient,
    "integrated_gradients": _integrated_gradients,
    "smoothgrad": _smoothgrad,
    "masked_gradients": _masked_gradients,
    "grad_cam": _grad_cam,
    "guided_backprop": _carried,
    "deeplift": _deeplift,
    "lrp": _carried,
}


def compare_to_definition(explainer: Explainer, folder: str = "", seed: int = 0) -> float:
    """Return the relative L2 distance of the attributions of random images from the definition's.

    Args:
        explainer: its graph is built anew with few points.
        folder: where the gradient graph's external data lies.
        seed: of the images and their targets.
    """
    options = replace(
        explainer.options, n_steps=N_POINTS, n_samples=N_POINTS, n_masks=N_MASKS, required=()
    )
    small = wrap(explainer.gradient, explainer.method, options, folder)
    shape, (_, classes) = GraphBuilder(explainer.gradient).image_shape, _shape(explainer, 0)
    rng = np.random.default_rng(seed)
    image = rng.standard_normal((2, *shape))
    target = {TARGET: rng.integers(classes, size=2)}
    name = explainer.gradient.image
    reference = Interpreter(explainer.gradient.model, folder=folder)

    def passes(at: Doubles) -> Mapping[str, Doubles]:
        return reference.run({name: at, **target})

    expected = DEFINITIONS[explainer.method](image, passes, small)
    found = Interpreter(small.model, [ATTRIBUTIONS]).run({name: image, **target})[ATTRIBUTIONS]
    scale = float(np.linalg.norm(expected)) or 1.0
    return float(np.linalg.norm(found - expected)) / scale


def _shape(explainer: Explainer, output: int) -> list[int]:
    """Return an output's shape, 0 for the batch."""
    dims = explainer.model.graph.output[output].type.tensor_type.shape.dim
    return [int(dim.dim_value) for dim in dims]
