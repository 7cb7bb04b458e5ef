"""Steps against quality against time, and the GAN beside diffusion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from dashboard import cache
from dashboard.generation.diffusion import PICTURES, Wish, generate, run_generator
from dashboard.generation.diffusion_pictures import to_grey
from dashboard.generation.quality import (
    TIMED_STEPS,
    Setting,
    Timing,
    choose_by_guidance,
    choose_by_steps,
    compare_judges,
    create_table,
    describe_guidance,
    measure_spread,
    measure_timing,
    plot_steps,
    read_settings,
)
from dashboard.generation.sampler import draw_noise, sample
from dashboard.inference.cards import ModelCard
from dashboard.inference.graphs import OnnxGraph
from dashboard.inference.model import Floats
from dashboard.inference.preprocessing import Pixels
from dashboard.inference.zoo import ZooError
from dashboard.views.diffusion.networks import GENERATOR, Diffusion, make_key
from dashboard.widgets.lesson import Quiz, ask
from dashboard.widgets.measured import Measured, draw_moment, get_turn, measure
from dashboard.widgets.on_demand import Move, compute_on_demand

_ENLARGED = 4  # a pixel of the picture is shown as so many a side
_GAP = 2
_TIMES = "diffusion_timing"


@dataclass(frozen=True, eq=False)
class Sample:
    """Some images of one network: side by side, how many are right (None: not known), spread."""

    picture: Pixels
    right: int | None
    spread: float


def draw_quality(diffusion: Diffusion, wish: Wish) -> None:
    """Draw the measured quality by steps and guidance, the timing, and the GAN beside it."""
    try:
        gan = cache.get_graph(GENERATOR)
    except ZooError as error:
        st.info(f"{error} Without the GAN there is nothing to compare with.")
        return
    settings = read_settings(diffusion.card)
    timing = _draw_timing(diffusion, gan)
    rows = choose_by_steps(settings, float(diffusion.card.details["guidance"]))
    question = create_steps_question(rows)
    with ask(question, "Quality, measured"):
        left, right = st.columns(2, gap="large")
        metrics = diffusion.card.metrics
        spec = plot_steps(rows, gan.card.metrics["fid"], metrics["fid/real"], timing)
        left.vega_lite_chart(spec, width="stretch")
        left.caption(
            "The numbers are steps. Dashed: real pictures against real ones. FID (Fréchet "
            "distance in the zoo's CNN, not "
            f"the Inception network of papers) of {rows[0].n} pictures a point at guidance "
            f"{rows[0].guidance:g}; from so few it comes out higher than the figures below, the "
            f"GAN's point ({gan.card.metrics['fid'].n:,} pictures) among them."
        )
        right.markdown(_tabulate_guidance(choose_by_guidance(settings)))
    st.subheader("GAN and diffusion side by side")
    _draw_samples(diffusion, gan, wish)
    st.markdown(create_table(gan.card, diffusion.card, timing))
    st.caption(_describe_table(diffusion.card))


def create_steps_question(rows: Sequence[Setting]) -> Quiz:
    """Return the question what more steps bring, answered by the card's figures."""
    many = rows[-1]
    few = next(row for row in rows if 5 * row.steps == many.steps)
    times = few.fid / many.fid
    return Quiz(
        key="diffusion_steps",
        text=f"{many.steps} steps take five times as long as {few.steps}. How much closer to real "
        "pictures do they come (FID, a distance, in the CNN's features)?",
        options=("About five times closer", "About twice as close", "A fifth to a third closer"),
        right=0 if times > 3.5 else 1 if times > 1.6 else 2,
        reveal=f"Measured: FID {few.fid:.2f} with {few.steps} steps, {many.fid:.2f} with "
        f"{many.steps}: {times:.1f} times closer. With {rows[0].steps} steps it is "
        f"{rows[0].fid:.1f}. In the features of the ViT, the second judge, it is "
        f"{few.fid_vit:.2f} and {many.fid_vit:.2f}, {few.fid_vit / many.fid_vit:.1f} times closer. "
        "The first steps decide, the last ones polish.",
    )


