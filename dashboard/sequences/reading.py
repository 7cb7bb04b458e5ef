"""One sentence read by the encoder and, where there is one, by the trained resolver."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dashboard.inference.counts import tell_count, tell_share
from dashboard.inference.model import Floats
from dashboard.sequences.attention import encode_maps
from dashboard.sequences.pronouns import (
    Resolved,
    Runs,
    find_candidate,
    find_pronoun,
    join_word,
    point_from_everywhere,
    resolve,
)
from dashboard.sequences.word_pieces import Pieces, WordPieces


@dataclass(frozen=True, eq=False)
class Reading:
    """A sentence and who looks at whom in it.

    ``asks`` is the place of the word whose attention is shown first: the pronoun, or the last word
    where ``has_pronoun`` is false. ``attention`` is the encoder's, (layers, heads, T, T); ``maps``
    are what the browser gets: one text a network, and one for the pointer that answers.
    """

    pieces: Pieces
    asks: int
    has_pronoun: bool
    attention: Floats
    resolved: Resolved | None
    maps: tuple[str, ...]

    @property
    def looks_to(self) -> int:
        """The place of the word that is followed first: what was resolved, or a first noun."""
        if self.resolved is not None and self.has_pronoun:
            choice = self.resolved.choice
            if 0 < choice < len(self.pieces) - 1:  # the marks at the ends are no words
                return choice
        return find_candidate(self.pieces.tokens) or 1


def read_sentence(text: str, cutter: WordPieces, encoder: Runs, resolver: Runs | None) -> Reading:
    """Read a sentence; raises NoWordsError where there is nothing to read."""
    pieces = cutter.split(text)
    pronoun = find_pronoun(pieces.tokens)
    asks = len(pieces) - 2 if pronoun is None else pronoun
    attention = encoder.run(pieces.feed, ["attentions"])["attentions"][0]
    resolved = None if resolver is None else resolve(encoder, resolver, pieces, asks)
    maps = [encode_maps(attention)]
    if resolver is not None and resolved is not None:
        pointer = point_from_everywhere(resolver, resolved).astype(np.float32)
        maps += [encode_maps(resolved.attention), encode_maps(pointer[np.newaxis, np.newaxis])]
    return Reading(pieces, asks, pronoun is not None, attention, resolved, tuple(maps))


def describe_reading(which: str, reading: Reading) -> list[str]:
    """Return what must be said of a sentence (Markdown): what was cut, unknown or not found."""
    pieces, said = reading.pieces, []
    if pieces.left_out:
        said.append(
            f"The {which} sentence is long: its first {len(pieces) - 2} word pieces are read, "
            f"{tell_count(pieces.left_out, 'is left out', 'are left out')}."
        )
    if pieces.unknown:
        said.append(
            f"Pieces of the {which} sentence that the network does not know and reads as [UNK] "
            f"(underlined): {len(pieces.unknown)}."
        )
    if not reading.has_pronoun:
        said.append(
            f"There is no pronoun in the {which} sentence: its last piece asks instead. Choose any "
            "other on the left."
        )
    return said


def find_rival(reading: Reading, other: Reading) -> int | None:
    """Return the place that the resolver's choice is compared with, None where there is none.

    The word that it took in the other sentence, if that stands at the same place here; else the
    one that came second here.
    """
    if reading.resolved is None:
        return None
    here, there = reading.pieces.tokens, other.pieces.tokens
    place = -1 if other.resolved is None else other.resolved.choice
    is_shared = 0 < place < min(len(here), len(there)) - 1 and here[place] == there[place]
    if is_shared and place not in (reading.resolved.choice, reading.resolved.pronoun):
        return place
    return reading.resolved.runner_up


def describe_choice(reading: Reading, rival: int | None) -> str:
    """Return what the resolver takes the pronoun for, in Markdown; "" without both of them."""
    found, labels = reading.resolved, reading.pieces.labels
    if found is None or not reading.has_pronoun:
        return ""
    word = escape(join_word(labels, found.choice))
    sure = float(found.probabilities[found.choice])
    answer = f"“{escape(labels[reading.asks])}” = **{word}** ({tell_share(sure)} sure"
    if rival is None:
        return f"{answer})"
    second = escape(join_word(labels, rival))
    looks = found.average_heads()
    return (
        f"{answer}; on average its heads look at {word} with "
        f"{tell_share(looks[found.choice], 1)}, at {second} with {tell_share(looks[rival], 1)})"
    )


def escape(text: str) -> str:
    """Return a reader's word as Markdown that shows it letter by letter."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()<>#+-.!|~$:&" else c for c in text)
