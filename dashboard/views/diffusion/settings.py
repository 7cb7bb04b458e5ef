"""The controls of the page on diffusion: what is asked of the network; all of it is in the URL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard import state
from dashboard.generation.diffusion import Wish
from dashboard.widgets.option_select import parse_whole

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


@dataclass(frozen=True)
class Wishes:
    """What the reader asked for, and what to compare it with (None: with nothing)."""

    main: Wish
    versus: Wish | None


def parse_guidance(text: str) -> float | None:
    """Return a guidance that the slider has, else None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value in GUIDANCES else None


def choose_wishes(labels: Sequence[str], steps: int, guidance: float) -> Wishes:
    """Draw the controls; ``steps`` and ``guidance`` are the card's own setting, the defaults."""
    main = Wish(
        label=_choose_class(CLASS, "Garment", labels, _FIRST_CLASS),
        seed=_choose_seed(),
        guidance=_choose_guidance(GUIDANCE, "Guidance", guidance),
        steps=_choose_steps(steps),
    )
    state.bind(VERSUS, BY_GUIDANCE, lambda text: text if text in _VERSUS_TITLES else None)
    by = st.pills(
        "Beside it, from the same noise",
        tuple(_VERSUS_TITLES),
        format_func=lambda name: _VERSUS_TITLES[name],
        key=VERSUS,
        required=True,
        wrap=True,
        persist_state="session",
    )
    if by == BY_CLASS:
        other = _choose_class(VERSUS_CLASS, "The other garment", labels, _FIRST_VERSUS_CLASS)
        return Wishes(main, Wish(other, main.seed, main.guidance, main.steps))
    if by == BY_GUIDANCE:
        weight = _choose_guidance(VERSUS_GUIDANCE, "The other guidance", 0.0)
        return Wishes(main, Wish(main.label, main.seed, weight, main.steps))
    return Wishes(main, None)


def _choose_class(key: str, title: str, labels: Sequence[str], default: int) -> int:
    value = state.bind(key, default, parse_whole(0, len(labels) - 1))
    chosen = st.selectbox(
        title,
        range(len(labels)),
        format_func=lambda index: labels[index],
        key=key,
        persist_state="session",
    )
    return value if chosen is None else chosen


def _choose_seed() -> int:
    value = state.bind(SEED, _FIRST_SEED, parse_whole(0, MAX_SEED))
    chosen = st.number_input(
        f"Seed of the noise, 0 to {MAX_SEED}",
        min_value=0,
        max_value=MAX_SEED,
        step=1,
        key=SEED,
        persist_state="session",
        help="The only thing that is random. The same seed is the same noise, and the same result.",
    )
    return value if chosen is None else int(chosen)


def _choose_guidance(key: str, title: str, default: float) -> float:
    state.bind(key, default, parse_guidance)
    return float(
        st.select_slider(
            title,
            GUIDANCES,
            key=key,
            persist_state="session",
            help="0 ignores the class, 1 is the network's prediction for it, more exaggerates it.",
        )
    )


def _choose_steps(default: int) -> int:
    state.bind(STEPS, default, parse_whole(MIN_STEPS, MAX_STEPS))
    return int(
        st.slider(
            "Steps",
            MIN_STEPS,
            MAX_STEPS,
            key=STEPS,
            persist_state="session",
            help="How often the network is asked on the way from noise to a picture.",
        )
    )
