"""The methods that explain, one a file. A new method is one new file and one entry in ``METHODS``.

Reading the registry loads neither torch nor captum: each method imports them when it computes.
"""

from dashboard.attribution import (
    center,
    deeplift,
    edges,
    grad_cam,
    gradient_shap,
    guided_backprop,
    input_x_gradient,
    integrated_gradients,
    intensity,
    kernel_shap,
    lrp,
    masked_gradients,
    occlusion,
    random,
    rise,
    rise_refitted,
    saliency,
    smoothgrad,
    soft_ranking,
)
from dashboard.attribution.base import Method

METHODS: tuple[Method, ...] = (
    saliency.METHOD,
    input_x_gradient.METHOD,
    integrated_gradients.METHOD,
    smoothgrad.METHOD,
    gradient_shap.METHOD,
    guided_backprop.METHOD,
    deeplift.METHOD,
    lrp.METHOD,
    grad_cam.METHOD,
    masked_gradients.METHOD,
    soft_ranking.METHOD,
    occlusion.METHOD,
    rise.METHOD,
    rise_refitted.METHOD,
    kernel_shap.METHOD,
    random.METHOD,
    intensity.METHOD,
    edges.METHOD,
    center.METHOD,
)

_BY_NAME = {method.name: method for method in METHODS}


def get_method(name: str) -> Method:
    """Return the method called ``name``; raises KeyError if there is none."""
    return _BY_NAME[name]


__all__ = ["METHODS", "Method", "get_method"]
