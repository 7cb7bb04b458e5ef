"""32 bits beside 8: made, timed and compared in front of the reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from dashboard import cache
from dashboard.inference.counts import tell_share
from dashboard.inference.model import Floats
from dashboard.inference.preprocessing import Pixels, normalize, preprocess
from dashboard.inference.probability import compute_probabilities
from dashboard.inference.providers import count_threads
from dashboard.inference.samples import CLOTHING, choose_subject, list_samples
from dashboard.inference.sessions import OnnxModel
from dashboard.limits.maps import compare_maps
from dashboard.limits.quantisation import (
    Agreement,
    compare_networks,
    compute_sign_test,
    occlude,
    open_on_cpu,
    quantise,
)
from dashboard.limits.speed import Speed, compare_speed
from dashboard.overlays import compose_overlay, compute_scale, render_heat
from dashboard.views.cost.cost_report import TIMES, make_key
from dashboard.widgets.measured import Measured, get_turn, measure
from dashboard.widgets.on_demand import Move, compute_on_demand
from dashboard.widgets.photo_input import ChosenPhoto, select_photo
from dashboard.widgets.sight_select import see

_CALIBRATED, _CHUNK = 100, 50
_LEVEL = 0.05  # of the sign test
_SECONDS = 1.5
_SIDE, _OPACITY = 224, 0.6


Predict = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Comparison:
    """Bytes and agreement of 32 and 8 bits, and ``networks`` to ask both on ``one`` or more inputs.

    ``is_new`` where none of the inputs asked was used to find the ranges.
    """

    bytes_before: int
    bytes_after: int
    one: Floats
    agreement: Agreement
    is_new: bool
    networks: tuple[Predict, Predict]


@dataclass(frozen=True)
class Answer:
    """What one network says of a picture: class, probability, map (7, 7) for that class."""

    target: int
    probability: float
    heat: Floats


def draw_quantised(name: str, model: OnnxModel) -> None:
    """Draw the button, then the comparison, on many pictures and on the reader's."""
    found = compute_on_demand(
        "quantised",
        make_key(model.sha256, "quantised"),
        "Make it 8-bit and compare",
        lambda move: _compare(name, model, move),
    )
    if found is None:
        st.caption(
            "Rounds weights and activations to 256 levels here and now, then asks both networks "
            "the same: some seconds."
        )
        return
    timed = _compare_speed(found, model.sha256)
    st.markdown(describe(found, timed.value, choose_subject(name) == CLOTHING))
    st.caption(
        f"Both were timed in turn at {timed.moment}. At another moment, when the machine has more "
        "or less else to do, a time is another one, that on top too: *Measure again* there does "
        "both."
    )
    st.markdown("**On one picture, yours if you like:** the same answer, for the same reasons?")
    left, right = st.columns([1, 2], gap="large")
    with left:
        chosen = select_photo(choose_subject(name))
        st.caption(chosen.caption)
    with right:
        _draw_picture(found, model, chosen)


def _compare_speed(found: Comparison, sha256: str) -> Measured[Speed]:
    def compute() -> Measured[Speed]:
        first, second = (partial(predict, found.one) for predict in found.networks)
        with st.spinner("Timing both …"):
            return measure(lambda: compare_speed(first, second, _SECONDS))

    key = make_key(sha256, "quantised", "speed", get_turn(TIMES))
    return cache.get_results().get_or_compute(key, compute)


def _draw_picture(found: Comparison, model: OnnxModel, chosen: ChosenPhoto) -> None:
    sight = see(model, chosen.photo)
    answers = cache.get_results().get_or_compute(
        sight.make_key("cost", "answers"),
        lambda: [ask(sight.inputs, predict) for predict in found.networks],
    )
    photo = _enlarge(sight.picture)
    for column, title, given in zip(st.columns(2), ("32 bits", "8 bits"), answers, strict=True):
        label = model.card.labels[given.target]
        overlay = _enlarge(render_heat(given.heat, compute_scale(given.heat, True), True))
        picture = compose_overlay(photo, overlay, _OPACITY, True)
        column.image(
            picture,
            width="stretch",
            caption=f"{title}: {label} ({tell_share(given.probability, 1)})",
        )
    st.caption(describe_pair(answers[0], answers[1]))


def ask(inputs: Floats, predict: Predict) -> Answer:
    """Return what a network says of one picture (1, C, H, W), and where it says it from."""
    logits = predict(inputs)
    target = int(logits[0].argmax())
    probability = float(compute_probabilities(logits)[0, target])
    return Answer(target, probability, occlude(inputs, target, predict))


