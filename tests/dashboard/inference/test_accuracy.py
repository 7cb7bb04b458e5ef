"""The published networks, through this project's own preprocessing, on labelled photos.

foolbox ships 20 photos of ImageNet with their classes: too few to quote an accuracy, enough to
notice a wrong mean, a wrong crop or classes in another order.
"""

from importlib.metadata import files
from pathlib import Path

import numpy as np
import pytest

from dashboard.inference.images import decode_image
from dashboard.inference.preprocessing import preprocess
from dashboard.inference.sessions import OnnxModel

ZOO = Path(__file__).resolve().parents[3] / "models" / "zoo"


@pytest.mark.parametrize(
    ("name", "top1", "top5"),
    [("efficientnet_lite0.imagenet", 17, 20), ("efficientnet_lite2.imagenet", 18, 20)],
)
def test_the_networks_recognise_labelled_photos(name: str, top1: int, top5: int) -> None:
    model = OnnxModel(ZOO / name, threads=1)
    photos = [file for file in files("foolbox") or [] if file.name.startswith("imagenet_")]
    assert len(photos) == 20
    # The class is the last number of the name: imagenet_00_243.jpg
    labels = np.array([int(photo.name.split("_")[2].removesuffix(".jpg")) for photo in photos])
    inputs = [preprocess(decode_image(photo.read_binary()).pixels, model.card) for photo in photos]
    ranking = np.argsort(-model.predict(np.concatenate(inputs)), axis=1)  # (20, K)
    hits = ranking[:, :5] == labels[:, np.newaxis]
    assert hits[:, 0].sum() >= top1
    assert hits.any(axis=1).sum() >= top5
