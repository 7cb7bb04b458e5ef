"""KernelSHAP: a fair share of the score for every piece of the photo.

The photo is cut into superpixels; random sets of them are blanked, and a weighted linear model of
what that does to the score gives each piece its Shapley value, approximately. It adds up to the
difference between the photo's score and the blank's. Pieces are treated as if they could be taken
away one without the other, which the network has never seen.
"""

from __future__ import annotations

import numpy as np

from dashboard.attribution.base import Attribution, Method, Progress, Question
from dashboard.attribution.fill import create_fill, create_fill_param
from dashboard.attribution.params import IntParam, Params
from dashboard.attribution.superpixels import compute_superpixels
from dashboard.inference.model import Model

_CHUNK = 32


def compute(model: Model, question: Question, params: Params, progress: Progress) -> Attribution:
    """Return each superpixel's value on all its pixels (1, C, H, W).

    The completeness gap is that of the pieces' values, each counted once.
    """
    import torch
    from captum.attr import KernelShap

    from dashboard.attribution.bridge import Score, to_numpy
    from dashboard.attribution.seeding import Draws

    pieces = compute_superpixels(model, question.inputs, int(params["n_segments"]))
    blank = create_fill(model, question.inputs, str(params["fill"]))
    n_samples = int(params["n_samples"])
    draws = Draws(question.seed)
    score = Score(model, question, progress, total=n_samples + 2, draws=draws)
    with draws:
        attributions = KernelShap(score).attribute(
            torch.from_numpy(question.inputs.copy()),
            baselines=torch.from_numpy(blank),
            feature_mask=torch.from_numpy(pieces),
            n_samples=n_samples,
            perturbations_per_eval=_CHUNK,
        )
    values = to_numpy(attributions)[:, :1]  # (1, 1, H, W): the same on every channel
    _, first = np.unique(pieces, return_index=True)
    total = float(values.ravel()[first].sum(dtype=np.float64))
    whole, empty = score.predict(np.concatenate([question.inputs, blank]))
    difference = float(whole) - float(empty)
    return Attribution(values, total - difference, difference)


METHOD = Method(
    name="kernel_shap",
    label="KernelSHAP",
    summary="A fair share of the score for each piece of the photo.",
    source="Lundberg and Lee 2017, https://arxiv.org/abs/1705.07874",
    compute=compute,
    is_signed=True,
    is_stochastic=True,
    completeness="exact",
    libraries=(
        "torch",
        "captum.attr",
        "scipy.ndimage",
        "sklearn.linear_model",
        "skimage.segmentation",
    ),
    params=(
        IntParam("n_segments", "Pieces", 50, 10, 100, 10, "Superpixels of the photo."),
        IntParam("n_samples", "Samples", 400, 200, 2000, 100, "At least a few for every piece."),
        create_fill_param("Blank", "What stands in a piece's place when it is taken away."),
    ),
)
