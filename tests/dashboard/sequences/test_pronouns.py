"""Pronouns found, resolved, and said in words."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from dashboard.cache import ZOO
from dashboard.inference.cards import Metric, load_model_card
from dashboard.sequences.pronouns import (
    Resolved,
    describe_accuracy,
    describe_heads,
    find_candidate,
    find_pronoun,
    join_word,
    resolve,
)
from dashboard.sequences.reading import (
    Reading,
    describe_choice,
    describe_reading,
    escape,
    find_rival,
)
from dashboard.sequences.word_pieces import Pieces

TOKENS = ("[CLS]", "the", "cat", "saw", "it", ".", "[SEP]")


class Card:
    title = "Resolver"
    details: Mapping[str, Any] = {
        "encoder": {"layer": 4},
        "rules": {"nearest_noun": {"pairs/held_out": 0.0}},
    }
    metrics: Mapping[str, Any] = {
        "pairs/held_out": Metric(91.25, 88.0, 94.0, 500, "%", "of the pairs")
    }


class Fake:
    """Stands for both networks: states hold their layer's number, scores point to place 2."""

    card = Card()

    def __init__(self) -> None:
        self.fed: dict[str, Any] = {}

    def run(self, feed: Mapping[str, Any], outputs: Sequence[str]) -> dict[str, Any]:
        self.fed = dict(feed)
        count, length = feed["attention_mask"].shape
        scores = np.zeros((count, length))
        scores[:, 2] = np.log(4)
        layers = np.arange(7.0)[None, :, None, None] * np.ones((count, 7, length, 3))
        every = {
            "hidden_states": layers,
            "scores": scores,
            "attentions": np.full((count, 2, 4, length, length), 1 / length),
        }
        return {name: every[name] for name in outputs}


def create_pieces() -> Pieces:
    return Pieces(TOKENS, TOKENS, np.arange(len(TOKENS)), (), 0)


@pytest.mark.parametrize(
    ("tokens", "place"),
    [
        (TOKENS, 4),
        (("[CLS]", "she", "saw", "it", "[SEP]"), 3),
        (("[CLS]", "she", "saw", "him", "[SEP]"), 1),
        (("[CLS]", "cats", "sleep", "[SEP]"), None),
    ],
)
def test_the_pronoun_is_found(tokens: tuple[str, ...], place: int | None) -> None:
    assert find_pronoun(tokens) == place


def test_a_candidate_follows_an_article() -> None:
    assert find_candidate(TOKENS) == 2
    assert find_candidate(("[CLS]", "the", "[SEP]")) is None


def test_a_cut_word_is_joined() -> None:
    labels = ("[CLS]", "Token", "##iz", "##ation", "is", "[SEP]")
    assert [join_word(labels, place) for place in (1, 2, 3, 4)] == ["Tokenization"] * 3 + ["is"]


def test_the_resolver_reads_the_encoder_layer_that_its_card_names() -> None:
    resolver = Fake()
    resolved = resolve(Fake(), resolver, create_pieces(), 4)
    assert (resolver.fed["states"] == 4).all()
    assert resolver.fed["pronoun"].tolist() == [4]
    assert resolved.choice == 2
    assert resolved.probabilities[2] == pytest.approx(0.4)  # 4 of 4 + 6
    reading = Reading(create_pieces(), 4, True, np.zeros(0), resolved, ())
    assert reading.looks_to == 2
    assert find_rival(reading, reading) == resolved.runner_up == 1
    assert describe_choice(reading, 3) == (
        "“it” = **cat** (40\u00a0% sure; on average its heads look at cat with 14.3\u00a0%, "
        "at saw with 14.3\u00a0%)"
    )


def test_the_rival_is_the_other_sentences_answer() -> None:
    def read(tokens: tuple[str, ...], choice: int) -> Reading:
        scores = np.eye(len(tokens), dtype=np.float32)[choice]
        resolved = Resolved({"pronoun": np.array([4])}, scores, np.zeros(0))
        return Reading(
            Pieces(tokens, tokens, np.arange(len(tokens)), (), 0),
            4,
            True,
            np.zeros(0),
            resolved,
            (),
        )

    first = read(TOKENS, 2)
    assert find_rival(first, read(TOKENS, 3)) == 3
    assert find_rival(first, read(TOKENS, 2)) == 1  # the same answer: the one that came second
    assert find_rival(first, read((*TOKENS[:3], "met", *TOKENS[4:]), 3)) == 1  # another word there


def test_without_a_resolver_the_first_noun_is_followed() -> None:
    reading = Reading(create_pieces(), 5, False, np.zeros(0), None, ())
    assert reading.looks_to == 2
    assert describe_choice(reading, None) == ""
    assert describe_reading("first", reading) == [
        "There is no pronoun in the first sentence: its last piece asks instead. Choose any other "
        "on the left."
    ]


def test_a_word_cannot_format_the_page() -> None:
    assert escape("**a**<b>$x$") == r"\*\*a\*\*\<b\>\$x\$"


def test_accuracies_are_those_of_the_cards() -> None:
    said = describe_accuracy(Card())  # type: ignore[arg-type]
    assert "91.2 % of 500 generated pairs" in said and "always the nearest noun: 0 %" in said
    card = load_model_card(ZOO / "minilm.sentences")
    heads = describe_heads(card)
    assert f"{card.metrics['resolves/held_out'].value:.1f} % of 200" in heads
    layer, head = card.details["best_heads"]["held_out"]["resolves"]  # from 0
    assert f"layer {layer + 1}, head {head + 1}" in heads
