"""The words of the pronoun sentences, and which of them a network never sees in training.

Each is one word piece of MiniLM's vocabulary, so that it has an embedding of its own. A word may
stand in several lists.
"""

from __future__ import annotations

import json
from pathlib import Path

_WORDS = json.loads(Path(__file__).with_name("pronoun_words.json").read_text(encoding="utf-8"))

# One list a kind of thing.
NOUNS: dict[str, tuple[str, ...]] = {k: tuple(v.split()) for k, v in _WORDS["nouns"].items()}
# A verb is "base past participle rest"; "-" stands for a participle that makes no passive.
VERBS: dict[str, tuple[str, ...]] = {k: tuple(v.split(", ")) for k, v in _WORDS["verbs"].items()}
# One list a reason for which something comes to pass or does not.
ADJECTIVES: dict[str, tuple[str, ...]] = {
    k: tuple(v.split()) for k, v in _WORDS["adjectives"].items()
}
# Never in training: in no list, in no role. Every sixth word by its hash, so nobody chose the easy
# ones; some more where a list had none; and all content words of "The animal didn't cross the
# street because it was too tired / wide".
HELD_OUT: frozenset[str] = frozenset(_WORDS["held_out"].split())
