"""The networks, pictures and removals on which RISE is held beside DIANNA's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from dashboard.faithfulness.removal import BLACK, BLUR, GREY, Removal
from dashboard.inference.cards import PREDICT_FILE
from dashboard.inference.model import BackwardRules, Explained, Floats, Ints, Model
from dashboard.inference.preprocessing import preprocess
from dashboard.inference.running import create_session
from dashboard.inference.samples import choose_subject, list_samples, load_sample
from dashboard.inference.sessions import OnnxModel

from export.artifact import ZOO

DIGITS = "dianna.mnist"
_N_DIGITS = 50
# Title, masks, rounds.
_ZOO = {
    "cnn.fashion_mnist": ("CNN", 1000, 3),
    "efficientnet_lite0.imagenet": ("EfficientNet-Lite0", 300, 2),
}
NETWORKS = (*_ZOO, DIGITS)


@dataclass(frozen=True)
class Contest:
    """One network and its pictures, each (1, C, H, W) as the network takes it.

    ``output`` is the graph's output of logits; the number of ``masks`` and ``rounds`` are few
    enough for it to end within a quarter of an hour. ``removals`` judge, in ``n_steps``.
    """

    title: str
    graph: Path
    output: str
    model: Model
    pictures: tuple[Floats, ...]
    masks: int
    rounds: int
    removals: tuple[Removal, ...]
    n_steps: int = 24


class Digits:
    """DIANNA's classifier of the digits 0 and 1, of pixels (N, 1, 28, 28) from 0 to 255."""

    input_shape = (1, 28, 28)
    layers: tuple[str, ...] = ()
    has_gradients = False

    def __init__(self, path: Path) -> None:
        self._session = create_session(path, 1)

    @property
    def input_range(self) -> tuple[Floats, Floats]:
        """Black and white, each (1, 1, 1)."""
        return np.zeros((1, 1, 1), np.float32), np.full((1, 1, 1), 255, np.float32)

    def predict(self, inputs: Floats) -> Floats:
        """Return the logits (N, 2), here log-probabilities."""
        logits: Floats = self._session.run(["output"], {"input": inputs})[0]
        return logits

    def explain(self, inputs: Floats, target: Ints, versus: Ints | None = None) -> Explained:
        """Raise: this network has no gradient graph."""
        raise RuntimeError("DIANNA's network has no gradient graph.")

    def propagate(
        self,
        rules: BackwardRules,
        inputs: Floats,
        target: Ints,
        versus: Ints | None = None,
        baseline: Floats | None = None,
    ) -> Floats:
        """Raise, as ``explain`` does."""
        raise RuntimeError("DIANNA's network has no gradient graph.")


def open_contest(name: str, files: Mapping[str, Path]) -> Contest:
    """Return the contest of a network of the zoo, or of ``DIGITS``.

    For the latter ``files`` has "network", DIANNA's mnist_model.onnx, and "pictures", its
    binary-mnist.npz.

    RISE's masks leave a network's zero: that is a grey for the networks of the
    zoo and black for the digits. Blur is the removal that no mask has seen; on the digits black
    alone judges, since a blurred one is still read and a grey picture is taken for a 0.
    """
    if name == DIGITS:
        return _open_digits(files["network"], files["pictures"])
    model = OnnxModel(ZOO / name, threads=1)
    pictures = tuple(
        preprocess(load_sample(sample.name).pixels, model.card)
        for sample in list_samples(choose_subject(name))
    )
    title, masks, rounds = _ZOO[name]
    graph = ZOO / name / PREDICT_FILE
    return Contest(title, graph, "logits", model, pictures, masks, rounds, (GREY, BLUR))


def _open_digits(network: Path, pictures: Path) -> Contest:
    with np.load(pictures) as arrays:
        pixels = arrays["X_test"].reshape(-1, 1, 1, 28, 28).astype(np.float32)
    chosen = np.random.default_rng(0).permutation(len(pixels))[:_N_DIGITS]
    return Contest(
        title="DIANNA's digits",
        graph=network,
        output="output",
        model=Digits(network),
        pictures=tuple(pixels[chosen]),
        masks=1000,
        rounds=2,
        removals=(BLACK,),
        n_steps=28,
    )
