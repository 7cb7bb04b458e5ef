"""The bridge and the direct way: Captum on ONNX Runtime's terms, and Captum on the torch module."""

import pytest
import torch
from torch import Tensor, nn

from dashboard.attribution import get_method
from dashboard.attribution.base import Question
from dashboard.attribution.params import compute_defaults
from tests.dashboard.attribution.captum_on_torch import (
    NAMES,
    attribute_on_torch,
    compute_distance,
)
from tests.dashboard.attribution.tiny_models import TorchModel, create_inputs

# Both sides run the same torch kernels on the same batches: what is left is the order of sums.
BOUND = 1e-5


class TinyCnn(nn.Module):
    """Two convolutions with ReLU and max pooling: kinks, ties and dead units included."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 12, 3, padding=1)
        self.rectify = nn.ReLU()
        self.classifier = nn.Linear(12, 5)
        generator = torch.Generator().manual_seed(2)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.3, generator=generator)

    def features(self, x: Tensor) -> Tensor:
        pooled = nn.functional.max_pool2d(torch.relu(self.first(x)), 2)
        rectified: Tensor = self.rectify(self.second(pooled))
        return rectified

    def classify(self, features: Tensor) -> Tensor:
        logits: Tensor = self.classifier(features.mean((2, 3)))
        return logits

    def forward(self, x: Tensor) -> Tensor:
        return self.classify(self.features(x))


@pytest.mark.parametrize("versus", [None, 3])
@pytest.mark.parametrize("name", NAMES)
def test_captum_through_the_bridge_is_captum_on_torch(name: str, versus: int | None) -> None:
    method, module = get_method(name), TinyCnn().eval()
    model = TorchModel(module, (3, 24, 20))
    question = Question(create_inputs(shape=(1, 3, 24, 20)), 1, versus, seed=5)
    params = compute_defaults(method.params)
    ours = method.attribute(model, question, params).attributions
    theirs = attribute_on_torch(name, module, module.rectify, model, question, params)
    assert ours.shape == theirs.shape
    assert ours.any()
    assert compute_distance(ours, theirs) <= BOUND
