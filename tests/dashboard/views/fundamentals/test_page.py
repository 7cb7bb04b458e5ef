"""The page *Fundamentals*."""

import json
from functools import partial
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.learning.frames import WALKS, Walk
from dashboard.views import VIEWS
from dashboard.views.fundamentals import page as fundamentals
from tests.dashboard.app_driver import has_text, open_view

open_page = partial(open_view, "fundamentals")


def read_scene(app: AppTest) -> dict[str, Any]:
    """Return what the page's one figure was given."""
    (figure,) = app.get("bidi_component")
    scene: dict[str, Any] = json.loads(figure.proto.json)
    return scene


def test_the_page_is_in_the_menu() -> None:
    assert fundamentals.VIEW in VIEWS
    assert fundamentals.VIEW.slug == "fundamentals" and not fundamentals.VIEW.has_model


@pytest.mark.parametrize("part", fundamentals.PARTS)
def test_every_part_opens_with_a_figure_a_question_and_sources(part: str) -> None:
    app = open_page(part=part)
    assert not app.exception and not app.error and not app.warning
    assert read_scene(app)
    assert has_text(app, "Predict first.") and has_text(app, "Sources: ")


def test_a_link_restores_the_neuron() -> None:
    query = {"neuron": "1,-2,0.5,3,-1,tanh"}
    app = open_page(**query)
    scene = read_scene(app)
    assert scene["state"] == {"neuron": "1,-2,0.5,3,-1,tanh"}
    assert dict(app.query_params) == query


def test_a_link_restores_the_lesson_and_its_controls() -> None:
    query = {
        "part": "network",
        "net.problem": "circles",
        "net.activation": "relu",
        "net.rate": "0.3",
    }
    app = open_page(**query)
    scene = read_scene(app)
    assert app.selectbox(key="net.problem").value == "circles"
    assert scene["activation"] == "relu" and scene["rate"] == 0.3
    assert dict(app.query_params) == query


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.name)
def test_every_walk_is_one_click(walk: Walk) -> None:
    app = open_page(part="descent")
    app.button(key=f"walk_{walk.name}").click().run()
    assert not app.exception
    scene = read_scene(app)
    assert scene["kind"] == walk.verdict.name
    assert scene["path"][0] == list(walk.start)


def test_another_mountain_brings_its_own_start_and_rate() -> None:
    app = open_page(part="descent", **{"descent.x": "-1.5"})
    app.selectbox(key="descent.surface").set_value("neuron").run()
    assert not app.exception
    assert app.number_input(key="descent.x").value == 4.0
    assert app.select_slider(key="descent.rate").value == 6.0


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("part", "magic"),
        ("neuron", "1,2"),
        ("net.rate", "-1"),
        ("net.seed", "100000"),
        ("net.problem", "<script>"),
        ("descent.x", "99"),
        ("descent.y", "nan"),
        ("descent.momentum", "1"),
        ("fit.samples", "16"),
    ],
)
def test_a_link_that_means_nothing_falls_back_and_is_reported(key: str, text: str) -> None:
    parts = {"net": "network", "descent": "descent", "fit": "fit"}
    part = parts.get(key.split(".")[0], "neuron")
    app = open_page(**{"part": part, key: text})
    assert not app.exception
    assert app.code[0].value == f"{key}={text}"


def test_answers_are_scored() -> None:
    app = open_page(part="fit")
    app.radio(key="question_fundamentals_degree").set_value(2).run()
    app.button(key="reveal_fundamentals_degree").click().run()
    assert has_text(app, "✅ Right.") and has_text(app, "1 of 1")
