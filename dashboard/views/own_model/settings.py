"""What was found out about a visitor's model, with the evidence, and every choice to correct it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from dashboard.cache import OwnFile
from dashboard.inference.counts import tell_count, tell_share
from dashboard.uploads.detection import Detected
from dashboard.uploads.evidence import MAX_ANSWER_BYTES, Evidence
from dashboard.uploads.inspection import MAX_SIDE, MIN_SIDE, Inspection
from dashboard.uploads.sandbox_wire import clean_text
from dashboard.uploads.spec import (
    KINDS,
    LAYOUTS,
    ORDERS,
    InputSpec,
    Layout,
    Normalization,
    OutputSpec,
    list_normalizations,
)

_OWN = Normalization("own", "my own numbers", (0.0, 0.0, 0.0), (255.0, 255.0, 255.0))

_MAX_NAMED = 4  # of the outputs that are left out

_LAYOUT_TITLES: dict[Layout, str] = {
    "NCHW": "channels first (N, C, H, W)",
    "NHWC": "channels last (N, H, W, C)",
}


def draw_findings(upload: OwnFile) -> None:
    """Say what was found out, on what grounds, and show the evidence."""
    found, inspection = upload.detected, upload.file.inspection
    st.markdown(
        f"**Input** “{clean_text(found.input.name, 60)}”: {_LAYOUT_TITLES[found.input.layout]}, "
        f"{tell_count(found.input.channels, 'channel')}, "
        f"{found.input.height} × {found.input.width} pixels"
        f"{' (the file leaves the size open)' if found.is_size_open else ''}.  \n"
        f"**Output** “{clean_text(found.output.name, 60)}”: {found.output.n_classes:,} classes, "
        f"{KINDS[found.output.kind]}.  \n"
        f"**Pixels** {_name(found.input.normalization)}. {_explain_basis(found)}"
    )
    if inspection.was_converted:
        st.caption("Its 16- or 64-bit numbers were made 32-bit ones.")
    for sentence in _explain_left_out(found):
        st.caption(sentence)
    with st.expander("The evidence: every usual way, tried on the sample photos", icon="🔎"):
        st.dataframe(
            [_list_row(evidence, found) for evidence in found.evidence],
            hide_index=True,
            width="stretch",
        )
        st.caption(_explain_columns(inspection, found.n_photos))


def _name(normalization: Normalization) -> str:
    return f"“{normalization.label}” ({normalization.kind})"


def _explain_basis(found: Detected) -> str:
    rivals = ", ".join(f"“{rival.label}”" for rival in found.rivals)
    if found.basis == "file":
        against = f" The sample photos speak rather for {rivals}." if rivals else ""
        return f"The file itself says so.{against}"
    if found.basis == "statistics":
        also = f" {rivals} would do as well." if rivals else ""
        return f"So the network sees again what its normalizations remember of its training.{also}"
    if found.basis == "default":
        return "**The sample photos do not tell**: the commonest way is taken. Set it if you know."
    also = f" The photos cannot tell it from {rivals}: set it if you know." if rivals else ""
    return f"A guess: so it tells the sample photos apart best.{also}"


def _list_row(evidence: Evidence, found: Detected) -> dict[str, object]:
    normalization = evidence.normalization
    mark = "✓ " if normalization == found.input.normalization else ""
    row: dict[str, object] = {
        "Pixels": f"{mark}{normalization.label}",
        "Values": normalization.kind,
        "Photos told apart": f"{evidence.information:.2f}",
        "Confidence": tell_share(evidence.confidence),
        "Same when mirrored": tell_share(evidence.agreement),
    }
    if evidence.mismatch is not None:
        row["Off its training"] = f"{evidence.mismatch:.2g}"
    return row


def _explain_left_out(found: Detected) -> list[str]:
    room = (
        f"all answers together would take more than the {MAX_ANSWER_BYTES >> 20} MB that are kept"
    )
    sentences = []
    if found.left_out:
        names = ", ".join(f"“{clean_text(name, 60)}”" for name in found.left_out[:_MAX_NAMED])
        more = len(found.left_out) - _MAX_NAMED
        sentences.append(
            f"Outputs left out: {names}{f' and {more} more' if more > 0 else ''}; {room}."
        )
    if found.n_photos < found.n_offered:
        sentences.append(
            f"Tried on {found.n_photos} of the {found.n_offered} sample photos; with so many "
            f"classes {room}."
        )
    return sentences


def _explain_columns(inspection: Inspection, n_photos: int) -> str:
    text = (
        "Photos told apart: the information that the answers hold on which photo was shown, in "
        f"nats, over four views of each; {math.log(n_photos):.2f} would be all {n_photos}. "
        "Confidence: the mean highest probability. Same when mirrored: what the answers to a "
        "photo and to its mirror image have in common."
    )
    if not inspection.norms:
        return text
    return (
        f"{text} Off its training: how far the first layers are from the means and variances that "
        "their batch normalizations remember, in nats a channel; the decisive column."
    )


def select_settings(upload: OwnFile, key: str) -> tuple[InputSpec, OutputSpec]:
    """Draw every choice, each at what was found out, and return what is chosen."""
    found = upload.detected
    with st.expander("Settings: correct what was found out", icon="🛠️"):
        left, right = st.columns(2)
        with left:
            spec = _select_frame(upload, found.input, key)
            output = _select_output(found, key)
        with right:
            spec = _select_normalization(spec, found, key)
    return spec, output


def _select_frame(upload: OwnFile, found: InputSpec, key: str) -> InputSpec:
    shape = upload.file.inspection.image.shape
    layout = st.selectbox(
        "Layout",
        LAYOUTS,
        LAYOUTS.index(found.layout),
        format_func=lambda each: _LAYOUT_TITLES[each],
        key=f"{key}.layout",
        disabled=None not in (shape[1], shape[3]),
        persist_state="session",
    )
    first = 2 if layout == "NCHW" else 1
    height, width = (
        st.number_input(
            f"{title} in pixels",
            MIN_SIDE,
            MAX_SIDE,
            size,
            key=f"{key}.{title}",
            disabled=shape[first + index] is not None,
            persist_state="session",
        )
        for index, (title, size) in enumerate((("Height", found.height), ("Width", found.width)))
    )
    return replace(found, layout=layout, height=height, width=width)


def _select_output(found: Detected, key: str) -> OutputSpec:
    output = st.selectbox(
        "Output",
        found.outputs,
        found.outputs.index(found.output),
        format_func=lambda each: f"{clean_text(each.name, 60)} ({each.n_classes:,} classes)",
        key=f"{key}.output",
        disabled=len(found.outputs) == 1,
        persist_state="session",
    )
    kinds = tuple(KINDS)
    kind = st.selectbox(
        "Its numbers are",
        kinds,
        kinds.index(output.kind),
        format_func=lambda each: KINDS[each],
        key=f"{key}.kind.{found.outputs.index(output)}",
        persist_state="session",
    )
    return replace(output, kind=kind)


def _select_normalization(spec: InputSpec, found: Detected, key: str) -> InputSpec:
    tried = [evidence.normalization for evidence in found.evidence]
    usual = [each for each in list_normalizations(spec.channels) if each not in tried]
    choices = (*tried, *usual, _OWN)
    chosen = st.selectbox(
        "Pixels from 0 to 255 become",
        choices,
        choices.index(found.input.normalization),
        format_func=lambda each: each.label,
        key=f"{key}.normalization",
        persist_state="session",
    )
    if chosen == _OWN:
        chosen = _select_numbers(key, spec.channels)
    return replace(spec, normalization=chosen)


def _select_numbers(key: str, channels: int) -> Normalization:
    st.caption("(pixel - mean) / deviation, with pixels from 0 to 255, a channel each.")
    order = st.selectbox(
        "Order of the channels",
        ORDERS,
        key=f"{key}.order",
        disabled=channels == 1,
        persist_state="session",
    )
    mean = _select_three("Mean", _OWN.mean, -1000.0, channels, key)
    std = _select_three("Deviation", _OWN.std, 0.001, channels, key)
    return replace(_OWN, mean=mean, std=std, order=order)


def _select_three(
    title: str, start: Sequence[float], minimum: float, channels: int, key: str
) -> tuple[float, float, float]:
    columns = st.columns(channels)
    values = [
        column.number_input(
            f"{title} {index + 1}",
            minimum,
            1000.0,
            start[index],
            format="%.3f",
            key=f"{key}.{title}.{index}",
            persist_state="session",
        )
        for index, column in enumerate(columns)
    ]
    values += values[:1] * (3 - len(values))
    return (values[0], values[1], values[2])
