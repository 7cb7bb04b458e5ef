"""The page *Transformer, attention* on the real zoo."""

import base64
import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cache
from dashboard.faithfulness.verdict import Outcome, Verdict
from dashboard.inference.cards import load_model_card
from dashboard.inference.counts import tell_share
from dashboard.inference.samples import CLOTHING, list_samples
from dashboard.inference.sight import see_zoo
from dashboard.parsing import parse_real
from dashboard.views import VIEWS
from dashboard.views.transformer import page as transformer
from dashboard.views.transformer import patch_maps
from dashboard.views.transformer.head_player import TEMPERATURES
from dashboard.views.transformer.networks import (
    ENCODER,
    HEAD,
    LAYER,
    POINTER,
    RESOLVER,
    open_networks,
    read,
)
from dashboard.views.transformer.sentences import FIRST, SECOND, SEEDS
from dashboard.views.transformer.words import WORDS, encode_words, parse_words
from tests.dashboard.app_driver import answer, has_text, list_figures, open_view

TEMPERATURE = "attention.temperature"

open_page = partial(open_view, "transformer")


def name_best_head() -> str:
    """Return the heading of the head that the card calls the best."""
    card = cache.get_model_card("minilm.sentences")
    layer, head = card.details["best_heads"]["held_out"]["resolves"]
    return f"One head opened: layer {layer + 1}, head {head + 1}"


def test_the_page_opens_with_both_sentences_and_says_what_they_are_worth() -> None:
    app = open_page()
    assert transformer.VIEW in VIEWS and not transformer.VIEW.has_model
    assert not app.exception and not app.error and not app.warning
    assert app.title[0].value == "Transformer, attention"
    assert len(app.get("bidi_component")) == 2
    card = load_model_card(cache.ZOO / ENCODER)
    assert has_text(app, f"{card.metrics['resolves/held_out'].value:.1f} % of 200 generated pairs")
    assert has_text(app, "The ViT says **Ankle boot**")
    assert has_text(app, name_best_head())
    assert has_text(app, "Rank correlation (1 the same order")
    assert dict(app.query_params) == {}


def test_the_trained_resolver_answers_what_attention_does_not() -> None:
    app = open_page(**{"attention.net": RESOLVER})
    assert not app.exception and not app.error
    assert has_text(app, "first sentence: “it” = **animal**")
    assert has_text(app, "second sentence: “it” = **street**")
    card = load_model_card(cache.ZOO / RESOLVER)
    for name in ("pairs/held_out", "pairs/natural"):
        assert has_text(app, f"{card.metrics[name].value:.1f} % of {card.metrics[name].n} ")
    assert has_text(app, "One head opened: layer 2, head 4")
    assert has_text(app, "Score: lead of “animal” over “street”")


def test_it_is_drawn_as_the_attention_that_answers() -> None:
    app = open_page()
    said = [json.loads(each.proto.spec)["description"] for each in app.get("vega_lite_chart")]
    networks = open_networks()
    for text, seed, word in zip(said, SEEDS.values(), ("animal", "street"), strict=False):
        resolved = read(networks, seed).resolved
        assert resolved is not None
        share = tell_share(float(resolved.probabilities.max()), 1)
        assert f"pointer: the answer: {share} to {word}; mean of the heads: " in text
    assert has_text(app, "is its answer. Its 8 heads come before")


def test_the_pointer_is_offered_beside_the_heads_and_its_row_is_the_answer() -> None:
    app = open_page(**{"attention.net": POINTER})
    assert not app.exception and not app.error and not app.code
    assert has_text(app, "The pointer opened") and has_text(app, "Score: lead of “animal”")
    player, opened = read_figures(app)
    for sentence, word in enumerate(("animal", "street")):
        shown = opened["sentences"][sentence]
        asks = shown["labels"].index("it")
        shares = shown["attention"][asks]
        assert shown["labels"][int(np.argmax(shares))] == word and shown["values"][asks] == []
        # The lines of the figure are the same shares, in 16 bits.
        network = next(each for each in player["networks"] if each["name"] == POINTER)
        levels = np.frombuffer(base64.b64decode(network["maps"][sentence]), "<u2") / 65_535
        count = len(shown["labels"])
        np.testing.assert_allclose(levels.reshape(count, count)[asks], shares, atol=1e-4)
        # And they are the probability that the page says the answer has.
        assert has_text(app, f"= **{word}** ({round(100 * max(shares))}\u00a0% sure")


def test_without_the_resolver_one_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in cache.ZOO.iterdir():
        if folder.name != RESOLVER:
            (tmp_path / folder.name).symlink_to(folder)
    monkeypatch.setattr(cache, "ZOO", tmp_path)
    app = open_page(**{"attention.net": RESOLVER})
    assert not app.exception and not app.error
    assert has_text(app, "`python -m export.train.pronouns` trains it")
    assert has_text(app, "A part of the link means nothing here")
    assert has_text(app, "Score: similarity of the two sentences")


