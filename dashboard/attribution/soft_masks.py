"""Parts of a picture with soft edges, and how a map moves with them."""

from __future__ import annotations

import numpy as np

from dashboard.inference.model import Doubles

_SOFTNESS = 0.2  # of an edge, in standard deviations of the map
_BLUR, _SMALL_BLUR = 1.5, 0.8  # units: the map is no finer than that
RATE, _FIRST, _SECOND = 0.15, 0.9, 0.99  # Adam's: Kingma & Ba 2014, arXiv:1412.6980
_TINY = 1e-12


class Canvas:
    """A coarse map (U, V), and the smooth one (H, W) that it stands for."""

    def __init__(self, size: tuple[int, ...]) -> None:
        from export.autodiff.deploy.masks import SMALL, UNITS, blur, interpolate

        sigma = _SMALL_BLUR if min(size) < SMALL else _BLUR
        units = [min(UNITS, side) for side in size]
        enlarge = [interpolate(old, new) for old, new in zip(units, size, strict=True)]
        self._means = [each / each.sum(axis=0) for each in enlarge]
        self._paint = [each @ blur(each.shape[1], sigma) for each in enlarge]

    def pool(self, heat: Doubles) -> Doubles:
        """Return the means (U, V) of a map (H, W) around each unit."""
        rows, columns = self._means
        return np.asarray(rows.T @ heat @ columns)

    def paint(self, coarse: Doubles) -> Doubles:
        """Return the smooth map (H, W)."""
        rows, columns = self._paint
        return np.asarray(rows @ coarse @ columns.T)

    def trace(self, slope: Doubles) -> Doubles:
        """Return the slope by the coarse map (U, V) given that by the smooth one (H, W)."""
        rows, columns = self._paint
        return np.asarray(rows.T @ slope @ columns)


def standardise(heat: Doubles) -> Doubles:
    """Return a map with mean 0 and standard deviation 1; zeros where it is the same everywhere."""
    away = heat - heat.mean()
    spread = float(away.std())
    # The question is put so that what is no number stays none.
    return np.zeros_like(away) if spread <= _TINY else np.asarray(away / spread)


def create_soft_masks(heat: Doubles, shares: Doubles) -> Doubles:
    """Return masks (n, H, W) that show about ``shares`` (n,) of a picture, hottest first."""
    softness = max(_SOFTNESS * float(heat.std()), _TINY)
    thresholds = np.quantile(heat, 1 - shares)[:, np.newaxis, np.newaxis]
    return np.asarray(1 / (1 + np.exp(-np.clip((heat - thresholds) / softness, -30, 30))))


def follow(masks: Doubles, slopes: Doubles) -> Doubles:
    """Return the slope by the map (H, W), up to a factor, given slopes by masks (n, H, W).

    A threshold moves with the map, so that the share that is shown stays: what lifts a whole edge
    shows nothing more. Hence the mean over the edge is taken off.
    """
    edges = masks * (1 - masks)
    weight = np.maximum(edges.sum(axis=(1, 2), keepdims=True), _TINY)
    mean = (edges * slopes).sum(axis=(1, 2), keepdims=True) / weight
    return np.asarray((edges * (slopes - mean)).mean(axis=0))


class Adam:
    """Adam's steps upwards from a value of any shape."""

    def __init__(self, start: Doubles) -> None:
        self.value = start
        self._mean, self._square = np.zeros_like(start), np.zeros_like(start)
        self._n_steps = 0

    def climb(self, slope: Doubles) -> None:
        """Move along a slope of the value's shape; no slope is no move."""
        self._n_steps += 1
        self._mean = _FIRST * self._mean + (1 - _FIRST) * slope
        self._square = _SECOND * self._square + (1 - _SECOND) * slope**2
        mean = self._mean / (1 - _FIRST**self._n_steps)
        size = np.sqrt(self._square / (1 - _SECOND**self._n_steps))
        self.value = self.value + RATE * mean / np.maximum(size, _TINY)
