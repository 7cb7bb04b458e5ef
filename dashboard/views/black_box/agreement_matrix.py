"""Every method's map, and how much each pair agrees; see agreement_matrix.js."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from dashboard.attribution import METHODS
from dashboard.figures.base import Control, create_figure
from dashboard.limits.agreement import SHARES, Agreement
from dashboard.overlays import list_scales
from dashboard.parsing import parse_whole

_draw = create_figure("views/black_box/agreement_matrix")


@dataclass(frozen=True)
class MethodMap:
    """A method's map: ``overlay`` is the URL of a see-through picture."""

    name: str
    title: str
    overlay: str
    is_trivial: bool
    is_signed: bool


def draw_agreement(
    photo: str, maps: Sequence[MethodMap], agreement: Agreement, is_small: bool
) -> None:
    """Draw the maps over ``photo`` (a URL) and the matrix of all pairs; a pair opens at a touch."""
    correlation = [
        [None if np.isnan(value) else round(float(value), 3) for value in row]
        for row in agreement.correlation
    ]
    data = {
        "photo": photo,
        "maps": [asdict(each) for each in maps],
        "correlation": correlation,
        "overlap": [each.round(3).tolist() for each in agreement.overlap],
        "shares": list(SHARES),
        "scales": list_scales(each.is_signed for each in maps),
        "is_small": is_small,
    }
    controls = {
        "pair": Control("box.pair", "", _parse_pair),
        "top": Control("box.top", 1, parse_whole(0, len(SHARES) - 1)),
    }
    _draw(data, "agreement_matrix", controls)


def _parse_pair(text: str) -> str | None:
    """Return two methods' names with a comma between, None for anything else."""
    names = text.split(",")
    is_pair = len(set(names)) == len(names) == 2
    return text if is_pair and {method.name for method in METHODS}.issuperset(names) else None
