"""A picture of the reader's, drowned in noise to any level and denoised from there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial

import streamlit as st

from dashboard import cache, state
from dashboard.figures.tile_player import Panel, Player, Row, draw_player
from dashboard.generation.diffusion import LEVEL_STEPS, LEVELS, Wish, revive
from dashboard.generation.diffusion_pictures import RevivalFilm, create_revival_film, from_grey
from dashboard.inference.counts import tell_share
from dashboard.inference.preprocessing import Pixels, crop_view
from dashboard.inference.samples import CLOTHING
from dashboard.inference.small_pictures import has_bright_border
from dashboard.parsing import parse_switch
from dashboard.views.diffusion.networks import Diffusion, make_key
from dashboard.widgets.on_demand import compute_with_bar
from dashboard.widgets.option_select import select_option, select_pill, select_whole, switch
from dashboard.widgets.photo_input import select_photo

FROM, TEST, LEVEL = "diffusion.from", "diffusion.test", "diffusion.level"
AS_CLASS, INVERT = "diffusion.as", "diffusion.invert"

_PHOTO, _TEST = "photo", "test"
_FROM_TITLES = {_PHOTO: "A sample or your own", _TEST: "One of 1,000 test pictures"}
_FIRST_LEVEL, _FIRST_TEST = 6, 3


def draw_own_picture(diffusion: Diffusion, seed: int, guidance: float) -> None:
    """Draw the choice of a picture, and what is left of it after noise of each strength."""
    left, right = st.columns([1, 2], gap="large")
    with left:
        grey = _select_picture(diffusion.labels)
        label = _select_label(diffusion)
    wish = Wish(label, seed, guidance, LEVEL_STEPS)
    identity = hashlib.sha256(grey.tobytes()).hexdigest()[:16]
    image = from_grey(grey)
    with right:
        film = compute_with_bar(
            make_key("revival", identity, wish),
            lambda move: create_revival_film(
                image,
                revive(
                    diffusion.predict_noise,
                    diffusion.schedule,
                    image,
                    wish,
                    partial(move, "Adding noise and taking it away"),
                ),
                diffusion.judge,
            ),
        )
        draw_player(_create_player(diffusion, film), LEVEL)
        st.caption(
            f"All {LEVELS} levels use one noise (the seed above) and are denoised in "
            f"{LEVEL_STEPS} steps each. From noise of any kind the network makes one of its ten "
            "garments: a picture of anything else is turned into one."
        )


def _select_picture(names: Sequence[str]) -> Pixels:
    """Draw the choice and return the picture as grey pixels (28, 28)."""
    source = select_pill(FROM, "The picture", _PHOTO, tuple(_FROM_TITLES), _FROM_TITLES.__getitem__)
    if source == _TEST:
        return _select_test_picture(names)
    chosen = select_photo(CLOTHING)
    st.caption(chosen.caption)
    grey = crop_view(chosen.photo.pixels, cache.get_card(cache.JUDGE))[..., 0]
    is_bright = has_bright_border(grey)
    inverted = state.bind(INVERT, False, parse_switch)
    if is_bright or inverted:
        st.caption("The network knows garments on black; this picture's background is bright.")
        inverted = switch(INVERT, "Swap black and white")
    return 255 - grey if inverted else grey


def _select_test_picture(names: Sequence[str]) -> Pixels:
    garments = cache.get_small_pictures()
    last = len(garments.grey) - 1
    index = select_whole(TEST, f"Test picture, 0 to {last}", _FIRST_TEST, 0, last)
    st.caption(
        f"Labelled {names[garments.labels[index]]}. Fashion-MNIST test picture, Zalando SE (MIT); "
        "the network was not trained on it."
    )
    picture: Pixels = garments.grey[index]
    return picture


def _select_label(diffusion: Diffusion) -> int:
    none = len(diffusion.labels)
    classes: Sequence[int] = (none, *range(none))
    return select_option(
        AS_CLASS,
        "Denoise it as",
        none,
        classes,
        diffusion.name_label,
        help="A class other than the picture's own, with much noise, turns one into the other.",
    )


def _create_player(diffusion: Diffusion, film: RevivalFilm) -> Player:
    kept = [float(diffusion.schedule.alphas_bar[time]) for time in film.times]
    frames = [
        f"Level {level} of {LEVELS - 1}: {tell_share(1 - share, 1)} of the power is noise"
        for level, share in enumerate(kept)
    ]
    seen = ""
    if film.original_verdict is not None:
        label, chance = film.original_verdict
        seen = f"The CNN calls yours {diffusion.labels[label]} ({tell_share(chance)})"
    panels = [
        Panel("Yours, 28 × 28", film.original, 1),
        Panel("With noise", film.noised, LEVELS),
        Panel("Denoised from there", film.denoised, LEVELS),
        Panel("Denoised minus yours: red brighter, blue darker", film.change, LEVELS),
    ]
    notes = [_describe(diffusion, film, level, seen) for level in range(LEVELS)]
    row = Row("Your picture", panels, notes, film.chances)
    chart = "Probability that the result is still what yours was, by level"
    of = ""  # another picture is shown at the level that the reader left
    return Player(of, "Level of noise", chart, frames, [row], _FIRST_LEVEL)


def _describe(diffusion: Diffusion, film: RevivalFilm, level: int, seen: str) -> str:
    far = f"It differs from yours by {film.distances[level]:.3f} (RMS; black to white is 1)."
    if not film.verdicts:
        return far
    label, chance = film.verdicts[level]
    return f"{seen}, the result {diffusion.labels[label]} ({tell_share(chance)}). {far}"
