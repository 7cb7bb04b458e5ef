"""Another seed, asked for on the page: the button, the sentence, the control that it sets."""

import math

import pytest

from dashboard import cache
from dashboard.attribution.params import IntParam
from dashboard.limits.stability import Stability
from dashboard.views.explain import stability
from tests.dashboard.app_driver import has_text, open_view
from tests.dashboard.test_links import find_unlinked

BUDGET = IntParam("n", "Noisy copies", 24, 1, 1000, 1)
SMALL = "cnn.fashion_mnist"


@pytest.mark.parametrize(
    ("agreement", "words"),
    [
        (0.94, "nearly the same map: the two agree at 0.94"),
        (0.5, "a similar map, not the same: the two agree at 0.50"),
        (0.49, "a different map: the two agree at 0.49"),
        (-0.05, "a different map: the two agree at −0.05"),
        (math.nan, "cannot be compared"),
    ],
)
def test_what_is_said_of_an_agreement(agreement: float, words: str) -> None:
    told = stability.describe(agreement)
    assert words in told and told.endswith(".")


@pytest.mark.parametrize(
    ("agreement", "words"),
    [
        (0.5, "0.90 with about 216 noisy copies in place of 24"),
        (0.1, "would take about 1,944 noisy copies, more than are offered here; the most, 1,000, "
         "would give 0.82"),
        (-0.05, "no number of noisy copies can be forecast"),
    ],
)  # fmt: skip
def test_what_would_mend_it_is_a_forecast(agreement: float, words: str) -> None:
    told = stability.describe_remedy(BUDGET, 24, Stability(agreement))
    assert words in told and told.endswith(".")


def test_another_seed_is_drawn_on_demand_and_the_budget_that_mends_it_is_set() -> None:
    cache.get_results.clear()
    few = {"rise.n_masks": "200", "smoothgrad.n_samples": "2"}
    app = open_view("explain", model=SMALL, methods="rise,smoothgrad,edges,random", **few)
    assert has_text(app, "Would another seed give the same map?")
    started = [str(b.key) for b in app.button if str(b.key).startswith("start_")]
    assert started == ["start_seed_smoothgrad", "start_seed_rise"]
    assert not has_text(app, "rank correlation of their pixels")
    app.button(key="start_seed_rise").click().run()
    assert not app.exception
    assert has_text(app, "**RISE.** Another seed gives a similar map, not the same")
    assert find_unlinked(app) == []
    button = app.button(key="more_rise")
    wanted = int("".join(filter(str.isdigit, button.label)))
    button.click().run()
    assert not app.exception
    assert app.slider(key="rise.n_masks").value == wanted
    assert dict(app.query_params)["rise.n_masks"] == str(wanted)
    app.button(key="start_seed_rise").click().run()
    assert has_text(app, "**RISE.** Another seed gives")


def test_maps_that_are_not_drawn_by_lot_are_not_asked() -> None:
    app = open_view("explain", model=SMALL, methods="edges,random")
    assert not app.exception
    assert not has_text(app, "Would another seed give the same map?")
