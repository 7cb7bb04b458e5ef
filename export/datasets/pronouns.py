"""Pairs of sentences whose "it" changes its referent with one adjective, made by a grammar.

"The animal didn't cross the street because it was too tired / wide": in the manner of Winograd's
schemas (Winograd 1972; Levesque, Davis, Morgenstern 2012). The two nouns, the verb and both
adjectives can be drawn from words that training never shows. Order and wording vary, and both
sentences of a pair share theirs, so that no rule that looks at places alone gets a pair right.

In *selectional* events, as in the sentence above, one adjective names the state of an animal and
the other what a thing is like: a street is never tired (selectional preference: Katz and Fodor
1963; Resnik 1996). In *worldly* ones both can be big or weak, and only knowing the world tells
which counts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from export.datasets.pronoun_words import ADJECTIVES, HELD_OUT, NOUNS, VERBS

LICENCE = "Apache-2.0 (generated and written for this project)"
NATURAL_FILE = Path(__file__).with_name("pronoun_pairs.json")
KINDS = ("nouns", "verbs", "adjectives")


@dataclass(frozen=True)
class Pair:
    """Two sentences, lower case words and marks separated by blanks, and what "it" is in each."""

    sentences: tuple[str, str]
    referents: tuple[str, str]


@dataclass(frozen=True)
class Relation:
    """Who does what to what, and which adjectives of which side explain it.

    ``happens``: adjectives of the first and of the second noun for why it comes to pass;
    ``fails``: for why it does not. A relation may lack one of them. ``is_selectional``: one side's
    adjectives are states of an animal, the other's are what a thing is like.
    """

    first: str
    second: str
    verbs: str
    happens: tuple[str, str] | None = None
    fails: tuple[str, str] | None = None
    by_person: bool = False  # somebody else acts: "the man put the first into the second"
    is_selectional: bool = False


RELATIONS = (
    Relation(
        "animal", "way", "cross", ("bold", "inviting"), ("weary", "barring"), is_selectional=True
    ),
    Relation("animal", "height", "climb", ("bold", "low"), ("weary", "sheer"), is_selectional=True),
    Relation("thing", "container", "fit", ("small", "roomy"), ("big", "tight")),
    Relation("thing", "container", "put", ("small", "roomy"), ("big", "tight"), by_person=True),
    Relation("animal", "load", "lift", ("mighty", "light"), ("feeble", "heavy")),
    Relation("machine", "load", "lift", ("powerful", "light"), ("defective", "heavy")),
    Relation("animal", "cart", "pull", ("mighty", "light"), ("feeble", "heavy")),
    Relation("machine", "cart", "pull", ("powerful", "light"), ("defective", "heavy")),
    Relation("animal", "food", "eat", ("hungry", "tasty"), ("sated", "foul"), is_selectional=True),
    Relation(
        "animal", "liquid", "drink", ("thirsty", "clean"), ("sated", "dirty"), is_selectional=True
    ),
    Relation("animal", "cover", "hide", ("shy", "screening"), is_selectional=True),
    Relation("animal", "prey", "catch", ("fast", "slow"), ("slow", "fast")),
    Relation("animal", "prey", "attack", ("cruel", "helpless"), ("shy", "fierce")),
    Relation("animal", "prey", "protect", ("brave", "helpless")),
    Relation("prey", "beast", "flee", ("shy", "fierce")),
    Relation("animal", "noise", "flee", ("shy", "loud"), is_selectional=True),
    Relation("animal", "prey", "notice", ("alert", "visible"), ("blind", "hidden")),
    Relation("hard", "fragile", "break", ("hard", "brittle"), ("soft", "solid")),
    Relation("cloth", "surface", "spread", ("big", "small"), ("small", "big")),
    Relation("tool", "material", "cut", ("sharp", "tender"), ("blunt", "tough")),
    Relation("support", "load", "hold", ("firm", "light"), ("shaky", "heavy")),
    Relation("vehicle", "passage", "through", ("small", "roomy"), ("big", "tight")),
    Relation("reacher", "goal", "reach", ("long", "near"), ("short", "far")),
    Relation("heat", "melting", "melt", ("hot", "thin"), ("cold", "thick")),
)

SELECTIONAL = tuple(relation for relation in RELATIONS if relation.is_selectional)
WORLDLY = tuple(relation for relation in RELATIONS if not relation.is_selectional)

# {a} {b}: the nouns, {p}: a person, {v}: what is done, {be}: a form of "to be", {x}: the adjective.
_ACTIVE = (
    "{a} {v} {b} {why} it {be} {x}",
    "{a} {v} {b} {why} it {be} {x}",
    "{why} it {be} {x} , {a} {v} {b}",
    "it {be} {x} , so {a} {v} {b}",
    "{a} {v} {b} . it {be} {x}",
    "{p} said that {a} {v} {b} {why} it {be} {x}",
    "{p} noticed that {a} {v} {b} , {why} it {be} {x}",
    "{a} {v} {b} , {p} said , {why} it {be} {x}",
)
_PASSIVE = (
    "{b} {w} by {a} {why} it {be} {x}",
    "{why} it {be} {x} , {b} {w} by {a}",
    "{b} {w} by {a} . it {be} {x}",
    "it {be} {x} , so {b} {w} by {a}",
)
_BUT = (
    "{a} tried to {base} {b} , but it {be} {x}",
    "{a} wanted to {base} {b} , but it {be} {x}",
    "{a} was going to {base} {b} but it {be} {x}",
)
_PERSON_ACTIVE = (
    "{p} {v} {a} {rest} {b} {why} it {be} {x}",
    "{why} it {be} {x} , {p} {v} {a} {rest} {b}",
    "it {be} {x} , so {p} {v} {a} {rest} {b}",
    "{p} {v} {a} {rest} {b} . it {be} {x}",
)
_PERSON_PASSIVE = ("{a} {w} {rest} {b} {why} it {be} {x}", "{why} it {be} {x} , {a} {w} {rest} {b}")
_PERSON_BUT = ("{p} tried to {base} {a} {rest} {b} , but it {be} {x}",)

_DOES_NOT = (
    "did not",
    "didn ' t",
    "could not",
    "couldn ' t",
    "was unable to",
    "would not",
)
_IS_NOT = ("was not", "wasn ' t", "could not be", "couldn ' t be", "was never")
_WHY = ("because", "because", "since", "as")
_HOW = ("too", "too", "so", "very", "really", "quite", "")
_HOW_GOOD = ("", "", "very", "so", "really", "quite")
_THE = ("the", "the", "the", "the", "this", "that", "my", "our", "her", "a")
_PLAIN = ("", "", "", "", "", "brown", "white", "black", "green", "red", "other", "second", "same")
_WHEN = ("", "", "", "", "yesterday", "in the morning", "that day", "last week", "in the end")


def create_pairs(
    count: int,
    seed: tuple[int, ...],
    held_out: Sequence[str] = (),
    relations: Sequence[Relation] = RELATIONS,
) -> list[Pair]:
    """Return pairs; the words of the kinds in ``held_out`` are ones that training never shows.

    Raises:
        ValueError: a kind is not among ``KINDS``.
    """
    if unknown := set(held_out) - set(KINDS):
        raise ValueError(f"no such kind of words: {', '.join(sorted(unknown))}")
    writer = _Writer(np.random.default_rng(seed), frozenset(held_out), relations)
    return [writer.write() for _ in range(count)]


def load_natural_pairs() -> list[Pair]:
    """Return the pairs written by hand, which no training ever sees."""
    entries = json.loads(NATURAL_FILE.read_text(encoding="utf-8"))
    return [Pair(tuple(entry["sentences"]), tuple(entry["referents"])) for entry in entries]


class _Writer:
    """Draws the words of one pair and writes it."""

    def __init__(
        self,
        generator: np.random.Generator,
        held_out: frozenset[str],
        relations: Sequence[Relation],
    ) -> None:
        self._generator, self._held_out, self._relations = generator, held_out, relations

    def write(self) -> Pair:
        relation = self._relations[int(self._generator.integers(len(self._relations)))]
        happens = relation.fails is None or self._generator.random() < 0.5
        sides = relation.happens if happens and relation.happens else relation.fails
        assert sides is not None
        frame = self._write_frame(relation, sides is relation.happens)
        return self._fill(frame, relation, sides)

    def _fill(self, frame: str, relation: Relation, sides: tuple[str, str]) -> Pair:
        """Draw nouns and adjectives until neither noun stands elsewhere in the sentence."""
        while True:
            # A word of both sides ("small") would leave the pronoun open.
            nouns = self._take_two(NOUNS[relation.first], NOUNS[relation.second], "nouns")
            adjectives = self._take_two(ADJECTIVES[sides[0]], ADJECTIVES[sides[1]], "adjectives")
            texts = tuple(frame.format(*nouns, adjective) for adjective in adjectives)
            if all(text.split().count(noun) == 1 for text in texts for noun in nouns):
                return Pair((texts[0], texts[1]), nouns)

    def _write_frame(self, relation: Relation, happens: bool) -> str:
        base, past, participle, *rest = self._take(VERBS[relation.verbs], "verbs").split()
        preposition = " ".join(rest)
        frames = self._list_frames(relation, participle != "-", happens)
        frame = self._choose(frames)
        done = past if happens else f"{self._choose(_DOES_NOT)} {base}"
        undergone = f"was {participle}" if happens else f"{self._choose(_IS_NOT)} {participle}"
        if not relation.by_person:
            done, base = f"{done} {preposition}", f"{base} {preposition}"
            undergone = f"{undergone} {preposition}"
        words = {
            "a": self._name("{0}"),
            "b": self._name("{1}"),
            "p": f"the {self._take(NOUNS['person'], 'nouns')}",
            "v": done,
            "w": undergone,
            "base": base,
            "rest": preposition,
            "why": self._choose(_WHY),
            "be": f"was {self._choose(_HOW_GOOD if happens else _HOW)}",
            "x": "{2}",
        }
        text = f"{self._choose(_WHEN)} {frame.format(**words)} ."
        return " ".join(text.split())

    def _list_frames(self, relation: Relation, passive: bool, happens: bool) -> tuple[str, ...]:
        if relation.by_person:
            # Everything that somebody puts somewhere can be put there.
            return (
                _PERSON_ACTIVE
                + (_PERSON_PASSIVE if passive else ())
                + (() if happens else _PERSON_BUT)
            )
        return _ACTIVE + (_PASSIVE if passive else ()) + (() if happens else _BUT)

    def _name(self, noun: str) -> str:
        return f"{self._choose(_THE)} {self._choose(_PLAIN)} {noun}"

    def _take_two(
        self, firsts: Sequence[str], seconds: Sequence[str], kind: str
    ) -> tuple[str, str]:
        """Return a word of each list that is not in the other."""
        options = _list_options(tuple(firsts), tuple(seconds), kind in self._held_out)
        return self._choose(options[0]), self._choose(options[1])

    def _take(self, words: Sequence[str], kind: str) -> str:
        return self._choose(_list_options(tuple(words), (), kind in self._held_out)[0])

    def _choose(self, words: Sequence[str]) -> str:
        return words[int(self._generator.integers(len(words)))]


@cache
def _list_options(
    firsts: tuple[str, ...], seconds: tuple[str, ...], held_out: bool
) -> tuple[list[str], list[str]]:
    """Return the words of each list, held out or not, that are not in the other."""
    return (
        [w for w in firsts if w not in seconds and _is_held_out(w) == held_out],
        [w for w in seconds if w not in firsts and _is_held_out(w) == held_out],
    )


def _is_held_out(word: str) -> bool:
    """Return whether a noun, an adjective or any form of a verb is kept from training."""
    return not HELD_OUT.isdisjoint(word.split())
