"""Integrated gradients (Sundararajan et al. 2017, https://arxiv.org/abs/1703.01365).

The path's points and weights are Captum's own default, Gauss and Legendre's: on a smooth path they
need the fewest points.
"""

import numpy as np
from onnx import helper, numpy_helper

from export.autodiff.deploy.graph_builder import GraphBuilder, Options
from export.autodiff.deploy.loop import sum_gradients
from export.autodiff.differentiate import BASELINE
from export.autodiff.errors import UnsupportedGraph


def emit(s: GraphBuilder, options: Options) -> str:
    """Return the name of the attributions (N, C, H, W).

    The graph has an input ``baseline`` of any shape that broadcasts to the image's; left out, it is
    the number in ``options``.
    """
    if options.n_steps < 1:
        raise UnsupportedGraph(f"integrated gradients need a step, not {options.n_steps}")
    _declare_baseline(s, options.baseline)
    nodes, weights = np.polynomial.legendre.leggauss(options.n_steps)  # on [-1, 1]
    # Two factors, not baseline + share * (image - baseline): the last point is exactly the image.
    of_image = s.constant(np.append((1 + nodes) / 2, 1.0))
    of_baseline = s.constant(np.append((1 - nodes) / 2, 0.0))

    def emit_point(step: str) -> str:
        image = s.op("Mul", s.image, s.op("Gather", of_image, step))
        baseline = s.op("Mul", BASELINE, s.op("Gather", of_baseline, step))
        return s.op("Add", image, baseline)

    mean = sum_gradients(s, list(weights / 2), emit_point)
    return s.op("Mul", mean, s.op("Sub", s.image, BASELINE))


def _declare_baseline(s: GraphBuilder, value: float) -> None:
    """Declare the input and its default, a number that serves all pixels."""
    dims = [f"baseline_{axis}" for axis in "NCHW"]
    s.inputs.append(helper.make_tensor_value_info(BASELINE, s.dtype, dims))
    dtype = helper.tensor_dtype_to_np_dtype(s.dtype)
    s.constants.append(numpy_helper.from_array(np.full((1, 1, 1, 1), value, dtype), BASELINE))