def _draw_timing(diffusion: Diffusion, gan: OnnxGraph) -> Timing | None:
    def compute(move: Move) -> Measured[Timing]:
        move("Timing one picture of each", 0.1)
        noise, label = draw_noise(0), np.zeros(1, np.int64)
        steps = partial(sample, diffusion.predict_noise, noise, label, diffusion.schedule)
        return measure(
            lambda: measure_timing(
                lambda: run_generator(gan, 0, 0, 1), lambda: list(steps(TIMED_STEPS, 2.0))
            )
        )

    turn = get_turn(_TIMES)
    timed = compute_on_demand(
        _TIMES,
        make_key("timing", turn),
        "Time both networks here and now",
        compute,
        at_once=turn > 0,
    )
    timing = None if timed is None else timed.value
    if timed is not None and timing is not None:
        value, low, high = timing.compute_ratio(1)
        st.markdown(
            f"**Here, one guided step takes {value:.1f} times as long as a whole picture of the "
            f"GAN** (95 % interval {low:.1f}–{high:.1f}; medians of {timing.step.n} and "
            f"{timing.gan.n} runs on this machine, one picture at a time). A picture of n steps "
            "takes n times that."
        )
        draw_moment(_TIMES, timed.moment)
    return timing


def _tabulate_guidance(rows: Sequence[Setting]) -> str:
    lines = [
        f"**Guidance**, at {rows[0].steps} steps, {rows[0].n} pictures each:",
        "",
        "| guidance | right garment: CNN, ViT | FID: CNN, ViT | diversity |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row.guidance:g} | {row.agreement:.1f} %, {row.agreement_vit:.1f} % | "
        f"{row.fid:.2f}, {row.fid_vit:.2f} | {row.spread:.3f} |"
        for row in rows
    ]
    return "\n".join([*lines, "", describe_guidance(rows)])


def _draw_samples(diffusion: Diffusion, gan: OnnxGraph, wish: Wish) -> None:
    name = diffusion.name_label(wish.label)

    def create(move: Move) -> tuple[Sample, Sample]:
        generated = run_generator(gan, wish.label, wish.seed)
        made = generate(
            diffusion.predict_noise,
            diffusion.schedule,
            wish,
            move=partial(move, "Denoising"),
        )
        return (
            create_sample(diffusion, generated, wish.label),
            create_sample(diffusion, made, wish.label),
        )

    both = compute_on_demand(
        "diffusion_samples",
        make_key("samples", wish),
        f"Make {PICTURES} of each: {name}",
        create,
    )
    if both is None:
        return
    titles = ("GAN, one run", f"Diffusion, {wish.steps} steps, guidance {wish.guidance:g}")
    for column, made, title in zip(st.columns(2, gap="large"), both, titles, strict=True):
        said = "" if made.right is None else f"the CNN sees {name} in {made.right} of {PICTURES}; "
        column.image(
            made.picture,
            width="stretch",
            caption=f"{title}: {said}two of them differ by {made.spread:.3f} on average.",
        )


def create_sample(diffusion: Diffusion, images: Floats, label: int) -> Sample:
    """Return images (N, 28, 28) of the class ``label`` as they are shown and judged."""
    right = None
    if diffusion.judge is not None:
        right = int((diffusion.judge(images).argmax(axis=1) == label).sum())
    grey = np.kron(to_grey(images), np.ones((1, _ENLARGED, _ENLARGED), np.uint8))
    framed = np.pad(grey, ((0, 0), (0, 0), (_GAP, _GAP)), constant_values=255)
    return Sample(np.concatenate(list(framed), axis=1), right, measure_spread(images))


def _describe_table(card: ModelCard) -> str:
    metrics = card.metrics
    real, other, spread, noise = (
        metrics[name] for name in ("fid/real", "fid/real/vit", "spread/real", "fid/noise")
    )
    right = [metrics[f"agreement/real{suffix}"].value for suffix in ("", "/vit")]
    return (
        f"From the cards: {metrics['fid'].n:,} pictures each, 95 % intervals in brackets, "
        f"diffusion with {card.details['steps']} steps and guidance {card.details['guidance']:g}. "
        "Two judges, because where one of them is wrong nobody sees it by that one alone: the CNN "
        f"names {right[0]:.1f} % of real test pictures rightly, the ViT {right[1]:.1f} %, so a "
        "share above that means pictures that are easier than real ones. "
        f"{compare_judges(card)} For scale, real training pictures have FID {real.value:.2f} in "
        f"the CNN's features and {other.value:.2f} in the ViT's, and diversity "
        f"{spread.value:.3f}; pure noise has FID {noise.value:.0f} in the CNN's."
    )
