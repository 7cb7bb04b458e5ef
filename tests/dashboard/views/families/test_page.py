"""The page *Families side by side* on the real zoo."""

from functools import partial

from streamlit.testing.v1 import AppTest

from dashboard import charts
from dashboard.families.descriptions import FAMILIES
from dashboard.inference.latency import Latency
from dashboard.views import VIEWS
from dashboard.views.base import PERCEIVE
from dashboard.views.families import page as families
from tests.dashboard.app_driver import has_text, open_view

open_page = partial(open_view, "families")


def list_html(app: AppTest) -> list[str]:
    return [element.proto.body for element in app.get("html")]


def test_every_family_answers_and_is_described_from_its_card() -> None:
    app = open_page()
    assert not app.exception and not app.error
    *pictures, table = list_html(app)
    assert len(pictures) == 3 and all('alt="' in picture for picture in pictures)
    for family in FAMILIES:
        assert f'<th scope="row">{family.name}</th>' in table
    for cell in ("236,122", "16.5 M MACs, one picture", "1.97 M MACs, 20 words", "25 steps, 50"):
        assert cell in table
    assert table.count(" Wh (") == len(FAMILIES) == table.count(" ms (")
    assert sum("**positive**" in str(each.value) for each in app.markdown) == 2


def test_a_link_restores_class_seed_and_sentence_and_says_what_it_could_not() -> None:
    query = {"families.class": "1", "families.seed": "7", "families.text": "Boring and awful."}
    app = open_page(**query)
    assert not app.exception and dict(app.query_params) == query
    assert sum("Asked for: Trouser" in str(each.value) for each in app.markdown) == 2
    assert sum("**negative**" in str(each.value) for each in app.markdown) == 2
    app = open_page(**{"families.class": "10", "families.seed": "-1"})
    assert not app.exception and app.code[0].value == "families.class=10\nfamilies.seed=-1"
    assert app.selectbox(key="families.class").value == 9


def test_a_sentence_without_words_and_one_of_unknown_words() -> None:
    app = open_page(**{"families.text": "🙂🙂"})
    assert not app.exception and has_text(app, "There is no word in this text")
    app.text_input(key="families.text").set_value("Цветы qzxv").run()
    assert not app.exception and has_text(app, "Unknown to it: 2.")


def test_it_is_in_the_menu_and_offers_no_network() -> None:
    assert families.VIEW in VIEWS
    assert families.VIEW.group == PERCEIVE and not families.VIEW.has_model


def test_the_chart_names_every_point_on_logarithmic_axes() -> None:
    latency = Latency(2.0, 3.0, 1.5, 2.5, 9)
    chart = charts.plot_latency([("one", 10, latency), ("two", 20, latency)])
    assert [value["name"] for value in chart["data"]["values"]] == ["one", "two"]
    assert chart["encoding"]["x"]["scale"] == {"type": "log"}
    assert "one; two" in chart["description"]
