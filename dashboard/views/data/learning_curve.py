"""The learning curve: a law from a few sizes, what it foretells, and how much data it asks for."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np
import streamlit as st

from dashboard import cache
from dashboard.inference.counts import tell_share
from dashboard.limits.learning_curve import MIN_POINTS, Fit, Point, fit
from dashboard.limits.sweep import SIZE, Sweep
from dashboard.views.data.charts import create_points, plot_learning_curve
from dashboard.widgets.lesson import Quiz, draw_question
from dashboard.widgets.option_select import slide_option

UP_TO, AIM = "data.upto", "data.aim"
AIMS = tuple(float(percent) for percent in (*range(80, 95), 95, 96, 97, 98, 99))
_FURTHEST = 10  # times the largest set
_LEFT = {"to a tenth of it": 0.1, "to about half of it": 0.5, "hardly at all": 0.95}


def draw_learning_curve(sweep: Sweep) -> None:
    """Draw the measured points, the law of the first of them, and what follows from it."""
    points = create_points(list(sweep.list_runs(SIZE).values()))
    sizes = [float(point.images) for point in points]
    left, right = st.columns([1, 2], gap="large")
    with left:
        upto = slide_option(
            UP_TO, "The law sees sets of up to … images", sizes[-3], sizes[MIN_POINTS - 1 :]
        )
        used = sizes.index(upto) + 1
        aim = slide_option(AIM, "Accuracy you want, %", 92.0, AIMS)
    found = cache.get_results().get_or_compute(
        make_key("fit", tuple(points), used), lambda: fit(points[:used])
    )
    with right:
        chart = plot_learning_curve(points, found, used, sizes[-1] * _FURTHEST)
        st.vega_lite_chart(chart, width="stretch")
    with left:
        st.markdown(describe_next(points, found, used))
        st.markdown(describe_aim(found, aim, sizes[-1]))
    draw_question(create_question(points))


def make_key(*what: Hashable) -> Hashable:
    """Return what names a result of this page in the store."""
    return ("data", *what)


def describe_next(points: Sequence[Point], found: Fit, used: int) -> str:
    """Return what the law foretells of the next size, and how well it did."""
    law = found.law
    told = (
        f"error ≈ {tell_share(law.floor, 1)} + {law.scale:.3g} · images$^{{-{law.exponent:.2f}}}$"
        if law.floor > 0
        else f"error ≈ {law.scale:.3g} · images$^{{-{law.exponent:.2f}}}$"
    )
    if used == len(points):
        return f"**The law of all sizes:** {told}. Nothing is left to test it on."
    following = points[used]
    low, high = found.bound(following.images)
    is_inside = low <= following.error <= high
    verdict = "inside the interval" if is_inside else "**outside** the interval: believe it less"
    return (
        f"**The law:** {told}. For {following.images:,} images it foretells "
        f"{tell_share(law.predict(following.images), 1)} errors (95 % interval "
        f"{tell_share(low, 1)} to {tell_share(high, 1)}); measured are "
        f"{tell_share(following.error, 1)}, {verdict}."
    )


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


def create_question(points: Sequence[Point]) -> Quiz:
    """Return the question on the last tenfold of data; what is right is what was measured."""
    end = points[-1]
    start = min(points, key=lambda point: abs(point.images - end.images / 10))
    tenfold = min(points, key=lambda point: abs(point.images - 10 * points[0].images))
    left = end.error / start.error
    texts = tuple(_LEFT)
    return Quiz(
        key="data_tenfold",
        text=f"From {start.images:,} to {end.images:,} images, ten times as many: the share of "
        "errors falls …",
        options=texts,
        right=min(range(len(texts)), key=lambda i: abs(_LEFT[texts[i]] - left)),
        reveal=f"From {tell_share(start.error, 1)} to {tell_share(end.error, 1)}, "
        f"{tell_share(left)} of what it was. The first tenfold, from {points[0].images} images, "
        f"took it from {tell_share(points[0].error, 1)} to {tell_share(tenfold.error, 1)}: each "
        "further gain costs more data than the one before.",
    )
