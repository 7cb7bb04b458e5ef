"""A vision Transformer's picture: where its attention flows, and what of it counts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dashboard.inference.model import Doubles, Explained, Floats
from dashboard.sequences.attention import compute_relevance, compute_rollout

ROLLOUT, RELEVANCE, CENTER = "rollout", "relevance", "center"


def compute_patch_maps(explained: Explained, grid: int, stride: int) -> Mapping[str, Floats]:
    """Return maps (side, side) of a picture: rollout, gradient x attention, a spot in the middle.

    ``explained`` is that of one picture with the attention of every layer in order. The classifier
    reads the class token plus the average of the patches, so their rows count alike.
    """
    attention = np.concatenate([pair[0] for pair in explained.layers.values()])  # (layers, h, T, T)
    gradients = np.concatenate([pair[1] for pair in explained.layers.values()])
    flows = {
        ROLLOUT: compute_rollout(attention),
        RELEVANCE: compute_relevance(attention, gradients),
    }
    maps = {
        name: enlarge(read_out(flow).reshape(grid, grid), stride) for name, flow in flows.items()
    }
    centred = np.arange(grid * stride) - (grid * stride - 1) / 2
    spot = -np.hypot(centred[:, None], centred[None])
    return {**maps, CENTER: spot.astype(np.float32)}


def read_out(flow: Doubles) -> Doubles:
    """Return the patches' share (T - 1,) in what is classified, from (T, T) with token 0 first."""
    shares: Doubles = (flow[0] + flow[1:].mean(0))[1:] / 2
    return shares


def enlarge(small: Doubles, stride: int) -> Floats:
    """Return a map (grid, grid) at the picture's size: patch i is centred at pixel i x stride."""
    side = len(small)
    pixels, centres = np.arange(side * stride), np.arange(side) * stride
    wide = np.stack([np.interp(pixels, centres, row) for row in small])  # (grid, side)
    tall = np.stack([np.interp(pixels, centres, column) for column in wide.T], 1)
    return tall.astype(np.float32)
