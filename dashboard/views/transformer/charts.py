"""Charts of the page on Transformers: what a pointer answers, and which words matter."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.charts import (
    BLUE,
    GREEN,
    LEGEND,
    ORANGE,
    UNIT,
    Spec,
    create_frame,
    create_layer,
    encode_name,
    encode_number,
    tell_apart,
)
from dashboard.inference.counts import tell_share
from dashboard.inference.model import Doubles, Floats
from dashboard.sequences.pronouns import Resolved
from dashboard.sequences.word_evidence import ATTENTION, EXPERIMENT, GRADIENT, Evidence

_POINTER, _HEADS = "pointer: the answer", "mean of the heads"
TITLES = {ATTENTION: "attention", GRADIENT: "gradient × input", EXPERIMENT: "word taken away"}


def plot_answer(resolved: Resolved, labels: Sequence[str], title: str) -> Spec:
    """Return two bars a word: the pointer's share, which is the answer, and the mean head's."""
    shares: dict[str, Floats | Doubles] = {
        _POINTER: resolved.probabilities,
        _HEADS: resolved.average_heads(),
    }
    words = [f"{place + 1} {label}" for place, label in enumerate(labels)]
    rows: list[Spec] = [
        {"word": word, "by": name, "share": round(float(share), 5)}
        for name, values in shares.items()
        for word, share in zip(words, values, strict=True)
    ]
    choice = resolved.choice
    told = "; ".join(
        f"{name}: {tell_share(float(values[choice]), 1)} to {labels[choice]}"
        for name, values in shares.items()
    )
    names = list(shares)
    axis = {"title": None, "labelAngle": -60, "labelOverlap": False}
    encoding = {
        "x": encode_name("word", sort=words, axis=axis),
        "xOffset": {"field": "by", "sort": names},
        "y": encode_number("share", scale=UNIT, axis={"title": title, "format": "%"}),
        **tell_apart("by", names, {**LEGEND, "labelLimit": 240}, color=(ORANGE, BLUE)),
    }
    return {
        **create_frame(f"{title}: what the pronoun points to. {told}.", 300),
        **create_layer("bar", encoding, rows, tooltip=True),
    }


def plot_evidence(evidence: Evidence, labels: tuple[str, ...]) -> Spec:
    """Return three bars a word, each kind in shares of its own sum; ``labels`` are all pieces."""
    rows: list[Spec] = []
    for name, title in TITLES.items():
        sizes = evidence.sizes[name]
        total = float(sizes.sum()) or 1.0
        rows += [
            {"word": f"{number + 1} {labels[place]}", "by": title, "share": float(size) / total}
            for number, (place, size) in enumerate(zip(evidence.places, sizes, strict=True))
        ]
    order = [f"{number + 1} {labels[place]}" for number, place in enumerate(evidence.places)]
    most = {
        title: max((row for row in rows if row["by"] == title), key=lambda row: row["share"])
        for title in TITLES.values()
    }
    summary = "; ".join(f"most by {title}: {row['word']}" for title, row in most.items())
    titles = list(TITLES.values())
    legend = {**LEGEND, "columns": 2, "labelLimit": 200}
    words = {"title": None, "labelAngle": -60, "labelOverlap": False}
    shares = {"title": "share", "format": "%", "tickCount": 4}
    encoding = {
        "x": encode_name("word", sort=order, axis=words),
        "xOffset": {"field": "by", "sort": titles},
        "y": encode_number("share", stack=None, axis=shares),
        **tell_apart("by", titles, legend, color=(BLUE, ORANGE, GREEN)),
    }
    return {
        **create_frame(f"Bars of how much each word matters. {summary}.", 340),
        **create_layer("bar", encoding, rows, tooltip=True),
    }
