"""A gradient graph as the page's ``Model``, so that the page's own methods run on it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dashboard.inference.model import Explained, Floats, Ints
from export.autodiff import Differentiated
from tests.export.autodiff.tiny_graphs import open_session


@dataclass
class PageModel:
    """Inputs range from -1 to 1; ``layers`` are those that ``found`` was differentiated by."""

    found: Differentiated
    input_shape: tuple[int, int, int]
    layers: tuple[str, ...] = ()
    has_gradients: bool = True
    session: Any = field(init=False)

    def __post_init__(self) -> None:
        self.session = open_session(self.found.model)

    @property
    def input_range(self) -> tuple[Floats, Floats]:
        one = np.ones((self.input_shape[0], 1, 1), np.float32)
        return -one, one

    def predict(self, inputs: Floats) -> Floats:
        return self.explain(inputs, np.zeros(len(inputs), np.int64)).logits

    def explain(self, inputs: Floats, target: Ints, versus: Ints | None = None) -> Explained:
        feeds = {self.found.image: inputs, "target": target}
        if versus is not None:
            feeds["versus"] = versus
        layers = [part for layer in self.layers for part in (layer, f"gradient/{layer}")]
        logits, score, gradient, *rest = self.session.run(
            ["logits", "score", "gradient", *layers], feeds
        )
        pairs = zip(rest[::2], rest[1::2], strict=True)
        return Explained(logits, score, gradient, dict(zip(self.layers, pairs, strict=True)))
