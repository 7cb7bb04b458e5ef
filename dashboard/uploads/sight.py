"""An uploaded network before a picture."""

from __future__ import annotations

import numpy as np

from dashboard.inference.images import Photo
from dashboard.inference.sight import ModelFacts, Sight
from dashboard.uploads.model import UploadedModel


def see_upload(model: UploadedModel, photo: Photo, labels: tuple[str, ...]) -> Sight:
    """Return what a visitor's network makes of a photo; ``labels`` name its classes, harmlessly.

    Raises:
        UploadError: the network fails on it.
    """
    spec = model.spec
    picture = np.ascontiguousarray(spec.crop_view(photo.pixels))
    files = {"uploaded.onnx": model.file.sha256}
    return Sight(
        model=model,
        facts=ModelFacts("uploaded", "Your model", files, model.provider),
        key=(model.key, photo.sha256),
        picture=picture,
        logits=model.predict(spec.normalize(picture[np.newaxis]))[0],
        labels=labels,
        normalize=spec.normalize,
        crop=spec.crop_view,
        is_light=False,
        is_own=True,
    )
