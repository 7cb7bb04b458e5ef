"""The page *Diffusion, out of noise* on the real zoo."""

import json
from functools import partial
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cache
from dashboard.generation.diffusion import LEVELS
from dashboard.inference.zoo import ZooError
from dashboard.views import VIEWS
from dashboard.views.diffusion import page as diffusion
from tests.dashboard.app_driver import has_text, open_view

open_page = partial(open_view, "diffusion", **{"diffusion.steps": "5"})


def read_players(app: AppTest) -> list[dict[str, Any]]:
    """Return what the two players were given."""
    return [json.loads(each.proto.json) for each in app.get("bidi_component")]


def test_the_page_opens_with_both_players() -> None:
    app = open_page()
    assert diffusion.VIEW in VIEWS and not diffusion.VIEW.has_model
    assert not app.exception and not app.error and not app.warning
    assert app.title[0].value == "Diffusion, out of noise"
    steps, levels = read_players(app)
    assert len(steps["frames"]) == 5 and steps["frames"][0].startswith("Step 1 of 5: 99.9\u00a0%")
    assert len(levels["frames"]) == LEVELS
    first, second = steps["rows"]
    assert first["title"].startswith("Ankle boot, guidance 2,")
    assert second["title"].startswith("Ankle boot, guidance 0,")
    # One noise for both; without guidance the class changes nothing.
    assert len({row["notes"][0].split()[6] for row in (first, second)}) == 2
    assert all("by 0.0 %" in note for note in second["notes"])
    assert first["line"][-1] > 0.5
    assert has_text(app, "the CNN calls the guess **Ankle boot**")


def test_a_link_restores_all_that_was_asked_for() -> None:
    query = {
        "diffusion.class": "3",
        "diffusion.seed": "42",
        "diffusion.guidance": "3.5",
        "diffusion.steps": "4",
        "diffusion.versus": "class",
        "diffusion.class2": "8",
        "diffusion.from": "test",
        "diffusion.test": "17",
        "diffusion.as": "1",
        "diffusion.level": "9",
    }
    app = open_page(**query)
    assert not app.exception
    assert dict(app.query_params) == query
    steps, levels = read_players(app)
    titles = [row["title"] for row in steps["rows"]]
    assert titles == ["Dress, guidance 3.5, seed 42", "Bag, guidance 3.5, seed 42"]
    assert len(steps["frames"]) == 4 and levels["state"] == {"frame": 9}


def test_a_link_out_of_range_falls_back_and_is_reported() -> None:
    app = open_page(
        **{
            "diffusion.class": "10",
            "diffusion.seed": "-1",
            "diffusion.guidance": "nan",
            "diffusion.steps": "51",
            "diffusion.versus": "<b>",
            "diffusion.level": "13",
            "diffusion.as": "²",
        }
    )
    assert not app.exception
    assert has_text(app, "A part of the link means nothing here")
    said = app.code[0].value
    for name in ("class=10", "seed=-1", "guidance=nan", "steps=51", "versus=<b>", "level=13"):
        assert f"diffusion.{name}" in said
    assert app.slider(key="diffusion.steps").value == 25
    assert app.number_input(key="diffusion.seed").value == 7


def test_alone_and_then_side_by_side() -> None:
    app = open_page(**{"diffusion.versus": "none"})
    assert len(read_players(app)[0]["rows"]) == 1
    app.selectbox(key="diffusion.class").set_value(1).run()
    assert not app.exception
    assert read_players(app)[0]["rows"][0]["title"].startswith("Trouser")
    app.button(key="start_diffusion_samples").click().run()
    assert not app.exception
    assert len(app.get("image")) == 2
    app.button(key="start_diffusion_timing").click().run()
    assert not app.exception
    assert has_text(app, "times as long as a whole picture of the GAN")
    assert has_text(app, "× as long |")


def test_the_question_is_answered_by_the_card() -> None:
    app = open_page()
    radio = next(each for each in app.radio if "50 steps take five times" in each.label)
    radio.set_value(2).run()
    app.button(key="reveal_diffusion_steps").click().run()
    assert has_text(app, "✅ Right. Measured: FID 1.09 with 10 steps, 0.85 with 50")


def test_a_missing_network_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: str) -> None:
        raise ZooError("The file is missing.")

    monkeypatch.setattr(cache, "get_graph", fail)
    app = open_page()
    assert not app.exception
    assert len(app.error) == 1 and not app.get("bidi_component")
