"""Errors of the clothing networks under shift: ``python -m export.benchmark.shift [NAME ...]``.

Each network of the zoo that was made for Fashion-MNIST, on the first 50 shipped test images of each
class, under every corruption that a grey picture can have, at severities 1 to 5. The page shows
what is written here, models/zoo/samples/shift.json, beside what it measures itself.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np
from dashboard.inference.preprocessing import Pixels, normalize
from dashboard.inference.sessions import OnnxModel
from dashboard.inference.small_pictures import GARMENTS, load_small_pictures
from dashboard.stress import list_corruptions
from dashboard.stress.base import MAX_SEVERITY, corrupt_views

from export.artifact import ZOO

PATH = ZOO / "samples" / "shift.json"
COMMAND = "python -m export.benchmark.shift"
NAMES = ("cnn.fashion_mnist", "vit.fashion_mnist")
EACH = 50


def load_sample() -> tuple[Pixels, np.ndarray[Any, np.dtype[np.int64]]]:
    """Return the views (N, 28, 28, 3) and their labels (N,)."""
    garments = load_small_pictures(ZOO / "samples" / f"{GARMENTS}.npz")
    first = [np.flatnonzero(garments.labels == k)[:EACH] for k in range(10)]
    rows = np.sort(np.concatenate(first))
    return garments.views[rows], garments.labels[rows]


def main() -> None:
    """Measure and write; networks not named keep what the file says of them."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("names", nargs="*", default=NAMES)
    names: list[str] = parser.parse_args().names
    views, labels = load_sample()
    models = {name: OnnxModel(ZOO / name) for name in names}

    def measure(name: str, shown: Pixels) -> float:
        logits = models[name].predict(normalize(shown, models[name].card))
        return round(100 * float((logits.argmax(axis=1) != labels).mean()), 2)

    found: dict[str, Any] = {
        name: {
            "weights": model.card.files["weights.bin"],
            "accuracy": model.card.metrics["accuracy"].value,
            "clean": measure(name, views),
            "errors": {},
        }
        for name, model in models.items()
    }
    for corruption in list_corruptions(is_grey=True):
        for severity in range(1, MAX_SEVERITY + 1):
            shown = corrupt_views(views, corruption, severity, is_grey=True)
            for name in names:
                errors = found[name]["errors"].setdefault(corruption.name, [])
                errors.append(measure(name, shown))
        print(corruption.name, {name: found[name]["errors"][corruption.name] for name in names})
    kept = json.loads(PATH.read_text(encoding="utf-8"))["networks"] if PATH.is_file() else {}
    report = {"command": COMMAND, "n": len(labels), "networks": {**kept, **found}}
    PATH.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
