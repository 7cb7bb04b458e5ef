"""LRP: the score is dealt out from layer to layer, to each input by its part of the sum.

Layer-wise relevance propagation, with the rules "epsilon-plus": dense layers deal out by every
contribution, convolutions by the positive ones only. That keeps the map calm, and it has a price:
the deeper the convolutions, the less the map depends on what the layers behind them say (Sixt et
al. 2020, https://arxiv.org/abs/1912.09818), so that shuffled weights may turn its sign and leave
its places; *Black box* shows it. What arrives at the pixels adds up to the score less what the
biases took. In a deep network that can be nearly all: the order of the pixels counts, not their
size. A gate hands everything to the signal that it opens for, attention to what is attended to.
"""

from __future__ import annotations

from dashboard.attribution.backward import propagate
from dashboard.attribution.base import Attribution, Method, Progress, Question
from dashboard.attribution.params import Params
from dashboard.inference.model import Model


def compute(model: Model, question: Question, params: Params, progress: Progress) -> Attribution:
    """Return the relevance of the inputs (1, C, H, W), in units of the score."""
    attributions = propagate(model, "lrp", question)
    progress(1.0)
    return Attribution(attributions)


METHOD = Method(
    name="lrp",
    label="LRP",
    summary="The score, dealt out from layer to layer back to the pixels.",
    source="Bach et al. 2015, https://doi.org/10.1371/journal.pone.0130140",
    compute=compute,
    is_signed=True,
    is_stochastic=False,
    needs_gradients=True,
    if_flat="No pixel gets a larger share of the score than another: nothing of it reaches the "
    "picture, or each gets the same.",
)
