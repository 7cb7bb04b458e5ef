"""The figures of the four limits: ``python -m export.benchmark.limits [--only NAME]``.

Everything that README publishes about *Distribution shift*, *Black box* and *Compute cost* comes
from this command, on the committed networks and pictures. Times are ratios of CPU seconds of things
done in turns in one run. ``--reference`` names a Python in which imagecorruptions 1.1.2 is
installed; its 19 corruptions with torch's predictions are then timed beside the page's grid:

    python3.11 -m venv reference-env && reference-env/bin/pip install imagecorruptions==1.1.2
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from dashboard.inference.features import FeatureGraph
from dashboard.inference.model import Doubles
from dashboard.inference.preprocessing import Pixels, normalize
from dashboard.inference.samples import list_samples, load_sample
from dashboard.inference.sessions import OnnxModel
from dashboard.inference.sight import see_zoo
from dashboard.inference.small_pictures import DIGITS, EMOJI, GARMENTS, load_small_pictures
from dashboard.limits.corruption_grid import compute_grid
from dashboard.limits.out_of_distribution import (
    SCORES,
    Statistics,
    choose_score,
    compute_auroc,
    compute_auroc_half,
    compute_feature_scores,
    compute_fpr95,
    compute_logit_scores,
    keep_rest,
    load_statistics,
)
from dashboard.stress import list_suites

from export.artifact import ZOO
from export.benchmark.calibration import NETWORKS, print_calibration
from export.benchmark.lite0 import NAME as LITE0
from export.benchmark.lite0 import create_torch
from export.benchmark.readme import publish
from export.benchmark.side import Side

IMAGENET_C = list_suites("benchmark", "extra")

# What runs in the reference's environment: CPU seconds for 19 corruptions at severities 1 to 5.
# The package is older than today's numpy and scikit-image: two names are put back first.
SIDE = """
import sys, time
import numpy as np, scipy.ndimage, skimage.filters
np.float_ = np.float64
sys.modules["scipy.ndimage.interpolation"] = scipy.ndimage
blur = skimage.filters.gaussian
def gaussian(image, *args, multichannel=False, **kwargs):
    return blur(image, *args, channel_axis=-1 if multichannel else None, **kwargs)
skimage.filters.gaussian = gaussian
import imagecorruptions
picture = np.load(sys.argv[1])
names = imagecorruptions.get_corruption_names("all")
print("READY", len(names), flush=True)
for line in sys.stdin:
    start = time.process_time()
    for name in names:
        for severity in range(1, 6):
            imagecorruptions.corrupt(picture, severity, name)
    print("RESULT", time.process_time() - start, flush=True)
"""


@contextmanager
def open_reference(python: Path | None, picture: Pixels) -> Iterator[Side | None]:
    """Have imagecorruptions ready for a picture; asked, it tells the CPU seconds of all of them."""
    if python is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / "picture.npy"
        np.save(path, picture)
        with Side(python, SIDE, path) as side:
            if (count := int(side.read("READY"))) != len(IMAGENET_C):
                raise SystemExit(f"The reference has {count} corruptions, not {len(IMAGENET_C)}.")
            yield side


STRANGERS = {DIGITS: "clothes against digits", EMOJI: "clothes against emoji"}


def print_strangers(is_published: bool = False) -> None:
    """Print how well each score tells clothes from digits and emoji, and the best one's quality."""
    print("\nFamiliar (1,000 test garments) against strange: AUROC with 95 % interval (FPR95)")
    rows: dict[str, list[str]] = {strange: [] for strange in STRANGERS}
    for name, title in NETWORKS.items():
        scores = _score_sets(name)
        for key, label in SCORES.items():
            told = "  ".join(
                f"{strange} {_tell_auroc(scores[GARMENTS][key], scores[strange][key])} "
                f"({compute_fpr95(scores[GARMENTS][key], scores[strange][key]):.3f})"
                for strange in STRANGERS
            )
            print(f"  {name:20s} {label:20s} {told}")
        for strange, told_rows in rows.items():
            told_rows.append(f"{title} {_tell_best(scores[GARMENTS], scores[strange])}")
    for strange, told_rows in rows.items():
        row = (
            f"| {STRANGERS[strange]}, AUROC of the score that is best on one half, on the other "
            f"| {', '.join(told_rows)} |"
        )
        print(row)
        if is_published:
            publish(STRANGERS[strange], [row])


