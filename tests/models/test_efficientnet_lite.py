"""Our EfficientNet-Lite against the reference implementation and the paper's own numbers."""

import pytest
import torch
from efficientnet_lite_pytorch import EfficientNet
from torch import nn

from export.sources import SOURCES
from models import MODELS
from models.efficientnet_lite import (
    EfficientNetLite,
    compute_padding,
    rename_published,
    scale_channels,
)

PUBLISHED = {
    "efficientnet_lite0.imagenet": ("efficientnet-lite0", 4_652_008),
    "efficientnet_lite2.imagenet": ("efficientnet-lite2", 6_092_072),
}

every_model = pytest.mark.parametrize("name", SOURCES)


def create(name: str) -> EfficientNetLite:
    model = MODELS[name]()
    assert isinstance(model, EfficientNetLite)
    model.load_state_dict(SOURCES[name].load_weights())
    return model.eval()


@every_model
def test_logits_equal_the_reference_implementations(name: str) -> None:
    reference_name, _ = PUBLISHED[name]
    reference: nn.Module = EfficientNet.from_pretrained(
        reference_name, weights_path=str(SOURCES[name].find_weights())
    ).eval()
    ours = create(name)
    inputs = torch.randn(2, 3, ours.size, ours.size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(ours(inputs), reference(inputs), atol=1e-5, rtol=1e-5)


@every_model
def test_the_number_of_parameters_is_the_published_one(name: str) -> None:
    model = MODELS[name]()
    assert sum(parameter.numel() for parameter in model.parameters()) == PUBLISHED[name][1]


@every_model
def test_features_are_a_thirty_second_of_the_input(name: str) -> None:
    model = create(name)
    with torch.no_grad():
        features = model.compute_features(torch.zeros(1, 3, model.size, model.size))
    side = -(-model.size // 32)
    assert features.shape == (1, 1280, side, side)
    assert 0 <= features.min() and features.max() <= 6  # noqa: SIM300 - a range, read left to right


def test_same_padding_is_tensorflows() -> None:
    assert compute_padding(224, 3, 1) == (1, 1)
    assert compute_padding(224, 3, 2) == (0, 1)  # odd total: the extra pixel goes after
    assert compute_padding(7, 5, 2) == (2, 2)
    assert compute_padding(112, 5, 2) == (1, 2)
    assert compute_padding(65, 1, 1) == (0, 0)


def test_channels_are_scaled_to_multiples_of_eight_and_never_much_below() -> None:
    assert [scale_channels(c, 1.1) for c in (16, 24, 40, 80, 112, 192, 320)] == [
        16, 24, 48, 88, 120, 208, 352,
    ]  # fmt: skip
    assert scale_channels(12, 1.0) == 16  # 8 would be a third less


def test_a_weight_of_another_network_is_refused_by_name() -> None:
    with pytest.raises(KeyError, match=r"layer1\.0\.conv1\.weight"):
        rename_published({"layer1.0.conv1.weight": torch.zeros(1)})