def describe_pair(first: Answer, second: Answer) -> str:
    """Return what 32 and 8 bits have in common on one picture."""
    correlation, _ = compare_maps(first.heat, second.heat, True)
    how = "Red: hiding this square lowers the score of the network's own answer; blue: raises it."
    if first.target != second.target:
        return f"Rounding changed the answer, and with it what the maps are about. {how}"
    alike = "none, since one is flat" if correlation is None else f"{correlation:.2f}"
    return f"The same answer; rank correlation of the two maps: {alike}. {how}"


def _enlarge(pixels: Pixels) -> Pixels:
    return np.asarray(Image.fromarray(pixels).resize((_SIDE, _SIDE), Image.Resampling.NEAREST))


def _compare(name: str, model: OnnxModel, move: Move) -> Comparison:
    inputs, labels = _load_inputs(name, model)
    move("Rounding to 8 bits", 0.05)
    made = quantise(cache.ZOO / name, inputs[:_CALIBRATED])
    first, second = (
        _create_predict(open_on_cpu(graph, count_threads()), model.card.output.name)
        for graph in (made.before, made.after)
    )
    move("Comparing answers and maps", 0.5)
    is_new = len(inputs) > _CALIBRATED
    asked = slice(_CALIBRATED if is_new else 0, None)
    agreement = compare_networks(
        inputs[asked], None if labels is None else labels[asked], first, second
    )
    return Comparison(
        len(made.before), len(made.after), inputs[:1], agreement, is_new, (first, second)
    )


def _create_predict(session: Any, output: str) -> Predict:
    feed = session.get_inputs()[0].name

    def predict(rows: Floats) -> Floats:
        parts = [
            session.run([output], {feed: rows[i : i + _CHUNK]})[0]
            for i in range(0, len(rows), _CHUNK)
        ]
        return np.concatenate(parts)

    return predict


def _load_inputs(name: str, model: OnnxModel) -> tuple[Floats, Any]:
    """Return real inputs (N, C, H, W), with labels where there are any."""
    if choose_subject(name) == CLOTHING:
        garments = cache.get_small_pictures()
        return normalize(garments.views, model.card), garments.labels
    photos = [cache.get_sample(sample.name) for sample in list_samples()]
    return np.concatenate([preprocess(photo.pixels, model.card) for photo in photos]), None


def describe(found: Comparison, speed: Speed, has_labels: bool) -> str:
    """Return the comparison as a table and one sentence on it."""
    agreement = found.agreement
    lines = [
        "| | 32 bits | 8 bits |",
        "|---|---|---|",
        f"| **weights** | {found.bytes_before / 1e6:.2f} MB | {found.bytes_after / 1e6:.2f} MB |",
        f"| **time of an answer, CPU** | {speed.before:.2f} ms | {speed.after:.2f} ms |",
    ]
    if agreement.accuracy is not None:
        first, second = agreement.accuracy
        lines.append(
            f"| **right of {agreement.n:,}** | {tell_share(first, 1)} | {tell_share(second, 1)} |"
        )
    told = (
        f"On this machine 8 bits are {describe_speed(speed)}: {speed.ratio:.2f} times as fast "
        f"(95 % interval {speed.low:.2f} to {speed.high:.2f}, {speed.n} runs of each in turn). "
        f"Both give the same answer on {agreement.same} of {agreement.n} "
        f"pictures. Their occlusion maps have a rank correlation of **{agreement.maps:.2f}**; "
        f"maps of different pictures, the trivial comparison, with {agreement.other:.2f}."
    )
    if agreement.alone is not None:
        told += f" {describe_alone(*agreement.alone)}"
    if not has_labels:
        told += " There are no labels for these photos, so accuracy is not known."
    if not found.is_new:
        told += " The ranges to round to were found on the same pictures: there are no others here."
    return "\n".join(lines) + f"\n\n{told}"


def describe_alone(before: int, after: int) -> str:
    """Return on how many pictures one of the two is right alone, and whether that is chance."""
    p = compute_sign_test(before, after)
    chance = "more than chance explains" if p < _LEVEL else "no more than chance explains"
    return (
        f"Right on {before} of them are 32 bits alone, on {after} 8 bits alone: {chance} (sign "
        f"test, p = {p:.2f})."
    )


def describe_speed(speed: Speed) -> str:
    """Return whether 8 bits are faster, in words; undecided where the interval holds 1."""
    if speed.low > 1:
        return "faster"
    return "slower" if speed.high < 1 else "neither surely faster nor slower"
