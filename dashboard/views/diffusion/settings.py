"""The controls of the page on diffusion: what is asked of the network; all of it is in the URL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dashboard.generation.diffusion import Wish
from dashboard.widgets.option_select import (
    select_option,
    select_pill,
    select_whole,
    slide_number,
    slide_option,
)

CLASS, SEED = "diffusion.class", "diffusion.seed"
GUIDANCE, STEPS = "diffusion.guidance", "diffusion.steps"
VERSUS, VERSUS_CLASS, VERSUS_GUIDANCE = (
    "diffusion.versus",
    "diffusion.class2",
    "diffusion.guidance2",
)

MAX_SEED, MIN_STEPS, MAX_STEPS = 9999, 2, 50
GUIDANCES = tuple(step / 2 for step in range(13))  # 0 to 6

BY_GUIDANCE, BY_CLASS, BY_NOTHING = "guidance", "class", "none"
_VERSUS_TITLES = {
    BY_GUIDANCE: "Another guidance",
    BY_CLASS: "Another class",
    BY_NOTHING: "Nothing",
}
_FIRST_CLASS, _FIRST_SEED, _FIRST_VERSUS_CLASS = 9, 7, 3
_SEED_HELP = "The only thing that is random. The same seed is the same noise, and the same result."
_STEPS_HELP = "How often the network is asked on the way from noise to a picture."


@dataclass(frozen=True)
class Wishes:
    """What the reader asked for, and what to compare it with (None: with nothing)."""

    main: Wish
    versus: Wish | None


def select_wishes(labels: Sequence[str], steps: int, guidance: float) -> Wishes:
    """Draw the controls; ``steps`` and ``guidance`` are the card's own setting, the defaults."""
    classes = tuple(range(len(labels)))
    label = select_option(CLASS, "Garment", _FIRST_CLASS, classes, labels.__getitem__)
    main = Wish(
        label=label,
        seed=select_whole(
            SEED, f"Seed of the noise, 0 to {MAX_SEED}", _FIRST_SEED, 0, MAX_SEED, _SEED_HELP
        ),
        guidance=_slide_guidance(GUIDANCE, "Guidance", guidance, GUIDANCES),
        steps=slide_number(STEPS, "Steps", steps, MIN_STEPS, MAX_STEPS, 1, _STEPS_HELP),
    )
    by = select_pill(
        VERSUS,
        "Beside it, from the same noise",
        BY_GUIDANCE,
        tuple(_VERSUS_TITLES),
        _VERSUS_TITLES.__getitem__,
    )
    # Beside itself a picture shows nothing: what is asked for already is not offered again.
    if by == BY_CLASS:
        others = tuple(each for each in classes if each != label)
        first = _FIRST_VERSUS_CLASS if label != _FIRST_VERSUS_CLASS else _FIRST_CLASS
        other = select_option(VERSUS_CLASS, "The other garment", first, others, labels.__getitem__)
        return Wishes(main, replace(main, label=other))
    if by == BY_GUIDANCE:
        weights = tuple(each for each in GUIDANCES if each != main.guidance)
        weight = 0.0 if main.guidance else guidance
        weight = _slide_guidance(VERSUS_GUIDANCE, "The other guidance", weight, weights)
        return Wishes(main, replace(main, guidance=weight))
    return Wishes(main, None)


def _slide_guidance(key: str, title: str, default: float, offered: Sequence[float]) -> float:
    told = "0 ignores the class, 1 is the network's prediction for it, more exaggerates it."
    return slide_option(key, title, default, offered, str, help=told)
