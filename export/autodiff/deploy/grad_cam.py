"""Grad-CAM (Selvaraju et al. 2016, https://arxiv.org/abs/1610.02391).

Enlarged as torch's interpolate does it: bilinear, half-pixel centres, borders repeated.
"""

import numpy as np

from export.autodiff.deploy.graph_builder import GraphBuilder, Options
from export.autodiff.differentiate import GRADIENT
from export.autodiff.errors import UnsupportedGraph


def emit(s: GraphBuilder, options: Options) -> str:
    """Return the name of the attributions (N, 1, H, W)."""
    layer = options.layer or ""
    if s.rank(layer) != 4:
        raise UnsupportedGraph(f"{layer!r} is not a layer (N, C, H, W), which Grad-CAM needs")
    places, channels = s.constant(np.array([2, 3])), s.constant(np.array([1]))
    weights = s.op("ReduceMean", f"{GRADIENT}/{layer}", places, keepdims=1)  # (N, C', 1, 1)
    weighted = s.op("ReduceSum", s.op("Mul", layer, weights), channels, keepdims=1)
    size = s.constant(np.array(s.picture_size))
    return s.op(
        "Resize",
        s.op("Relu", weighted),  # (N, 1, H', W')
        "",
        "",
        size,
        axes=[2, 3],
        mode="linear",
        coordinate_transformation_mode="half_pixel",
    )
