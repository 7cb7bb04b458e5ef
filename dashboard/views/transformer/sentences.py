"""The sentences of the page on Transformers: who looks at whom, one head opened, the experiment."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import streamlit as st

from dashboard import cache
from dashboard.figures.base import Control, Controls
from dashboard.inference.zoo import ZooError
from dashboard.sequences.pronouns import (
    TRAINED_ON,
    ask_from_everywhere,
    describe_accuracy,
    describe_heads,
)
from dashboard.sequences.reading import Reading, describe_choice, describe_reading, find_rival
from dashboard.sequences.word_evidence import Evidence, explain_choice, explain_similarity
from dashboard.sequences.word_pieces import MAX_CHARACTERS, NoWordsError
from dashboard.views.transformer.answers import draw_answers
from dashboard.views.transformer.attention_player import (
    ShownNetwork,
    ShownSentence,
    draw_attention,
)
from dashboard.views.transformer.head_player import OpenedHead, draw_head
from dashboard.views.transformer.networks import (
    ENCODER,
    RESOLVER,
    Networks,
    Place,
    bind_place,
    create_place,
    make_key,
    open_networks,
    read,
)
from dashboard.views.transformer.word_evidence import draw_evidence
from dashboard.views.transformer.words import Words, create_words
from dashboard.widgets.option_select import select_text

COMPARISON = "lstm.pronouns"  # of the resolver's size, without attention
FIRST, SECOND = "attention.first", "attention.second"
SEEDS = {
    FIRST: "The animal didn't cross the street because it was too tired.",
    SECOND: "The animal didn't cross the street because it was too wide.",
}
_WHICH = ("first", "second")
_DIGITS = 3

Readings = Sequence[Reading]


def draw_sentences() -> None:
    """Draw everything about the two sentences; one sentence where they cannot be read."""
    try:
        networks = open_networks()
    except ZooError as error:
        st.error(f"{error} Restore it with `git checkout models/zoo`.", icon="⚠️")
        return
    texts = _ask_sentences()
    place = bind_place(networks)
    try:
        readings = [read(networks, text) for text in texts]
    except NoWordsError as error:
        st.warning(str(error), icon="⚠️")
        return
    identity = hashlib.sha256("\n".join(texts).encode("utf-8", "replace")).hexdigest()[:12]
    words = create_words(readings, identity)
    draw_answers(dict(zip(_WHICH, readings, strict=True)))
    _draw_player(networks, readings, {**create_place(networks, place), "words": words})
    _draw_accuracy(networks, readings)
    opened = f"layer {place[1] + 1}, head {place[2] + 1}"
    is_pointer = networks.sources[place[0]].is_pointer
    st.subheader("The pointer opened" if is_pointer else f"One head opened: {opened}")
    _draw_head(networks, readings, place, words, identity)
    st.subheader("Does attention say which words matter?")
    _draw_evidence(networks, readings, place[0], identity)


def _ask_sentences() -> tuple[str, str]:
    texts = []
    columns = st.columns(2)
    for column, (key, seed), which in zip(columns, SEEDS.items(), _WHICH, strict=True):
        with column:
            text = select_text(
                key,
                f"The {which} sentence",
                seed,
                MAX_CHARACTERS,
                help="English, with a pronoun. Change one word of it and compare.",
            )
        texts.append(text)
    return texts[0], texts[1]


def _draw_player(networks: Networks, readings: Readings, controls: Controls) -> None:
    sentences = [
        ShownSentence(
            title=f"The {which} sentence",
            labels=reading.pieces.labels,
            unknown=reading.pieces.unknown,
        )
        for which, reading in zip(_WHICH, readings, strict=True)
    ]
    shown = [
        ShownNetwork(
            name=source.name,
            title=source.title,
            layers=source.layers,
            heads=source.heads,
            maps=[reading.maps[index] for reading in readings],
            start=source.start,
        )
        for index, source in enumerate(networks.sources)
    ]
    said = [
        sentence
        for which, reading in zip(_WHICH, readings, strict=True)
        for sentence in describe_reading(which, reading)
    ]
    if said:
        st.info(" ".join(said))
    draw_attention(sentences, shown, controls)


def _draw_accuracy(networks: Networks, readings: Readings) -> None:
    lines = [describe_heads(networks.encoder.card)]
    if networks.resolver is None:
        lines.append(
            "A network trained to resolve pronouns is not in the zoo yet: "
            "`python -m export.train.pronouns` trains it."
        )
    else:
        lines.append(describe_accuracy(networks.resolver.card))
        if (cache.ZOO / COMPARISON).is_dir():
            lines.append(describe_accuracy(cache.get_model_card(COMPARISON)))
        pairs = (readings, readings[::-1])
        choices = [describe_choice(each, find_rival(each, other)) for each, other in pairs]
        found = [
            f"{which} sentence: {choice}"
            for which, choice in zip(_WHICH, choices, strict=True)
            if choice
        ]
        if found:
            lines.append(
                f"The resolver's answer here: {'; '.join(found)}. The answer is its pointer's "
                "attention, one more query and key after the last layer; the heads mix words on "
                "the way there, and may look elsewhere."
            )
        if any(_asks_other(reading) for reading in readings):
            lines.append(f"It was trained on “{TRAINED_ON}” only: other pronouns are new to it.")
    st.markdown("**How far to trust it**\n\n" + "\n".join(f"- {line}" for line in lines))


def _asks_other(reading: Reading) -> bool:
    return reading.has_pronoun and reading.pieces.tokens[reading.asks] != TRAINED_ON


def _draw_head(
    networks: Networks, readings: Readings, place: Place, words: Control[Words], identity: str
) -> None:
    index, layer, head = place
    source = networks.sources[index]

    def create() -> list[OpenedHead]:
        return [
            _open_head(networks, reading, place, f"The {which} sentence")
            for which, reading in zip(_WHICH, readings, strict=True)
        ]

    key = make_key(source.name, "head", layer, head, identity)
    opened = cache.get_results().get_or_compute(key, create)
    st.caption(
        f"{source.title}, the numbers it computed for your words. A strip is a list of "
        "numbers: blue below zero, orange above, strong far from zero. Point at a word to see its "
        "product; turn the temperature."
        + (" A pointer has no values: its shares are the answer." if source.is_pointer else "")
    )
    draw_head(opened, words)


def _open_head(networks: Networks, reading: Reading, place: Place, title: str) -> OpenedHead:
    index, layer, head = place
    feed = reading.pieces.feed
    if index > 0 and reading.resolved is not None:
        feed = dict(reading.resolved.feed)
    source = networks.sources[index]
    if source.is_pointer:
        heads = source.graph.open_pointer(ask_from_everywhere(feed))
    else:
        heads = source.graph.open_layer(feed, layer)
    return OpenedHead(
        title=title,
        labels=reading.pieces.labels,
        queries=heads.queries[head].round(_DIGITS).tolist(),
        keys=heads.keys[head].round(_DIGITS).tolist(),
        values=heads.values[head].round(_DIGITS).tolist(),
        attention=heads.attention[head].round(6).tolist(),
    )


def _draw_evidence(networks: Networks, readings: Readings, network: int, identity: str) -> None:
    first, second = readings
    if network == 0 and first.pieces.tokens == second.pieces.tokens:
        st.info("Both sentences are the same to the network: change a word to compare them.")
        return
    if network > 0 and not first.has_pronoun:
        st.info("Without a pronoun in the first sentence there is no choice to explain.")
        return
    rival = find_rival(first, second)
    if network > 0 and rival is None:
        st.info("There is one word only to choose from: write a longer sentence.")
        return
    name = networks.names[network]
    compute = _choose_computation(networks, readings, network, rival)
    with st.spinner("Taking words away …", show_time=True):
        evidence = cache.get_results().get_or_compute(make_key(name, "evidence", identity), compute)
    draw_evidence(evidence, first.pieces.labels, f"{name}_{identity}")


def _choose_computation(
    networks: Networks, readings: Readings, network: int, rival: int | None
) -> Callable[[], Evidence]:
    first, second = readings
    encoder, resolver, resolved = networks.encoder, networks.resolver, first.resolved
    if network == 0 or resolver is None or resolved is None or rival is None:
        gradients = cache.get_gradients(ENCODER)
        return lambda: explain_similarity(encoder, gradients, first.pieces, second.pieces)
    gradients = cache.get_gradients(RESOLVER)
    return lambda: explain_choice(encoder, resolver, gradients, first.pieces, resolved, rival)
