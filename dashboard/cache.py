"""The only user of ``st.cache_*``: what is kept for the process, and for how many visitors.

Keys are explicit: names, parameters and SHA-256 sums of bytes. Streamlit's own hashing samples
arrays of more than 500,000 elements, so two different photos could share a key.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Hashable
from pathlib import Path
from threading import Lock
from typing import TypeVar, cast

import streamlit as st
from cachetools import LRUCache

from dashboard.inference.cards import Card, load_card
from dashboard.inference.images import Photo
from dashboard.inference.samples import load_sample
from dashboard.inference.sessions import OnnxModel
from dashboard.inference.zoo import ZooEntry, list_models

T = TypeVar("T")

ZOO = Path(__file__).resolve().parent.parent / "models" / "zoo"

# A heat map of 224 x 224 float32 is 200 KB, its picture 80 KB, a photo with its input 800 KB, a
# score 2 KB: under 100 MB when full.
MAX_RESULTS = 400


class ResultStore:
    """Results of pure computations, shared by all visitors, least recently used out first.

    ``st.cache_data`` cannot hold them: it forbids a cached function to move a progress bar.
    """

    def __init__(self, max_results: int = MAX_RESULTS) -> None:
        self._results: LRUCache[Hashable, object] = LRUCache(maxsize=max_results)
        self._lock = Lock()

    def has(self, key: Hashable) -> bool:
        """Return whether a result is at hand."""
        with self._lock:
            return key in self._results

    def get_or_compute(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return the result under ``key``, computing (outside the lock) and keeping it if new."""
        with self._lock:
            if key in self._results:
                return cast(T, self._results[key])
        result = compute()
        with self._lock:
            self._results[key] = result
        return result


@st.cache_resource(show_spinner=False)
def get_results() -> ResultStore:
    """Return the store of this process."""
    return ResultStore()


@st.cache_resource(show_spinner=False)
def get_zoo() -> tuple[ZooEntry, ...]:
    """Return the models on disk, each with its card's title or with what is wrong with it."""
    return tuple(list_models(ZOO))


@st.cache_resource(show_spinner=False)
def get_card(name: str) -> Card:
    """Return the card of one model; raises ZooError."""
    return load_card(ZOO / name)


@st.cache_resource(show_spinner="Opening the network …")
def get_model(name: str) -> OnnxModel:
    """Return one model, opened once for the whole process; raises ZooError."""
    return OnnxModel(ZOO / name)


@st.cache_resource(show_spinner=False)
def get_sample(name: str) -> Photo:
    """Return one sample photo, decoded."""
    return load_sample(name)


@st.cache_resource(show_spinner=False)
def _freeze(heavy_modules: frozenset[str]) -> None:
    del heavy_modules  # the key: freeze again after a lazy import has brought many new objects
    gc.collect()
    gc.freeze()


def settle_memory() -> None:
    """Take what imports left behind out of the garbage collector's sight.

    Once after the start and once after each lazy import of a large library: a collection then
    walks thousands of objects instead of hundreds of thousands, with the lock held all the while.
    """
    _freeze(frozenset({"torch", "captum", "sklearn", "skimage"} & sys.modules.keys()))
