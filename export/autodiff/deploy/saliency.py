"""Saliency, |d score / d image| (Simonyan et al. 2013, https://arxiv.org/abs/1312.6034)."""

from export.autodiff.deploy.sketch import Options, Sketch
from export.autodiff.differentiate import GRADIENT


def emit(s: Sketch, options: Options) -> str:
    """Return the name of the attributions (N, C, H, W)."""
    return s.op("Abs", GRADIENT)
