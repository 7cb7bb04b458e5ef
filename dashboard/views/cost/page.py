"""Compute cost: what an answer and a training take, measured here, estimated with a range."""

from __future__ import annotations

import streamlit as st

from dashboard import cache
from dashboard.inference.zoo import ZooError
from dashboard.limits.scaling import Training, count_training, describe_times, list_large
from dashboard.uploads.model import UploadedModel
from dashboard.uploads.sandbox_wire import UploadError
from dashboard.views.base import FAIL, View
from dashboard.views.cost.charts import Offer, plot_offers, plot_trainings
from dashboard.views.cost.cost_report import create_cost_report, create_own_report, draw_cost_report
from dashboard.views.cost.quantised import draw_quantised
from dashboard.widgets.lesson import Source
from dashboard.widgets.model_select import open_model
from dashboard.widgets.sight_select import select_own

CLOTHES = ("cnn.fashion_mnist", "vit.fashion_mnist")
PHOTOS = ("efficientnet_lite0.imagenet", "efficientnet_lite2.imagenet")
# Every picture costs the same to them; texts of all lengths do not, so they are left out.
OWN = (
    "cnn.fashion_mnist",
    "vit.fashion_mnist",
    "generator.fashion_mnist",
    "denoiser.fashion_mnist",
)

THEORY = r"""
**Work** is counted in multiply-accumulates: a convolution does (kernel × channels) of them at every
place of its output, a matrix product one for each pair of numbers that meet. **Time** follows work
only roughly: moving numbers, starting operators and waiting cost too.

**Energy** cannot be read from inside most machines, and tools then fall back to constants. So both
ends are given: a busy core at 2 W and at 20 W. **CO₂** is energy times what the grid emits for a
kilowatt-hour, a year's mean.

**8 bits.** $q = \mathrm{round}(x / s) + z$ with a scale $s$ for each channel of weights and each
tensor of activations. Whole numbers are a quarter of the size; whether they are faster depends on
the processor and on how many extra roundings the graph needs.

**The 6 N D rule.** Training a Transformer of $N$ parameters on $D$ tokens takes about $6ND$
operations: two a parameter and token forwards, four backwards. For our networks the same is counted
with their own multiply-accumulates: $6 \times \text{MACs} \times \text{steps} \times
\text{batch}$. Orders of magnitude only.
"""

SOURCES = (
    Source("Kaplan et al. 2020 (6 N D)", "https://arxiv.org/abs/2001.08361"),
    Source("Hoffmann et al. 2022 (Chinchilla)", "https://arxiv.org/abs/2203.15556"),
    Source("Brown et al. 2020 (GPT-3)", "https://arxiv.org/abs/2005.14165"),
    Source("Touvron et al. 2023 (Llama 2)", "https://arxiv.org/abs/2307.09288"),
    Source("Llama Team 2024 (Llama 3)", "https://arxiv.org/abs/2407.21783"),
    Source("Jacob et al. 2018 (8 bits)", "https://arxiv.org/abs/1712.05877"),
    Source(
        "Our World in Data (carbon intensity)",
        "https://ourworldindata.org/grapher/carbon-intensity-electricity",
    ),
    Source("codecarbon", "https://github.com/mlco2/codecarbon"),
)


def render(model_name: str) -> None:
    """Draw the page."""
    own = select_own()
    if own is not None:
        _draw_own(own)
    else:
        model = open_model(model_name)
        draw_cost_report(create_cost_report(model_name, model), cache.get_results())
        st.subheader("In 8 bits: what is saved, what is lost")
        draw_quantised(model_name, model)
    st.subheader("Accuracy against cost")
    _draw_offers(model_name)
    st.subheader("From here to the large ones")
    _draw_scaling()


def _draw_own(own: UploadedModel) -> None:
    try:
        draw_cost_report(create_own_report(own), cache.get_own_space().results)
    except UploadError as error:
        st.error(f"{error} The networks in the sidebar still work.", icon="⚠️")
        return
    st.caption(
        "Its time is that of the sandbox, with the way of the picture there and back. It is not "
        "made 8-bit here: the quantiser writes files, which the sandbox may not. On your machine, "
        "`onnxruntime.quantization.quantize_static` does it; upload the result and compare."
    )


def _draw_offers(chosen: str) -> None:
    task = CLOTHES if chosen in CLOTHES else PHOTOS
    offers = []
    for name in task:
        try:
            card = cache.get_card(name)
        except ZooError:
            continue
        metric, published = card.metrics.get("accuracy"), card.published.get("imagenet_top1")
        if metric is not None:
            offers.append(Offer(card.title, card.macs, metric.value, metric.low, metric.high))
        elif published is not None:
            value = published.value
            offers.append(Offer(card.title, card.macs, value, value, value))
    title = cache.get_card(chosen).title if chosen in task else ""
    st.vega_lite_chart(plot_offers(offers, title), width="stretch")
    st.caption(
        "Measured on 10,000 test images, with 95 % intervals."
        if task is CLOTHES
        else "Published figures, see the cards. Only networks of one task can be compared."
    )


def _draw_scaling() -> None:
    own = []
    for name in OWN:
        try:
            card = cache.get_model_card(name)
        except ZooError:
            continue
        if card.training is not None:
            operations = count_training(card.macs, card.training.steps, card.training.batch)
            own.append(Training(card.title, operations, ""))
    if not own:
        st.caption("No card of models/zoo tells how its network was trained.")
        return
    large = list_large()
    st.vega_lite_chart(plot_trainings(own, large), width="stretch")
    most, least = max(own, key=lambda each: each.operations), large[0]
    largest = max(large, key=lambda each: each.operations)
    st.markdown(
        f"Training {least.name} took about **{describe_times(least.operations, most.operations)}** "
        f"times the operations of our largest training ({most.name}), {largest.name} "
        f"**{describe_times(largest.operations, most.operations)}** times. Orders of magnitude, by "
        "the 6 N D rule from the sizes in the papers."
    )


VIEW = View(
    slug="cost",
    title="Compute cost",
    icon="⚡",
    help="Work, time, energy and what 8 bits save and lose, measured on this machine.",
    render=render,
    look_for="time and work are two things. Work is counted and time measured on this machine; "
    "energy can only be estimated, with a wide range.",
    theory=THEORY,
    sources=SOURCES,
    group=FAIL,
)
