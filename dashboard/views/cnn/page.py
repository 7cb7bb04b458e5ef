"""CNN, the eyes: from edges to parts to objects, on the reader's own picture."""

from __future__ import annotations

import streamlit as st

from dashboard import cache
from dashboard.features.inside import Inside, cut_sliding, describe_stage, look_inside, name_stage
from dashboard.inference.counts import tell_share
from dashboard.inference.inner import InnerModel
from dashboard.inference.samples import choose_subject
from dashboard.inference.sight import Sight
from dashboard.views.base import PERCEIVE, View
from dashboard.views.cnn.convolution_player import ConvolutionScene, draw_convolution
from dashboard.views.cnn.evidence import draw_evidence
from dashboard.views.cnn.feature_maps import LayerMaps, draw_feature_maps
from dashboard.views.cnn.ilsvrc import draw_contest
from dashboard.views.cnn.unit import bind_unit, create_unit, draw_unit
from dashboard.widgets.lesson import Source
from dashboard.widgets.model_select import open_model
from dashboard.widgets.photo_input import select_photo
from dashboard.widgets.sight_select import encode_picture, see

_MIN_STAGES = 2

THEORY = r"""
A **convolution** lays one small grid of weights (a *kernel*) over every place of its input,
multiplies, adds up and adds a bias: $y_{o,i,j} = b_o + \sum_{c,u,v} w_{o,c,u,v}\,
x_{c,\,si+u,\,sj+v}$. The same few weights serve all places, so an edge is found wherever it lies.
An **activation** then cuts off what is below zero. Each later layer does the same with the maps of
the one before. What one number can see of the picture, its *receptive field*, is $r$ pixels wide: a
kernel of $k$ adds $k-1$ times the distance $j$ between neighbouring numbers, $r \leftarrow r +
(k-1)\,j$ (Araujo et al. 2019). A step of $s=2$ halves the map and doubles that distance, $j
\leftarrow s\,j$: not what is seen at once, but what every later kernel adds. Each layer above says
its own $r$. No one draws the kernels: training does.

**What a channel contributes** is the sum over its map of activation times gradient of the class's
score, the first-order estimate of what the score would lose without it. **The optimised picture**
starts as grey noise and climbs the gradient of the unit's mean before its activation, moved by a
few pixels at each step, coarse waves first.
"""

SOURCES = (
    Source("Krizhevsky et al. 2012 (AlexNet)", "https://doi.org/10.1145/3065386"),
    Source("Russakovsky et al. 2015 (ILSVRC, human error)", "https://arxiv.org/abs/1409.0575"),
    Source("results 2012", "https://image-net.org/challenges/LSVRC/2012/results.html"),
    Source("results 2017", "https://image-net.org/challenges/LSVRC/2017/results"),
    Source(
        "Araujo et al. 2019 (receptive fields)",
        "https://distill.pub/2019/computing-receptive-fields",
    ),
    Source("Zeiler & Fergus 2014", "https://arxiv.org/abs/1311.2901"),
    Source("Olah et al. 2017", "https://distill.pub/2017/feature-visualization/"),
    Source("CNN Explainer", "https://arxiv.org/abs/2004.15004"),
)


def render(model_name: str) -> None:
    """Draw the page."""
    model = open_model(model_name)
    inner = cache.get_inner_model(model_name)
    if len(inner.stages) < _MIN_STAGES:
        st.info("This network is not built of convolutions: choose a CNN in the sidebar.")
        return
    left, right = st.columns([1, 2], gap="large")
    with left:
        chosen = select_photo(choose_subject(model_name))
    sight = see(model, chosen.photo)
    with right, st.spinner("Looking inside …", show_time=True):
        inside = cache.get_results().get_or_compute(
            sight.make_nameless_key("cnn", "inside"), lambda: look_inside(inner, sight)
        )
    best = inside.channels[-1][0]
    unit = bind_unit(inner.stages, best)
    with left:
        label, probability = sight.labels[sight.target], sight.compute_probability(sight.target)
        st.markdown(f"The network says **{label}** ({tell_share(probability)}).")
        st.caption(chosen.caption)
    with right:
        _draw_maps(inner, sight, inside)
    st.subheader("What excites one unit")
    draw_unit(inner, model.sha256, model.input_range, unit)
    st.subheader("One convolution, place by place")
    _draw_convolution(inner, sight)
    st.subheader("How few channels suffice, and does that show anything?")
    draw_evidence(model_name, inner, sight, inside)
    st.subheader("2012: the year the field changed its mind")
    draw_contest()


def _draw_maps(inner: InnerModel, sight: Sight, inside: Inside) -> None:
    side = inner.card.input.size
    layers = [
        LayerMaps(
            title=f"Layer {name_stage(inner.stages, index)}",
            note=f"{describe_stage(stage, side)} Shown: the {len(inside.channels[index])} that "
            "speak most for this answer; bright is strong, each in its own scale.",
            sprite=inside.sprites[index],
            columns=6,
            channels=inside.channels[index],
            notes=[
                f"It adds {inside.contributions[index][channel]:+.2f} to the score."
                for channel in inside.channels[index]
            ],
            kernels=inside.kernels if index == 0 else "",
        )
        for index, stage in enumerate(inner.stages)
    ]
    controls = create_unit(inner.stages, inside.channels[-1][0])
    draw_feature_maps(encode_picture(sight), layers, controls)


def _draw_convolution(inner: InnerModel, sight: Sight) -> None:
    def create() -> ConvolutionScene:
        kernels = inner.read_kernels()
        part = cut_sliding(inner, sight.inputs, kernels)
        return ConvolutionScene(
            values=part.values.round(4).tolist(),
            pixels=part.pixels.tolist(),
            kernels=kernels.weight.round(4).tolist(),
            biases=kernels.bias.round(4).tolist(),
            stride=kernels.stride,
            first=part.first,
            photo=encode_picture(sight),
            place=part.place,
        )

    scene = cache.get_results().get_or_compute(sight.make_nameless_key("cnn", "sliding"), create)
    st.caption(
        "Play, or point at the input or the output. These are the network's own numbers: pixels as "
        "it receives them (0 is medium brightness), blue below zero, orange above; in a kernel the "
        "small number is the weight, the bold one weight × pixel."
    )
    draw_convolution(scene, sight.identity)


VIEW = View(
    slug="cnn",
    title="CNN, the eyes",
    icon="👁️",
    help="What a convolutional network sees, layer by layer, on your own picture.",
    render=render,
    look_for="edges come first, larger parts later. Leaf through the layers: the maps grow coarse, "
    "and what they answer to grows specific.",
    theory=THEORY,
    sources=SOURCES,
    group=PERCEIVE,
)
