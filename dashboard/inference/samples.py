"""The sample photos that come with the app, with their credits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import msgspec

from dashboard.inference.images import Photo, decode_image

FOLDER = Path(__file__).resolve().parent.parent / "samples"

# A subject -> the list of its samples.
PHOTOS, CLOTHING = "photos", "clothing"
SUBJECTS: Mapping[str, str] = MappingProxyType({PHOTOS: "samples.json", CLOTHING: "clothing.json"})


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


@lru_cache(maxsize=len(SUBJECTS))
def list_samples(subject: str = PHOTOS) -> tuple[Sample, ...]:
    """Return the samples of a subject in the order in which they are offered."""
    return msgspec.json.decode((FOLDER / SUBJECTS[subject]).read_bytes(), type=tuple[Sample, ...])


def choose_subject(model_name: str) -> str:
    """Return the subject that a network was made for, by the data set in its name."""
    return CLOTHING if model_name.endswith(".fashion_mnist") else PHOTOS


def load_sample(name: str) -> Photo:
    """Return a decoded sample photo; raises KeyError if there is none of that name."""
    for sample in (sample for subject in SUBJECTS for sample in list_samples(subject)):
        if sample.name == name:
            return decode_image((FOLDER / sample.file).read_bytes())
    raise KeyError(name)
