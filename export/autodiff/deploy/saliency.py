"""Saliency, |d score / d image| (Simonyan et al. 2013, https://arxiv.org/abs/1312.6034)."""

from export.autodiff.deploy.graph_builder import GraphBuilder, Options
from export.autodiff.differentiate import GRADIENT


def emit(s: GraphBuilder, options: Options) -> str:
    """Return the name of the attributions (N, C, H, W)."""
    return s.op("Abs", GRADIENT)
