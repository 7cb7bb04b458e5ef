"""Ship a thousand test images of Fashion-MNIST: ``python -m export.make_fashion_sample``.

The first hundred of every class of the test split, in the split's order. The app tests shifts on
them, and the tests measure every committed classifier on them again, so neither needs the data set
itself. A dozen of them are samples of the first page. Fashion-MNIST is MIT: the credit lies beside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from export.artifact import ZOO
from export.datasets.fashion_mnist import LABELS, Images, load, take_few
from export.make_samples import FOLDER as SHOWN_FOLDER

FOLDER = ZOO / "samples"
EACH = 100
CREDIT = {
    "name": "Fashion-MNIST, the first 100 test images of each class",
    "credit": "Han Xiao, Kashif Rasul, Roland Vollgraf, Zalando SE (2017)",
    "licence": "MIT",
    "source": "https://github.com/zalandoresearch/fashion-mnist",
    "labels": list(LABELS),
}


# Which of its class's hundred images stands for a class; shirts have three, being the hardest.
SHOWN = (
    ("ankle_boot", 9, 0, "Ankle boot"),
    ("sneaker", 7, 1, "Sneaker"),
    ("sandal", 5, 1, "Sandal"),
    ("bag", 8, 2, "Bag"),
    ("trouser", 1, 0, "Trousers"),
    ("dress", 3, 1, "Dress"),
    ("coat", 4, 0, "Coat"),
    ("pullover", 2, 0, "Pullover"),
    ("tshirt", 0, 2, "T-shirt"),
    ("shirt", 6, 0, "Shirt"),
    ("shirt_long", 6, 1, "Another shirt"),
    ("shirt_odd", 6, 3, "A third shirt"),
)


def write_shown(sample: Images) -> None:
    """Write the page's own samples, a picture each and their list."""
    entries = []
    for name, label, index, title in SHOWN:
        pixels = sample.pixels[sample.labels == label][index]
        Image.fromarray(pixels).save(SHOWN_FOLDER / f"clothing_{name}.png", optimize=True)
        entries.append(
            {
                "name": f"clothing_{name}",
                "file": f"clothing_{name}.png",
                "title": title,
                "credit": "Fashion-MNIST, Zalando SE (test image)",
                "licence": "MIT",
                "source": CREDIT["source"],
                "alt": f"A grey picture of 28 by 28 pixels, labelled {LABELS[label]}.",
            }
        )
    text = json.dumps(entries, indent=2)
    (SHOWN_FOLDER / "clothing.json").write_text(text + "\n", encoding="utf-8")


def write_sample(
    name: str, credit: Mapping[str, object], pixels: NDArray[np.uint8], **others: NDArray[Any]
) -> None:
    """Write pictures (N, 28, 28), what is known of them, and their credit into the zoo."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.npz"
    np.savez_compressed(path, pixels=pixels, **others)  # type: ignore[arg-type]
    path.with_suffix(".json").write_text(json.dumps(credit, indent=2) + "\n", encoding="utf-8")
    print(f"{path.name}: {len(pixels)} pictures, {path.stat().st_size / 1000:.0f} KB")


def main() -> None:
    """Write the images and their credit."""
    sample = take_few(load("test"), EACH)
    write_shown(sample)
    labels = sample.labels.astype(np.uint8)
    write_sample("fashion_mnist", CREDIT, sample.pixels, labels=labels)


if __name__ == "__main__":
    main()
