"""A labelled sample under shift: accuracy, confidence, calibration."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable

import numpy as np
import streamlit as st

from dashboard import cache
from dashboard.inference.counts import tell_share
from dashboard.inference.model import Floats
from dashboard.inference.preprocessing import Pixels
from dashboard.inference.sight import Sight
from dashboard.limits.calibration import Calibration
from dashboard.limits.measured_calibration import (
    FILE,
    Error,
    MeasuredCalibration,
    read_measured,
)
from dashboard.limits.out_of_distribution import Statistics, load_statistics
from dashboard.limits.sample_shift import SampleShift, measure_shift
from dashboard.stress.base import Corruption
from dashboard.views.shift.charts import plot_reliability, plot_severities
from dashboard.widgets.lesson import Quiz, ask
from dashboard.widgets.on_demand import compute_on_demand

SAMPLES = cache.ZOO / "samples"
N_CLASSES = 10
_OWN_EACH = 20  # pictures of a class that an uploaded network is asked about
_CHANCE = 0.3  # an accuracy below this on untouched pictures: other classes, or another order


def get_statistics(sight: Sight) -> Statistics | None:
    """Return what was measured of a network's features, None if nothing or of other weights."""
    if sight.is_own:
        return None
    name, files = sight.facts.name, sight.facts.files

    def load() -> Statistics | None:
        found = load_statistics(SAMPLES / f"features_{name}.npz")
        named = f"{files.get('predict.onnx')} {files.get('weights.bin')}".encode()
        is_same = found is not None and found.files == hashlib.sha256(named).hexdigest()
        return found if is_same else None

    return cache.get_results().get_or_compute(make_key("features", name), load)


def get_measured(sight: Sight) -> MeasuredCalibration | None:
    """Return the network's calibration on all test pictures, None if of other weights."""
    if sight.is_own:
        return None

    def load() -> MeasuredCalibration | None:
        found = read_measured(SAMPLES / FILE).get(sight.facts.name)
        is_same = found is not None and found.weights == sight.facts.files.get("weights.bin")
        return found if is_same else None

    key = make_key("calibration", sight.facts.name)
    return cache.get_results().get_or_compute(key, load)


def make_key(*what: Hashable) -> Hashable:
    """Return what names a result of this page that is about no single picture."""
    return ("shift", *what)


def explain_no_sample(sight: Sight) -> str:
    """Return why the sample does not suit a network, "" where it does."""
    if len(sight.labels) == N_CLASSES:
        return ""
    return (
        f"This network tells {len(sight.labels):,} classes apart, and the labelled pictures "
        "shipped here are ten kinds of clothing: its accuracy cannot be measured on them. Choose "
        "a clothing network in the sidebar."
    )


def predict_views(sight: Sight, views: Pixels) -> Floats:
    """Return logits (N, K) of views (N, h, w, 3), brought to the network's size."""
    if views.shape[1:3] != sight.picture.shape[:2]:
        views = np.stack([sight.crop(view) for view in views])
    return sight.model.predict(sight.normalize(views))


def draw_sample(sight: Sight, corruption: Corruption) -> None:
    """Draw accuracy, confidence and calibration under one corruption."""
    problem = explain_no_sample(sight)
    if problem:
        st.info(problem)
        return
    statistics = get_statistics(sight)
    garments = cache.get_small_pictures()
    views, labels = garments.views, garments.labels
    if sight.is_own:
        few = [np.flatnonzero(labels == k)[:_OWN_EACH] for k in range(N_CLASSES)]
        rows = np.sort(np.concatenate(few))
        views, labels = views[rows], labels[rows]
    shift = compute_on_demand(
        "sample",
        sight.make_key("sample", corruption.name),
        f"Ask it about {len(labels)} labelled pictures at 6 severities",
        lambda move: measure_shift(
            lambda shown: predict_views(sight, shown),
            views,
            labels,
            corruption,
            is_grey=sight.is_grey,
            temperature=None if statistics is None else statistics.temperature,
            report=move,
        ),
        at_once=not sight.is_own,
        store=cache.get_store(sight),
    )
    if shift is None:
        return
    if shift.levels[0].plain.accuracy < _CHANCE:
        st.info(
            f"Only {tell_share(shift.levels[0].plain.accuracy)} of untouched clothes are named "
            "rightly: its classes are not those of the sample, or in another order, so nothing can "
            "be concluded."
        )
        return
    if sight.is_own:
        st.caption(
            "It gets its pixels as *Bring your own model* found out or was told: a wrong "
            "normalization costs accuracy on untouched pictures too. You can correct it there."
        )
    _draw_shift(shift, corruption, sight, statistics)


