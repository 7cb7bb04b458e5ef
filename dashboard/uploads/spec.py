"""How an uploaded network wants its photos and what its numbers mean; all can be overridden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dashboard.inference.model import Floats
from dashboard.uploads.inspection import TensorInfo

Pixels = NDArray[np.uint8]

Layout = Literal["NCHW", "NHWC"]
Order = Literal["RGB", "BGR"]
Kind = Literal["logits", "probabilities", "log_probabilities", "independent"]

LAYOUTS: tuple[Layout, ...] = ("NCHW", "NHWC")
ORDERS: tuple[Order, ...] = ("RGB", "BGR")
KINDS: dict[Kind, str] = {
    "logits": "logits",
    "probabilities": "probabilities that sum to 1 (softmax)",
    "log_probabilities": "logarithms of probabilities",
    "independent": "a probability of its own for each class (sigmoid)",
}

TINY = 1e-12  # the smallest probability that is told from 0, as in gradients


@dataclass(frozen=True)
class Normalization:
    """From pixels in [0, 255] to network values: (pixel - mean) / std, a channel each.

    ``order`` is that of the channels in the network, and of ``mean`` and ``std``. A network of one
    channel takes the first of each.
    """

    name: str
    label: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    order: Order = "RGB"

    @property
    def kind(self) -> str:
        """The numbers in short, for a table."""
        low = (0.0 - self.mean[0]) / self.std[0]
        high = (255.0 - self.mean[0]) / self.std[0]
        return f"{self.order}, {low:.4g} to {high:.4g}"


def _same(value: float) -> tuple[float, float, float]:
    return (value, value, value)


def _scaled(values: tuple[float, float, float]) -> tuple[float, float, float]:
    return (values[0] * 255, values[1] * 255, values[2] * 255)


# The usual ones. Means and deviations of ImageNet are torchvision's, those of Caffe the ones that
# VGG and ResNet were trained with (keras.applications.imagenet_utils, mode "caffe").
NORMALIZATIONS = (
    Normalization("raw", "0 to 255", _same(0), _same(1)),
    Normalization("unit", "0 to 1", _same(0), _same(255)),
    Normalization("symmetric", "-1 to 1", _same(127.5), _same(127.5)),
    Normalization(
        "imagenet",
        "ImageNet's mean and deviation",
        _scaled((0.485, 0.456, 0.406)),
        _scaled((0.229, 0.224, 0.225)),
    ),
    Normalization("lite", "(pixel - 127) / 128", _same(127), _same(128)),
    Normalization("caffe", "BGR less Caffe's mean", (103.939, 116.779, 123.68), _same(1), "BGR"),
    Normalization("raw_bgr", "BGR, 0 to 255", _same(0), _same(1), "BGR"),
)

GREY_NORMALIZATIONS = (
    *NORMALIZATIONS[:3],
    Normalization("mnist", "MNIST's mean and deviation", _same(0.1307 * 255), _same(0.3081 * 255)),
)


def list_normalizations(channels: int) -> tuple[Normalization, ...]:
    """Return the usual normalizations for networks of 3 channels, or of 1."""
    return NORMALIZATIONS if channels == 3 else GREY_NORMALIZATIONS


@dataclass(frozen=True)
class InputSpec:
    """The image input: its name in the graph, its axes, its size in pixels, its values."""

    name: str
    layout: Layout
    channels: int
    height: int
    width: int
    normalization: Normalization

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one input."""
        return self.channels, self.height, self.width

    @property
    def graph_shape(self) -> tuple[int, int, int]:
        """The same in the graph's layout."""
        channels, height, width = self.shape
        return self.shape if self.layout == "NCHW" else (height, width, channels)

    def crop_view(self, pixels: Pixels) -> Pixels:
        """Return what the network sees of a photo (H, W, 3), at its own resolution.

        That is the largest centred rectangle of the network's shape, resized with an antialiased
        filter; for a network of one channel its luminance, in three equal channels.
        """
        height, width = pixels.shape[:2]
        scale = min(height / self.height, width / self.width)
        crop_h, crop_w = max(1, round(self.height * scale)), max(1, round(self.width * scale))
        top, left = (height - crop_h) // 2, (width - crop_w) // 2
        part = Image.fromarray(
            np.ascontiguousarray(pixels[top : top + crop_h, left : left + crop_w])
        )
        if self.channels == 1:
            part = part.convert("L").convert("RGB")
        return np.asarray(part.resize((self.width, self.height), Image.Resampling.BICUBIC))

    def normalize(self, views: Pixels) -> Floats:
        """Return network values (N, C, H, W) of views (N, H, W, 3)."""
        ordered = views[..., ::-1] if self.normalization.order == "BGR" else views
        channels = ordered[..., : self.channels].transpose(0, 3, 1, 2)  # (N, C, H, W)
        mean, std = self._get_statistics()
        return np.ascontiguousarray((channels.astype(np.float32) - mean) / std)

    def compute_range(self) -> tuple[Floats, Floats]:
        """Return the network values of black and of white, each (C, 1, 1)."""
        mean, std = self._get_statistics()
        return (0.0 - mean) / std, (255.0 - mean) / std

    def to_graph(self, inputs: Floats) -> Floats:
        """Return inputs (N, C, H, W) in the graph's layout."""
        return inputs if self.layout == "NCHW" else np.ascontiguousarray(np.moveaxis(inputs, 1, 3))

    def from_graph(self, values: Floats) -> Floats:
        """Return values in the graph's layout as (N, C, H, W)."""
        return values if self.layout == "NCHW" else np.ascontiguousarray(np.moveaxis(values, 3, 1))

    def _get_statistics(self) -> tuple[Floats, Floats]:
        # (C, 1, 1) each, to broadcast over (N, C, H, W)
        statistics = (self.normalization.mean, self.normalization.std)
        mean, std = (
            np.asarray(values[: self.channels], np.float32)[:, np.newaxis, np.newaxis]
            for values in statistics
        )
        return mean, std


