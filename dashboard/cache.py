"""The only user of ``st.cache_*``: what is kept for the process, and for how many visitors.

Keys are explicit: names, parameters and SHA-256 sums of bytes. Streamlit's own hashing samples
arrays of more than 500,000 elements, so two different photos could share a key.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, get_ident
from typing import Any, ClassVar, TypeVar, cast

import streamlit as st
from cachetools import LRUCache

from dashboard import state
from dashboard.generation.diffusion_pictures import Judge, create_judge
from dashboard.inference.cards import Card, ModelCard, load_card, load_model_card
from dashboard.inference.gradients import GradientGraph
from dashboard.inference.graphs import OnnxGraph, load_member
from dashboard.inference.heads import HeadsGraph
from dashboard.inference.images import Photo
from dashboard.inference.inner import InnerModel
from dashboard.inference.samples import load_sample
from dashboard.inference.sessions import OnnxModel
from dashboard.inference.shuffling import shuffle_array
from dashboard.inference.sight import Sight
from dashboard.inference.small_pictures import GARMENTS, SmallPictures, load_small_pictures
from dashboard.inference.weights import read_weights
from dashboard.inference.zoo import ZooEntry, ZooError, list_models
from dashboard.sequences.word_pieces import WordPieces
from dashboard.sequences.words import WordReader
from dashboard.uploads.detection import Detected
from dashboard.uploads.file import UploadedFile
from dashboard.uploads.model import UploadedModel
from dashboard.uploads.spec import InputSpec, OutputSpec, Pixels
from export.evidence import Evidence, EvidenceError, load_evidence

T = TypeVar("T")

ZOO = Path(__file__).resolve().parent.parent / "models" / "zoo"
JUDGE = "cnn.fashion_mnist"  # what the pages on generators ask of a picture

# A heat map of 224 x 224 float32 is 200 KB, its picture 80 KB, a photo with its input 800 KB, a
# score 2 KB: under 100 MB when full.
MAX_RESULTS = 400
MAX_OWN_RESULTS = 100

_NOTHING = object()  # None is a result like any other
_PATIENCE = 0.1  # seconds between two looks whether a waiting visitor wants to leave


@dataclass(eq=False)
class _Running:
    """A computation under way: the thread that does it, and what came of it once ``ended``."""

    thread: int
    ended: Event = field(default_factory=Event)
    result: object = _NOTHING


class ResultStore:
    """Results of pure computations, shared by all visitors, least recently used out first.

    ``st.cache_data`` cannot hold them: it forbids a cached function to move a progress bar.
    """

    # One for all stores: a computation for one store may ask another.
    _lock = Lock()
    _waiting: ClassVar[dict[int, _Running]] = {}  # thread -> what it waits for

    def __init__(self, max_results: int = MAX_RESULTS) -> None:
        self._results: LRUCache[Hashable, object] = LRUCache(maxsize=max_results)
        self._running: dict[Hashable, _Running] = {}

    def get(self, key: Hashable) -> Any | None:
        """Return the result under ``key``, None where there is none."""
        with self._lock:
            return self._results.get(key)

    def get_or_compute(
        self,
        key: Hashable,
        compute: Callable[[], T],
        on_wait: Callable[[], None] = state.let_leave,
    ) -> T:
        """Return the result under ``key``, computing (outside the lock) and keeping it if new.

        Where another thread computes it already, this one waits and calls ``on_wait`` meanwhile,
        which may raise to leave. Should the other one fail or be stopped, this one computes.
        """
        mine: _Running | None = None
        while True:
            with self._lock:
                kept = self._results.get(key, _NOTHING)
                if kept is not _NOTHING:
                    return cast(T, kept)
                other = self._running.get(key)
                if other is None:
                    mine = self._running[key] = _Running(get_ident())
                if other is None or self._waits_for_me(other):  # which would last for ever
                    break
                self._waiting[get_ident()] = other
            self._wait(other, on_wait)
            if other.result is not _NOTHING:  # even if the store has let it go by now
                return cast(T, other.result)
        return self._compute(key, compute, mine)

    def _wait(self, other: _Running, on_wait: Callable[[], None]) -> None:
        try:
            while not other.ended.wait(_PATIENCE):
                on_wait()
        finally:
            with self._lock:
                del self._waiting[get_ident()]

    def _waits_for_me(self, running: _Running | None) -> bool:
        """Return whether a computation is this thread's own, or can only end once this one has."""
        while running is not None and running.thread != get_ident():
            running = self._waiting.get(running.thread)
        return running is not None

    def _compute(self, key: Hashable, compute: Callable[[], T], running: _Running | None) -> T:
        try:
            result = compute()
            with self._lock:
                self._results[key] = result
            if running is not None:
                running.result = result
            return result
        finally:
            if running is not None:
                with self._lock:
                    del self._running[key]
                running.ended.set()


@dataclass(frozen=True, eq=False)
class OwnFile:
    """A visitor's model file; ``name`` is untrusted: never markdown."""

    name: str
    file: UploadedFile
    detected: Detected


