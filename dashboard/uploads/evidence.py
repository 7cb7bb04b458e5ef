"""Which normalization an uploaded network was trained with: every usual one tried, and judged."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from dashboard.inference.model import Doubles, Floats
from dashboard.inference.probability import compute_probabilities
from dashboard.uploads.inspection import STATISTICS, NormStatistics
from dashboard.uploads.sandbox_wire import UploadError, UploadStopped
from dashboard.uploads.spec import (
    InputSpec,
    Normalization,
    OutputSpec,
    Pixels,
    reshape_scores,
)

Basis = Literal["file", "statistics", "answers", "default"]

Run = Callable[[InputSpec, Floats, Sequence[str]], list[Floats]]
"""Runs the graph on inputs (N, C, H, W); returns the outputs of these names, each (N, ...).

Raises UploadError where it cannot, UploadStopped where trying cost the process.
"""

Progress = Callable[[float], None]

# A photo, its mirror image, and its middle both ways round: the answer should stay the same.
_ZOOMS = (1.0, 0.8)
_N_VIEWS = 2 * len(_ZOOMS)

# What the app keeps of answers while it compares them: eight photos of 71,000 classes, or of 71
# outputs with 1,000 classes each.
MAX_ANSWER_BYTES = 64 << 20
_NUMBER_BYTES = 4

# EfficientNet-Lite: right values are off by 0.01 to 0.06 nats a channel, wrong ones by 0.4 or more.
_PLAUSIBLE_MISMATCH = 0.25
_SAME_MISMATCH = 1.5
_SAME_INFORMATION = 0.95
_WEAK_INFORMATION = 0.25  # of the most that there could be

_DEFAULTS = ("imagenet", "unit")


@dataclass(frozen=True)
class Evidence:
    """How a network took to one normalization, over all sample photos.

    ``confidence`` is its mean highest probability; ``agreement`` how much of its probabilities a
    photo and its mirror image have in common, 0 to 1; ``information`` how well its answers tell
    the photos apart, in nats, after averaging over four views of each (the mutual information of
    photo and class); ``mismatch`` how far the first layers are from what their normalizations
    remember, in nats a channel, or None where there are none.
    """

    normalization: Normalization
    confidence: float
    agreement: float
    information: float
    mismatch: float | None = None


@dataclass(frozen=True, eq=False)
class Trial:
    """What a network answered under one normalization: (4 views, photos, K) for each output."""

    normalization: Normalization
    answers: dict[str, Floats]
    mismatch: float | None

    def flatten(self, name: str) -> Floats:
        """Return all answers of one output as (4 * photos, K)."""
        answers = self.answers[name]
        return answers.reshape(-1, answers.shape[-1])

    def score(self, output: OutputSpec) -> Evidence:
        """Return the evidence that one output gives."""
        probs = _compute_probabilities(self.answers[output.name], output)  # (4, S, K)
        if not np.isfinite(probs).all():
            return Evidence(self.normalization, 0.0, 0.0, 0.0, self.mismatch)
        mean = probs.mean(axis=0)  # (S, K)
        information = _compute_entropy(mean.mean(axis=0)) - _compute_entropy(mean).mean()
        return Evidence(
            self.normalization,
            confidence=float(probs[0].max(axis=1).mean()),
            agreement=float(np.minimum(probs[0], probs[1]).sum(axis=1).mean()),
            information=max(float(information), 0.0),
            mismatch=self.mismatch,
        )


def _compute_probabilities(raw: Floats, output: OutputSpec) -> Doubles:
    with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is noticed later
        logits = output.compute_logits(raw.reshape(-1, raw.shape[-1]))
        probs = compute_probabilities(output.spread(logits))
    return probs.reshape(*raw.shape[:-1], -1)


def _compute_entropy(probs: Doubles) -> Doubles:
    entropy: Doubles = -(probs * np.log(np.maximum(probs, 1e-12))).sum(axis=-1)
    return entropy


def limit_answers(
    sizes: Mapping[str, int], n_ways: int, n_photos: int, n_labels: int
) -> tuple[dict[str, int], int]:
    """Return which outputs to compare, and on how many photos: at most ``MAX_ANSWER_BYTES``.

    ``sizes`` says how many numbers each output gives for a photo, ``n_ways`` how many
    normalizations are tried, ``n_labels`` how many classes the file names, 0 if none. The output
    that is likeliest meant is always kept, on fewer photos if need be; of the others what fits.
    """
    likeliest = sorted(sizes, key=lambda name: (max(sizes[name], 2) != n_labels, sizes[name] == 1))
    room = MAX_ANSWER_BYTES // (_NUMBER_BYTES * _N_VIEWS * n_ways)  # numbers for a photo, of all
    n_photos = max(1, min(n_photos, room // sizes[likeliest[0]]))
    room //= n_photos
    kept = {likeliest[0]}
    room -= sizes[likeliest[0]]
    for name in likeliest[1:]:
        if sizes[name] <= room:
            kept.add(name)
            room -= sizes[name]
    return {name: size for name, size in sizes.items() if name in kept}, n_photos


def try_all(
    frame: InputSpec,
    candidates: Sequence[Normalization],
    sizes: Mapping[str, int],
    norms: Sequence[NormStatistics],
    run: Run,
    photos: Sequence[Pixels],
    progress: Progress,
) -> list[Trial]:
    """Run a network on ``photos`` (H, W, 3) under every normalization.

    ``frame`` gives the input's size, ``sizes`` the outputs that may hold class scores and how many
    each has, ``norms`` what the first batch normalizations remember. What fails under one
    normalization is left out.

    Raises:
        UploadError: it fails under all of them, or the process came to an end.
    """
    views = list(_list_views(frame, photos))  # four of (S, H, W, 3)
    trials, failure = [], UploadError("The network could not be run on any photo.")
    for index, normalization in enumerate(candidates):
        spec = replace(frame, normalization=normalization)
        try:
            trials.append(_try(spec, sizes, norms, run, views))
        except UploadStopped:
            raise
        except UploadError as error:
            failure = error
        progress((index + 1) / len(candidates))
    if not trials:
        raise failure
    return trials


def _list_views(frame: InputSpec, photos: Sequence[Pixels]) -> Iterator[Pixels]:
    for zoom in _ZOOMS:
        views = np.stack([frame.crop_view(_cut_middle(photo, zoom)) for photo in photos])
        yield views
        yield views[:, :, ::-1]


def _cut_middle(photo: Pixels, zoom: float) -> Pixels:
    height, width = photo.shape[:2]
    top, left = int(height * (1 - zoom) / 2), int(width * (1 - zoom) / 2)
    return photo[top : height - top, left : width - left]


def _try(
    spec: InputSpec,
    sizes: Mapping[str, int],
    norms: Sequence[NormStatistics],
    run: Run,
    views: Sequence[Pixels],
) -> Trial:
    names = list(sizes)
    extra = [f"{STATISTICS}/{i}/{what}" for i in range(len(norms)) for what in ("mean", "square")]
    results = [run(spec, spec.normalize(views[0]), [*names, *extra])]
    results += [run(spec, spec.normalize(view), names) for view in views[1:]]
    answers = {
        name: np.stack([_read_scores(each[index], sizes[name]) for each in results])
        for index, name in enumerate(names)
    }
    moments = results[0][len(names) :]
    return Trial(spec.normalization, answers, _compute_mismatch(norms, moments))


def _read_scores(raw: Floats, size: int) -> Floats:
    scores = reshape_scores(raw)
    if scores.shape[1] != size:  # the bound on what is kept rests on it
        raise UploadError("The network gives another number of classes for another photo.")
    return scores


def _compute_mismatch(norms: Sequence[NormStatistics], moments: Sequence[Floats]) -> float | None:
    """Return the distance of the first layers' values from those of training.

    The Kullback-Leibler divergence of two normal distributions with these means and variances,
    its median over the channels of a layer, its mean over the layers.
    """
    distances = []
    for norm, mean, square in zip(norms, moments[::2], moments[1::2], strict=True):
        mean, square = (
            each.reshape(len(each), -1).mean(axis=0, dtype=np.float64) for each in (mean, square)
        )
        if mean.shape != norm.mean.shape:
            return None
        remembered = np.maximum(norm.variance.astype(np.float64), 1e-10)
        ratio = np.maximum(square - mean**2, 1e-10) / remembered
        offset = (mean - norm.mean) ** 2 / remembered
        distances.append(float(np.median((ratio + offset - 1 - np.log(ratio)) / 2)))
    return float(np.mean(distances)) if distances and np.isfinite(distances).all() else None


@dataclass(frozen=True)
class Judgement:
    """A choice, what it rests on, and which others the evidence cannot tell from it."""

    chosen: Normalization
    basis: Basis
    rivals: tuple[Normalization, ...]
    evidence: tuple[Evidence, ...]


def judge(
    evidence: Sequence[Evidence], stated: Normalization | None, n_classes: int, n_photos: int
) -> Judgement:
    """Choose a normalization; ``stated`` is what the file says, and is believed."""
    by_mismatch = sorted(evidence, key=_get_mismatch)
    by_information = sorted(evidence, key=lambda each: -each.information)
    lowest, highest = _get_mismatch(by_mismatch[0]), by_information[0].information
    if lowest < _PLAUSIBLE_MISMATCH:
        basis: Basis = "statistics"
        ranked = by_mismatch
        equal = [each for each in ranked if _get_mismatch(each) <= lowest * _SAME_MISMATCH]
    else:
        ranked = by_information
        is_weak = highest < _WEAK_INFORMATION * math.log(min(n_classes, n_photos))
        basis = "default" if is_weak else "answers"
        equal = [e for e in ranked if is_weak or e.information >= highest * _SAME_INFORMATION]
    chosen = stated or (_choose_default(ranked) if basis == "default" else ranked[0].normalization)
    rivals = tuple(each.normalization for each in equal if each.normalization != chosen)
    return Judgement(chosen, "file" if stated else basis, rivals, tuple(ranked))


def _get_mismatch(evidence: Evidence) -> float:
    return math.inf if evidence.mismatch is None else evidence.mismatch


def _choose_default(ranked: Sequence[Evidence]) -> Normalization:
    """Return the commonest of those tried: nothing speaks for any of them."""
    tried = {each.normalization.name: each.normalization for each in ranked}
    return next((tried[name] for name in _DEFAULTS if name in tried), ranked[0].normalization)
