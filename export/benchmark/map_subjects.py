"""The networks on which maps are compared, each with its pictures and the removals that judge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from dashboard.faithfulness.removal import BLACK, BLUR, GREY, Removal
from dashboard.inference.images import decode_image
from dashboard.inference.model import BackwardRules, Explained, Floats, Ints, Model
from dashboard.inference.preprocessing import normalize, preprocess
from dashboard.inference.samples import choose_subject, list_samples, load_sample
from dashboard.inference.sessions import OnnxModel
from dashboard.inference.small_pictures import GARMENTS, load_small_pictures

from export.artifact import ZOO
from export.autodiff import differentiate
from export.benchmark.photos import list_folder, list_foolbox

PHOTOS = 224  # pixels a side, from which on a picture is a photo


@dataclass(frozen=True)
class Pixels(Removal):
    """Given pixels (C, H, W) take the place of those that are taken away."""

    pixels: Floats | None = None

    def compute(self, model: Model, photo: Floats) -> Floats:
        """Return the pixels."""
        assert self.pixels is not None
        return self.pixels


@dataclass(frozen=True)
class Picture:
    """``inputs`` (1, C, H, W) and the ``removals`` that judge; ``unseen`` names those that no
    method is fitted on."""

    name: str
    inputs: Floats
    removals: tuple[Removal, ...]
    unseen: tuple[str, ...]


def list_pictures(model: Model, inputs: Mapping[str, Floats]) -> Iterator[Picture]:
    """Yield each picture with its removals: the next picture's pixels for photos, else noise."""
    names = list(inputs)
    for index, name in enumerate(names):
        own = inputs[name]
        if min(own.shape[2:]) >= PHOTOS:
            last = _fix("another photo", inputs[names[(index + 1) % len(names)]][0])
            unseen: tuple[str, ...] = (BLACK.name, last.name)
        else:
            last = _fix("noise", _draw_noise(model, index))
            unseen = (last.name,)
        yield Picture(name, own, (GREY, BLUR, BLACK, last), unseen)


def _fix(name: str, pixels: Floats) -> Pixels:
    return Pixels(name, name, "", None, is_judge=False, pixels=pixels)


def _draw_noise(model: Model, seed: int) -> Floats:
    """Return uniform noise (C, H, W), a number a pixel: no method fills with it."""
    black, white = model.input_range
    levels = np.random.default_rng([seed, 777]).random(model.input_shape, np.float32)
    noise: Floats = black + (white - black) * levels
    return noise


def load_inputs(model: OnnxModel, folder: Path | None = None) -> dict[str, Floats]:
    """Return the pictures of a network of the zoo: the thousand garments, or all photos here."""
    if choose_subject(model.card.name) != "photos":
        views = load_small_pictures(ZOO / "samples" / f"{GARMENTS}.npz").views
        batch = normalize(views, model.card)
        return {f"garment {i}": batch[i : i + 1] for i in range(len(batch))}
    return {name: preprocess(pixels, model.card) for name, pixels in _list_photos(folder)}


def _list_photos(folder: Path | None) -> Iterator[tuple[str, Any]]:
    """Yield foolbox's photos of ImageNet, the app's own samples, and a folder's."""
    for path in list_foolbox():
        yield path.name, decode_image(path.read_bytes()).pixels
    for sample in list_samples():
        yield sample.name, load_sample(sample.name).pixels
    for path in list_folder(folder) if folder else []:
        yield path.name, decode_image(path.read_bytes()).pixels


class GraphModel:
    """An ONNX classifier of pictures from 0 (black) to 255 (white), with a gradient made for it."""

    layers: tuple[str, ...] = ()
    has_gradients = True

    def __init__(self, path: Path) -> None:
        found = differentiate(onnx.load(path))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            found.model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self._image = found.image
        dims = self._session.get_inputs()[0].shape
        self.input_shape: tuple[int, int, int] = int(dims[1]), int(dims[2]), int(dims[3])

    @property
    def input_range(self) -> tuple[Floats, Floats]:
        """Black and white, (C, 1, 1) each."""
        black = np.zeros((self.input_shape[0], 1, 1), np.float32)
        return black, black + 255

    def predict(self, inputs: Floats) -> Floats:
        """Return the logits (N, K) of inputs (N, C, H, W)."""
        return self.explain(inputs, np.zeros(len(inputs), np.int64)).logits

    def explain(self, inputs: Floats, target: Ints, versus: Ints | None = None) -> Explained:
        """Return logits, score and d score / d inputs."""
        feeds = {self._image: np.ascontiguousarray(inputs, np.float32), "target": target}
        if versus is not None:
            feeds["versus"] = versus
        return Explained(*self._session.run(["logits", "score", "gradient"], feeds))

    def propagate(
        self,
        rules: BackwardRules,
        inputs: Floats,
        target: Ints,
        versus: Ints | None = None,
        baseline: Floats | None = None,
    ) -> Floats:
        """Refuse: no contender here goes backward by other rules."""
        raise ValueError(f"Rules like {rules} are not compared here.")


def load_digits(path: Path) -> dict[str, Floats]:
    """Return the pictures of an npz file's ``X_test`` (N, 784), 0 to 255, as (1, 1, 28, 28)."""
    with np.load(path, allow_pickle=False) as arrays:
        pictures = arrays["X_test"].reshape(-1, 1, 1, 28, 28).astype(np.float32)
    return {f"digit {i}": picture for i, picture in enumerate(pictures)}
