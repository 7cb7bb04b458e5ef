"""One live answer of each family, of the reader's class, seed and sentence."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import cache
from dashboard.channel_pictures import encode_url
from dashboard.families.descriptions import CNN, DENOISER, GENERATOR, LSTM, TRANSFORMER, Family
from dashboard.families.examples import (
    denoise,
    find_best,
    read_drawing,
    show_pixels,
)
from dashboard.generation.diffusion import create_predictor
from dashboard.generation.replay import draw_latents, run_generator
from dashboard.inference.counts import tell_count, tell_share
from dashboard.inference.model import Floats
from dashboard.inference.preprocessing import Pixels, preprocess
from dashboard.sequences.words import NoWordsError
from dashboard.widgets.on_demand import Move, compute_with_bar
from dashboard.widgets.option_select import select_option, select_seed, select_text
from dashboard.widgets.tour import draw_page_link

CLASS, SEED, TEXT = "families.class", "families.seed", "families.text"
SENTENCE = "The plot is thin, but I loved every minute of it."
MAX_TEXT = 400  # characters of a text in a link; a longer one is read all the same
_SIDE = 112  # pixels: four for each of the picture's


def draw_examples(families: Sequence[Family]) -> None:
    """Draw what each family answers; raises ZooError."""
    labels = cache.get_card(CNN).labels
    first, second, third = st.columns([2, 1, 4], vertical_alignment="bottom")
    with first:
        label = select_option(CLASS, "Garment", 9, range(len(labels)), lambda each: labels[each])
    with second:
        seed = select_seed(SEED, 1)
    with third:
        text = select_text(TEXT, "Sentence, in English", SENTENCE, MAX_TEXT)
    columns = st.columns(len(families), border=True)
    for column, family in zip(columns, families, strict=True):
        with column:
            st.markdown(f"**{family.name}**: {family.task}")
            _draw_answer(family, labels, label, seed, text, st.empty())
            st.caption(f"{family.idea} For {family.used_for}.")
            draw_page_link(family.slug, "How it works")


def _draw_answer(
    family: Family,
    labels: Sequence[str],
    label: int,
    seed: int,
    text: str,
    spot: DeltaGenerator,
) -> None:
    if family.model in (LSTM, TRANSFORMER):
        spot.markdown(_judge(family.model, text))
        return
    store, key = cache.get_results(), make_key(family.model, label, seed)
    if family.model == CNN:
        pixels = store.get_or_compute(key, lambda: _pick_garment(label, seed))
        alt = f"A garment that nobody trained on, labelled {labels[label]}"
    elif family.model == GENERATOR:
        pixels = store.get_or_compute(key, lambda: _forge(label, seed))
        alt = f"The GAN's picture of: {labels[label]}"
    else:
        with spot:
            pixels = compute_with_bar(key, lambda move: _denoise(label, seed, move))
        alt = f"The diffusion model's picture of: {labels[label]}"
    seen, sure = store.get_or_compute(
        make_key(family.model, label, seed, "seen"), lambda: find_best(_classify(pixels))
    )
    with spot.container():
        st.html(
            f'<img src="{encode_url(pixels)}" alt="{alt}" width="{_SIDE}" height="{_SIDE}" '
            'style="image-rendering: pixelated">'
        )
        known = "Labelled" if family.model == CNN else "Asked for"
        st.markdown(
            f"{known}: {labels[label]}. The CNN says **{labels[seen]}** ({tell_share(sure)})."
        )


def make_key(*what: Hashable) -> Hashable:
    """Return what names a result of this page in the store."""
    return ("families", *what)


def _pick_garment(label: int, seed: int) -> Pixels:
    """Return one of the test images of a class, (28, 28, 3)."""
    garments = cache.get_small_pictures()
    of_class = garments.grey[garments.labels == label]
    return np.repeat(of_class[seed % len(of_class)][:, :, None], 3, axis=2)


def _classify(pixels: Pixels) -> Floats:
    model = cache.get_model(CNN)
    return model.predict(preprocess(pixels, model.card))


def _forge(label: int, seed: int) -> Pixels:
    graph = cache.get_graph(GENERATOR)
    latents = draw_latents(1, int(graph.card.details["latent"]), seed)
    return show_pixels(run_generator(graph, latents, np.array([label], np.int64))[np.newaxis])


def _denoise(label: int, seed: int, move: Move) -> Pixels:
    graph = cache.get_graph(DENOISER)
    drawing, predict = read_drawing(graph.card.details), create_predictor(graph)
    moved = partial(move, "Taking noise away")
    return show_pixels(denoise(predict, label, seed, drawing, moved))


def _judge(model: str, text: str) -> str:
    try:
        words = cache.get_word_reader(model).read_last(text)
    except NoWordsError as error:
        return str(error)
    graph = cache.get_graph(model)
    logits = cache.get_results().get_or_compute(
        make_key(model, words.numbers.tobytes()),
        lambda: graph.run({"tokens": words.numbers}, ["logits"])["logits"],
    )
    side, sure = find_best(logits)
    read = f"{'the last ' if words.left_out else ''}{tell_count(len(words), 'word')}"
    said = f"**{graph.card.labels[side]}** ({tell_share(sure)}), {read} read."
    return f"{said} Unknown to it: {len(words.unknown)}." if words.unknown else said
