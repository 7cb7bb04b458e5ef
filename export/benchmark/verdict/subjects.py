"""The networks that are examined and their pictures: the zoo's, and those whose rule is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from dashboard.attribution.base import Question
from dashboard.faithfulness.removal import Removal, compute_blurred
from dashboard.inference.cards import load_card, load_model_card
from dashboard.inference.graphs import load_member
from dashboard.inference.images import decode_image
from dashboard.inference.model import Floats, Model
from dashboard.inference.preprocessing import Pixels, preprocess
from dashboard.inference.samples import PHOTOS, choose_subject, list_samples, load_sample
from dashboard.inference.sessions import OnnxModel
from dashboard.inference.small_pictures import GARMENTS, SmallPictures, load_small_pictures
from dashboard.inference.weights import read_weights
from dashboard.limits.cue import Cue, draw_mark, read_cue, to_inputs
from dashboard.limits.known_answer import SIDE, LinearModel, create_linear_model
from dashboard.limits.randomisation import shuffle_weights

from export.artifact import ZOO
from export.benchmark.photos import list_folder, list_foolbox

SWEEP = "cnn_sweep.fashion_mnist"
LINEAR, SQUARES, CUE = "linear", "squares", "cue"

# A picture's name -> what makes the question about it.
Cases = Mapping[str, Callable[[], Question]]


@dataclass(frozen=True)
class Subject:
    """A network and the questions about its pictures.

    ``shuffle`` makes the same network with its weights dealt out anew; ``truth`` returns the map
    (H, W) that is right by construction under a removal, where the network's rule is known.
    """

    name: str
    model: Model
    cases: Cases
    shuffle: Callable[[], Model] | None = None
    truth: Callable[[Question, Removal], Floats] | None = None


def open_subject(name: str, folders: Sequence[Path] = ()) -> Subject:
    """Return the subject called ``name``; ``folders`` hold further photos for a photo network.

    Raises:
        ZooError: there is no such network, or a file of it is missing.
    """
    if name in (LINEAR, SQUARES):
        return _open_linear(name)
    if name == CUE:
        return _open_cue()
    model, weights = OnnxModel(ZOO / name, threads=1), read_weights(ZOO / name)
    cases = (
        _list_photos(model, folders) if choose_subject(name) == PHOTOS else _list_garments(model)
    )

    def shuffle() -> Model:
        return OnnxModel(ZOO / name, threads=1, weights=shuffle_weights(weights, tuple(weights), 0))

    return Subject(name, model, cases, shuffle)


def _ask(model: Model, inputs: Floats) -> Question:
    return Question(inputs, int(model.predict(inputs)[0].argmax()))


def _list_photos(model: OnnxModel, folders: Sequence[Path]) -> Cases:
    def ask_sample(name: str) -> Question:
        return _ask(model, preprocess(load_sample(name).pixels, model.card))

    def ask_file(path: Path) -> Question:
        return _ask(model, preprocess(decode_image(path.read_bytes()).pixels, model.card))

    cases = {sample.name: partial(ask_sample, sample.name) for sample in list_samples()}
    files = [*list_foolbox(), *(path for folder in folders for path in list_folder(folder))]
    return cases | {path.stem: partial(ask_file, path) for path in files}


def _load_garments() -> SmallPictures:
    return load_small_pictures(ZOO / "samples" / f"{GARMENTS}.npz")


def _list_garments(model: OnnxModel) -> Cases:
    def ask(grey: Pixels) -> Question:
        return _ask(model, to_inputs(grey, model.card))

    garments = _load_garments().grey
    return {f"garment {index}": partial(ask, grey) for index, grey in enumerate(garments)}


def _open_linear(name: str) -> Subject:
    """Two squares of the picture, or all of it with random smooth weights, and a linear sum."""
    model = create_linear_model() if name == SQUARES else _create_smooth()

    def ask(grey: Pixels) -> Question:
        question = _ask(model, (grey[np.newaxis, np.newaxis] / 255).astype(np.float32))
        # Its second score is always 0: why one class and not the other is the question.
        return replace(question, versus=1 - question.target)

    def find_truth(question: Question, removal: Removal) -> Floats:
        # What a pixel adds to the score, counted from what is put in its place.
        photo = question.inputs[0]
        sign = 1 if question.target == 0 else -1
        worth: Floats = sign * (model.weights * (photo - removal.compute(model, photo)))[0]
        return worth

    garments = _load_garments().grey
    cases = {f"garment {index}": partial(ask, grey) for index, grey in enumerate(garments)}
    return Subject(name, model, cases, truth=find_truth)


def _create_smooth() -> LinearModel:
    noise = np.random.default_rng(0).normal(size=(1, SIDE, SIDE)).astype(np.float32)
    smooth = compute_blurred(noise, sigma=2.0)
    return LinearModel((0.2 * smooth / smooth.std()).astype(np.float32))


def _open_cue() -> Subject:
    """The network that reads a mark, on garments with the mark of another class."""
    card, sweep = load_card(ZOO / SWEEP), load_model_card(ZOO / SWEEP)
    cue = read_cue(sweep)
    assert cue is not None
    weights = load_member(ZOO / SWEEP, sweep, cue.cheating)
    model = OnnxModel(ZOO / SWEEP, threads=1, weights=weights)
    garments = _load_garments()
    marks = (garments.labels + 1) % len(cue.columns)
    inputs = [
        to_inputs(draw_mark(grey, cue, int(mark)), card)
        for grey, mark in zip(garments.grey, marks, strict=True)
    ]
    answers = model.predict(np.concatenate(inputs)).argmax(axis=1)
    # Where it answers with the mark's class, the mark is what it rests on: that is known.
    fooled = np.flatnonzero(answers == marks)
    cases = {f"garment {i}": partial(Question, inputs[i], int(answers[i])) for i in fooled}
    return Subject(CUE, model, cases, truth=partial(_box_mark, cue))


def _box_mark(cue: Cue, question: Question, removal: Removal) -> Floats:
    heat = np.zeros(question.inputs.shape[2:], np.float32)
    left = cue.columns[question.target]
    heat[cue.row : cue.row + cue.side, left : left + cue.side] = 1
    return heat
