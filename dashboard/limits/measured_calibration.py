"""The calibration of the clothing networks on all test pictures, as a command measured it.

A page has a thousand pictures and seconds, and on a thousand the error is mostly chance; the whole
test set is not shipped. ``python -m export.benchmark.limits --only calibration --publish`` writes
the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from dashboard.limits.calibration import Floor

FILE = "calibration.json"


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Error:
    """An expected calibration error in [0, 1], and its floor on as many pictures."""

    ece: Estimate
    floor: Floor

    @property
    def is_above_floor(self) -> bool:
        """Whether a perfectly calibrated network would show so much in under 2.5 % of draws."""
        return self.ece.value > self.floor.high


@dataclass(frozen=True)
class MeasuredCalibration:
    """One network on ``n`` pictures.

    ``plain`` is the network as it is; ``scaled`` has each picture's temperature fitted on the other
    ``folds`` - 1 parts of the pictures, on average ``temperature``. ``gain`` is by how much that
    lowers the negative log-likelihood of a picture, in nats: it sees what bins of a thousand
    answers cannot. ``weights`` is the SHA-256 of the weights that all this is of.
    """

    weights: str
    n: int
    folds: int
    accuracy: float
    temperature: float
    plain: Error
    scaled: Error
    gain: Estimate


def read_measured(path: Path) -> dict[str, MeasuredCalibration]:
    """Return what was measured of each network, by its name; nothing where the file is no good."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, MeasuredCalibration])
    except (OSError, msgspec.DecodeError):
        return {}
