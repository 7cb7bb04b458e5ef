"""Diffusion, out of noise: a picture that forms step by step, the reader's own among them."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard.figures.tile_player import Panel, Player, Row, draw_player
from dashboard.generation.diffusion import Wish, trace
from dashboard.generation.diffusion_pictures import Film, create_film, find_recognised
from dashboard.inference.counts import tell_share
from dashboard.views.base import PERCEIVE, View
from dashboard.views.diffusion.networks import Diffusion, make_key, open_diffusion
from dashboard.views.diffusion.photo import draw_own_picture
from dashboard.views.diffusion.quality import draw_quality
from dashboard.views.diffusion.settings import Wishes, select_wishes
from dashboard.widgets.lesson import Source
from dashboard.widgets.on_demand import compute_with_bar

THEORY = r"""
**Training.** Take a picture $x_0$ and noise $\epsilon$, mix them:
$x_t = \sqrt{\bar\alpha_t}\,x_0 + \sqrt{1-\bar\alpha_t}\,\epsilon$; show the network $x_t$, the time
$t$ and the garment's name $c$ (one time in ten without it); it learns to say what of the mixture
is noise, $\epsilon_\theta(x_t, t, c)$.

**A step (DDIM).** What it calls noise gives a guess of the clean picture,
$\hat x_0 = (x_t - \sqrt{1-\bar\alpha_t}\,\hat\epsilon)/\sqrt{\bar\alpha_t}$, clipped to black and
white. The guess and the same noise are mixed again for an earlier, less noisy time. Nothing is
random after the first noise.

**Guidance.** The network is asked twice, with the class and without, and the difference is
multiplied: $\hat\epsilon = \epsilon_\varnothing + w\,(\epsilon_c - \epsilon_\varnothing)$. With
$w=0$ the class is ignored, $w=1$ is the prediction for the class. What the class changed is this
difference seen in the guess: guided minus unguided. It is no estimate but the two predictions
themselves, exact for this step and this noise.
"""

SOURCES = (
    Source("Ho et al. 2020 (DDPM)", "https://arxiv.org/abs/2006.11239"),
    Source("Song et al. 2021 (DDIM)", "https://arxiv.org/abs/2010.02502"),
    Source("Nichol & Dhariwal 2021 (schedule)", "https://arxiv.org/abs/2102.09672"),
    Source("Ho & Salimans 2022 (guidance)", "https://arxiv.org/abs/2207.12598"),
    Source("Meng et al. 2022 (from a noised picture)", "https://arxiv.org/abs/2108.01073"),
    Source("Heusel et al. 2017 (FID)", "https://arxiv.org/abs/1706.08500"),
    Source("Chong & Forsyth 2020 (FID of few pictures)", "https://arxiv.org/abs/1911.07023"),
    Source("Diffusion Explainer", "https://arxiv.org/abs/2305.03509"),
)


def render(model_name: str) -> None:
    """Draw the page; it has networks of its own."""
    del model_name
    diffusion = open_diffusion()
    left, right = st.columns([1, 2], gap="large")
    with left:
        details = diffusion.card.details
        wishes = select_wishes(diffusion.labels, int(details["steps"]), float(details["guidance"]))
    with right:
        _draw_trajectories(diffusion, wishes)
    st.subheader("Your picture, drowned in noise and brought back")
    draw_own_picture(diffusion, wishes.main.seed, wishes.main.guidance)
    st.subheader("Steps, quality and time")
    draw_quality(diffusion, wishes.main)


def _draw_trajectories(diffusion: Diffusion, wishes: Wishes) -> None:
    asked = [wish for wish in (wishes.main, wishes.versus) if wish is not None]
    films = [_get_film(diffusion, wish) for wish in asked]
    steps = wishes.main.steps
    frames = [
        f"Step {index} of {steps}: {tell_share(1 - diffusion.schedule.alphas_bar[time], 1)} "
        "of the power is noise"
        for index, time in enumerate(films[0].times, start=1)
    ]
    rows = [_create_row(diffusion, *each) for each in zip(asked, films, strict=True)]
    player = Player(
        identity="/".join(map(str, asked)),
        axis="Step, from noise to the picture",
        chart="Probability of the class, says the zoo's CNN of the guess",
        frames=frames,
        rows=rows,
        start=steps // 3,
    )
    draw_player(player, "diffusion.shown")
    _draw_recognised(diffusion, wishes.main, films[0])


def _get_film(diffusion: Diffusion, wish: Wish) -> Film:
    return compute_with_bar(
        make_key("trajectory", wish),
        lambda move: create_film(
            trace(diffusion.predict_noise, diffusion.schedule, wish, partial(move, "Denoising")),
            wish.label,
            diffusion.judge,
        ),
    )


def _create_row(diffusion: Diffusion, wish: Wish, film: Film) -> Row:
    count = len(film.times)
    panels = [
        Panel("What comes in", film.noisy, count),
        Panel("Guess of the clean picture", film.clean, count),
        Panel("What the class changed: red brighter, blue darker", film.change, count),
    ]
    title = f"{diffusion.name_label(wish.label)}, guidance {wish.guidance:g}, seed {wish.seed}"
    notes = [_describe(diffusion, film, index) for index in range(count)]
    return Row(title, panels, notes, film.chances)


def _describe(diffusion: Diffusion, film: Film, index: int) -> str:
    changed = (
        f"The class changed the guess by {film.amounts[index]:.1f} % of the way from black to "
        "white, on average."
    )
    if not film.verdicts:
        return changed
    label, chance = film.verdicts[index]
    return f"{changed} The CNN calls the guess {diffusion.labels[label]} ({tell_share(chance)})."


def _draw_recognised(diffusion: Diffusion, wish: Wish, film: Film) -> None:
    if not film.verdicts:
        return
    found, name = find_recognised(film.verdicts, wish.label), diffusion.name_label(wish.label)
    if found is None:
        label, _ = film.verdicts[-1]
        st.markdown(
            f"Asked for **{name}**; the CNN calls the result **{diffusion.labels[label]}**. More "
            "steps or more guidance may help, and so may another seed."
        )
        return
    noise = 1 - float(diffusion.schedule.alphas_bar[film.times[found - 1]])
    st.markdown(
        f"From step **{found} of {len(film.times)}** on the CNN calls the guess **{name}**; at "
        f"that step {tell_share(noise, 1)} of the input's power is still noise. (It was trained on "
        "clean pictures: of an early, blurred guess its word is worth less.)"
    )


VIEW = View(
    slug="diffusion",
    title="Diffusion, out of noise",
    icon="🌫️",
    help="A picture that forms out of noise, step by step, and what its name changes on the way.",
    render=render,
    look_for="the garment is decided early, out of what looks like pure noise; the later steps "
    "only sharpen it. Scrub back and forth and watch where the class pulls.",
    theory=THEORY,
    sources=SOURCES,
    group=PERCEIVE,
    has_model=False,
)
