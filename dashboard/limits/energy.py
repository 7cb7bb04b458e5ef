"""Watt-hours and carbon dioxide: estimates with their range, never a single number.

Power is bounded as on the cards: a busy core draws between 2 and 20 W. Carbon intensities are those
of the power grid in 2023, grams of CO2 equivalent a kilowatt-hour over the life cycle: Our World in
Data, https://ourworldindata.org/grapher/carbon-intensity-electricity (Ember and the Energy
Institute, CC-BY).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

CORE_WATTS = (2.0, 20.0)
_SECONDS_AN_HOUR = 3600

GRID: Mapping[str, float] = MappingProxyType(
    {
        "Norway": 30.1,
        "Switzerland": 34.8,
        "Sweden": 40.7,
        "France": 56.0,
        "Brazil": 98.3,
        "Canada": 170.0,
        "Spain": 174.1,
        "United Kingdom": 237.6,
        "United States": 369.5,
        "Germany": 381.0,
        "Japan": 485.4,
        "Australia": 548.7,
        "China": 582.3,
        "Poland": 661.9,
        "South Africa": 707.7,
        "India": 713.4,
    }
)


@dataclass(frozen=True)
class Range:
    """The bounds of an estimate."""

    low: float
    high: float

    def scale(self, factor: float) -> Range:
        """Return both bounds times ``factor``."""
        return Range(self.low * factor, self.high * factor)


def estimate_energy(milliseconds: float, cores: int) -> Range:
    """Return watt-hours of a run on so many busy cores, between the bounds of ``CORE_WATTS``."""
    hours = milliseconds / 1000 / _SECONDS_AN_HOUR
    return Range(*(watts * cores * hours for watts in CORE_WATTS))


def estimate_carbon(energy: Range, region: str) -> Range:
    """Return grams of CO2 equivalent of watt-hours in a region of ``GRID``; raises KeyError."""
    return energy.scale(GRID[region] / 1000)
