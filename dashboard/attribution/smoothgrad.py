"""SmoothGrad: the mean gradient over copies of the photo with a little noise on each.

Gradients of ReLU networks flicker from pixel to pixel; what survives the averaging is steadier and
easier to read. Easier to read does not mean truer: compare its score with plain saliency's.
"""

from __future__ import annotations

import numpy as np

from dashboard.attribution.base import Attribution, Method, Progress, Question
from dashboard.attribution.params import FloatParam, IntParam, Params
from dashboard.inference.model import Model

_CHUNK = 8  # gradients at once: as fast as more, in a fraction of their memory


def compute(model: Model, question: Question, params: Params, progress: Progress) -> Attribution:
    """Return |mean of d score / d inputs| (1, C, H, W)."""
    import torch
    from captum.attr import NoiseTunnel, Saliency

    from dashboard.attribution.bridge import Score, to_numpy
    from dashboard.attribution.seeding import Draws

    n_samples = int(params["n_samples"])
    black, white = model.input_range
    draws = Draws(question.seed)
    score = Score(model, question, progress, total=n_samples, draws=draws)
    inputs = torch.from_numpy(question.inputs.copy()).requires_grad_(True)
    with draws:
        mean = NoiseTunnel(Saliency(score)).attribute(
            inputs,
            nt_type="smoothgrad",
            nt_samples=n_samples,
            nt_samples_batch_size=min(_CHUNK, n_samples),
            stdevs=float(params["noise"]) * float((white - black).mean()),
            abs=False,  # the mean of the gradients, as in the paper, not of their absolute values
        )
    return Attribution(np.abs(to_numpy(mean)), mean=to_numpy(mean))


METHOD = Method(
    name="smoothgrad",
    label="SmoothGrad",
    summary="The gradient, averaged over noisy copies of the photo.",
    source="Smilkov et al. 2017, https://arxiv.org/abs/1706.03825",
    compute=compute,
    is_signed=False,
    is_stochastic=True,
    libraries=("torch", "captum.attr"),
    params=(
        IntParam("n_samples", "Noisy copies", 24, 1, 1000, 1),
        FloatParam(
            "noise",
            "Noise",
            0.15,
            0.0,
            0.5,
            0.05,
            "Standard deviation, black to white = 1",
        ),
    ),
    needs_gradients=True,
    budget="n_samples",
    channels="max",
    if_flat="No pixel would change this score more than another: all mean gradients are equally "
    "large, most likely zero.",
)
