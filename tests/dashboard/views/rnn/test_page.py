"""The page *RNN and LSTM* on the committed networks."""

from functools import partial

import altair as alt
import pytest

from dashboard import cache
from dashboard.sequences.words import MAX_CHARACTERS
from dashboard.views import VIEWS
from dashboard.views.rnn import page as rnn
from dashboard.views.rnn import recall_game
from dashboard.views.rnn.charts import plot_over_distance
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


def test_the_chart_is_valid_and_has_no_zero_on_a_logarithmic_axis() -> None:
    spec = plot_over_distance(
        {"A": {0: 1.0, 1: 0.5, 2: 0.0}}, "words", "norm", is_logarithmic=True, floor=0.1
    )
    alt.Chart.from_dict(spec)
    assert [row["value"] for row in spec["data"]["values"]] == [0.5, 1e-12]