@dataclass(frozen=True)
class OutputSpec:
    """The class scores: the output's name in the graph, what its numbers are, how many classes.

    A single number (``n_columns`` 1) is that of the second of two classes.
    """

    name: str
    kind: Kind
    n_columns: int

    @property
    def n_classes(self) -> int:
        """How many classes there are to choose from."""
        return max(self.n_columns, 2)

    def compute_logits(self, raw: Floats) -> Floats:
        """Return raw outputs (N, n_columns) as numbers whose softmax is right, or close to it.

        Probabilities become their logarithms, independent ones the logarithms of their odds: the
        softmax that comes later would otherwise be applied twice.
        """
        if self.kind == "probabilities":
            logits: Floats = np.log(np.maximum(raw, 0) + np.float32(TINY))
            return logits
        if self.kind == "independent":
            inside = np.clip(raw, 0, 1)
            rest = 1 - inside
            odds: Floats = np.log(inside + np.float32(TINY)) - np.log(rest + np.float32(TINY))
            return odds
        return raw

    def spread(self, logits: Floats) -> Floats:
        """Return logits (N, n_columns) as (N, n_classes).

        A single number z becomes (-z/2, z/2): the softmax of these is the sigmoid of z.
        """
        return logits if self.n_columns > 1 else logits * np.array([-0.5, 0.5], np.float32)


MAX_CLASSES = 100_000


def holds_scores(raw: Floats) -> bool:
    """Return whether an output is (N, K), give or take axes of length 1."""
    sizes = [size for size in raw.shape[1:] if size != 1]
    return raw.ndim >= 2 and len(sizes) <= 1 and 0 < raw[0].size <= MAX_CLASSES


def reshape_scores(raw: Floats) -> Floats:
    """Return an output such as (N, K, 1, 1) as (N, K)."""
    return raw.reshape(len(raw), -1)


def is_scores(info: TensorInfo) -> bool:
    """Return whether an output may hold class scores, as far as its declared shape tells."""
    is_number = info.dtype in ("float32", "float64")
    sizes = [size for size in info.shape[1:] if size != 1]
    return is_number and (not info.shape or (len(info.shape) >= 2 and len(sizes) <= 1))