def test_the_questions_score_what_was_measured() -> None:
    app = open_page()
    answer(app, "letters a second", 1)
    assert has_text(app, "✅ Right.") and has_text(app, "LSTM 500 k letters/s")
    answer(app, "Take each word away", 2)
    assert has_text(app, "Your score so far:") and has_text(app, "one random order in twenty")


def test_a_link_restores_sentence_layer_and_head() -> None:
    query = {FIRST: "She saw the dog.", LAYER: "2", HEAD: "12"}
    app = open_page(**query)
    assert app.text_input(key=FIRST).value == "She saw the dog."
    assert has_text(app, "One head opened: layer 2, head 12")
    assert dict(app.query_params) == query


def read_figures(app: AppTest) -> list[dict[str, Any]]:
    """Return what the figure of all heads and the opened head were given."""
    return [json.loads(each.proto.json) for each in list_figures(app)[:2]]


def test_a_link_restores_the_words_and_the_temperature() -> None:
    query = {WORDS: "3-9,4-10", TEMPERATURE: "10"}
    app = open_page(**query)
    assert dict(app.query_params) == query and not app.code
    assert all(figure["state"]["words"] == "3-9,4-10" for figure in read_figures(app))
    assert read_figures(app)[1]["state"]["temperature"] == TEMPERATURES[-1]
    app.text_input(key=FIRST).set_value("The cat saw the dog and it ran.").run()
    assert dict(app.query_params) == {FIRST: "The cat saw the dog and it ran.", TEMPERATURE: "10"}
    figure, _ = read_figures(app)
    labels = figure["sentences"][0]["labels"]
    asks = int(figure["state"]["words"].split("-")[0])
    assert labels[asks - 1] == "it"  # a new sentence asks with its pronoun


def test_words_and_temperatures_are_read_back_or_refused() -> None:
    words = ((9, 2), (0, 11))
    assert parse_words(encode_words(words), [10, 12]) == words
    for text in ("", "1", "1-2", "1-2,3", "0-1,1-1", "11-1,1-1", "1-1,1-13", "a-1,1-1", "-1-1,1-1"):
        assert parse_words(text, [10, 12]) is None
    assert TEMPERATURES[0] == 0.1 and TEMPERATURES[20] == 1 and TEMPERATURES[40] == 10
    parse_temperature = parse_real(TEMPERATURES[0], TEMPERATURES[-1])
    for temperature in (round(each, 3) for each in TEMPERATURES):
        assert parse_temperature(f"{temperature:g}") == temperature
    for text in ("", "hot", "nan", "inf", "-1", "0", "10.1"):
        assert parse_temperature(text) is None


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (LAYER, "7"),
        (HEAD, "0"),
        ("attention.net", "gpt"),
        (WORDS, "99-1,1-1"),
        (TEMPERATURE, "0"),
    ],
)
def test_a_link_out_of_range_falls_back_and_says_so(key: str, text: str) -> None:
    app = open_page(**{key: text})
    assert not app.exception
    assert has_text(app, name_best_head())
    assert has_text(app, "A part of the link means nothing here")


def test_an_empty_sentence_is_said_and_the_rest_stays() -> None:
    app = open_page()
    app.text_input(key=SECOND).set_value("   ").run()
    assert not app.exception
    assert [each.value for each in app.warning] == [
        "There is no word in this sentence: write at least one."
    ]
    assert has_text(app, "The ViT says")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("😀 😀 **bold** $x$", "reads as [UNK] (underlined): 2"),
        ("so " * 100, "its first 30 word pieces are read, 70 are left out"),
        ("שלום עולם 日本語", "There is no pronoun in the first sentence"),
        ("Yes", "takes at least four words"),
    ],
)
def test_any_sentence_has_an_answer(text: str, said: str) -> None:
    app = open_page(**{FIRST: text})
    assert not app.exception and not app.error
    assert has_text(app, said)


def test_gradients_make_a_better_map_than_attention_alone() -> None:
    model = cache.get_model(patch_maps.NAME)
    better = []
    for sample in list_samples(CLOTHING)[:4]:
        figure = patch_maps.create_patch_figure(
            model, see_zoo(model, cache.get_sample(sample.name))
        )
        assert set(figure.verdicts) == {"rollout", "relevance", "center"}
        assert figure.verdicts["center"].outcome is Outcome.YARDSTICK
        assert figure.overlays["rollout"].shape == (224, 224, 3)
        better.append(figure.verdicts["relevance"].score > figure.verdicts["rollout"].score)
    assert sum(better) >= 3


def test_each_map_gets_its_sentence() -> None:
    told = {
        "rollout": Verdict(Outcome.NO_BETTER, "No better than blind.", ""),
        "relevance": Verdict(Outcome.BELIEVABLE, "Believable.", ""),
    }
    said = patch_maps.describe_verdicts(told)
    assert "**Attention rollout.** No better than blind." in said
    assert "**Gradient × attention.** Believable." in said


def test_the_same_sentence_twice_is_said() -> None:
    app = open_page(**{FIRST: "It rains.", SECOND: "It rains."})
    assert not app.exception
    assert has_text(app, "Both sentences are the same to the network")