def _draw_shift(
    shift: SampleShift, corruption: Corruption, sight: Sight, statistics: Statistics | None
) -> None:
    measured = get_measured(sight)
    first, last = shift.levels[0].plain, shift.levels[-1].plain
    lost, doubted = first.accuracy - last.accuracy, first.confidence - last.confidence
    right = 0 if doubted < lost / 2 else 1 if doubted < lost * 0.9 else 2
    question = Quiz(
        key=f"shift_{sight.facts.name}_{corruption.name}",
        text=f"Under {corruption.label.lower()} at severity 5 this network loses "
        f"{100 * lost:.0f} points of accuracy on {shift.n:,} pictures. Its mean confidence falls …",
        options=("by less than half of that", "by more than half, but less", "by as much or more"),
        right=right,
        reveal=f"By {100 * doubted:.0f} points, from {tell_share(first.confidence)} to "
        f"{tell_share(last.confidence)}. Where the red line is above the blue one, it is surer "
        "than right.",
    )
    with ask(question, "The measurement"):
        left, right_side = st.columns(2, gap="large")
        with left:
            st.vega_lite_chart(plot_severities(shift), width="stretch")
        with right_side:
            st.vega_lite_chart(plot_reliability(shift), width="stretch")
        st.markdown(_tabulate(shift))
        where = (
            f"{statistics.n_fit:,} other test pictures"
            if statistics is not None
            else f"{shift.n} other pictures of the sample"
        )
        st.caption(
            f"{shift.n:,} test pictures, seed 0. ECE, the expected calibration error: how far "
            "confidence and accuracy are apart on average over 15 bins (the dots). It is never 0, "
            "since in each bin chance puts a few too many or too few answers right, and the fewer "
            "the pictures, the more: in brackets is what 95 % of perfectly calibrated networks "
            "with the same confidences would show, simulated. Only an ECE above that says that a "
            f"confidence is wrong. Temperature {shift.temperature:.2f}, fitted on {where}, "
            "untouched: it changes no answer, only how sure it is."
        )
        if measured is not None:
            st.markdown(describe_measured(measured))


def describe_measured(measured: MeasuredCalibration) -> str:
    """Return what all test pictures say about untouched ones, in which chance is smaller."""
    plain, scaled, gain = measured.plain, measured.scaled, measured.gain
    helps = (
        "lowers" if gain.low > 0 else "raises" if gain.high < 0 else "does not measurably change"
    )
    amount = f"(gain {gain.value:.5f} nats, 95 % interval {gain.low:.5f} to {gain.high:.5f})"
    amount = amount.replace("-", "−")
    return (
        f"**On all {measured.n:,} test pictures**, untouched, each scaled by a temperature that "
        f"was fitted on other pictures ({measured.folds} parts, mean {measured.temperature:.2f}): "
        f"ECE {_tell_error(plain)} as it is, {_tell_error(scaled)} scaled. "
        f"{_conclude(plain, 'As it is')} {_conclude(scaled, 'Scaled')} The temperature {helps} "
        f"the negative log-likelihood of a picture {amount}. Measured by "
        "`python -m export.benchmark.limits --only calibration`."
    )


def _tell_error(error: Error) -> str:
    ece, floor = error.ece, error.floor
    return (
        f"**{tell_share(ece.value, 2)}** ({tell_share(ece.low, 2)} to {tell_share(ece.high, 2)}; "
        f"perfect networks {tell_share(floor.low, 2)} to {tell_share(floor.high, 2)})"
    )


def _conclude(error: Error, which: str) -> str:
    if error.is_above_floor:
        return f"{which}, that is more than chance explains."
    return f"{which}, a perfectly calibrated network could show the same."


def _tabulate(shift: SampleShift) -> str:
    lines = [
        "| Severity | Accuracy | Confidence | ECE (if perfect) | ECE, scaled (if perfect) |",
        "|--:|--:|--:|--:|--:|",
    ]
    for level in shift.levels:
        plain, scaled = level.plain, level.scaled
        lines.append(
            f"| {level.severity} | {tell_share(plain.accuracy, 1)} | "
            f"{tell_share(plain.confidence, 1)} | {_tell_ece(plain)} | {_tell_ece(scaled)} |"
        )
    return "\n".join(lines)


def _tell_ece(found: Calibration) -> str:
    floor = found.floor
    return f"{tell_share(found.ece, 1)} ({tell_share(floor.low, 1)} to {tell_share(floor.high, 1)})"
