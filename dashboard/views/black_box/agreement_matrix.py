"""Every method's map, and how much each pair agrees; see agreement_matrix.js."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from dashboard import charts, overlays
from dashboard.limits.agreement import SHARES, Agreement

_HERE = Path(__file__).parent

_component = st.components.v2.component(
    "glass_box_agreement_matrix",
    html='<div class="agreement"></div>\n<!-- filled by agreement_matrix.js -->',
    css=(_HERE / "agreement_matrix.css").read_text(encoding="utf-8"),
    js=(_HERE / "agreement_matrix.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class MethodMap:
    """A method's map: ``overlay`` is the URL of a see-through picture."""

    title: str
    overlay: str
    is_trivial: bool
    is_signed: bool


def draw_agreement(
    photo: str, maps: Sequence[MethodMap], agreement: Agreement, is_small: bool, key: str
) -> None:
    """Draw the maps over ``photo`` (a URL) and the matrix of all pairs; a pair opens at a touch."""
    correlation = [
        [None if np.isnan(value) else round(float(value), 3) for value in row]
        for row in agreement.correlation
    ]
    _component(
        data={
            "photo": photo,
            "maps": [asdict(each) for each in maps],
            "correlation": correlation,
            "overlap": [each.round(3).tolist() for each in agreement.overlap],
            "shares": list(SHARES),
            "scales": [
                [overlays.encode_gradient(kind), *overlays.describe_ends(kind)]
                for kind in sorted({each.is_signed for each in maps})
            ],
            "colors": {"same": charts.ORANGE, "opposite": charts.BLUE},
            "is_small": is_small,
        },
        key=key,
    )
