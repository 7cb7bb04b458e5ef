"""The randomisation test in front of the reader: layer by layer, the network forgets."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import cache
from dashboard.attribution import get_method
from dashboard.attribution.base import Method, ask_about
from dashboard.cache import get_store
from dashboard.figures.map_sequence import (
    Frame,
    MapSequence,
    Panel,
    Series,
    create_likeness,
    draw_map_sequence,
)
from dashboard.inference.counts import tell_count, tell_share
from dashboard.inference.sessions import OnnxModel
from dashboard.inference.sight import Sight
from dashboard.inference.weights import read_weights
from dashboard.limits.maps import describe_heat, encode_heat
from dashboard.limits.randomisation import (
    ShuffledNetwork,
    compare_steps,
    compute_cascade,
    shuffle_weights,
)
from dashboard.uploads.model import UploadedModel
from dashboard.uploads.twin import UploadTwin
from dashboard.widgets.lesson import Quiz, draw_question, is_answered
from dashboard.widgets.on_demand import Move, compute_on_demand
from dashboard.widgets.option_select import select_seed
from dashboard.widgets.sight_select import encode_picture

SEED = "box.seed"
GUIDED, PLAIN = get_method("guided_backprop"), get_method("saliency")
_LIKE, _AHEAD = 0.5, 0.2  # the map of a network that forgot: still its own, and more than another
MEASURES = create_likeness("the trained network's map")
QUESTION = Quiz(
    key="box_shuffled",
    text="All weights of the network are dealt out anew, so that it knows nothing any more. Which "
    "map stays exactly the same?",
    options=("Grad-CAM", "Input × gradient", "The edges of the picture"),
    right=2,
    reveal="The edges never asked the network anything. Where a method's map hardly changes "
    "either, it shows the picture more than the network.",
)


def draw_shuffled_weights(sight: Sight, methods: Sequence[Method]) -> None:
    """Draw the cascade from the output layer to the input."""
    draw_question(QUESTION)
    with st.container(width=220):
        seed = select_seed(SEED, 0)
    if not is_answered(QUESTION):
        st.caption("The measurement opens with your answer.")
        return
    sequence = compute_on_demand(
        "shuffled",
        sight.make_key("shuffled", seed, *(method.name for method in methods)),
        "Shuffle the weights, layer by layer",
        lambda move: _compute(sight, methods, seed, move),
        at_once=sight.is_light,
        store=get_store(sight),
    )
    if sequence is None:
        st.caption("A network is built anew for every layer, and every map drawn with each.")
        return
    draw_map_sequence(sequence, "box.shuffled")
    _describe(sequence)


def _compute(sight: Sight, methods: Sequence[Method], seed: int, move: Move) -> MapSequence:
    question = ask_about(sight)
    if isinstance(sight.model, UploadedModel):
        with UploadTwin(sight.model, sight.picture) as twin:
            steps = compute_cascade(
                lambda gone: twin.shuffle(gone, seed), twin.names, question, methods, move
            )
        return create_sequence(sight, methods, steps)
    folder = cache.ZOO / sight.facts.name
    weights = read_weights(folder)
    steps = compute_cascade(
        lambda gone: OnnxModel(folder, weights=shuffle_weights(weights, gone, seed)),
        tuple(weights),
        question,
        methods,
        move,
    )
    return create_sequence(sight, methods, steps)


def create_sequence(
    sight: Sight, methods: Sequence[Method], steps: Sequence[ShuffledNetwork]
) -> MapSequence:
    """Return the steps of a cascade as they are scrubbed."""
    likeness = compare_steps(steps, methods)
    return MapSequence(
        name=f"shuffled {sight.identity}",
        axis="layers shuffled, from the output to the input",
        frames=[_describe_step(sight, step, len(steps) - 1) for step in steps],
        photos=[encode_picture(sight)],
        panels=[
            Panel(
                method.label,
                [encode_heat(step.heats[method.name], method.is_signed) for step in steps],
                [describe_heat(step.heats[method.name]) for step in steps],
            )
            for method in methods
        ],
        measures=MEASURES,
        series=[
            Series(
                method.label,
                {
                    measure.name: [pair[index] for pair in likeness[method.name]]
                    for index, measure in enumerate(MEASURES)
                },
            )
            for method in methods
        ],
        first=len(steps) - 1,
        is_small=sight.is_small,
        signed=[method.is_signed for method in methods],
    )


def _describe_step(sight: Sight, step: ShuffledNetwork, count: int) -> Frame:
    gone = len(step.shuffled)
    says = f"It answers {sight.labels[step.answer]}"
    left = f"and gives {sight.labels[sight.target]} {tell_share(step.probability, 1)}."
    if not gone:
        return Frame("as it was trained", f"The network as it was trained. {says}, {left}")
    title = f"{gone} of {count} shuffled"
    return Frame(title, f"Shuffled last: {step.shuffled[-1]}. {says}, {left}")


def _describe(sequence: MapSequence) -> None:
    ends = [(series.values[MEASURES[0].name][-1], series.title) for series in sequence.series]
    known = sorted(((value, name) for value, name in ends if value is not None), reverse=True)
    flat = [name for value, name in ends if value is None]
    told = ", ".join(f"{name} {value:.2f}" for value, name in known)
    rest = f" {', '.join(flat)}: no order of pixels is left." if flat else ""
    st.markdown(
        f"With every layer shuffled, rank correlation with the first map: {told}.{rest} The nearer "
        "to 1, the less the map depends on anything that the network has learnt."
    )
    halfway = tell_halfway(sequence)
    if halfway:
        st.markdown(halfway)
    st.caption(
        "The weights of a layer are its own numbers in a random order; biases stay. A low "
        "similarity does not make a method right: noise passes this test too (Binder et al. 2023)."
    )


def tell_halfway(sequence: MapSequence) -> str:
    """Return what Guided Backprop keeps with half of the layers shuffled, beside the gradient.

    That is where Adebayo et al. 2018 caught it; "" where one of the two is not on trial.
    """
    half = len(sequence.frames) // 2
    values = {each.title: each.values[MEASURES[0].name][half] for each in sequence.series}
    guided, plain = values.get(GUIDED.label), values.get(PLAIN.label)
    if not half or guided is None or plain is None:
        return ""
    fails = guided > _LIKE and guided - plain > _AHEAD
    return (
        f"With only the {tell_count(half, 'layer')} next to the output shuffled, of "
        f"{len(sequence.frames) - 1}, {GUIDED.label} correlates at **{guided:.2f}** with its first "
        f"map and {PLAIN.label} at **{plain:.2f}**: "
        + (
            f"here {GUIDED.label} fails the test that it is famous for failing."
            if fails
            else f"here {GUIDED.label} does not fail the test that it is famous for failing."
        )
    )