def _tell_auroc(familiar: Doubles, strange: Doubles) -> str:
    half = compute_auroc_half(familiar, strange)
    return f"{compute_auroc(familiar, strange):.3f} ± {half:.3f}"


def _tell_best(familiar: Mapping[str, Doubles], strange: Mapping[str, Doubles]) -> str:
    best = choose_score(familiar, strange)
    told = _tell_auroc(keep_rest(familiar[best]), keep_rest(strange[best]))
    return f"{told} ({SCORES[best]})"


def _score_sets(name: str) -> dict[str, dict[str, Doubles]]:
    """Return every score of the clothes, the digits and the emoji, by set and score."""
    model = OnnxModel(ZOO / name)
    statistics = load_statistics(ZOO / "samples" / f"features_{name}.npz")
    if statistics is None:
        raise SystemExit(f"features_{name}.npz is missing: python -m export.make_features")
    graph = FeatureGraph(ZOO / name, statistics.tensor)
    return {
        key: _score(
            graph, statistics, model, load_small_pictures(ZOO / "samples" / f"{key}.npz").views
        )
        for key in (GARMENTS, *STRANGERS)
    }


def _score(
    graph: FeatureGraph, statistics: Statistics, model: OnnxModel, views: Pixels
) -> dict[str, Doubles]:
    logits, features = graph.run(normalize(views, model.card))
    return compute_logit_scores(logits) | compute_feature_scores(features, statistics)


def print_grid(python: Path | None, rounds: int) -> None:
    """Print the CPU time of torch (and the reference's corruptions) over the page's whole grid."""
    print("\nThe grid of 19 corruptions x 5 severities of one photo with predictions, Lite0")
    model = OnnxModel(ZOO / LITE0)
    sight = see_zoo(model, load_sample(list_samples()[0].name))
    eager = create_torch()
    views = torch.from_numpy(np.repeat(sight.inputs, 5, axis=0))
    ours, walls, predictions, references = [], [], [], []
    with open_reference(python, sight.picture) as reference:
        for _ in range(rounds + 1):
            start, wall = time.process_time(), time.perf_counter()
            compute_grid(sight, IMAGENET_C)
            ours.append(time.process_time() - start)
            walls.append(time.perf_counter() - wall)
            start = time.process_time()
            with torch.no_grad():
                for _ in IMAGENET_C:
                    eager(views)
            predictions.append(time.process_time() - start)
            references.append(reference.ask("again") if reference else 0.0)
    # The first round is left out: it opens and allocates.
    ratios = [(p + r) / o for p, r, o in zip(predictions, references, ours, strict=True)][1:]
    what = "reference corruptions + torch eager" if python else "torch eager's predictions alone"
    print(
        f"  {what} / ours: {np.median(ratios):.1f}x ({min(ratios):.1f}-{max(ratios):.1f}); ours "
        f"{np.median(walls[1:]):.2f} s of the clock, {np.median(ours[1:]):.2f} s CPU; torch "
        f"{np.median(predictions[1:]):.2f} s, reference {np.median(references[1:]):.2f} s CPU"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m export.benchmark.limits", description=__doc__)
    parser.add_argument("--reference", type=Path, help="the python of imagecorruptions")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="strangers, calibration or grid")
    parser.add_argument("--publish", action="store_true", help="write what the page and README say")
    options = parser.parse_args(arguments)
    tables: dict[str, Callable[[], None]] = {
        "strangers": lambda: print_strangers(options.publish),
        "calibration": lambda: print_calibration(options.publish),
        "grid": lambda: print_grid(options.reference, options.rounds),
    }
    for name, table in tables.items():
        if options.only in name:
            table()


if __name__ == "__main__":
    main()
