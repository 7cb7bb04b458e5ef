"""Gradients inside ONNX: a reverse-mode pass from an ONNX graph to an ONNX graph.

``onnx`` and numpy only, so it serves this project's models and an uploaded one alike.
"""

from export.autodiff.differentiate import Differentiated, differentiate, differentiate_file
from export.autodiff.errors import UnsupportedGraph, UnsupportedOperator
from export.autodiff.rules import RULES

__all__ = [
    "RULES",
    "Differentiated",
    "UnsupportedGraph",
    "UnsupportedOperator",
    "differentiate",
    "differentiate_file",
]
