"""32 bits beside 8: made, timed and compared in front of the reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from dashboard import cache
from dashboard.inference.model import Floats
from dashboard.inference.preprocessing import normalize, preprocess
from dashboard.inference.providers import count_threads
from dashboard.inference.samples import CLOTHING, choose_subject, list_samples
from dashboard.inference.sessions import OnnxModel
from dashboard.limits.quantisation import Agreement, compare_networks, open_on_cpu, quantise
from dashboard.limits.speed import Speed, compare_speed
from dashboard.widgets.on_demand import Move, compute_on_demand

_CALIBRATED, _CHUNK = 100, 50
_SECONDS = 1.5


@dataclass(frozen=True)
class Comparison:
    """Bytes, times and agreement of 32 and 8 bits; ``is_new`` where none of the inputs asked was
    used to find the ranges."""

    bytes_before: int
    bytes_after: int
    speed: Speed
    agreement: Agreement
    is_new: bool


def draw_quantised(name: str, model: OnnxModel) -> None:
    """Draw the button, then the comparison."""
    found = compute_on_demand(
        "quantised",
        (model.sha256, "quantised"),
        "Make it 8-bit and compare",
        lambda move: _compare(name, model, move),
    )
    if found is None:
        st.caption(
            "Rounds weights and activations to 256 levels here and now, then asks both networks "
            "the same: some seconds."
        )
        return
    st.markdown(describe(found, choose_subject(name) == CLOTHING))


def _compare(name: str, model: OnnxModel, move: Move) -> Comparison:
    inputs, labels = _load_inputs(name, model)
    move("Rounding to 8 bits", 0.05)
    made = quantise(cache.ZOO / name, inputs[:_CALIBRATED])
    first, second = (
        _create_predict(open_on_cpu(graph, count_threads()), model.card.output.name)
        for graph in (made.before, made.after)
    )
    move("Timing both", 0.3)
    one = inputs[:1]
    speed = compare_speed(lambda: first(one), lambda: second(one), _SECONDS)
    move("Comparing answers and maps", 0.5)
    is_new = len(inputs) > _CALIBRATED
    asked = slice(_CALIBRATED if is_new else 0, None)
    agreement = compare_networks(
        inputs[asked], None if labels is None else labels[asked], first, second
    )
    return Comparison(len(made.before), len(made.after), speed, agreement, is_new)


def _create_predict(session: Any, output: str) -> Callable[[Floats], Floats]:
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


def describe(found: Comparison, has_labels: bool) -> str:
    """Return the comparison as a table and one sentence on it."""
    agreement, speed = found.agreement, found.speed
    lines = [
        "| | 32 bits | 8 bits |",
        "|---|---|---|",
        f"| **weights** | {found.bytes_before / 1e6:.2f} MB | {found.bytes_after / 1e6:.2f} MB |",
        f"| **time of an answer, CPU** | {speed.before:.2f} ms | {speed.after:.2f} ms |",
    ]
    if agreement.accuracy is not None:
        first, second = agreement.accuracy
        lines.append(f"| **right of {agreement.n:,}** | {first:.1%} | {second:.1%} |")
    told = (
        f"On this machine 8 bits are {describe_speed(speed)}: {speed.ratio:.2f} times as fast "
        f"(95 % interval {speed.low:.2f} to {speed.high:.2f}, {speed.n} runs of each in turn). "
        f"Both give the same answer on {agreement.same} of {agreement.n} "
        f"pictures. Their occlusion maps have a rank correlation of **{agreement.maps:.2f}**; "
        f"maps of different pictures, the trivial comparison, with {agreement.other:.2f}."
    )
    if not has_labels:
        told += " There are no labels for these photos, so accuracy is not known."
    if not found.is_new:
        told += " The ranges to round to were found on the same pictures: there are no others here."
    return "\n".join(lines) + f"\n\n{told}"


def describe_speed(speed: Speed) -> str:
    """Return whether 8 bits are faster, in words; undecided where the interval holds 1."""
    if speed.low > 1:
        return "faster"
    return "slower" if speed.high < 1 else "neither surely faster nor slower"
