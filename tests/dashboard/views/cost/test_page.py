"""The page *Compute cost* on the committed networks."""

from functools import partial

import numpy as np

from dashboard import cache
from dashboard.inference.layer_macs import LayerCost
from dashboard.views import VIEWS
from dashboard.views.cost import page as cost
from dashboard.views.cost.cost_report import create_question
from dashboard.views.cost.quantised import Answer, describe_pair
from tests.dashboard.app_driver import has_text, open_view, open_with_own_network
from tests.dashboard.uploads.networks import create_network

open_page = partial(open_view, "cost")


def test_the_page_counts_times_and_quantises() -> None:
    app = open_page(model="cnn.fashion_mnist", **{"cost.region": "France", "cost.answers": "1000"})
    assert cost.VIEW in VIEWS and cost.VIEW.slug == "cost" and cost.VIEW.has_model
    assert not app.exception and not app.error and not app.warning
    card = cache.get_card("cnn.fashion_mnist")
    assert app.metric[0].value == "236 k" and app.metric[1].value == "16.5 M"
    assert has_text(app, f"the card says {card.macs:,}")
    assert has_text(app, "| **These answers** |") and has_text(app, "| **Its training** |")
    assert has_text(app, "dropped once it is no longer needed")
    assert has_text(app, "times the operations of our largest training")
    next(b for b in app.button if b.label == "Make it 8-bit and compare").click().run()
    assert not app.exception
    assert has_text(app, "| **right of 900** |") and has_text(app, "the trivial comparison")
    assert has_text(app, "The same answer; rank correlation of the two maps: ")


def test_others_trainings_are_not_invented_and_nonsense_is_told() -> None:
    query = {"cost.region": "Atlantis", "cost.answers": "7"}
    app = open_page(model="efficientnet_lite0.imagenet", **query)
    assert not app.exception and has_text(app, "trained by others")
    assert not has_text(app, "| **Its training** |")
    assert set(app.code[0].value.splitlines()) == {"cost.region=Atlantis", "cost.answers=7"}


def test_the_question_knows_where_the_work_is() -> None:
    layers = [LayerCost(str(i), "Conv", (1,), macs, 10, 1) for i, macs in enumerate((1, 5, 2))]
    question = create_question(layers)
    assert question.options[question.right] == "the middle"


def test_an_uploaded_network_gets_its_bill() -> None:
    network = create_network().SerializeToString()
    with open_with_own_network("cost", network) as app:
        assert not app.exception and not app.error
        n_macs = 8 * 27 * 16 * 16 + 8 * 5
        assert app.metric[0].value == "256" and app.metric[1].value == "55.3 k"
        assert has_text(app, f"Together {n_macs:,}.")
        assert has_text(app, "| **These answers** |") and has_text(app, "its file does not tell")
        assert has_text(app, "Its time is that of the sandbox")
        assert not [each for each in app.button if "8-bit" in each.label]


def test_two_answers_are_compared_in_words() -> None:
    heat = np.arange(49, dtype=np.float32).reshape(7, 7)
    first, other = Answer(3, 0.9, heat), Answer(4, 0.9, heat)
    assert "two maps: 1.00" in describe_pair(first, first)
    assert "changed the answer" in describe_pair(first, other)
    assert "one is flat" in describe_pair(first, Answer(3, 0.9, np.zeros_like(heat)))
