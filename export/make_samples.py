"""Make the sample photos of ``dashboard/samples`` from images inside three Python packages.

Run from the repository's root: ``python -m export.make_samples``. The credits are in
``dashboard/samples/samples.json``, taken from the packages' own notes: the docstrings of
``skimage.data``, ``sklearn/datasets/images/README.txt``, and for matplotlib the comment inside
the file and the pull request that added it (matplotlib/matplotlib#1599). Nothing is downloaded.
scikit-image's motorcycle is left out: the package states no licence for it.
"""

from __future__ import annotations

import json
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).resolve().parent.parent / "dashboard" / "samples"

MAX_SIDE = 640
MAX_BYTES = 60_000

# The name in samples.json -> the package and the file inside it.
ORIGINALS = {
    "chelsea": ("skimage", "data/chelsea.png"),
    "coffee": ("skimage", "data/coffee.png"),
    "flower": ("sklearn", "datasets/images/flower.jpg"),
    "temple": ("sklearn", "datasets/images/china.jpg"),
    "rocket": ("skimage", "data/rocket.jpg"),
    "cameraman": ("skimage", "data/camera.png"),
    "admiral": ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
    "astronaut": ("skimage", "data/astronaut.png"),
}


def encode_small(image: Image.Image) -> bytes:
    """Return a JPEG of at most ``MAX_SIDE`` pixels a side and ``MAX_BYTES``, as good as fits."""
    image = image.convert("L" if image.mode == "L" else "RGB")
    image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    for quality in range(92, 40, -2):
        buffer = BytesIO()
        # Without the originals' metadata; their colours are sRGB.
        image.save(
            buffer, "JPEG", quality=quality, optimize=True, icc_profile=None, exif=b"", comment=b""
        )
        if buffer.tell() <= MAX_BYTES:
            return buffer.getvalue()
    raise ValueError(f"No quality fits {MAX_BYTES} bytes.")


def main() -> None:
    """Write every sample; fails if the list of credits and the list of originals differ."""
    samples = json.loads((FOLDER / "samples.json").read_text(encoding="utf-8"))
    if {sample["name"] for sample in samples} != ORIGINALS.keys():
        raise ValueError("samples.json and ORIGINALS must name the same photos.")
    for sample in samples:
        package, path = ORIGINALS[sample["name"]]
        with files(package).joinpath(path).open("rb") as file, Image.open(file) as image:
            data = encode_small(image)
        (FOLDER / sample["file"]).write_bytes(data)
        print(f"{sample['file']}: {len(data)} bytes")


if __name__ == "__main__":
    main()
