"""DeepLIFT (Shrikumar et al. 2017, https://arxiv.org/abs/1704.02685); see ``tables/deeplift``."""

from export.autodiff.deploy.graph_builder import GraphBuilder, Options
from export.autodiff.differentiate import BASELINE, GRADIENT


def emit(s: GraphBuilder, options: Options) -> str:
    """Return the name of the attributions (N, C, H, W): multiplier x (image - baseline)."""
    return s.op("Mul", GRADIENT, s.op("Sub", s.image, BASELINE))
