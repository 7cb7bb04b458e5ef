"""What the published code makes of one picture, kept in reference.npz, and how long it takes.

The published code does not run on today's numpy, scipy and scikit-image, and needs OpenCV, so it
is no dependency: the file was written once, in an environment of its own, by

    python3.11 -m venv reference-env && reference-env/bin/pip install imagecorruptions==1.1.2
    PYTHONPATH=. reference-env/bin/python tests/dashboard/stress/reference.py --official PATH

PATH is ImageNet-C/imagenet_c/imagenet_c/corruptions.py of github.com/hendrycks/robustness at
20caed9. imagecorruptions (Bethge lab, Apache 2) is that code with ImageMagick's motion blur written
in numpy; the two functions that it changed, ``elastic_transform`` and ``clipped_zoom``, are taken
from PATH. Its tables for 28 px are those of make_cifar_c.py in the same repository.

All draws of the reference come from the generator that ours are given, so that even random
corruptions can be compared pixel by pixel. With ``--time``
(and OPENBLAS_NUM_THREADS=1, for even terms) both are timed instead.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import time
import types
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_name("reference.npz")
SEED = 5
STRIDE = {"large": 7, "small": 1}  # of the pixels that are kept
SIDES = {"large": 224, "small": 28}

# make_cifar_c.py; zoom blur's are (stop, step)
CIFAR: dict[str, str] = {
    "gaussian_noise": "[0.04, 0.06, .08, .09, .10]",
    "shot_noise": "[500, 250, 100, 75, 50]",
    "impulse_noise": "[.01, .02, .03, .05, .07]",
    "speckle_noise": "[.06, .1, .12, .16, .2]",
    "gaussian_blur": "[.4, .6, 0.7, .8, 1]",
    "glass_blur": "[(0.05,1,1), (0.25,1,1), (0.4,1,1), (0.25,1,2), (0.4,1,2)]",
    "defocus_blur": "[(0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)]",
    "motion_blur": "[(6,1), (6,1.5), (6,2), (8,2), (9,2.5)]",
    "zoom_blur": "[np.arange(1, 1.06, 0.01), np.arange(1, 1.11, 0.01), np.arange(1, 1.16, 0.01), "
    "np.arange(1, 1.21, 0.01), np.arange(1, 1.26, 0.01)]",
    "fog": "[(.2,3), (.5,3), (0.75,2.5), (1,2), (1.5,1.75)]",
    "snow": "[(0.1,0.2,1,0.6,8,3,0.95), (0.1,0.2,1,0.5,10,4,0.9), (0.15,0.3,1.75,0.55,10,4,0.9), "
    "(0.25,0.3,2.25,0.6,12,6,0.85), (0.3,0.3,1.25,0.65,14,12,0.8)]",
    "spatter": "[(0.62,0.1,0.7,0.7,0.5,0), (0.65,0.1,0.8,0.7,0.5,0), (0.65,0.3,1,0.69,0.5,0), "
    "(0.65,0.1,0.7,0.69,0.6,1), (0.65,0.1,0.5,0.68,0.6,1)]",
    "contrast": "[.75, .5, .4, .3, 0.15]",
    "brightness": "[.05, .1, .15, .2, .3]",
    "saturate": "[(0.3, 0), (0.1, 0), (1.5, 0), (2, 0.1), (2.5, 0.2)]",
    "jpeg_compression": "[80, 65, 58, 50, 40]",
    "pixelate": "[0.95, 0.9, 0.85, 0.75, 0.65]",
    "elastic_transform": "[(28*0, 28*0, 28*0.08), (28*0.05, 28*0.2, 28*0.07), "
    "(28*0.08, 28*0.06, 28*0.06), (28*0.1, 28*0.04, 28*0.05), (28*0.1, 28*0.03, 28*0.03)]",
}


def create_picture(side: int) -> np.ndarray[Any, Any]:
    """Return (side, side, 3) uint8 with gradients, grain, edges, greys, black, white and colours.

    Made of whole numbers, so that it is the same on every machine.
    """
    y, x = np.indices((224, 224))
    rings = ((x - 90) ** 2 + (y - 120) ** 2) // 40 % 256
    picture = np.stack([rings, (x + y) % 256, (x * 3 + 255 - y) // 4 % 256], axis=2)
    picture[20:90, 130:200] = [200, 40, 30]
    picture[120:200, 140:215] = (np.arange(75) * 3)[:, np.newaxis]  # greys
    picture[5:40, 5:60], picture[45:70, 5:60] = 0, 255
    picture[150:210, 20:100] += np.random.RandomState(0).randint(0, 90, (60, 80, 3))
    step = 224 // side
    return np.clip(picture, 0, 255).astype(np.uint8)[::step, ::step]


def load_reference(official: Path) -> tuple[types.ModuleType, dict[str, str]]:
    """Return imagecorruptions' module, made to run today, and its functions' sources by name."""
    import scipy.ndimage
    import skimage.filters

    np.float_ = np.float64  # type: ignore[attr-defined]
    sys.modules["scipy.ndimage.interpolation"] = scipy.ndimage
    blur = skimage.filters.gaussian

    def gaussian(image: Any, *args: Any, multichannel: bool = False, **kwargs: Any) -> Any:
        return blur(image, *args, channel_axis=-1 if multichannel else None, **kwargs)

    skimage.filters.gaussian = gaussian
    import imagecorruptions.corruptions as module

    text = Path(str(module.__file__)).read_text()
    sources = {
        node.name: str(ast.get_source_segment(t, node))
        for t in (text, official.read_text())
        for node in ast.parse(t).body
        if isinstance(node, ast.FunctionDef)
        and (t is text or node.name in ("clipped_zoom", "elastic_transform"))
    }
    for name in ("clipped_zoom", "elastic_transform"):
        exec(sources[name], module.__dict__)
    return module, sources


def use_small_tables(module: types.ModuleType, sources: dict[str, str]) -> None:
    """Replace the first table ``c = [...][severity - 1]`` of each function by CIFAR-10-C's."""
    for name, table in CIFAR.items():
        pattern = re.compile(r"c = \[.*?\]\[\s*severity - 1\]", re.DOTALL)
        source, n = pattern.subn(f"c = {table}[severity - 1]", sources[name], count=1)
        assert n == 1, name
        exec(source, module.__dict__)


