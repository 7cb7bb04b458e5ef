"""32 bits beside 8: made, timed and compared in front of the reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from dashboard import cache
from dashboard.inference.latency import Latency, measure_latency
from dashboard.inference.model import Floats
from dashboard.inference.preprocessing import normalize, preprocess
from dashboard.inference.providers import count_threads
from dashboard.inference.samples import CLOTHING, choose_subject, list_samples
from dashboard.inference.sessions import OnnxModel
from dashboard.limits.quantisation import Agreement, compare_networks, open_quantised, quantise
from dashboard.widgets.on_demand import Move, compute_on_demand

_CALIBRATED, _CHUNK = 100, 50
_ROUNDS = 5  # both networks in turn, so that a busy moment hits both


@dataclass(frozen=True)
class Comparison:
    """Bytes, times (median milliseconds of each round) and agreement of 32 and 8 bits."""

    bytes_before: int
    bytes_after: int
    before: Latency
    after: Latency
    ratios: tuple[float, float, float]
    agreement: Agreement


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
    small = quantise(cache.ZOO / name, inputs[:_CALIBRATED])
    session = open_quantised(small, count_threads())
    feed, output = session.get_inputs()[0].name, model.card.output.name

    def predict(rows: Floats) -> Floats:
        parts = [
            session.run([output], {feed: rows[i : i + _CHUNK]})[0]
            for i in range(0, len(rows), _CHUNK)
        ]
        return np.concatenate(parts)

    move("Timing both", 0.3)
    one = inputs[:1]
    rounds = [
        (
            measure_latency(lambda: model.predict(one), 0.15),
            measure_latency(lambda: predict(one), 0.15),
        )
        for _ in range(_ROUNDS)
    ]
    ratios = sorted(before.p50 / after.p50 for before, after in rounds)
    move("Comparing answers and maps", 0.5)
    agreement = compare_networks(inputs, labels, model.predict, predict)
    middle = rounds[_ROUNDS // 2]
    return Comparison(
        small.bytes_before,
        small.bytes_after,
        *middle,
        (ratios[_ROUNDS // 2], ratios[0], ratios[-1]),
        agreement,
    )


def _load_inputs(name: str, model: OnnxModel) -> tuple[Floats, Any]:
    """Return real inputs (N, C, H, W), with labels where there are any."""
    if choose_subject(name) == CLOTHING:
        with np.load(cache.ZOO / "samples" / "fashion_mnist.npz", allow_pickle=False) as arrays:
            views = np.repeat(arrays["pixels"][..., np.newaxis], 3, axis=3)
            return normalize(views, model.card), arrays["labels"].astype(np.int64)
    photos = [cache.get_sample(sample.name) for sample in list_samples()]
    return np.concatenate([preprocess(photo.pixels, model.card) for photo in photos]), None


def describe(found: Comparison, has_labels: bool) -> str:
    """Return the comparison as a table and one sentence on it."""
    agreement = found.agreement
    ratio, low, high = found.ratios
    lines = [
        "| | 32 bits | 8 bits |",
        "|---|---|---|",
        f"| **weights** | {found.bytes_before / 1e6:.2f} MB | {found.bytes_after / 1e6:.2f} MB |",
        f"| **time of an answer, CPU** | {found.before.p50:.2f} ms | {found.after.p50:.2f} ms |",
    ]
    if agreement.accuracy is not None:
        first, second = agreement.accuracy
        lines.append(f"| **right of {agreement.n:,}** | {first:.1%} | {second:.1%} |")
    faster = "faster" if low > 1 else "slower" if high < 1 else "no faster and no slower, surely,"
    told = (
        f"8 bits are {faster} on this machine: {ratio:.2f} times as fast ({low:.2f} to {high:.2f} "
        f"in {_ROUNDS} rounds). Both give the same answer on {agreement.same} of {agreement.n} "
        f"pictures. Their occlusion maps have a rank correlation of **{agreement.maps:.2f}**; "
        f"maps of different pictures, the trivial comparison, with {agreement.other:.2f}."
    )
    if not has_labels:
        told += " There are no labels for these photos, so accuracy is not known."
    return "\n".join(lines) + f"\n\n{told}"
