"""The sample photos that come with the app, with their credits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dashboard.inference.fields import Fields, load_json
from dashboard.inference.images import Photo, decode_image

FOLDER = Path(__file__).resolve().parent.parent / "samples"


@dataclass(frozen=True)
class Sample:
    """A sample photo. ``source`` is the address of the original, ``alt`` what it shows."""

    name: str
    file: str
    title: str
    credit: str
    licence: str
    source: str
    alt: str


@lru_cache(maxsize=1)
def list_samples() -> tuple[Sample, ...]:
    """Return the sample photos in the order in which they are offered."""
    return tuple(_create_sample(Fields(item)) for item in load_json(FOLDER / "samples.json"))


def load_sample(name: str) -> Photo:
    """Return a decoded sample photo; raises KeyError if there is none of that name."""
    for sample in list_samples():
        if sample.name == name:
            return decode_image((FOLDER / sample.file).read_bytes())
    raise KeyError(name)


def _create_sample(fields: Fields) -> Sample:
    return Sample(
        name=fields.text("name"),
        file=fields.text("file"),
        title=fields.text("title"),
        credit=fields.text("credit"),
        licence=fields.text("licence"),
        source=fields.text("source"),
        alt=fields.text("alt"),
    )
