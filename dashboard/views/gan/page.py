"""GAN, forger and detective: a contest replayed, and what the detective looks at."""

from __future__ import annotations

import streamlit as st

from dashboard import cache
from dashboard.views.base import PERCEIVE, View
from dashboard.views.gan.discriminator import draw_discriminator
from dashboard.views.gan.networks import COLLAPSED, Gan, open_gan
from dashboard.views.gan.replay import draw_collapse, draw_contest_replay, draw_walk
from dashboard.widgets.lesson import Quiz, Source, draw_question, is_answered

THEORY = r"""
**Two networks, one contest.** The *forger* $G$ turns noise $z$ and a class $c$ into a picture; the
*detective* $D$ scores pictures, above 0 for real. They are trained in turn: $D$ on
$\max(0, 1-D(x,c)) + \max(0, 1+D(G(z,c),c))$, the hinge loss, $G$ on $-D(G(z,c),c)$. All that the
forger ever learns comes through the detective's gradient: it has never seen a real picture.

**Spectral normalisation** keeps the detective from becoming too sharp, and its *projection* asks
whether the picture suits the class. When neither wins any more, the detective is down to guessing.

**Mode collapse.** Against a detective that stood still, nothing in the forger's loss would ask for
variety: the one picture with the highest score would be the best answer to all noise. The game as
a whole does ask for it. Only where forgeries are spread as the real pictures are can the best of
detectives find nothing to tell them apart by (Goodfellow et al. 2014, theorem 1; for the hinge loss
Lim & Ye 2017), and a forger that repeats itself is caught by the next one. Training in turns need
not get there: a forger that learns much faster than its detective settles on pictures that fool the
detective of the moment. Here both were trained on, the forger five times faster and the detective
four times slower.

**The maps** explain the score with the detective's own gradient graph; "removed" is blurred over
7 × 7 pixels, for the maps as for the test.
"""

SOURCES = (
    Source("Goodfellow et al. 2014 (GAN)", "https://arxiv.org/abs/1406.2661"),
    Source("Mirza & Osindero 2014 (classes)", "https://arxiv.org/abs/1411.1784"),
    Source("Lim & Ye 2017 (hinge loss, equilibrium)", "https://arxiv.org/abs/1705.02894"),
    Source("Miyato et al. 2018 (spectral normalisation)", "https://arxiv.org/abs/1802.05957"),
    Source("Miyato & Koyama 2018 (projection)", "https://arxiv.org/abs/1802.05637"),
    Source("White 2016 (walks)", "https://arxiv.org/abs/1609.04468"),
    Source("Petsiuk et al. 2018 (deletion)", "https://arxiv.org/abs/1806.07421"),
    Source("GAN Lab", "https://arxiv.org/abs/1809.01587"),
)


def render(model_name: str) -> None:
    """Draw the page; it has networks of its own."""
    del model_name
    gan = open_gan()
    question = create_question(gan)
    draw_contest_replay(gan, is_answered(question))  # its curve would give the answer away
    draw_question(question)
    st.subheader("Ask the forger, and walk from one picture to another")
    generated, label = draw_walk(gan)
    st.subheader("What makes the detective say “forged”?")
    draw_discriminator(gan, generated, label)
    st.subheader("When the contest goes wrong: mode collapse")
    _draw_collapse(gan, label)


def create_question(gan: Gan) -> Quiz:
    """Return the question on how the contest ends; what is right is on the cards."""
    metrics = gan.discriminator.card.metrics
    mean = (metrics["real_right"].value + metrics["fake_right"].value) / 2
    shares = (98, 75, 55)
    return Quiz(
        key="gan_end",
        text="At the end of the training, how many pictures, real and forged ones mixed in equal "
        "parts, does the detective get right? A coin gets half.",
        options=tuple(f"about {share} %" for share in shares),
        right=min(range(3), key=lambda i: abs(shares[i] - mean)),
        reveal=f"{mean:.0f} %: {metrics['real_right'].value:.1f} % of real and "
        f"{metrics['fake_right'].value:.1f} % of forged ones. A detective that is nearly guessing "
        "is what the forger was trained for. Meanwhile the CNN agrees with the class asked for on "
        f"{_show(gan, 'agreement')} of the forgeries, a second judge, the ViT, on "
        f"{_show(gan, 'agreement/vit')}; of real test pictures they name "
        f"{_show(gan, 'agreement/real')} and {_show(gan, 'agreement/real/vit')} rightly.",
    )


def _show(gan: Gan, name: str) -> str:
    return f"{gan.card.metrics[name].value:.1f} %"


def create_collapse_question(gan: Gan) -> Quiz:
    """Return the question on what a collapse costs; the figures are those of its last moment."""
    card = cache.get_model_card(COLLAPSED)
    last = card.details["moments"][max(card.members)]
    before = gan.card.metrics
    kept = {
        "agreement": float(last["agreement"]) / before["agreement"].value,
        "distinct": float(last["distinct"]) / before["distinct"].value,
    }
    return Quiz(
        key="gan_collapse",
        text="A forger that collapses makes nearly the same picture again and again. What suffers "
        "more: how often the CNN recognises the class, or how many pictures are distinct?",
        options=("The recognised class", "The distinct pictures"),
        right=min(range(2), key=lambda i: kept[("agreement", "distinct")[i]]),
        reveal=f"The CNN still agrees with the class for {last['agreement']:.0f} % "
        f"(before: {before['agreement'].value:.0f} %), the ViT for {last['agreement_vit']:.0f} % "
        f"({before['agreement/vit'].value:.0f} %), but only {last['distinct']:.0f} % are "
        f"distinct (before: {before['distinct'].value:.0f} %). Looking at one picture does not "
        "show that; looking at many does. Nor does being recognised make a picture good: "
        "choose another garment above, and some twins hardly look like it.",
    )


def _draw_collapse(gan: Gan, label: int) -> None:
    question = create_collapse_question(gan)
    draw_question(question)
    if is_answered(question):
        draw_collapse(gan, label)
        st.caption(f"Shares of 1,000 pictures, from the card of {COLLAPSED}.")
    else:
        st.caption("The replay opens with your answer.")


VIEW = View(
    slug="gan",
    title="GAN, forger and detective",
    icon="🕵️",
    help="Two networks that learn from each other: a contest replayed, and judged.",
    render=render,
    look_for="the same noise, picture by picture, as the forger learns from a detective that "
    "learns from the forger. Scrub through the training.",
    theory=THEORY,
    sources=SOURCES,
    group=PERCEIVE,
    has_model=False,
)
