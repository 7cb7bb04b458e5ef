"""Changes too small to see: of the same size, once in random and once in the worst direction.

Each pixel moves by ``epsilon`` grey levels up or down at most. Where the direction is random, the
answer hardly ever changes, and a map that does is unstable (Ghorbani et al. 2019, "Interpretation
of Neural Networks Is Fragile", arXiv 1710.10547). Where the direction is chosen against the network
(dashboard/stress/adversarial.py), a twin of the picture may get another label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from dashboard.attribution.base import Method, Question
from dashboard.inference.model import Floats, Model
from dashboard.inference.probability import compute_probability
from dashboard.limits.maps import Report, draw_heats, report_nothing
from dashboard.stress.adversarial import compute_fgsm, compute_levels, compute_pgd

Kind = Literal["random", "fgsm", "pgd"]
KINDS: tuple[Kind, ...] = ("random", "fgsm", "pgd")
EPSILONS = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)


@dataclass(frozen=True)
class Twin:
    """A changed picture: ``inputs`` (1, C, H, W), its answer, and its maps by method.

    ``probability`` is that of ``answer``; ``levels`` the largest change of any pixel, in grey
    levels of 255; ``asked`` is the class that the maps are about.
    """

    epsilon: float
    inputs: Floats
    answer: int
    probability: float
    levels: float
    asked: int
    heats: Mapping[str, Floats | None]


def add_signs(model: Model, inputs: Floats, epsilon: float, seed: int = 0) -> Floats:
    """Return ``inputs`` (N, C, H, W) with every value ``epsilon`` grey levels up or down.

    The direction is drawn by a fair coin; what would leave the valid range stays at its end.
    """
    black, white = model.input_range
    step = np.abs(white - black) * np.float32(epsilon / 255)  # (C, 1, 1)
    signs = np.random.default_rng(seed).choice(np.array([-1, 1], np.float32), inputs.shape)
    moved = inputs + step * signs
    valid: Floats = np.clip(moved, np.minimum(black, white), np.maximum(black, white))
    return valid.astype(np.float32)


def compute_twins(
    model: Model,
    question: Question,
    methods: Sequence[Method],
    kind: Kind,
    report: Report = report_nothing,
) -> list[Twin]:
    """Return one twin for each of ``EPSILONS``; the first is the picture itself.

    Under random change the maps stay about the class asked about, so that only the picture
    differs; under an attack they are about what the network answers, for that is what a reader
    would be shown.

    Raises:
        RuntimeError: an attack on a network without gradients.
    """
    twins = []
    for index, epsilon in enumerate(EPSILONS):
        report(f"Change of {epsilon:g} grey levels", index / len(EPSILONS))
        inputs = _change(model, question, kind, epsilon) if epsilon else question.inputs
        logits = model.predict(inputs)
        answer = int(logits[0].argmax())
        asked = question.target if kind == "random" else answer
        heats = draw_heats(model, replace(question, inputs=inputs, target=asked), methods)
        twins.append(
            Twin(
                epsilon,
                inputs,
                answer,
                float(compute_probability(logits, answer)[0]),
                compute_levels(model, question.inputs, inputs),
                asked,
                heats,
            )
        )
    return twins


def _change(model: Model, question: Question, kind: Kind, epsilon: float) -> Floats:
    target = np.array([question.target])
    if kind == "random":
        return add_signs(model, question.inputs, epsilon, question.seed)
    if kind == "fgsm":
        return compute_fgsm(model, question.inputs, target, epsilon)
    return compute_pgd(model, question.inputs, target, epsilon, seed=question.seed)
