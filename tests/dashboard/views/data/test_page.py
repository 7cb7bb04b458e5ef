"""The page *Data dependency* on the committed sweep."""

import re
from functools import partial

import altair as alt
import pytest

from dashboard import cache
from dashboard.limits.learning_curve import Point, PowerLaw, fit
from dashboard.limits.sweep import NOISE, RARE, SIZE, Sweep, read_sweep
from dashboard.views import VIEWS
from dashboard.views.data import page as data
from dashboard.views.data.charts import Row, create_points, plot_learning_curve, plot_lines
from dashboard.views.data.learning_curve import create_question, describe_aim, describe_next
from tests.dashboard.app_driver import has_text, list_texts, open_view

open_page = partial(open_view, "data")


def load_sweep() -> Sweep:
    sweep = read_sweep(cache.get_card(data.SWEEP))
    assert sweep is not None
    return sweep


def test_the_sweep_is_read_whole() -> None:
    sweep = load_sweep()
    sizes = sweep.list_runs(SIZE)
    assert [runs[0].images for runs in sizes.values()] == sorted(
        {60, 300, 600, 3000, 6000, 15000, 30000, 60000}
    )
    assert all(len(runs) == 3 for runs in sizes.values())
    assert list(sweep.list_runs(RARE)) == [1, 5, 25, 100]
    assert list(sweep.list_runs(NOISE)) == [0, 20, 40, 60]
    assert sweep.labels[sweep.rare_index] == sweep.rare_class


def test_a_card_without_runs_is_no_sweep() -> None:
    assert read_sweep(cache.get_card("cnn.fashion_mnist")) is None


def test_the_page_foretells_and_shows_every_network() -> None:
    app = open_page(garment="clothing_dress")
    assert data.VIEW in VIEWS and data.VIEW.slug == "data" and not data.VIEW.has_model
    assert not app.exception and not app.error and not app.warning
    assert app.title[0].value == "Data dependency"
    text = next(each for each in list_texts(app) if each.startswith("**The law:**"))
    sweep = load_sweep()
    points = create_points(list(sweep.list_runs(SIZE).values()))
    found = re.search(r"measured are ([\d.]+)\u00a0%", text)
    assert found is not None and float(found[1]) == pytest.approx(100 * points[6].error, abs=0.06)
    assert len(app.get("bidi_component")) == 1
    assert not has_text(app, "**Recall of Coat:**")  # it opens with the answer
    radio = next(each for each in app.radio if "recognises about" in each.label)
    radio.set_value(2).run()
    next(b for b in app.button if b.key == "reveal_data_rare").click().run()
    assert not app.exception and has_text(app, "**Recall of Coat:** 60 examples: 0 %")


def test_the_link_restores_and_nonsense_in_it_is_told() -> None:
    app = open_page(**{"data.upto": "600.0", "data.aim": "95.0"})
    assert not app.exception and has_text(app, "For 3,000 images it foretells")
    assert has_text(app, "**For 95 %:**")
    app = open_page(**{"data.upto": "7", "data.aim": "101"})
    assert not app.exception and has_text(app, "For 30,000 images it foretells")
    assert {"data.upto=7", "data.aim=101"} == set(app.code[0].value.splitlines())


def test_the_page_without_its_networks_says_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr(cache, "ZOO", tmp_path_factory.mktemp("zoo"))
    app = open_page()
    assert not app.exception and "export.train.cnn_sweep" in app.info[0].value


def test_words_about_laws() -> None:
    law = PowerLaw(0.0, 2.0, 0.5)
    points = [Point(n, (law.predict(n),) * 2, 10**9) for n in (100, 400, 1600, 6400)]
    found = fit(points[:3])
    assert "inside the interval" in describe_next(points, found, 3)
    off = [*points[:3], Point(6400, (0.2, 0.2), 1000)]
    assert "**outside** the interval" in describe_next(off, found, 3)
    assert "about **10,000 images**" in describe_aim(found, 98, 6400)
    assert "1.6 times the whole set" in describe_aim(found, 98, 6400)
    floor = fit([Point(n, (PowerLaw(0.1, 2.0, 0.5).predict(n),), 10**9) for n in (100, 400, 1600)])
    assert "never reached: 10.0\u00a0%" in describe_aim(floor, 95, 1600)


def test_the_question_knows_what_was_measured() -> None:
    halved = [Point(n, (e,), 1000) for n, e in ((60, 0.4), (600, 0.2), (6000, 0.1))]
    assert create_question(halved).right == 1
    flat = [Point(n, (e,), 1000) for n, e in ((60, 0.4), (600, 0.2), (6000, 0.19))]
    assert create_question(flat).right == 2


def test_the_charts_are_valid() -> None:
    points = [Point(n, (e, e + 0.01), 1000) for n, e in ((60, 0.4), (600, 0.2), (6000, 0.1))]
    alt.Chart.from_dict(plot_learning_curve(points, fit(points), 3, 1e6))
    rows = [Row("a", 1, 50), Row("b", 10, 60)]
    spec = plot_lines(rows, "x", "y", is_logarithmic=True, summary="Two lines.")
    alt.Chart.from_dict(spec)
    assert spec["description"] == "Two lines."
