"""Guided Backprop and LRP: what their table of rules carries to the image is the answer.

What each carries, and where its rules are from: ``tables/guided_backprop.py``, ``tables/lrp.py``.
"""

from export.autodiff.deploy.graph_builder import GraphBuilder, Options
from export.autodiff.differentiate import GRADIENT


def emit(s: GraphBuilder, options: Options) -> str:
    """Return the name of the attributions (N, C, H, W)."""
    return GRADIENT
