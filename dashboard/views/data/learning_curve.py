"""The learning curve: a law from a few sizes, what it foretells, and how much data it asks for."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np
import streamlit as st

from dashboard import cache
from dashboard.inference.counts import tell_count, tell_share
from dashboard.limits.learning_curve import MIN_POINTS, Fit, Point, fit
from dashboard.limits.sweep import SIZE, Sweep
from dashboard.views.data.charts import create_points, plot_learning_curve
from dashboard.views.data.tenfold import Longer, create_question, describe_state
from dashboard.widgets.lesson import draw_question
from dashboard.widgets.option_select import slide_option

UP_TO, AIM = "data.upto", "data.aim"
AIMS = tuple(float(percent) for percent in (*range(80, 95), 95, 96, 97, 98, 99))
_FURTHEST = 10  # times the largest set


def draw_learning_curve(sweep: Sweep, longer: Longer | None) -> None:
    """Draw the measured points, the law of the first of them, and what follows from it."""
    chosen = sweep.choose(SIZE)
    groups = chosen.list_runs(SIZE)
    points = create_points(list(groups.values()))
    # Links name sizes as shares of all images: that some are held out does not move them.
    whole = max(run.images for run in sweep.runs)
    sizes = [round(percent * whole / 100, 6) for percent in groups]
    left, right = st.columns([1, 2], gap="large")
    with left:
        upto = slide_option(
            UP_TO,
            "The law sees sets of up to … images",
            sizes[-3],
            sizes[MIN_POINTS - 1 :],
            lambda size: f"{points[sizes.index(size)].images:,}",
        )
        used = sizes.index(upto) + 1
        aim = slide_option(AIM, "Accuracy you want, %", 92.0, AIMS)
    laws = cache.get_results().get_or_compute(
        make_key("laws", tuple(points)), lambda: fit_every_start(points)
    )
    found, largest = laws[used - MIN_POINTS], points[-1].images
    other = sweep.converged if chosen is sweep else sweep
    beside = {} if other is None else {other.how: create_points([*other.list_runs(SIZE).values()])}
    with right:
        chart = plot_learning_curve(points, found, used, largest * _FURTHEST, beside)
        st.vega_lite_chart(chart, width="stretch")
        st.markdown(describe_unseen(points, found, used))
        st.markdown(describe_record(points, laws))
    with left:
        st.markdown(describe_aim(found, aim, largest))
        st.caption(describe_state(sweep))
    draw_question(create_question(sweep, longer))


def fit_every_start(points: Sequence[Point]) -> tuple[Fit, ...]:
    """Return the law of the first ``MIN_POINTS`` points, of one more, and so on to all."""
    return tuple(fit(points[:used]) for used in range(MIN_POINTS, len(points) + 1))


def make_key(*what: Hashable) -> Hashable:
    """Return what names a result of this page in the store."""
    return ("data", *what)


def describe_unseen(points: Sequence[Point], found: Fit, used: int) -> str:
    """Return the law, and what it foretells of every larger size beside what was measured."""
    law = found.law
    told = (
        f"error ≈ {tell_share(law.floor, 1)} + {law.scale:.3g} · images$^{{-{law.exponent:.2f}}}$"
        if law.floor > 0
        else f"error ≈ {law.scale:.3g} · images$^{{-{law.exponent:.2f}}}$"
    )
    if used == len(points):
        return f"**The law of all sizes:** {told}. Nothing is left to test it on."
    lines = [f"**The law:** {told}. Of sizes that it has not seen it foretells"]
    for point in points[used:]:
        low, high = found.bound(point.images)
        verdict = "inside" if _holds(found, point) else "**outside**"
        miss = 100 * (law.predict(point.images) - point.error)
        lines.append(
            f"- {point.images:,} images: {tell_share(law.predict(point.images), 1)} errors (95 % "
            f"interval {tell_share(low, 1)} to {tell_share(high, 1)}); measured are "
            f"{tell_share(point.error, 1)}, {verdict}: a miss of {abs(miss):.1f} points"
        )
    return lines[0] + "\n\n" + "\n".join(lines[1:])


def describe_record(points: Sequence[Point], laws: Sequence[Fit]) -> str:
    """Return how often the law of fewer sizes was right about the next one, wherever it was cut."""
    judged = list(zip(laws[:-1], points[MIN_POINTS:], strict=True))
    right = sum(_holds(law, point) for law, point in judged)
    return (
        f"Wherever its view is cut, the law's interval holds the next size in **{right} of "
        f"{tell_count(len(judged), 'case')}**."
    )


def _holds(law: Fit, point: Point) -> bool:
    low, high = law.bound(point.images)
    return low <= point.error <= high


def describe_aim(found: Fit, accuracy: float, largest: float) -> str:
    """Return how many images an accuracy (percent) takes by the law, with its uncertainty."""
    error = 1 - accuracy / 100
    count = found.law.count_images(error)
    low, high = found.bound_images(error)
    never = float(np.mean([math.isinf(law.count_images(error)) for law in found.resamples]))
    if math.isinf(count):
        told = (
            f"by this law it is never reached: {tell_share(found.law.floor, 1)} of errors stay, "
            f"however many images there are ({tell_share(never)} of the resampled laws say so too)"
        )
    else:
        upper = _count(high) if math.isfinite(high) else "never"
        told = f"about **{_count(count)} images** (95 % interval {_count(low)} to {upper})"
        if count > largest:
            told += f", which is {count / largest:.1f} times the whole set: nobody has tested it"
    return f"**For {accuracy:g} %:** {told}."


def _count(images: float) -> str:
    """Return a number to two digits: it is no more certain than that."""
    if not math.isfinite(images):
        return "no number of"
    if images >= 1e9:
        return f"10^{round(math.log10(images))}"
    digits = 1 - math.floor(math.log10(max(images, 1)))
    return f"{round(images, digits):,.0f}"
