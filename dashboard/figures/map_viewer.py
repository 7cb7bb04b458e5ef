"""Maps over a photo, side by side, drawn in the browser; see map_viewer.js."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from dashboard.figures.base import Control, create_figure
from dashboard.overlays import list_scales
from dashboard.parsing import parse_switch, parse_whole

OPACITY = 80  # of 100: what lies under a strong value is still seen

_draw = create_figure("figures/map_viewer")

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


def draw_maps(photo: str, cards: Sequence[MapCard], signed: Iterable[bool], key: str) -> None:
    """Draw the cards over ``photo`` (a data URL); ``signed`` says which kinds of map there are.

    ``key`` must differ each time within one run: Streamlit tells components apart by it.
    """
    controls = {
        "opacity": Control("maps.opacity", OPACITY, parse_whole(0, 100)),
        "is_grey": Control("maps.grey", True, parse_switch),
    }
    data = {
        "photo": photo,
        "scales": list_scales(signed),
        "cards": [asdict(card) for card in cards],
    }
    _draw(data, key, controls)
