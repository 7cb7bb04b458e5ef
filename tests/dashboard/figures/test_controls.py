"""A link restores every control inside a figure; what is in no link stands here with its reason."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.dashboard.app_driver import QUICK, open_view
from tests.dashboard.figures.test_base import FIGURES

Query = dict[str, str]

SMALL = {"model": "cnn.fashion_mnist"}
# Pages on which every figure is seen at least once, and the figures there.
LINKS: list[tuple[str, Query, set[str]]] = [
    ("explain", {**SMALL, "methods": QUICK}, {"map_viewer"}),
    ("cnn", SMALL, {"feature_maps", "convolution_player"}),
    ("rnn", {}, {"memory_player"}),
    ("transformer", {}, {"attention_player", "head_player"}),
    ("gan", {"gan.from": "drawn", "gan.said": "1"}, {"tile_player", "drawing_pad"}),
    ("diffusion", {"diffusion.steps": "4"}, {"tile_player"}),
    ("fundamentals", {"part": "neuron"}, {"neuron_figure"}),
    ("fundamentals", {"part": "network"}, {"network_player"}),
    ("fundamentals", {"part": "descent"}, {"descent_player"}),
    ("fundamentals", {"part": "fit"}, {"degree_player"}),
    ("shift", SMALL, {"map_sequence", "corruption_grid"}),
    ("black_box", {**SMALL, "box.test": "tiny"}, {"agreement_matrix", "map_sequence"}),
    ("data", {}, {"map_sequence"}),
]
# What a text means is the figure's own: a value of each that is not its default.
TEXTS = {
    "neuron": "1,0.5,0.8,-1.2,-0.9,tanh",
    "box.pair": "edges,intensity",
    "shift.cell": "contrast-4",
    "shift.corruption": "contrast",
    "attention.net": "resolver.pronouns",
    "attention.words": "3-9,4-10",
    "maps.view": "away",
}
OTHERS = {
    "cnn.unit": 5,
    "cnn.shown": 0,
    "descent.x": -0.5,
    "descent.y": 0.5,
    "attention.temperature": 10,
    "attention.layer": 1,
    "attention.head": 2,
    "maps.opacity": 40,
}
WITHOUT = {
    "drawing_pad": "what the reader draws is the reader's own picture",
    "copy_link": "a button: it reads the link",
}

Figure = dict[str, Any]


def list_figures(app: AppTest) -> list[Figure]:
    """Return what the page's figures were given, each with its name."""
    return [
        {**json.loads(each.proto.json), "name": each.proto.component_name[len("glass_box_") :]}
        for each in app.get("bidi_component")
    ]


def name_fields(figure: Figure) -> dict[str, Any]:
    """Return a figure's state by the names in the link."""
    return dict(zip(figure["key"].split("/"), figure["state"].values(), strict=True))


def change(field: str, value: Any, figure: Figure) -> Any:
    if field.endswith(".measure"):
        return len(figure["measures"]) - 1
    if field in TEXTS or field in OTHERS:
        return {**TEXTS, **OTHERS}[field]
    if isinstance(value, bool):
        return not value
    assert isinstance(value, int), f"{field}: give a value of it in TEXTS or OTHERS"
    return value - 1 if value > 0 else 1


@pytest.mark.parametrize(
    ("slug", "query", "names"),
    LINKS,
    ids=lambda each: each if isinstance(each, str) else ",".join(sorted(each)),
)
def test_a_link_restores_every_control_of_a_figure(
    slug: str, query: Query, names: set[str]
) -> None:
    app = open_view(slug, **query)
    assert not app.exception
    figures = list_figures(app)
    assert {figure["name"] for figure in figures} == names
    bound = [figure for figure in figures if figure["name"] not in WITHOUT]
    assert all(figure["state"] for figure in bound)
    wanted = {
        field: change(field, value, figure)
        for figure in bound
        for field, value in name_fields(figure).items()
    }
    texts = {field: str(value) for field, value in wanted.items()}
    again = open_view(slug, **query, **texts)
    assert not again.exception and not again.code, "the link was not understood"
    restored: Figure = {}
    for figure in list_figures(again):
        restored |= name_fields(figure) if figure["name"] not in WITHOUT else {}
    assert restored == wanted
    shown = {field: text for field, text in texts.items() if text != "0" or field in OTHERS}
    assert dict(again.query_params).items() >= shown.items()


def test_every_figure_is_among_them() -> None:
    seen = set().union(*(names for _, _, names in LINKS))
    assert {path.stem for path in FIGURES} == seen | set(WITHOUT)


@pytest.mark.parametrize("path", FIGURES, ids=lambda path: path.stem)
def test_a_figure_with_controls_tells_where_the_reader_left_them(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    told = re.findall(r"\btell\b", text)  # it is asked for, and used
    assert len(told) > 1 or path.stem in WITHOUT
