"""The page *RNN and LSTM* on the committed networks."""

from collections.abc import Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import altair as alt
import pytest

from dashboard import cache
from dashboard.inference.cards import ModelCard
from dashboard.sequences.recall import read_first_weights, read_gradient_norms
from dashboard.sequences.words import MAX_CHARACTERS
from dashboard.views import VIEWS
from dashboard.views.rnn import page as rnn
from dashboard.views.rnn import recall_game
from dashboard.views.rnn.charts import plot_over_distance
from dashboard.views.rnn.first_weights import describe_first_weights
from tests.dashboard.app_driver import answer, has_text, open_view, read_table

open_page = partial(open_view, "rnn")


def test_the_page_reads_a_text_and_plays_the_game() -> None:
    app = open_page(**{"memory.lag": "16.0"})
    assert rnn.VIEW in VIEWS and rnn.VIEW.slug == "rnn" and not rnn.VIEW.has_model
    assert not app.exception and not app.error and not app.warning and not app.info
    assert len(app.get("bidi_component")) == 1
    card = cache.get_model_card("lstm.imdb")
    assert has_text(app, f"LSTM **{card.metrics['accuracy'].value:.1f} %**")
    assert has_text(app, "better than both")
    assert has_text(app, "| Transformer | ✅")
    assert has_text(app, "**taken away**")


def test_who_could_not_learn_it_is_played_once_the_question_is_answered() -> None:
    app = open_page(**{"memory.lag": "64.0"})
    assert not has_text(app, "trained on all lengths alike")
    answer(app, "Had all lengths up to 256 been equally likely", 0)
    assert not app.exception
    rows = read_table(app, "network")
    shares = {name: [float(cells[i].rstrip("%")) for i in (1, 3)] for name, cells in rows.items()}
    assert min(near for near, _ in shares.values()) > 95
    assert shares["Transformer"][1] > 95 > 40 > max(shares["Vanilla RNN"][1], shares["LSTM"][1])


@pytest.mark.parametrize(
    "text, said",
    [
        ("🎬🎬", "There is no word in this text"),
        ("xqzzt vrrbl", "know none of these words"),
        ("good xqzzt", "1 of 2 words is unknown"),
        ("fine " * 70, "Only the first 64 words are read; 6 are left out."),
    ],
)
def test_bad_texts_get_a_sentence(text: str, said: str) -> None:
    app = open_page(**{"memory.text": text})
    assert not app.exception
    assert any(said in each.value for each in (*app.info, *app.warning))


def test_a_pasted_review_is_read_from_its_start() -> None:
    app = open_page()
    field = app.text_input(key="memory.text")
    assert not field.max_chars  # with a limit the browser would drop a longer paste unread
    field.set_value("what a fine film " * 100).run()
    assert not app.exception and not app.warning
    assert "Only the first 64 words are read; 336 are left out." in app.info[0].value
    assert len(app.query_params["memory.text"]) == MAX_CHARACTERS  # the link stays short


def test_nonsense_in_the_link_is_told() -> None:
    app = open_page(**{"memory.lag": "3000", "memory.seed": "-1", "memory.text": "a" * 700})
    assert not app.exception
    told = app.code[0].value
    assert all(key in told for key in ("memory.lag", "memory.seed", "memory.text"))


def test_the_questions_know_what_was_measured() -> None:
    names = ("rnn.imdb", "lstm.imdb")
    lines = [rnn.read_fading(cache.get_model_card(name)) for name in names]
    fading = rnn.create_question(dict(zip(("Vanilla RNN", "LSTM"), lines, strict=True)))
    left = lines[0][rnn.FAR] / lines[0][1]
    assert fading.right == (2 if left < 0.003 else 1 if left < 0.1 else 0)
    cards = {title: cache.get_model_card(name) for title, name in recall_game.NETWORKS.items()}
    recall = recall_game.create_question(cards)
    assert recall.options[recall.right] == "Transformer"


def test_open_gates_end_the_fading_as_the_answer_says() -> None:
    norms = read_gradient_norms(cache.get_model_card("lstm.recall"), "trained")
    assert norms[256] == pytest.approx(norms[64], rel=0.2)


def make_cards(lstm: float, starts: Sequence[dict[str, Any]]) -> dict[str, ModelCard]:
    """Return what the text reads of two cards: the RNN is right in 28.7 % of far rows."""

    def build(share: float, more: Mapping[str, Any]) -> ModelCard:
        even = {
            "accuracy": {"256": {"value": share}},
            "training": {"history": [[800, 2.0794]]},
            **more,
        }
        return cast(ModelCard, SimpleNamespace(labels=tuple("ABCDEFGH"), details={"even": even}))

    first = {"first_weights": {"starts": list(starts)}}
    return {"Vanilla RNN": build(28.7, {}), "LSTM": build(lstm, first)}


def make_start(what: str, left: float, shares: Sequence[float]) -> dict[str, Any]:
    runs = [{"accuracy": {"256": share}, "loss": 2.08} for share in shares]
    return {"what": what, "gradient_norm": {"1": 0.5, "32": 0.5 * left}, "runs": runs}


def test_why_the_lstm_is_behind_is_told_with_what_was_measured() -> None:
    starts = [make_start("shut", 0.002, [13.4, 10]), make_start("open", 0.8, [100, 99])]
    said = describe_first_weights(make_cards(13.4, starts))
    assert "13.4 % against 28.7 % at 256 letters" in said
    assert "its loss is 2.08" in said and "ln 8 = 2.08" in said
    # sigmoid(1) = 0.731, and 0.731 ** 2.2 = 0.5
    assert "start at 0.73" in said and "halved every 2.2 letters" in said
    assert "| LSTM | shut | 0.2\u00a0% | 13\u00a0%, 10\u00a0% |" in said
    assert "| LSTM | open | 80.0\u00a0% | 100\u00a0%, 99\u00a0% |" in said


def test_nothing_is_explained_that_is_not_so_or_was_not_measured() -> None:
    assert describe_first_weights(make_cards(90.0, [make_start("open", 0.8, [90])])) == ""
    assert describe_first_weights(make_cards(13.4, [])) == ""


def test_the_cards_tell_that_open_gates_are_enough() -> None:
    said = describe_first_weights(
        {title: cache.get_model_card(name) for title, name in recall_game.NETWORKS.items()}
    )
    usual, opened = read_first_weights(cache.get_model_card("lstm.recall"))
    assert max(usual.shares) < 20 and min(usual.losses) > 2.07  # chance is 12.5 %, ln 8 = 2.079
    assert min(opened.shares) > 99 and opened.left > 10 * usual.left
    assert opened.what in said and usual.what in said
    app = open_page()
    answer(app, "Had all lengths up to", 2)
    assert not app.exception and has_text(app, "Why is the LSTM behind the vanilla RNN here")


def test_the_chart_is_valid_and_has_no_zero_on_a_logarithmic_axis() -> None:
    spec = plot_over_distance(
        {"A": {0: 1.0, 1: 0.5, 2: 0.0}}, "words", "norm", is_logarithmic=True, floor=0.1
    )
    alt.Chart.from_dict(spec)
    assert [row["value"] for row in spec["data"]["values"]] == [0.5, 1e-12]
