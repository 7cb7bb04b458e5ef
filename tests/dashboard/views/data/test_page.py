"""The page *Data dependency* on the committed sweep."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import altair as alt
import pytest

from dashboard import cache
from dashboard.limits.learning_curve import Point, PowerLaw, fit
from dashboard.limits.sweep import NOISE, RARE, SIZE, Run, Sweep, read_sweep
from dashboard.views import VIEWS
from dashboard.views.data import page as data
from dashboard.views.data.charts import Row, create_points, plot_learning_curve, plot_lines
from dashboard.views.data.learning_curve import (
    describe_aim,
    describe_record,
    describe_unseen,
    fit_every_start,
)
from dashboard.views.data.runs import tell_runs
from dashboard.views.data.tenfold import Longer, create_question, describe_state
from export.train import cnn_converged
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
    sweep = load_sweep().choose(SIZE)
    points = create_points(list(sweep.list_runs(SIZE).values()))
    told = [float(each) for each in re.findall(r"measured are ([\d.]+)\u00a0%", text)]
    assert told == pytest.approx([100 * point.error for point in points[6:]], abs=0.06)
    assert len(app.get("bidi_component")) == 1
    assert not has_text(app, "**Recall of Coat**")  # it opens with the answer
    radio = next(each for each in app.radio if "recognises about" in each.label)
    radio.set_value(2).run()
    next(b for b in app.button if b.key == "reveal_data_rare").click().run()
    assert not app.exception and has_text(
        app, "**Recall of Coat** (600 steps each): 60 examples: 0 %"
    )


def test_the_link_restores_and_nonsense_in_it_is_told() -> None:
    app = open_page(**{"data.upto": "600.0", "data.aim": "95.0"})
    points = create_points(list(load_sweep().choose(SIZE).list_runs(SIZE).values()))
    assert not app.exception and has_text(app, f"- {points[3].images:,} images: ")
    assert not has_text(app, f"- {points[2].images:,} images: ")  # the law has seen it
    assert has_text(app, "**For 95 %:**")
    app = open_page(**{"data.upto": "7", "data.aim": "101"})
    assert not app.exception and has_text(app, f"- {points[6].images:,} images: ")
    assert not has_text(app, f"- {points[5].images:,} images: ")
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
    assert "inside: a miss of 0.0 points" in describe_unseen(points, found, 3)
    off = [*points[:3], Point(6400, (0.2, 0.2), 1000)]
    # 2 / sqrt(6400) is 2.5 %: 17.5 points below what was measured.
    assert "**outside**: a miss of 17.5 points" in describe_unseen(off, found, 3)
    assert "Nothing is left to test it on" in describe_unseen(points, fit(points), 4)
    assert "about **10,000 images**" in describe_aim(found, 98, 6400)
    assert "1.6 times the whole set" in describe_aim(found, 98, 6400)
    floor = fit([Point(n, (PowerLaw(0.1, 2.0, 0.5).predict(n),), 10**9) for n in (100, 400, 1600)])
    assert "never reached: 10.0\u00a0%" in describe_aim(floor, 95, 1600)


def test_every_size_that_the_law_has_not_seen_judges_it() -> None:
    law = PowerLaw(0.0, 2.0, 0.5)
    points = [Point(n, (law.predict(n),) * 2, 10**9) for n in (100, 400, 1600, 6400, 25600)]
    assert "next size in **2 of 2 cases**" in describe_record(points, fit_every_start(points))
    off = [*points[:4], Point(25600, (0.3,), 1000)]
    assert "next size in **1 of 2 cases**" in describe_record(off, fit_every_start(off))
    assert describe_unseen(off, fit(off[:3]), 3).count("\n- ") == 2


def make_run(kind: str, percent: float, images: int, error: float, seed: int = 0) -> Run:
    name, accuracy = f"{kind}_{percent:g}_seed_{seed}", 100 * (1 - error)
    ends = (accuracy - 1, accuracy + 1)
    return Run(name, kind, percent, seed, images, accuracy, *ends, 1000, (90.0,) * 10, 80.0, 600)


def make_sweep(errors: Sequence[float], longer: Sequence[float] | None = None) -> Sweep:
    """Return a sweep of 60, 600 and 6,000 images, and the longer one as far as it is."""
    values, planned = ((1, 60), (10, 600), (100, 6000)), ("size_1_", "size_10_", "size_100_")
    names = tuple(f"{name}seed_{seed}" for name in planned for seed in range(2))

    def build(found: Sequence[float], **more: Any) -> Sweep:
        runs = [make_run("size", *each, error) for each, error in zip(values, found, strict=False)]
        return Sweep(tuple(runs), ("Coat",), "Coat", 600, 100, planned=names, **more)

    other = None if longer is None else build(longer, held_out=500)
    return replace(build(errors), converged=other)


def test_the_question_on_a_budget_is_told_as_one() -> None:
    sweep = make_sweep([0.4, 0.2, 0.19])
    question = create_question(sweep, Longer(9_400, 93.5))
    assert question.options[question.right] == "hardly at all"
    assert "the same 600 steps of training for each network" in question.text
    # 600 steps of 100 images: 100 times through 600, 10 times through 6,000.
    assert "100 times through the smaller set and 10.0 times through the larger" in question.reveal
    assert "After 9,400 steps on all 6,000, mirrored and shifted as well" in question.reveal
    assert "errs on 6.5\u00a0%" in question.reveal
    assert "errs on" not in create_question(sweep, None).reveal


def test_the_question_asks_for_data_once_every_size_has_converged() -> None:
    half = make_sweep([0.4, 0.2, 0.19], [0.4, 0.2])
    assert half.choose(SIZE) is half  # a size is missing: the budget is told
    whole = make_sweep([0.4, 0.2, 0.19], [0.4, 0.2, 0.1])
    question = create_question(whole, None)
    assert question.options[question.right] == "to about half of it"
    assert "until more training no longer helped" in question.text
    assert "seemed to bring little: from 20.0\u00a0% to 19.0\u00a0%" in question.reveal


def test_what_is_finished_is_told_and_no_more() -> None:
    said = describe_state(make_sweep([0.4, 0.2, 0.19]))
    assert "had 600 steps" in said and "None has been trained to convergence yet" in said
    said = describe_state(make_sweep([0.4, 0.2, 0.19], [0.4]))
    assert "had 600 steps" in said and "so far: 1 of 6 runs, on 60 images" in said
    said = describe_state(make_sweep([0.4, 0.2, 0.19], [0.4, 0.2, 0.1]))
    assert "500 held-out images" in said and "so far: 3 of 6 runs, on 60, 600, 6,000" in said


def test_a_table_of_converged_runs_says_how_long_each_took() -> None:
    run = replace(make_run("size", 10, 600, 0.25), steps=1_200, has_converged=True)
    cut = replace(run, has_converged=False, seed=1)
    sweep = Sweep((run, cut), ("Coat",), "Coat", 20_000, 100, held_out=500)
    first, second = tell_runs(sweep).splitlines()[2:]
    assert first == "| size, 10 % | 0 | 600 | 1,200 | 200 | 75.0 (74.0 to 76.0) |"
    assert "1,200, cut off" in second


@pytest.mark.parametrize("finished", [0, 1, 8, 39])
def test_the_page_draws_a_sweep_that_is_not_finished(
    finished: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = cache.get_card(data.SWEEP)
    names = [run.name for run in cnn_converged.order_runs()]
    runs = {name: card.details["runs"][name] for name in names[:finished]}
    told = {"planned": names, "held_out": 5_000, "most_steps": 20_000, "batch": 128, "runs": runs}
    changed = replace(card, details={**card.details, "converged": told})
    get_card = cache.get_card
    monkeypatch.setattr(
        cache, "get_card", lambda name: changed if name == data.SWEEP else get_card(name)
    )
    app = open_page(garment="clothing_dress")
    assert not app.exception and not app.error and not app.warning
    assert has_text(app, f"so far: {finished} of 39 runs")
    assert has_text(app, "Every run of the law had 600 steps") is (finished < 8)
    assert has_text(app, "**Wrong labels** (share: accuracy; 600 steps each)") is (finished < 39)


def test_the_theory_says_what_the_training_does() -> None:
    said = " ".join(data.THEORY.split())
    assert f"When {cnn_converged.PATIENCE.steps:,} steps (or four times" in said
    assert cnn_converged.PATIENCE.epochs == 4 and cnn_converged.PATIENCE.cut == 0.1
    assert cnn_converged.PATIENCE.cuts == 2  # twice, and the third time the run ends
    assert f"on {cnn_converged.HELD_OUT:,} held-out images" in said


def test_the_charts_are_valid() -> None:
    points = [Point(n, (e, e + 0.01), 1000) for n, e in ((60, 0.4), (600, 0.2), (6000, 0.1))]
    for beside in ({}, {"600 steps each": points}, {"each to its own convergence": []}):
        alt.Chart.from_dict(plot_learning_curve(points, fit(points), 3, 1e6, beside))
    rows = [Row("a", 1, 50), Row("b", 10, 60)]
    spec = plot_lines(rows, "x", "y", is_logarithmic=True, summary="Two lines.")
    alt.Chart.from_dict(spec)
    assert spec["description"] == "Two lines."
