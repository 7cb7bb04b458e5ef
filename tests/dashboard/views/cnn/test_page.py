"""The page *CNN, the eyes* on the real zoo."""

from functools import partial

import pytest

from dashboard.inference.samples import choose_subject, list_samples
from dashboard.views import VIEWS
from dashboard.views.cnn import page as cnn
from dashboard.views.cnn.charts import HUMAN, ILSVRC, plot_contest
from tests.dashboard.app_driver import has_text, open_view, read_table

open_page = partial(open_view, "cnn")

SMALL, LITE = "cnn.fashion_mnist", "efficientnet_lite0.imagenet"


def test_the_page_is_in_the_menu_and_opens() -> None:
    app = open_page(model=SMALL)
    assert cnn.VIEW in VIEWS and cnn.VIEW.slug == "cnn" and cnn.VIEW.has_model
    assert not app.exception and not app.error and not app.warning
    assert app.title[0].value == "CNN, the eyes"
    assert len(app.get("bidi_component")) == 2
    assert has_text(app, "The network says **Ankle boot**")
    assert has_text(app, "among 1,000 shipped pictures")


def test_a_photo_network_shows_five_layers() -> None:
    app = open_page(model=LITE, sample="coffee")
    assert not app.exception
    assert has_text(app, "The network says **espresso**")
    assert app.selectbox(key="cnn.layer").options[0] == "1 early, 112 × 112"
    assert len(app.selectbox(key="cnn.layer").options) == 5
    assert app.number_input(key="cnn.unit").max == 1279


@pytest.mark.parametrize("garment", [s.name for s in list_samples(choose_subject(SMALL))][:4])
def test_every_garment_opens(garment: str) -> None:
    app = open_page(model=SMALL, garment=garment)
    assert not app.exception


def test_a_link_restores_the_unit() -> None:
    query = {"model": SMALL, "cnn.layer": "1", "cnn.unit": "5"}
    app = open_page(**query)
    assert app.selectbox(key="cnn.layer").value == 1
    assert app.number_input(key="cnn.unit").value == 5
    assert dict(app.query_params) == query


@pytest.mark.parametrize(
    ("key", "text"),
    [("cnn.layer", "3"), ("cnn.layer", "-1"), ("cnn.unit", "128"), ("cnn.unit", "²")],
)
def test_a_link_out_of_range_falls_back(key: str, text: str) -> None:
    app = open_page(model=SMALL, **{key: text})
    assert not app.exception
    assert app.selectbox(key="cnn.layer").value == 2
    assert app.number_input(key="cnn.unit").value in range(128)


def test_a_layer_of_fewer_channels_keeps_the_page_alive() -> None:
    app = open_page(model=SMALL, **{"cnn.layer": "2", "cnn.unit": "127"})
    app.selectbox(key="cnn.layer").set_value(0).run()
    assert not app.exception
    assert app.number_input(key="cnn.unit").value == 0
    app.selectbox(key="model").set_value(LITE).run()
    assert not app.exception


def test_a_picture_is_made_for_the_unit_when_asked_for() -> None:
    app = open_page(model=SMALL, **{"cnn.layer": "1", "cnn.unit": "6"})
    assert not has_text(app, "the unit's mean rose")
    app.button(key="start_climb").click().run()
    assert not app.exception
    assert has_text(app, "the unit's mean rose from")


def test_the_question_scores_what_the_page_measured() -> None:
    app = open_page(model=SMALL, garment="clothing_dress")
    radio = next(each for each in app.radio if "one channel in 32" in each.label)
    radio.set_value(2).run()
    button = next(b for b in app.button if b.key == str(radio.key).replace("question", "reveal"))
    button.click().run()
    assert has_text(app, "✅ Right.")
    assert has_text(app, "Left of the whole probability: 1 early")
    # Beside it, at once for a small picture: a network that has learnt nothing.
    assert has_text(app, "**Trained**, its answer: Dress")
    assert has_text(app, "**Weights shuffled**, its answer: ")
    assert has_text(app, "*which* channels are kept matters")
    rows = read_table(app, "Layer")
    assert len(rows) == 3 and rows["3 late, 7 × 7"][0].startswith("4 of 128 (3\u00a0%)")


def test_the_contest_names_alexnet_and_the_human_line() -> None:
    spec = plot_contest()
    assert (2012, "AlexNet", 15.3, "CNN") in ILSVRC and HUMAN == 5.1
    assert min(year for year, _, error, _ in ILSVRC if error < HUMAN) == 2015
    assert "2012 AlexNet 15.3 %" in spec["description"]
    assert f"{HUMAN} %" in spec["description"]
