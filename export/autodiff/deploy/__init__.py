"""Explanations as deployable graphs: one ONNX file whose outputs are logits and attributions.

For those who ship to C#, C++ or the browser, where there is ONNX Runtime but no Captum. A method
is one file with ``emit(builder, options)`` and one entry in ``METHODS``.
"""

from export.autodiff.deploy.explainer import METHODS, Explainer, create_explainer, write_explainer
from export.autodiff.deploy.graph_builder import Options

__all__ = ["METHODS", "Explainer", "Options", "create_explainer", "write_explainer"]