def draw_from(rng: np.random.Generator) -> None:
    """Let numpy's module-level functions draw from ``rng``."""
    draws: dict[str, Callable[..., Any]] = {
        "normal": rng.normal,
        "uniform": rng.uniform,
        "poisson": rng.poisson,
        "randint": rng.integers,
    }
    for name, draw in draws.items():
        setattr(np.random, name, draw)


def run(module: types.ModuleType, name: str, picture: Any, severity: int) -> Any:
    """Return what the reference makes of a picture, as uint8, as its authors write it."""
    from PIL import Image

    return np.uint8(getattr(module, name)(Image.fromarray(picture), severity))


def write(module: types.ModuleType, sources: dict[str, str]) -> None:
    """Write the fixture: every corruption but frost at both sizes, severities 1 to 5."""
    kept = {}
    for size, side in SIDES.items():
        if size == "small":
            use_small_tables(module, sources)
        picture = create_picture(side)
        for name in CIFAR:
            shown = []
            for severity in range(1, 6):
                draw_from(np.random.default_rng((SEED, 0)))
                result = run(module, name, picture, severity)
                shown.append(result[:: STRIDE[size], :: STRIDE[size]])
            kept[f"{size}_{name}"] = np.stack(shown)
    np.savez_compressed(FILE, **kept)
    print(FILE, FILE.stat().st_size, "bytes")


def compute_time(work: Callable[[], Any], n_rounds: int) -> float:
    """Return the quickest of ``n_rounds`` runs, in milliseconds of processor time.

    Not of the clock's: others may be using the machine. All threads count.
    """
    times = []
    for _ in range(n_rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return 1000 * min(times)


def print_times(module: types.ModuleType, n_rounds: int = 9) -> None:
    """Print the time of all five levels of each corruption at 224 px: reference, ours, ratio."""
    from dashboard.stress import list_suites

    picture = create_picture(224)
    totals = np.zeros(2)
    for corruption in list_suites("benchmark", "extra"):
        pair = np.zeros(2)
        n = 1 if corruption.name == "glass_blur" else n_rounds
        for severity in range(1, 6):
            theirs = partial(run, module, corruption.name, picture, severity)
            ours = partial(corruption.apply, picture[np.newaxis], severity)
            pair += compute_time(theirs, n), compute_time(ours, n_rounds)
        totals += pair
        print(f"{corruption.name:18} {pair[0]:8.1f} {pair[1]:7.1f} ms  {pair[0] / pair[1]:6.1f} x")
    print(f"{'all':18} {totals[0]:8.1f} {totals[1]:7.1f} ms  {totals[0] / totals[1]:6.1f} x")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--official", type=Path, required=True)
    parser.add_argument("--time", action="store_true", help="time both instead of writing")
    arguments = parser.parse_args()
    loaded = load_reference(arguments.official)
    print_times(loaded[0]) if arguments.time else write(*loaded)
