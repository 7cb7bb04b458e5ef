"""The same picture under every method: the maps, how much they disagree, who beats the trivial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.attribution.base import Method, ask_about
from dashboard.attribution.params import compute_defaults
from dashboard.cache import get_store
from dashboard.explanation.flow import Explanation, Findings, Request, explain
from dashboard.explanation.ranking import Entry, describe_contest, rank_entries
from dashboard.inference.counts import tell_share
from dashboard.inference.sight import Sight
from dashboard.limits.agreement import Agreement, Summary, compute_agreement, summarize
from dashboard.limits.maps import encode_heat, report_nothing
from dashboard.views.black_box.agreement_matrix import MethodMap, draw_agreement
from dashboard.views.black_box.charts import plot_contest
from dashboard.views.black_box.method_select import list_methods
from dashboard.widgets.on_demand import Move, compute_on_demand
from dashboard.widgets.sight_select import encode_picture

# A gradient or a few: on a network for photos, well under two seconds in all.
_QUICK = ("saliency", "input_x_gradient", "smoothgrad", "grad_cam")


@dataclass(frozen=True, eq=False)
class Disagreement:
    """What is drawn; ``entries`` is empty while the maps are untested."""

    maps: tuple[MethodMap, ...]
    agreement: Agreement
    summary: Summary | None
    problems: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()


def draw_disagreement(sight: Sight, beside: DeltaGenerator) -> None:
    """Draw all maps where they are at hand, else the quick ones; the sentences go ``beside``."""
    offered, full = list_methods(sight), _get_full(sight)
    quick = [each for each in offered if each.is_baseline or each.name in _QUICK]
    with st.spinner("Drawing the maps …", show_time=True):
        shown = full or get_store(sight).get_or_compute(
            sight.make_key("agreement", "quick"),
            lambda: _compare(sight, quick, report_nothing, is_tested=False),
        )
    with beside:
        for problem in shown.problems:
            st.warning(problem, icon="⚠️")
        _describe(shown.summary)
        if full and full.entries:
            st.markdown(describe_contest(full.entries))
        elif not full:
            st.caption(
                f"{len(shown.maps)} of {len(offered)} maps, none tested yet: the others, and the "
                "test that says which of them may be believed here, ask this network a few "
                "thousand times."
            )
    draw_agreement(encode_picture(sight), shown.maps, shown.agreement, sight.is_small)
    if full and full.entries:
        _draw_contest(full.entries)


def finish_disagreement(sight: Sight, beside: DeltaGenerator) -> None:
    """Draw and test all maps, then run the page again; to be called last.

    Where it is quick it starts by itself, and meanwhile the rest of the page is there to be read.
    """
    if _get_full(sight):
        return
    offered = list_methods(sight)
    with beside:
        full = compute_on_demand(
            "agreement",
            sight.make_key("agreement"),
            f"Draw all {len(offered)} maps and test each",
            lambda move: _compare(sight, offered, move, is_tested=True),
            at_once=sight.is_light,
            store=get_store(sight),
        )
    if full:
        st.rerun()


def _get_full(sight: Sight) -> Disagreement | None:
    full: Disagreement | None = get_store(sight).get(sight.make_key("agreement"))
    return full


def _compare(sight: Sight, methods: Sequence[Method], move: Move, is_tested: bool) -> Disagreement:
    choices = [(method, compute_defaults(method.params)) for method in methods]
    request = Request(sight, ask_about(sight), choices)
    last: Findings | None = None
    for step in explain(request, get_store(sight), move):
        last = step
        if not is_tested and all(each.map or each.problem for each in step.explanations):
            break  # before the tests
    assert last is not None
    drawn = [each for each in last.explanations if each.map is not None]
    heats = {each.method.label: each.map.heat for each in drawn if each.map is not None}
    agreement = compute_agreement(heats)
    trivial = [each.method.label for each in drawn if each.method.is_baseline]
    return Disagreement(
        maps=tuple(_encode(each) for each in drawn),
        agreement=agreement,
        summary=summarize(agreement, trivial),
        problems=tuple(
            f"{each.method.label}. {each.problem}" for each in last.explanations if each.problem
        ),
        entries=tuple(rank_entries(last)) if is_tested and last.evidence else (),
    )


def _encode(explanation: Explanation) -> MethodMap:
    assert explanation.map is not None
    method = explanation.method
    overlay = encode_heat(explanation.map.heat, method.is_signed)
    return MethodMap(method.name, method.label, overlay, method.is_baseline, method.is_signed)


def _describe(summary: Summary | None) -> None:
    if summary is None:
        st.markdown("Fewer than two of these maps put any pixel above another.")
        return
    first, second = summary.pair
    st.markdown(
        f"Two methods' maps of this one answer correlate at **{summary.mean:.2f}** on average, and "
        f"share {tell_share(summary.shared)} of their top tenth of pixels (two random maps: 10 %). "
        f"Least alike: **{first}** and **{second}**, {summary.lowest:.2f}. Each answers a "
        "question of its own (what would change the score, what made it, what would be "
        "missed); none of them is *the* reason."
    )


def _draw_contest(entries: Sequence[Entry]) -> None:
    with st.expander("Every map's score on this picture"):
        st.vega_lite_chart(plot_contest(entries), width="stretch")
        st.caption(
            "Half of the picture is taken away, hundreds of times in different places; a map's "
            "score is how well it foretells what the network then loses (rank correlation, mean "
            "of two ways to take pixels away). Green: better than the same map in another place "
            "and than every map that knows nothing. *Explain a photo* tells the figures."
        )
