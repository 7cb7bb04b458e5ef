"""Maps that change step by step, scrubbed in the browser, over a chart; see map_sequence.js."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from dashboard.figures.base import Control, create_figure
from dashboard.overlays import list_scales
from dashboard.parsing import parse_whole

_draw = create_figure("figures/map_sequence")


@dataclass(frozen=True)
class Frame:
    """A step: its name on the slider, and one sentence on it."""

    title: str
    note: str


@dataclass(frozen=True)
class Panel:
    """A picture a step: see-through ``overlays`` over ``photos``, URLs, one a step or one for all.

    Without ``photos`` of its own it shows the sequence's. ``notes`` are texts under the picture.
    """

    title: str
    overlays: Sequence[str] = ()
    notes: Sequence[str] = ()
    photos: Sequence[str] = ()


@dataclass(frozen=True)
class Measure:
    """What the chart shows: its name, a sentence, and the ends of its axis."""

    name: str
    help: str
    low: float
    high: float


def create_likeness(first: str) -> tuple[Measure, Measure]:
    """Return the measures of ``compare_maps``, in its order; ``first`` is what is compared to."""
    order = f"Spearman's correlation with {first}: 1 the same order of pixels, 0 unrelated."
    picture = f"Structural similarity to {first} as pictures: 1 the same. Smooth maps score high."
    return Measure("Rank correlation", order, -0.5, 1), Measure("SSIM", picture, -0.5, 1)


@dataclass(frozen=True)
class Series:
    """A line: by measure one value a step, None where there is none."""

    title: str
    values: Mapping[str, Sequence[float | None]]


@dataclass(frozen=True)
class MapSequence:
    """All that is scrubbed. ``axis`` names the steps, ``first`` is the one that is shown first.

    ``name`` says what is shown: another name starts at ``first`` again. ``photos`` are the URLs
    of the pictures under the maps, one a step or one for all, held once because all of it is sent
    again at every rerun.
    """

    name: str
    axis: str
    frames: Sequence[Frame]
    photos: Sequence[str]
    panels: Sequence[Panel]
    measures: Sequence[Measure] = ()
    series: Sequence[Series] = ()
    first: int = 0
    is_small: bool = False
    signed: Sequence[bool] = field(default=())


def draw_map_sequence(sequence: MapSequence, key: str) -> None:
    """Draw the pictures of one step, a slider over the steps, and the lines over all of them.

    In the link ``key`` is the step, counted from 0, and ``key``.measure what the lines show.
    """
    frames, measures = parse_whole(0, len(sequence.frames) - 1), len(sequence.measures)
    controls = {
        "step": Control(key, sequence.first, frames, of=sequence.name),
        "measure": Control(f"{key}.measure", 0, parse_whole(0, measures - 1), of=sequence.name),
    }
    data = {**asdict(sequence), "scales": list_scales(sequence.signed)}
    _draw(data, f"{key}_figure", controls)
