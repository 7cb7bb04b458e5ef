"""What others measured of the ImageNet networks under natural shift: top-1 in percent, by timm."""

from __future__ import annotations

from dataclasses import dataclass

_TIMM = "https://github.com/huggingface/pytorch-image-models/blob"
_MAIN = f"{_TIMM}/0173a139a2c66db3a41ebfe1d8ac4fb02483642e/results"
_OF_A = f"{_TIMM}/049b1332531609533befd272f451991551560581/results"


@dataclass(frozen=True)
class TestSet:
    """A test set: what it is, where it is described, and each network's top-1 in percent."""

    name: str
    what: str
    paper: str
    table: str
    top1: dict[str, float]


_LITE0, _LITE2 = "efficientnet_lite0.imagenet", "efficientnet_lite2.imagenet"

TEST_SETS = (
    TestSet(
        "ImageNet",
        "photos like those of the training",
        "https://arxiv.org/abs/1409.0575",
        f"{_MAIN}/results-imagenet.csv",
        {_LITE0: 74.83, _LITE2: 77.464},
    ),
    TestSet(
        "ImageNet-V2",
        "new photos, collected anew by the same recipe",
        "https://arxiv.org/abs/1902.10811",
        f"{_MAIN}/results-imagenetv2-matched-frequency.csv",
        {_LITE0: 62.57, _LITE2: 65.40},
    ),
    TestSet(
        "ImageNet-R",
        "paintings, toys, tattoos of 200 of the classes",
        "https://arxiv.org/abs/2006.16241",
        f"{_MAIN}/results-imagenet-r.csv",
        {_LITE0: 35.94, _LITE2: 36.797},
    ),
    TestSet(
        "ImageNet-Sketch",
        "drawings in black and white",
        "https://arxiv.org/abs/1905.13549",
        f"{_MAIN}/results-sketch.csv",
        {_LITE0: 24.375, _LITE2: 24.534},
    ),
    TestSet(
        "ImageNet-A",
        "photos picked because a ResNet-50 failed on them; 200 classes",
        "https://arxiv.org/abs/1907.07174",
        f"{_OF_A}/results-imagenet-a.csv",
        {_LITE0: 3.04, _LITE2: 5.32},
    ),
)
