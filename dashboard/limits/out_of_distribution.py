"""Scores that should tell what a network was made for from what it was not, and their quality.

Every score is higher for what looks familiar. Max softmax: Hendrycks and Gimpel 2017, arXiv
1610.02136; max logit: Hendrycks et al. 2022, arXiv 1911.11132; energy: Liu et al. 2020, arXiv
2010.03759; Mahalanobis: Lee et al. 2018, arXiv 1807.03888; nearest neighbour: Sun et al. 2022,
arXiv 2204.06507.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dashboard.inference.model import Doubles, Floats
from dashboard.inference.probability import compute_probabilities

SCORES = {
    "max_softmax": "Max softmax",
    "max_logit": "Max logit",
    "energy": "Energy",
    "knn": "Nearest neighbour",
    "mahalanobis": "Mahalanobis",
}
KEPT = 0.95  # of the familiar pictures that a threshold lets pass


@dataclass(frozen=True, eq=False)
class Statistics:
    """What a network's features (D,) were like on its training pictures.

    ``means`` (K, D) of the classes, ``precision`` (D, D) the inverse of their shared covariance,
    ``bank`` (M, D) features of unit length. ``temperature`` was fitted on ``n_fit`` pictures that
    are in no sample. ``tensor`` is the features' name in the graph; ``files`` the SHA-256 of the
    network that all this is of.
    """

    tensor: str
    means: Doubles
    precision: Doubles
    bank: Doubles
    temperature: float
    n_fit: int
    files: str


def load_statistics(path: Path) -> Statistics | None:
    """Return the statistics in a file that ``export.make_features`` wrote, None if unusable."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return Statistics(
                tensor=str(arrays["tensor"]),
                means=arrays["means"].astype(np.float64),
                precision=arrays["precision"].astype(np.float64),
                bank=arrays["bank"].astype(np.float64),
                temperature=float(arrays["temperature"]),
                n_fit=int(arrays["n_fit"]),
                files=str(arrays["files"]),
            )
    except (OSError, KeyError, ValueError):
        return None


def compute_logit_scores(logits: Floats) -> dict[str, Doubles]:
    """Return the scores (N,) that need logits (N, K) only."""
    values = logits.astype(np.float64)
    top = values.max(axis=1)
    energy = top + np.log(np.exp(values - top[:, None]).sum(axis=1))
    return {
        "max_softmax": compute_probabilities(logits).max(axis=1),
        "max_logit": top,
        "energy": energy,
    }


def compute_feature_scores(features: Floats, statistics: Statistics) -> dict[str, Doubles]:
    """Return the scores (N,) of features (N, D) against those of the training pictures."""
    values = features.astype(np.float64)
    unit = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)
    # |a - b|^2 = 2 - 2 a.b for unit vectors; (N, M)
    nearest = np.sqrt(np.maximum(2 - 2 * unit @ statistics.bank.T, 0)).min(axis=1)
    distances = []
    for mean in statistics.means:
        gap = values - mean  # (N, D)
        distances.append(np.einsum("nd,de,ne->n", gap, statistics.precision, gap, optimize=True))
    return {"knn": -nearest, "mahalanobis": -np.min(distances, axis=0)}


def compute_auroc(familiar: Doubles, strange: Doubles) -> float:
    """Return the chance that a familiar picture scores above a strange one, ties counting half.

    That is the area under the ROC curve; 0.5 is guessing.
    """
    return float(_place(familiar, strange).mean())


def compute_auroc_half(familiar: Doubles, strange: Doubles) -> float:
    """Return half of the width of the AUROC's 95 % interval.

    The variance is that of each picture's share of won pairs, over both sets: DeLong et al. 1988,
    https://doi.org/10.2307/2531595.
    """
    won, lost = _place(familiar, strange), _place(strange, familiar)
    variance = won.var(ddof=1) / len(won) + lost.var(ddof=1) / len(lost)
    return float(1.96 * np.sqrt(variance))


def _place(values: Doubles, others: Doubles) -> Doubles:
    """Return for each of ``values`` the share of ``others`` below it, ties counting half."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, values, side="left")
    up_to = np.searchsorted(ordered, values, side="right")
    shares: Doubles = (below + up_to) / (2 * len(others))
    return shares


def choose_score(familiar: Mapping[str, Doubles], strange: Mapping[str, Doubles]) -> str:
    """Return the score of the highest AUROC on every other picture of each set.

    Its quality is to be measured on the rest, by ``keep_rest``: the best of five on the pictures
    that it was chosen on would look better than it is.
    """
    return max(familiar, key=lambda name: compute_auroc(familiar[name][::2], strange[name][::2]))


def keep_rest(values: Doubles) -> Doubles:
    """Return the values of the pictures that ``choose_score`` does not look at."""
    return values[1::2]


def compute_threshold(familiar: Doubles, kept: float = KEPT) -> float:
    """Return the largest score that at least a share ``kept`` of the familiar reach."""
    ordered = np.sort(familiar)
    return float(ordered[int(np.floor((1 - kept) * len(ordered) + 1e-9))])


def compute_fpr95(familiar: Doubles, strange: Doubles) -> float:
    """Return the share of strange pictures that pass where 95 % of the familiar do."""
    return float((strange >= compute_threshold(familiar)).mean())
