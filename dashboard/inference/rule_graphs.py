"""Backward passes by other rules than the gradient's, for networks of the zoo: made on first use.

They are not shipped: building one takes less than a second, and a network may be asked for none.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.inference.model import BackwardRules
from dashboard.inference.running import load_structure

if TYPE_CHECKING:
    import onnx

_MAX_GRAPHS = 32  # without weights a graph weighs some 100 kB


@lru_cache(maxsize=_MAX_GRAPHS)
def build_rule_graph(path: Path, sha256: str, rules: BackwardRules, score: str) -> onnx.ModelProto:
    """Return the graph from the image to the attributions; its weights stay in the file at hand.

    Inputs: the image, ``target`` and ``versus`` (N,), and for DeepLIFT ``baseline``; the output
    ``attributions`` (N, C, H, W). ``sha256`` is that of the prediction graph at ``path``, ``score``
    the name of its logits. A network whose weights are shuffled has the same graph.

    Raises:
        ValueError: an operator has no such rule; the message names it.
        ZooError: the prediction graph cannot be read.
    """
    from export.autodiff.deploy import create_explainer  # onnx: the first page does not wait for it

    structure = load_structure(path)
    folder = str(path.parent)
    return create_explainer(structure, rules, score=score, folder=folder, is_whole=False).model
