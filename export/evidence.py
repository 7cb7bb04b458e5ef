"""What was measured of the verdict itself: ``models/zoo/samples/verdict.json``.

``export.benchmark.verdict`` writes these structures and the dashboard reads them, so this module
imports neither side. Both decode strictly.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

FILE = "verdict.json"


class EvidenceError(ValueError):
    """The file is missing or does not say all that it must; the message says what."""


@dataclass(frozen=True)
class Estimate:
    """A mean over pictures with its 95 % interval."""

    mean: float
    low: float
    high: float
    pictures: int


@dataclass(frozen=True)
class MethodFigures:
    """A method on a network: its score and that under each removal, in [-1, 1]; the shares of maps
    that are believable, or depend on the removal; inputs run forward and differentiated, and CPU
    seconds on one thread, a map (medians).
    """

    score: Estimate
    removals: Mapping[str, float]
    believable: Estimate
    depends: Estimate
    forward: float
    gradients: float
    seconds: float


@dataclass(frozen=True)
class NetworkFigures:
    """The verdict on one network: shares in [0, 1], None where there was nothing to measure.

    ``below_level`` is the share of ``draws`` noise maps with p < .05, by removal. ``noise``,
    ``shuffled``, ``blind``, ``another`` and ``truth`` are shares of believable maps: of noise, of
    the network with shuffled weights, of blind maps that nothing bars, of another picture, and of
    maps that are right by construction. ``best`` is the cheapest method whose score is not clearly
    below the highest one.
    """

    pictures: int
    judged: int
    draws: int
    below_level: Mapping[str, Estimate]
    noise: Estimate | None
    shuffled: Estimate | None
    blind: Estimate | None
    another: Estimate | None
    truth: Estimate | None
    removals_agree: Estimate | None
    seeds_agree: Estimate | None
    methods: Mapping[str, MethodFigures]
    best: str | None


@dataclass(frozen=True)
class Evidence:
    """The figures of every network that was examined, and the command that measured them."""

    command: str
    networks: Mapping[str, NetworkFigures]


def load_evidence(folder: Path) -> Evidence:
    """Return the evidence in a folder; raises EvidenceError."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Evidence, strict=False)
    except (OSError, msgspec.MsgspecError) as error:
        raise EvidenceError(f"samples/{FILE} cannot be read: {error}") from error


def save_evidence(folder: Path, evidence: Evidence) -> None:
    """Write the evidence into a folder, one figure a line so that changes can be read."""
    text = json.dumps(asdict(evidence), indent=1)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def tabulate_evidence(evidence: Evidence, titles: Mapping[str, str] | None = None) -> str:
    """Return what the test says of maps that are known to be wrong or right, a row a network.

    ``titles`` are the networks' names for readers, where they have others than their own.
    """
    removals = {key: None for each in evidence.networks.values() for key in each.below_level}
    head = [
        *("Network", "Pictures", *(f"Noise, p < .05, {key}" for key in removals), "Noise"),
        *("Shuffled", "Blind", "Of another", "Right", "Removals agree", "Probes agree"),
    ]
    rows = [head, ["---"] + ["--:"] * (len(head) - 1)]
    for name, each in evidence.networks.items():
        figures = [
            *(each.below_level.get(key) for key in removals),
            *(each.noise, each.shuffled, each.blind, each.another, each.truth),
            *(each.removals_agree, each.seeds_agree),
        ]
        rows.append([(titles or {}).get(name, name), f"{each.judged:,}", *map(_tell, figures)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _tell(row: Estimate | None) -> str:
    if row is None:
        return ""
    return f"{100 * row.mean:.1f}\u00a0% [{100 * row.low:.1f}, {100 * row.high:.1f}]"
