"""The section that explains one prediction: controls, tested maps, downloads."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard import charts, overlays, state
from dashboard.attribution.base import Method, Question
from dashboard.attribution.params import Params
from dashboard.explanation import report, sheet
from dashboard.explanation.flow import (
    Explanation,
    Results,
    Step,
    Subject,
    explain,
    is_computed,
    make_map_key,
)
from dashboard.faithfulness.completeness import Completeness
from dashboard.faithfulness.curves import Curve
from dashboard.figures.map_viewer import CurveSet, MapCard, draw_maps
from dashboard.inference.model import Floats
from dashboard.inference.probability import compute_probability
from dashboard.views.explain.class_select import select_classes
from dashboard.views.explain.method_select import select_methods
from dashboard.widgets.complaints import draw_complaints
from dashboard.widgets.progress import draw_progress, draw_stopped, is_stopped

Choices = Sequence[tuple[Method, Params]]

N_RANKED = 5


@dataclass(frozen=True)
class Scene:
    """One photo before one model: all that the section needs.

    ``inputs`` is (1, C, H, W); ``picture`` the same photo as the network sees it, (H, W, 3) uint8;
    ``logits`` (K,).
    """

    subject: Subject
    labels: tuple[str, ...]
    inputs: Floats
    picture: NDArray[np.uint8]
    logits: Floats
    photo: report.PhotoFacts
    network: report.ModelFacts

    def describe_class(self, index: int) -> report.ClassFacts:
        """Return a class with its probability."""
        probability = float(compute_probability(self.logits[None], index)[0])
        return report.ClassFacts(index, self.labels[index], probability)

    @cached_property
    def ranking(self) -> tuple[int, ...]:
        """Class indices, the most probable first."""
        return tuple(int(index) for index in np.argsort(-self.logits, kind="stable"))


def draw_explanation(scene: Scene, results: Results) -> None:
    """Draw the section; whatever is not in ``results`` yet is computed in front of the reader."""
    complaints = st.container()
    st.subheader("What does this rest on?")
    left, right = st.columns([1, 2], gap="large")
    with left:
        target, versus = select_classes(scene.labels, scene.ranking[:N_RANKED])
    with right:
        choices = select_methods(scene.subject.model)
    state.write_url()  # before the work, so that a link copied meanwhile is right
    with complaints:
        draw_complaints()
    if choices:
        _explain(scene, Question(scene.inputs, target, versus), choices, results)
    else:
        st.info("Choose at least one method.")


def _explain(scene: Scene, question: Question, choices: Choices, results: Results) -> None:
    if is_computed(scene.subject, question, choices, results):
        *_, last = explain(scene.subject, question, choices, results, lambda doing, fraction: None)
        _draw_step(scene, question, last, results, "maps")
        _draw_downloads(scene, question, last)
        return
    work = _name_work(scene, question, choices)
    is_to_stop = is_stopped(work)
    if is_to_stop:
        draw_stopped(work)
    move = _refuse if is_to_stop else draw_progress(work)
    shown = st.empty()
    try:
        for number, step in enumerate(explain(scene.subject, question, choices, results, move)):
            with shown.container():
                _draw_step(scene, question, step, results, f"maps_{number}")
    except _Refused:
        return
    # The bar and its button have done their work: draw the page again from what is kept.
    st.rerun()


def _name_work(scene: Scene, question: Question, choices: Choices) -> str:
    """Return a text that is equal only for equal work."""
    asked = [(method.name, dict(params)) for method, params in choices]
    subject = scene.subject
    return repr((subject.model_key, subject.photo_key, question.target, question.versus, asked))


class _Refused(Exception):
    """Stopped work asked to go on."""


def _refuse(doing: str, fraction: float) -> None:
    raise _Refused


def _draw_step(scene: Scene, question: Question, step: Step, results: Results, key: str) -> None:
    subject = scene.subject
    photo_key = (subject.model_key, subject.photo_key, "picture")
    photo = results.get_or_compute(photo_key, lambda: _encode_url(scene.picture))
    cards = []
    for each in step.explanations:
        if each.problem:
            st.warning(f"{each.method.label}. {each.problem}", icon="⚠️")
        if each.map:
            map_key = make_map_key(subject, question, each.method, each.params)
            overlay = results.get_or_compute((map_key, "overlay"), partial(_draw_overlay, each))
            cards.append(_make_card(scene, each, step, overlay))
    draw_maps(photo, cards, (each.method.is_signed for each in step.explanations), key)


def _draw_overlay(explanation: Explanation) -> str:
    drawn, is_signed = explanation.map, explanation.method.is_signed
    assert drawn is not None
    scale = overlays.compute_scale(drawn.heat, is_signed)
    return _encode_url(overlays.render_heat(drawn.heat, scale, is_signed))


def _encode_url(picture: NDArray[np.uint8]) -> str:
    return f"data:image/png;base64,{base64.b64encode(overlays.encode_png(picture)).decode()}"


def _make_card(scene: Scene, explanation: Explanation, step: Step, overlay: str) -> MapCard:
    method = explanation.method
    card = MapCard(
        title=method.label,
        kind="trivial map" if method.is_baseline else ("signed" if method.is_signed else ""),
        overlay=overlay,
        alt=f"{method.label}: heat map over {scene.photo.name or 'your photo'}",
    )
    if explanation.score is None or explanation.verdict is None or step.baselines is None:
        return card
    score, verdict = explanation.score, explanation.verdict
    curves = CurveSet(
        charts.curve_points(score.insertion),
        charts.curve_points(score.deletion),
        [charts.curve_points(each) for each in _average_random(step)],
        f"Insertion area {score.insertion.auc:.2f}, deletion area {score.deletion.auc:.2f}",
    )
    return replace(
        card,
        tone=verdict.level.tone,
        verdict=verdict.text,
        facts=_list_facts(explanation),
        curves=curves,
    )


def _average_random(step: Step) -> list[Curve]:
    """Return the mean insertion and the mean deletion curve of the random maps."""
    assert step.baselines is not None
    kinds = (
        [each.insertion for each in step.baselines.random],
        [each.deletion for each in step.baselines.random],
    )
    return [
        Curve(curves[0].fractions, tuple(np.mean([c.probabilities for c in curves], axis=0)))
        for curves in kinds
    ]


def _list_facts(explanation: Explanation) -> list[tuple[str, str, str]]:
    score, drawn = explanation.score, explanation.map
    assert score is not None and drawn is not None
    facts = [
        ("Score", f"{score.score:+.2f}", "Insertion minus deletion, -1 to 1: higher is better"),
        ("Insertion", f"{score.insertion.auc:.2f}", "Area under the solid line: higher is better"),
        ("Deletion", f"{score.deletion.auc:.2f}", "Area under the dashed line: lower is better"),
    ]
    if explanation.verdict and explanation.verdict.detail:
        facts[0] = (*facts[0][:2], explanation.verdict.detail)
    if drawn.completeness is not None:
        facts.append(_describe_gap(drawn.completeness))
    return facts


def _describe_gap(completeness: Completeness) -> tuple[str, str, str]:
    gap = "undefined" if completeness.gap is None else f"{completeness.gap:.1%}"
    return ("Completeness gap", gap, completeness.text)


def _draw_downloads(scene: Scene, question: Question, step: Step) -> None:
    with st.container(horizontal=True):
        st.download_button(
            "Picture of the maps (PNG)",
            lambda: _render_sheet(scene, question, step),
            "glass-box-maps.png",
            "image/png",
            on_click="ignore",
            icon="🖼️",
        )
        st.download_button(
            "Figures (JSON)",
            lambda: report.encode_report(report.build_report(_list_all(scene, question, step))),
            "glass-box-figures.json",
            "application/json",
            on_click="ignore",
            icon="🔢",
        )


def _render_sheet(scene: Scene, question: Question, step: Step) -> bytes:
    target = scene.describe_class(question.target)
    versus = "" if question.versus is None else f" rather than {scene.labels[question.versus]}"
    sums = "; ".join(f"{name} {value[:12]}" for name, value in scene.network.files.items())
    versions = report.read_versions()
    return sheet.render_sheet(
        scene.picture,
        [_make_entry(each) for each in step.explanations if each.map],
        f"Why {target.label} ({target.probability:.0%}){versus}?",
        f"{scene.network.title} on {scene.network.provider}",
        f"Glass Box. Model files (SHA-256): {sums}. Photo: {scene.photo.sha256[:12]}. "
        + ", ".join(f"{name} {number}" for name, number in versions.items()),
    )


def _make_entry(explanation: Explanation) -> sheet.SheetEntry:
    drawn, score, verdict = explanation.map, explanation.score, explanation.verdict
    assert drawn is not None
    return sheet.SheetEntry(
        explanation.method.label,
        drawn.heat,
        explanation.method.is_signed,
        score.score if score else None,
        verdict.text if verdict else "",
        verdict.level.tone if verdict else "unknown",
        ", ".join(f"{name} {value}" for name, value in explanation.params.items()),
    )


def _list_all(scene: Scene, question: Question, step: Step) -> report.ReportFacts:
    return report.ReportFacts(
        model=scene.network,
        photo=scene.photo,
        target=scene.describe_class(question.target),
        versus=None if question.versus is None else scene.describe_class(question.versus),
        top=[scene.describe_class(index) for index in scene.ranking[:N_RANKED]],
        methods=[
            report.MethodFacts(
                name=each.method.name,
                label=each.method.label,
                source=each.method.source,
                params=each.params,
                seed=question.seed,
                score=each.score,
                verdict=each.verdict,
                completeness=each.map.completeness if each.map else None,
                problem=each.problem,
            )
            for each in step.explanations
        ],
        baselines=step.baselines,
        created=datetime.now().astimezone(),
    )
