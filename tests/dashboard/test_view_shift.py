"""The page *Distribution shift* on the real zoo."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.views import VIEWS, shift
from dashboard.views.base import FAIL
from dashboard.widgets import familiarity
from tests.dashboard.app_driver import has_text, list_texts
from tests.dashboard.inference.uploads import create_network

SMALL = "cnn.fashion_mnist"
BOOT = {"model": SMALL, "garment": "clothing_ankle_boot"}
PHOTO = {"model": "efficientnet_lite0.imagenet", "sample": "coffee"}


def open_page(**query: str) -> AppTest:
    """Return the page as a visitor with this link sees it, without the router."""
    script = """
from dashboard import state
from dashboard.views import shift
from dashboard.widgets.model_select import select_model
state.begin_run()
shift.render(select_model())
state.write_url()
"""
    app = AppTest.from_string(script, default_timeout=120)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def read_table(app: AppTest, head: str) -> dict[str, list[str]]:
    """Return the rows of the table whose first column is called ``head``, by their first cell."""
    table = next(text for text in list_texts(app) if text.startswith(f"| {head} |"))
    rows = [re.split(r" *\| *", line.strip("| ")) for line in table.splitlines()[2:]]
    return {row[0].strip("*"): row[1:] for row in rows}


def test_the_page_is_in_the_menu_and_shows_picture_and_grid() -> None:
    app = open_page(**BOOT)
    assert shift.VIEW in VIEWS and shift.VIEW.slug == "shift"
    assert shift.VIEW.group == FAIL and shift.VIEW.has_model
    assert not app.exception and not app.error and not app.warning
    assert app.title[0].value == "Distribution shift"
    assert has_text(app, "Untouched, the network says **Ankle boot** (100%).")
    assert len(app.get("bidi_component")) == 2
    text = next(each for each in list_texts(app) if "stays the answer in" in each)
    held, total = map(int, re.findall(r"\*\*(\d+) of (\d+)\*\*", text)[0])
    assert total == 18 * 5 and 45 < held < 90  # saturation needs colour
    app.toggle(key="shift.all").set_value(True).run()
    assert has_text(app, " of 150** pictures")
    assert app.query_params["shift.all"] == "True"


def test_the_sample_is_measured_and_calibrated() -> None:
    app = open_page(**BOOT, **{"shift.part": "sample", "shift.corruption": "contrast"})
    assert not app.exception and not app.error
    rows = read_table(app, "Severity")
    accuracy, confidence, ece, scaled = (float(cell.rstrip("%")) for cell in rows["0"])
    assert accuracy == pytest.approx(94.9, abs=0.2) and confidence > 90
    assert scaled <= 2 and ece < 4  # the floor, in distribution
    assert float(rows["5"][0].rstrip("%")) < accuracy - 20
    radio = next(each for each in app.radio if "mean confidence falls" in each.label)
    radio.set_value(0).run()
    key = str(radio.key).replace("question", "reveal")
    next(button for button in app.button if button.key == key).click().run()
    assert not app.exception and has_text(app, "it is surer than right")


def test_strangers_are_told_apart_and_the_picture_is_judged() -> None:
    app = open_page(**BOOT, **{"shift.part": "unknown"})
    assert not app.exception and not app.error
    rows = read_table(app, "Score")
    assert len(rows) == 5
    best = max(float(row[0]) for row in rows.values())
    assert best >= 0.95  # the floor, digits
    assert float(rows["Max softmax"][0]) < best
    assert all(row[4].startswith("familiar") for row in rows.values())
    assert has_text(app, "0 of 5 scores call it unfamiliar")


def test_networks_are_compared_and_published_figures_are_linked() -> None:
    app = open_page(**BOOT, **{"shift.part": "compare"})
    assert not app.exception and has_text(app, "Corruption error of the second relative to")
    app = open_page(**PHOTO, **{"shift.part": "compare"})
    assert not app.exception
    row = next(text for text in list_texts(app) if text.startswith("| Test set |"))
    assert "[62.6 %](https://github.com/huggingface/pytorch-image-models/blob/" in row


def test_a_photo_network_says_what_cannot_be_measured() -> None:
    app = open_page(**PHOTO, **{"shift.part": "unknown", "shift.corruption": "hue"})
    assert not app.exception and not app.error
    assert has_text(app, "tells 1,000 classes apart") and has_text(app, "max softmax 0.")


def test_a_corruption_of_colour_falls_back_on_a_grey_network() -> None:
    app = open_page(**BOOT, **{"shift.part": "compare", "shift.corruption": "hue"})
    assert not app.exception
    assert app.selectbox(key="shift.corruption").value == "fog"


@pytest.mark.parametrize(
    ("key", "text"),
    [("shift.corruption", "rain"), ("shift.part", "x"), ("shift.method", "magic")],
)
def test_a_link_out_of_range_falls_back_and_is_reported(key: str, text: str) -> None:
    app = open_page(**{**BOOT, "shift.part": "compare", key: text})
    assert not app.exception
    assert [code.value for code in app.code] == [f"{key}={text}"]
    assert key not in dict(app.query_params)


def test_without_statistics_the_page_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(familiarity, "get_statistics", lambda name: None)
    app = open_page(**BOOT, **{"shift.part": "unknown"})
    assert not app.exception and set(read_table(app, "Score")) == {
        "Max softmax",
        "Max logit",
        "Energy",
    }
    assert has_text(app, "need the features of the training pictures")


def test_an_uploaded_network_is_tried_too() -> None:
    # The last visit ends the sandbox: AppTest knows one session, for all tests.
    script = """
import streamlit as st
from dashboard import cache, state
from dashboard.views import own_model, shift
state.begin_run()
page = st.query_params.get("page", "own")
if page == "end":
    cache.get_own_space().close()
else:
    (shift if page == "shift" else own_model).render("efficientnet_lite0.imagenet")
state.write_url()
"""
    app = AppTest.from_string(script, default_timeout=120)
    app.query_params["methods"] = "intensity,edges"
    app.run()
    try:
        network = create_network().SerializeToString()
        app.file_uploader[0].upload("model.onnx", network, "application/octet-stream").run()
        app.query_params["page"] = "shift"
        app.query_params["shift.part"] = "sample"
        app.run()
        app.segmented_control(key="shift_network").set_value(True).run()
        assert not app.exception and not app.error
        assert has_text(app, "Untouched, the network says **")
        assert has_text(app, "classes apart, and the labelled pictures")
        assert len(app.get("bidi_component")) == 1
    finally:
        app.query_params["page"] = "end"
        app.run()
