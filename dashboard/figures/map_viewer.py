"""Maps over a photo, side by side, drawn in the browser; see map_viewer.js."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent

_component = st.components.v2.component(
    "glass_box_map_viewer",
    html='<div class="viewer"></div>\n<!-- filled by map_viewer.js -->',
    css=(_HERE / "map_viewer.css").read_text(encoding="utf-8"),
    js=(_HERE / "map_viewer.js").read_text(encoding="utf-8"),
)

Points = Sequence[Sequence[float]]


@dataclass(frozen=True)
class CurveSet:
    """Curves of a card, each a list of (share of pixels, probability), and their alt text."""

    insertion: Points
    deletion: Points
    random: Sequence[Points]
    description: str


@dataclass(frozen=True)
class MapCard:
    """One map: ``overlay`` is the URL of a picture with alpha; untested while ``tone`` is ""."""

    title: str
    kind: str
    overlay: str
    alt: str
    tone: str = ""
    verdict: str = ""
    facts: Sequence[tuple[str, str, str]] = ()
    curves: CurveSet | None = None


@dataclass(frozen=True)
class ColorScale:
    """A strip of colours (a CSS gradient) with what its two ends mean."""

    gradient: str
    low: str
    high: str


def draw_maps(
    photo: str,
    cards: Sequence[MapCard],
    scales: Sequence[ColorScale],
    colors: Mapping[str, str],
    key: str,
    opacity: float = 0.8,
) -> None:
    """Draw the cards over ``photo`` (a data URL), with an opacity slider that costs no rerun.

    ``key`` must differ each time within one run: Streamlit tells components apart by it.
    """
    _component(
        data={
            "photo": photo,
            "opacity": opacity,
            "colors": dict(colors),
            "scales": [vars(scale) for scale in scales],
            "cards": [_encode_card(card) for card in cards],
        },
        key=key,
    )


def _encode_card(card: MapCard) -> dict[str, object]:
    is_tested = bool(card.tone)
    return {
        "title": card.title,
        "kind": card.kind,
        "overlay": card.overlay,
        "alt": card.alt,
        "verdict": {"level": card.tone, "text": card.verdict} if is_tested else None,
        "facts": [list(fact) for fact in card.facts],
        "curves": vars(card.curves) if card.curves else None,
    }
