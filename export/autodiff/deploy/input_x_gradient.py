"""Input x gradient (Shrikumar et al. 2016, https://arxiv.org/abs/1605.01713)."""

from export.autodiff.deploy.sketch import Options, Sketch
from export.autodiff.differentiate import GRADIENT


def emit(s: Sketch, options: Options) -> str:
    """Return the name of the attributions (N, C, H, W)."""
    return s.op("Mul", s.image, GRADIENT)
