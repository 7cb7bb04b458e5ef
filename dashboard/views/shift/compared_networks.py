"""Two clothing networks under every corruption; and what others measured of the photo networks."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import streamlit as st

from dashboard import cache
from dashboard.inference.counts import tell_share
from dashboard.inference.zoo import ZooError
from dashboard.limits.published_shift import TEST_SETS
from dashboard.limits.sample_shift import (
    average,
    compute_corruption_errors,
    compute_relative_errors,
)
from dashboard.stress import CORRUPTIONS, list_suites
from dashboard.views.shift.charts import plot_errors
from dashboard.views.shift.shifted_sample import SAMPLES, make_key


def _load_report() -> dict[str, Any] | None:
    try:
        text = (SAMPLES / "shift.json").read_text(encoding="utf-8")
        report: dict[str, Any] = json.loads(text)
    except (OSError, ValueError):
        return None
    return report if isinstance(report.get("networks"), dict) else None


def draw_comparison(name: str) -> None:
    """Draw two clothing networks under all corruptions, or the published figures of photo ones."""
    if name.endswith(".imagenet"):
        _draw_published()
        return
    report = cache.get_results().get_or_compute(make_key("report"), _load_report)
    found = {} if report is None else _list_current(report)
    if report is None or len(found) < 2:
        st.info(
            "Two networks have not been measured on this machine: "
            "`python -m export.benchmark.shift` does it."
        )
        return
    base, other = list(found)[:2]
    titles = {each: cache.get_model_card(each).title for each in (base, other)}
    errors = {each: found[each]["errors"] for each in (base, other)}
    names = [each.name for each in list_suites("benchmark") if each.name in errors[base]]
    clean = {each: float(found[each]["clean"]) for each in (base, other)}
    ce = average(compute_corruption_errors(errors[other], errors[base]), names)
    relative = average(
        compute_relative_errors(errors[other], clean[other], errors[base], clean[base]), names
    )
    means = {
        titles[each]: {key: float(np.mean(row)) for key, row in errors[each].items()}
        for each in (base, other)
    }
    labels = {each.name: each.label for each in CORRUPTIONS}
    shown = {
        title: {labels[key]: value for key, value in row.items() if key in labels}
        for title, row in means.items()
    }
    order = sorted(next(iter(shown.values())), key=lambda key: -shown[titles[base]][key])
    share = clean[base] / 100
    half = 196 * float(np.sqrt(share * (1 - share) / report["n"]))
    total = {each: float(np.mean([means[titles[each]][key] for key in names])) for each in errors}
    st.markdown(
        f"Wrong answers, untouched: {titles[base]} **{clean[base]:.1f} %**, {titles[other]} "
        f"**{clean[other]:.1f} %**; mean of {len(names)} corruptions: **{total[base]:.1f} %** and "
        f"**{total[other]:.1f} %**. Corruption error of the second relative to the first: "
        f"**{tell_share(ce)}** (above 100: it is wrong more often); relative corruption error, of "
        f"what corruption *adds* to the clean error: **{tell_share(relative)}**."
    )
    st.vega_lite_chart(plot_errors(shown, order), width="stretch")
    st.caption(
        f"{report['n']} test pictures, severities 1 to 5, measured by `{report['command']}`; "
        f"chance alone moves a share of {clean[base]:.1f} % of them by ± {half:.1f} points (95 %). "
        "The benchmark divides by AlexNet's errors on ImageNet; here one small network is divided "
        "by the other, on clothing, so these figures compare with each other only."
    )


def _list_current(report: dict[str, Any]) -> dict[str, Any]:
    """Return the networks of the report whose weights are still those on this machine."""
    found = {}
    for name, row in report["networks"].items():
        try:
            is_same = cache.get_card(name).files["weights.bin"] == row["weights"]
        except (ZooError, KeyError):
            continue
        if is_same:
            found[name] = row
    return found


def _draw_published() -> None:
    titles = {key: cache.get_model_card(key).title for key in TEST_SETS[0].top1 if _has(key)}
    lines = [
        f"| Test set | {' | '.join(titles.values())} |",
        f"|---|{'--:|' * len(titles)}",
    ]
    for each in TEST_SETS:
        values = " | ".join(f"[{each.top1[key]:.1f} %]({each.table})" for key in titles)
        lines.append(f"| [{each.name}]({each.paper}) | {values} |")
    st.markdown(
        "**Published top-1 accuracy**, the same weights on other pictures of the same things"
    )
    st.markdown("\n".join(lines))
    st.caption("; ".join(f"**{each.name}**: {each.what}" for each in TEST_SETS) + ".")
    st.caption(
        "Measured by timm (each figure links to its table), not here: neither ImageNet nor its "
        "corrupted twin may be shipped, and the sample photos have no agreed labels, so no "
        "accuracy, calibration or corruption error of these networks is measured on this page. "
        "What is measured is your photo, under *Every corruption*. For scale, the benchmark's mean "
        "corruption error (lower is better; AlexNet is 100): ResNet-50 76.4, DeiT-S 47.6 "
        "([RobustBench](https://robustbench.github.io/))."
    )


def _has(name: str) -> bool:
    return (cache.ZOO / name / "card.json").is_file()
