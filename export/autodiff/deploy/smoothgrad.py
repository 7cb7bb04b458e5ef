"""SmoothGrad, |mean of d score / d image over noisy copies| (Smilkov et al. 2017).

Source: https://arxiv.org/abs/1706.03825.

The noise is drawn when the graph is written: ONNX's random operators draw other numbers in every
runtime, and an explanation that changes from call to call cannot be checked. A field for each copy
would be large (24 are 14 MB at 224 x 224, beside 19 MB of EfficientNet-Lite0), so one long row of
normal numbers is kept, and each copy reads C * H * W of them from another place. What two copies
add to one pixel is independent, and 24 copies come as near to the mean of 600 as with a field each
(relative distance 1.59 and 1.61). All images of a batch get the same noise.
"""

import numpy as np

from export.autodiff.deploy.graph_builder import GraphBuilder, Options
from export.autodiff.deploy.loop import sum_gradients
from export.autodiff.errors import UnsupportedGraph
from export.autodiff.shapes import Array


def draw_noise(size: int, options: Options) -> tuple[Array, Array]:
    """Return a row of noise (2 * size,) and the place where each copy starts to read in it.

    Args:
        size: numbers that a copy reads.
        options: ``n_samples``, ``noise`` and ``seed``.
    """
    rng = np.random.default_rng(options.seed)
    row = (options.noise * rng.standard_normal(2 * size)).astype(np.float32)
    # No place serves twice while there are enough.
    starts = rng.permutation(size)[np.arange(options.n_samples) % size]
    return row, starts.astype(np.int64)


def emit(s: GraphBuilder, options: Options) -> str:
    """Return the name of the attributions (N, C, H, W)."""
    if options.n_samples < 1 or options.noise < 0:
        raise UnsupportedGraph("SmoothGrad needs a copy and noise of at least 0")
    size = int(np.prod(s.image_shape))
    noise, places = draw_noise(size, options)
    row = s.constant(noise)
    first = s.constant(np.append(places, 0)[:, np.newaxis])  # (n_samples + 1, 1)
    scale = s.constant(np.append(np.ones(options.n_samples), 0.0))  # the last point has no noise
    length, shape = s.constant(np.array([size])), s.constant(np.array([1, *s.image_shape]))

    def emit_point(step: str) -> str:
        start = s.op("Gather", first, step)  # (1,)
        part = s.op("Slice", row, start, s.op("Add", start, length))  # (C * H * W,)
        field = s.op("Mul", s.op("Reshape", part, shape), s.op("Gather", scale, step))
        return s.op("Add", s.image, field)  # (N, C, H, W)

    mean = sum_gradients(s, [1.0 / options.n_samples] * options.n_samples, emit_point)
    return s.op("Abs", mean)
