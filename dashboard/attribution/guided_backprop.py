"""Guided Backprop: a gradient that every ReLU may only pass on where it speaks for the class.

One backward pass in which each ReLU lets through what is positive and drops the rest. The pictures
are crisp, and they are mostly the picture's own edges: they change less than a gradient's when the
network's weights are dealt out anew, which *Black box* lets you try. What speaks against the class
is dropped at every layer, so that what is left can look like evidence and be none. Only ReLUs are
guided (ReLU6 is one): through any other activation passes the plain gradient, and where a network
has no ReLU the map is the gradient.
"""

from __future__ import annotations

from dashboard.attribution.backward import propagate
from dashboard.attribution.base import Attribution, Method, Progress, Question
from dashboard.attribution.params import Params
from dashboard.inference.model import Model


def compute(model: Model, question: Question, params: Params, progress: Progress) -> Attribution:
    """Return the guided gradient (1, C, H, W)."""
    attributions = propagate(model, "guided_backprop", question)
    progress(1.0)
    return Attribution(attributions)


METHOD = Method(
    name="guided_backprop",
    label="Guided Backprop",
    summary="The gradient, with all that is negative dropped at every ReLU.",
    source="Springenberg et al. 2014, https://arxiv.org/abs/1412.6806",
    compute=compute,
    is_signed=True,
    is_stochastic=False,
    needs_gradients=True,
    if_flat="No pixel would change this score more than another: on the way back nothing positive "
    "reaches the picture.",
)
