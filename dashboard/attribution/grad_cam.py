"""Grad-CAM: which places of the last convolutional layer speak for the class.

The layer's channels are weighted by their mean gradient and summed; what is negative is dropped.
The map is as coarse as the layer (7 x 7 for a photo of 224 pixels) and shown smoothly enlarged: its
soft outlines are the enlargement's, not the network's.
"""

from __future__ import annotations

from dashboard.attribution.base import Attribution, Method, Progress, Question
from dashboard.attribution.params import Params
from dashboard.inference.model import Model


def compute(model: Model, question: Question, params: Params, progress: Progress) -> Attribution:
    """Return the enlarged map (1, 1, H, W) of the model's last layer."""
    import torch
    from captum.attr import LayerAttribution, LayerGradCam

    from dashboard.attribution.bridge import LayerScore, Score, to_numpy

    module = LayerScore(Score(model, question, progress, total=1), model.layers[-1])
    grad_cam = LayerGradCam(module, module.layer)
    coarse = grad_cam.attribute(torch.from_numpy(question.inputs.copy()), relu_attributions=True)
    size = question.inputs.shape[2:]
    return Attribution(to_numpy(LayerAttribution.interpolate(coarse, size, "bilinear")))


METHOD = Method(
    name="grad_cam",
    label="Grad-CAM",
    summary="Which places of the last convolutional layer speak for the class.",
    source="Selvaraju et al. 2016, https://arxiv.org/abs/1610.02391",
    compute=compute,
    is_signed=False,
    is_stochastic=False,
    libraries=("torch", "captum.attr"),
    needs_gradients=True,
    needs_layer=True,
    if_flat="No place of the last convolutional layer speaks for this class more than another; "
    "what speaks against it is dropped.",
)
