"""Maps over a photo, side by side, drawn in the browser; see map_viewer.js."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from dashboard.figures.base import Control, create_figure
from dashboard.overlays import list_scales
from dashboard.parsing import parse_option, parse_switch, parse_whole

OPACITY = 80  # of 100: what lies under a strong value is still seen
MAX_STEP = 255  # of the order in which pixels go: a byte each
VIEWS = ("map", "away", "back")  # the map; the photo disappears in its order; it comes back

_draw = create_figure("figures/map_viewer")

Points = Sequence[Sequence[float]]


@dataclass(frozen=True)
class CurveSet:
    """Curves of a card, each a list of (share of pixels, probability), and their alt text.

    ``order`` is the URL of a grey picture: the step, from 1 on, at which each pixel goes.
    """

    insertion: Points
    deletion: Points
    order: str
    description: str


@dataclass(frozen=True)
class MapCard:
    """One map: ``overlay`` is the URL of a picture with alpha; untested while ``tone`` is "".

    ``advice`` is what to do next, ``details`` sentences behind the verdict, unfolded on demand.
    """

    title: str
    kind: str
    overlay: str
    alt: str
    tone: str = ""
    verdict: str = ""
    advice: str = ""
    details: Sequence[str] = ()
    facts: Sequence[tuple[str, str, str]] = ()
    curves: CurveSet | None = None


def draw_maps(
    photo: str, removed: str, cards: Sequence[MapCard], signed: Iterable[bool], key: str
) -> None:
    """Draw the cards over ``photo``; ``signed`` says which kinds of map there are.

    ``removed`` is the photo with nothing left; both are data URLs. ``key`` must differ each time
    within one run: Streamlit tells components apart by it.
    """
    controls = {
        "opacity": Control("maps.opacity", OPACITY, parse_whole(0, 100)),
        "is_grey": Control("maps.grey", True, parse_switch),
        "view": Control("maps.view", VIEWS[0], parse_option(VIEWS)),
        "step": Control("maps.step", 0, parse_whole(0, MAX_STEP)),
    }
    data = {
        "photo": photo,
        "removed": removed,
        "scales": list_scales(signed),
        "cards": [asdict(card) for card in cards],
    }
    _draw(data, key, controls)
