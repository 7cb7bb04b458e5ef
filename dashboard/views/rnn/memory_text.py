"""The reader's text on the page on memory: read word by word, explained, and tested."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import streamlit as st

from dashboard import cache
from dashboard.inference.counts import tell_count
from dashboard.sequences.memory import Memory, choose_units, read_memory
from dashboard.sequences.word_attribution import (
    Removal,
    WordEvidence,
    explain_words,
    measure_removal,
)
from dashboard.sequences.words import LONGEST, MAX_CHARACTERS, NoWordsError, Words
from dashboard.views.rnn.memory_player import ShownReader, draw_memory
from dashboard.widgets.option_select import select_text

RNN, LSTM = "rnn.imdb", "lstm.imdb"
TEXT = "memory.text"
SEED = (
    "The first hour was slow and I almost gave up, but the ending is brilliant: a wonderful, "
    "moving film."
)
_NAMES = {RNN: "Vanilla RNN", LSTM: "LSTM"}
_CARRIES = {
    RNN: "its state, 16 liveliest of 128 numbers (a row each) over the words: written anew at "
    "every word",
    LSTM: "its memory cells, 16 liveliest of 128 (a row each) over the words: kept and changed by "
    "gates. Choose a row.",
}
_STEPS = "change of the verdict"


@dataclass(frozen=True, eq=False)
class Read:
    """What a network made of the text."""

    memory: Memory
    evidence: WordEvidence
    removal: Removal


def draw_text() -> None:
    """Draw the text, both networks over it, and the test of what they say mattered."""
    text = select_text(
        TEXT,
        "A sentence or two about a film, in English",
        SEED,
        MAX_CHARACTERS,
        help="The networks have learnt from film reviews and know no other kind of text.",
    )
    try:
        words = cache.get_word_reader(RNN).read(text)
    except NoWordsError as error:
        st.warning(str(error), icon="⚠️")
        return
    identity = hashlib.sha256(" ".join(words.labels).encode("utf-8", "replace")).hexdigest()[:16]
    with st.spinner("Reading …", show_time=True):
        found = cache.get_results().get_or_compute(
            make_key("text", identity), lambda: {name: _read(name, words) for name in (RNN, LSTM)}
        )
    _draw_notes(words)
    shown = [_show(name, key, found[name]) for name, key in ((RNN, "first"), (LSTM, "second"))]
    draw_memory(identity, words.labels, words.unknown, shown)
    _draw_test(found)


def make_key(*what: Hashable) -> Hashable:
    """Return what names a result of this page in the store."""
    return ("rnn", *what)


def _read(name: str, words: Words) -> Read:
    predict = cache.get_graph(name)
    memory = read_memory(
        predict, words, cache.get_graph(LSTM, "trace.onnx") if name == LSTM else None
    )
    evidence = explain_words(predict, cache.get_gradients(name), words, memory.embeddings)
    return Read(memory, evidence, measure_removal(predict, words, evidence))


def _draw_notes(words: Words) -> None:
    notes = []
    if words.left_out:
        notes.append(
            f"Only the first {LONGEST} words are read; "
            f"{tell_count(words.left_out, 'is left out', 'are left out')}."
        )
    if len(words.unknown) == len(words):
        notes.append("The networks know none of these words: what follows is a guess about “?”.")
    elif words.unknown:
        of = f"of {len(words)} words"
        notes.append(
            f"{tell_count(len(words.unknown), f'{of} is', f'{of} are')} unknown to the networks "
            "(dotted): they take every such word for one and the same."
        )
    if notes:
        st.info(" ".join(notes))


def _show(name: str, key: str, read: Read) -> ShownReader:
    memory, evidence = read.memory, read.evidence
    units = choose_units(memory.shown)
    verdicts = memory.verdicts
    change = [float(verdicts[0] - 0.5), *(verdicts[1:] - verdicts[:-1]).tolist()]
    shares = {_STEPS: change, **{way: each.tolist() for way, each in evidence.shares.items()}}
    return ShownReader(
        key=key,
        name=_NAMES[name],
        carries=_CARRIES[name],
        verdicts=verdicts.round(4).tolist(),
        carried=memory.shown[:, units].T.round(3).tolist(),
        units=units,
        gates={gate: values[:, units].T.round(4).tolist() for gate, values in memory.gates.items()}
        or None,
        shares={way: [round(share, 4) for share in each] for way, each in shares.items()},
    )


def _draw_test(found: Mapping[str, Read]) -> None:
    reads = {_NAMES[name]: read for name, read in found.items()}
    count = next(iter(reads.values())).removal.count
    ways = list(next(iter(reads.values())).removal.falls)
    lines = [["words removed in the order of", *reads], ["---"] * (1 + len(reads))]
    for way in ways:
        cells = [
            f"{read.removal.falls[way]:+.2f}{'' if _is_better(read, way) else ' (no better)'}"
            for read in reads.values()
        ]
        lines.append([f"**{way}**", *cells])
    lines.append(
        ["a random order, mean (one in twenty)"]
        + [f"{r.removal.random:+.2f} ({r.removal.lucky:+.2f})" for r in reads.values()]
    )
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    with st.expander("Are these the words that mattered? The test", expanded=False):
        st.markdown(
            f"How far the score moves to the other verdict when the first 1 to {count} words of an "
            "order are removed, on average; more is better. An order that does not beat what one "
            "random order in twenty reaches is marked *no better*.\n\n" + table
        )
        gaps = ", ".join(f"{name} {read.evidence.gap:+.3f}" for name, read in reads.items())
        st.caption(
            "Taking one word away asks the network itself and is the order to beat; gradients ask "
            "what a tiny change of a word's numbers would do. Integrated gradients must add up to "
            f"the score less that of no words; what is missing: {gaps}."
        )


def _is_better(read: Read, way: str) -> bool:
    return read.removal.falls[way] > read.removal.lucky
