"""Input x gradient (Shrikumar et al. 2016, https://arxiv.org/abs/1605.01713)."""

from export.autodiff.deploy.graph_builder import GraphBuilder, Options
from export.autodiff.differentiate import GRADIENT


def emit(s: GraphBuilder, options: Options) -> str:
    """Return the name of the attributions (N, C, H, W)."""
    return s.op("Mul", s.image, GRADIENT)
