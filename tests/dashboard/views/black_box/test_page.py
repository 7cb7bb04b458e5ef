"""The page *Black box* on the real zoo."""

import re
from functools import partial

import altair as alt
import pytest

from dashboard.attribution import METHODS
from dashboard.explanation.ranking import Entry
from dashboard.faithfulness.verdict import Outcome
from dashboard.views import VIEWS
from dashboard.views.base import FAIL
from dashboard.views.black_box import cue_lab
from dashboard.views.black_box import page as black_box
from dashboard.views.black_box.charts import plot_contest
from tests.dashboard.app_driver import (
    answer,
    has_text,
    list_figures,
    list_texts,
    open_view,
    open_with_own_network,
    read_table,
)
from tests.dashboard.uploads.networks import create_network, node

open_page = partial(open_view, "black_box")

TRIVIAL = ("Random (trivial)", "Intensity (trivial)")
SMALL = "cnn.fashion_mnist"
DRESS = {"model": SMALL, "garment": "clothing_dress", "box.methods": "input_x_gradient,edges"}


def test_the_page_is_in_the_menu_and_compares_all_methods() -> None:
    app = open_page(**DRESS)
    assert black_box.VIEW in VIEWS and black_box.VIEW.slug == "black_box"
    assert black_box.VIEW.group == FAIL and black_box.VIEW.has_model
    assert not app.exception and not app.error and not app.warning
    assert app.title[0].value == "Black box"
    assert has_text(app, "The network says **Dress (99\u00a0%)**.")
    assert has_text(app, "maps of this one answer correlate at **0.")
    assert has_text(app, "believable") and has_text(app, "knows nothing of the network")
    assert has_text(app, "You may not")
    assert len(app.get("bidi_component")) == 1  # the cascade opens with the answer
    answer(app, "stays exactly the same", 2)
    assert not app.exception and has_text(app, "✅ Right.")
    assert len(app.get("bidi_component")) == 2
    text = next(each for each in list_texts(app) if each.startswith("With every layer shuffled"))
    assert "Edges 1.00" in text
    gradient = re.search(r"Input × gradient (-?\d\.\d\d)", text)
    assert gradient is not None and abs(float(gradient[1])) < 0.3


def test_methods_are_marked_where_the_answer_is_known() -> None:
    app = open_page(**DRESS, **{"box.test": "known"})
    assert not app.exception
    rows = read_table(app, "Method")
    assert rows["Input × gradient"][:2] == ["1.00", "100\u00a0%"]
    assert rows["Integrated gradients"][:2] == ["1.00", "100\u00a0%"]
    assert rows["Edges (trivial)"][2] == "1.00"  # blind to the shuffled weights
    assert "Grad-CAM" not in rows


def test_an_attack_finds_a_twin_and_maps_are_measured() -> None:
    app = open_page(**DRESS, **{"box.test": "tiny", "box.change": "pgd"})
    assert not app.exception
    assert has_text(app, "**A twin:** at ±8 grey levels the network says **Coat")
    rows = read_table(app, "Map")
    assert rows["Random (trivial)"][0] == "0.00"
    assert all(0 <= float(row[1]) <= 1 for row in rows.values())
    assert set(rows) == {"Input × gradient", "Edges (trivial)", *TRIVIAL}


def test_an_edit_changes_the_answer() -> None:
    app = open_page(**DRESS, **{"box.test": "edit"})
    assert not app.exception
    assert has_text(app, "**Dress** becomes **")
    rows = read_table(app, "Pieces taken away")
    searched = float(rows["searched, as above"][0].rstrip("%"))
    assert 0 < searched < float(rows["at random, mean of 5 orders"][0].rstrip("%"))


def test_without_its_networks_the_lab_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cue_lab, "SWEEP", "no_such.sweep")
    app = open_page(**DRESS, **{"box.test": "cue"})
    assert not app.exception and not app.error
    assert [info.value for info in app.info] == [
        "The networks of this experiment are not on this machine: "
        "`python -m export.train.cnn_sweep` trains them."
    ]


def test_the_cheat_is_asked_for_and_told() -> None:
    app = open_page(**DRESS, **{"box.test": "cue", "box.garment": "3"})
    assert not app.exception and not app.error
    assert app.number_input(key="box.garment").value == 3
    assert not has_text(app, "cheats: with the right mark")
    answer(app, "Which of the two reads the mark", 0)
    assert not app.exception
    assert has_text(app, "cheats: with the right mark it is right on 9")


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("box.test", "nothing"),
        ("box.seed", "100"),
        ("box.methods", "nonsense"),
        ("garment", "🦄"),
    ],
)
def test_a_link_out_of_range_falls_back_and_is_reported(key: str, text: str) -> None:
    app = open_page(**{**DRESS, key: text})
    assert not app.exception
    assert [code.value for code in app.code] == [f"{key}={text}"]
    assert key not in dict(app.query_params)


def test_a_link_restores_the_test() -> None:
    query = {**DRESS, "box.test": "edit", "box.fill": "black"}
    app = open_page(**query)
    assert app.selectbox(key="box.fill").value == "black"
    assert dict(app.query_params) == query


def test_a_photo_network_waits_for_the_button() -> None:
    app = open_page(model="efficientnet_lite0.imagenet", sample="coffee", **{"box.test": "edit"})
    assert not app.exception
    assert has_text(app, f"8 of {len(METHODS)} maps, none tested yet")
    keys = {button.key for button in app.button}
    assert {"start_agreement", "start_edit"} <= keys


def test_the_contest_chart_is_valid_and_spoken() -> None:
    spec = plot_contest(
        [Entry("RISE", 0.5, Outcome.BELIEVABLE), Entry("Edges", 0.4, Outcome.YARDSTICK)]
    )
    alt.Chart.from_dict(spec, validate=True)
    assert "RISE 0.50, believable; Edges (trivial) 0.40" in spec["description"]


def test_an_uploaded_network_is_put_on_trial_too() -> None:
    network = create_network().SerializeToString()
    query = {"box.methods": "saliency,edges", "box.test": "weights", "sample": "coffee"}
    with open_with_own_network("black_box", network, **query) as app:
        assert not app.exception and not app.error
        assert has_text(app, "The network says **class ")
        assert len(list_figures(app)) == 1  # the maps and how they agree
        answer(app, "dealt out anew", 2)
        app.button(key="start_shuffled").click().run()
        assert not app.exception and not app.error
        assert has_text(
            app, "With every layer shuffled, rank correlation with the first map: Edges"
        )
        assert len(list_figures(app)) == 2
        for test, button in (("tiny", "start_numbers"), ("edit", "start_edit")):
            app.pills(key="box.test").set_value(test).run()
            app.button(key=button).click().run()
            assert not app.exception and not app.error
        app.pills(key="box.test").set_value("known").run()
        assert not app.exception and not app.error


def test_a_method_without_a_rule_for_a_layer_spares_the_others() -> None:
    network = create_network()
    network.graph.node[1].CopyFrom(node("Softmax", ["before"], ["features"], axis=1))
    query = {"box.methods": "lrp,saliency", "box.test": "tiny", "sample": "coffee"}
    with open_with_own_network("black_box", network.SerializeToString(), **query) as app:
        app.button(key="start_numbers").click().run()
        assert not app.exception and not app.error
        rows = read_table(app, "Map")
        assert rows["LRP"] == ["undefined", "undefined"]
        assert float(rows["Saliency"][0]) > 0