class OwnSpace:
    """What one visitor uploaded and all that was computed on it: gone when the visitor is."""

    def __init__(self) -> None:
        self.results = ResultStore(MAX_OWN_RESULTS)
        self.upload: OwnFile | None = None
        self.labels: tuple[str, ...] = ()  # harmless names of its classes, as its page shows them
        self.model: UploadedModel | None = None  # as the visitor last used it

    def take(self, upload: OwnFile) -> None:
        """Keep a model file in place of the one before."""
        self.close()
        self.upload = upload

    def get_model(
        self, spec: InputSpec, output: OutputSpec, photos: Sequence[Pixels]
    ) -> UploadedModel:
        """Return the uploaded network used as the arguments say; raises UploadError."""
        assert self.upload is not None
        model, self.model = self.model, None  # building another one makes this one useless
        if model is None or (model.spec, model.output) != (spec, output):
            model = UploadedModel(self.upload.file, spec, output, photos)
        self.model = model
        return model

    def close(self) -> None:
        """End the sandbox, and forget the file and its results."""
        if self.upload is not None:
            self.upload.file.close()
        self.upload = self.model = None
        self.labels = ()
        self.results = ResultStore(MAX_OWN_RESULTS)


@st.cache_resource(scope="session", show_spinner=False, on_release=OwnSpace.close)
def get_own_space() -> OwnSpace:
    """Return this visitor's own space; Streamlit releases it as soon as the visitor is gone."""
    return OwnSpace()


@st.cache_resource(show_spinner=False)
def get_results() -> ResultStore:
    """Return the store of this process."""
    return ResultStore()


def get_store(sight: Sight) -> ResultStore:
    """Return where results are kept: a visitor's network has a store that ends with the visit."""
    return get_own_space().results if sight.is_own else get_results()


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
def get_model_card(name: str) -> ModelCard:
    """Return what every card says of one model, whatever its task; raises ZooError."""
    return load_model_card(ZOO / name)


@st.cache_resource(show_spinner="Opening the network …")
def get_graph(name: str, file: str = "predict.onnx", member: str = "") -> OnnxGraph:
    """Return one graph of a model, opened once for the whole process; raises ZooError."""
    return OnnxGraph(ZOO / name, file, member)


@st.cache_resource(show_spinner="Opening the network's heads …")
def get_heads(name: str) -> HeadsGraph:
    """Return a Transformer with its queries, keys and values; raises ZooError."""
    return HeadsGraph(ZOO / name)


@st.cache_resource(show_spinner="Opening the gradients …")
def get_gradients(name: str) -> GradientGraph:
    """Return the gradient graph of a model that takes no pictures; raises ZooError."""
    return GradientGraph(ZOO / name)


@st.cache_resource(show_spinner=False)
def get_word_pieces(name: str) -> WordPieces:
    """Return the tokenizer of a model that ``get_heads`` has opened (it checks the files)."""
    return WordPieces(ZOO / name / "tokenizer.json")


@st.cache_resource(show_spinner=False)
def get_word_reader(name: str) -> WordReader:
    """Return what cuts and numbers words for a network on film reviews; raises ZooError."""
    return WordReader(ZOO / name, get_graph(name).card)


@st.cache_resource(show_spinner="Opening the network's inside …")
def get_inner_model(name: str) -> InnerModel:
    """Return the inside of a model that ``get_model`` has opened (it checks the files)."""
    return InnerModel(ZOO / name)


@st.cache_resource(show_spinner="Shuffling the weights …", max_entries=1)
def get_shuffled_inner_model(name: str) -> InnerModel:
    """Return the inside of the same network with the numbers of each kernel in a random order."""
    weights = read_weights(ZOO / name)
    shuffled = {
        key: shuffle_array(array, 0, place) for place, (key, array) in enumerate(weights.items())
    }
    return InnerModel(ZOO / name, weights=shuffled)


@st.cache_resource(show_spinner="Opening the network …")
def get_member_model(name: str, member: str) -> OnnxModel:
    """Return an image classifier with other weights for its graphs; raises ZooError, KeyError."""
    weights = load_member(ZOO / name, get_model_card(name), member)
    return OnnxModel(ZOO / name, weights=weights)


@st.cache_resource(show_spinner=False)
def get_sample(name: str) -> Photo:
    """Return one sample photo, decoded."""
    return load_sample(name)


@st.cache_resource(show_spinner=False)
def get_small_pictures(name: str = GARMENTS) -> SmallPictures:
    """Return one of the sets of small pictures; raises ZooError."""
    return load_small_pictures(ZOO / "samples" / f"{name}.npz")


@st.cache_resource(show_spinner=False)
def get_evidence() -> Evidence | None:
    """Return what was measured of the verdict itself, None where the file cannot be read."""
    try:
        return load_evidence(ZOO / "samples")
    except EvidenceError:
        return None


def get_judge() -> Judge:
    """Return what the clothing CNN makes of generated pictures, None where it cannot be read."""
    try:
        return create_judge(get_model(JUDGE))
    except ZooError:
        return None


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
    _freeze(frozenset({"torch", "captum", "skimage"} & sys.modules.keys()))
