"""How good can a map be: ``python -m export.benchmark.maps [--network NAME] [--pictures N]``.

Methods are judged by what they never saw: curves (insertion minus deletion, the same removal for
both) and probes (rank correlation of what a map says is left with the class's log-odds) under grey,
blur, black, and another photo's pixels (on small pictures: noise). The last two of them on photos,
noise on small pictures, fill no method's masks, and probes have seeds and shapes of their own.
Intervals are 95 % percentile bootstraps over pictures, differences paired. What is finished lies in
``--output`` and is not computed again.

RISE comes twice: as the page offers it, and with as many masks as take the time of a soft ranking.
``--digits MODEL.onnx PICTURES.npz`` compares on DIANNA's classifier of digits instead (its
``tests/test_data/mnist_model.onnx``, and ``dianna/data/binary-mnist.npz`` of its wheel).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from dashboard.attribution import get_method
from dashboard.attribution.base import Question, load_libraries
from dashboard.attribution.params import compute_defaults
from dashboard.faithfulness.curve_pair import compute_curve_pairs
from dashboard.faithfulness.probe_score import rank, score_map
from dashboard.faithfulness.probes import choose_n_probes, run_probes
from dashboard.inference.model import Doubles, Floats, Model
from dashboard.inference.sessions import OnnxModel

from export.artifact import ZOO
from export.benchmark.lite0 import NAME as LITE0
from export.benchmark.map_subjects import (
    GraphModel,
    Picture,
    list_pictures,
    load_digits,
    load_inputs,
)

FOLDER = Path("checkpoints/benchmark/maps")
JUDGE = 9000  # the seed of the probes; methods draw from 0 and 1
N_RESAMPLES = 2000
RIVAL, BEST = "rise, equal time", "soft ranking"


@dataclass(frozen=True)
class Contender:
    """A method with its parameters, where they are not its own defaults."""

    title: str
    method: str
    params: Mapping[str, Any]

    def attribute(self, model: Model, question: Question) -> Floats:
        """Return the map (H, W)."""
        method = get_method(self.method)
        params = {**compute_defaults(method.params), **self.params}
        return method.compute_heat(method.attribute(model, question, params))


CONTENDERS = (
    Contender("edges", "edges", {}),
    Contender("rise", "rise", {}),
    Contender("rise, refitted", "rise_refitted", {}),
    Contender("masked gradients", "masked_gradients", {}),
    Contender(RIVAL, "rise", {"n_masks": 800}),
    Contender(BEST, "soft_ranking", {}),
    Contender("soft ranking, alone", "soft_ranking", {"shows": "fitted map alone"}),
    Contender("grad-cam", "grad_cam", {}),
)


def judge_picture(
    model: Model, picture: Picture, contenders: Sequence[Contender], *, twice: bool
) -> dict[str, Any]:
    """Return the figures of each contender by its title; ``twice``: with a second seed's map."""
    target = int(model.predict(picture.inputs)[0].argmax())
    asked = Question(picture.inputs, target, seed=JUDGE)
    size = picture.inputs.shape[2], picture.inputs.shape[3]
    probes = run_probes(model, asked, picture.removals, choose_n_probes(size))
    found = {}
    for contender in contenders:
        start = time.process_time()
        heat = contender.attribute(model, Question(picture.inputs, target))
        seconds = time.process_time() - start
        found[contender.title] = {
            "curves": _score_curves(model, picture, target, heat),
            "probes": [each.score for each in score_map(probes, heat)],
            "seconds": seconds,
        }
        if twice and get_method(contender.method).is_stochastic:
            again = contender.attribute(model, Question(picture.inputs, target, seed=1))
            found[contender.title]["agreement"] = _correlate(heat, again)
    return found


def _score_curves(model: Model, picture: Picture, target: int, heat: Floats) -> list[float]:
    """Return insertion minus deletion under each removal."""
    question = Question(picture.inputs, target)
    return [
        compute_curve_pairs(model, question, {"map": heat}, removal)["map"].difference
        for removal in picture.removals
    ]


def _correlate(one: Floats, other: Floats) -> float:
    """Return Spearman's correlation of two maps (H, W)."""
    ranks = rank(np.stack([one.ravel(), other.ravel()]).astype(np.float64))
    return float(ranks[0] @ ranks[1])


def run(
    model: Model,
    pictures: Iterator[Picture],
    path: Path,
    contenders: Sequence[Contender],
    *,
    twice: bool,
) -> dict[str, Any]:
    """Judge what is not yet in the file, and return all of it, by picture."""
    done: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    chosen = {}
    for picture in pictures:
        found = done.setdefault(picture.name, {})
        missing = [each for each in contenders if each.title not in found]
        if missing:
            found.update(judge_picture(model, picture, missing, twice=twice))
            names = [each.name for each in picture.removals]
            found.update(removals=names, unseen=list(picture.unseen))
            path.write_text(json.dumps(done, indent=1))
            print(f"{picture.name}: " + ", ".join(each.title for each in missing), flush=True)
        chosen[picture.name] = found
    return chosen


def print_table(results: Mapping[str, Any], contenders: Sequence[Contender]) -> None:
    """Print each contender's means, and its lead over RISE at equal time."""
    rows = list(results.values())
    removals, unseen = rows[0]["removals"], rows[0]["unseen"]
    print(f"\n{len(rows)} pictures; removals: {', '.join(removals)}; never fitted: {unseen}")
    print("method | curves by removal | mean | probes by removal | mean | CPU s | seeds agree")
    for each in contenders:
        found = [row[each.title] for row in rows]
        told = [each.title]
        for key in ("curves", "probes"):
            values = np.array([one[key] for one in found])  # (pictures, removals)
            told += [" ".join(f"{v:.3f}" for v in values.mean(axis=0)), tell(values.mean(axis=1))]
        for key in ("seconds", "agreement"):
            values = np.array([one[key] for one in found if key in one])
            told.append(f"{values.mean():.3f}" if len(values) else "")
        print(" | ".join(told))
    titles = [each.title for each in contenders]
    if RIVAL in titles and BEST in titles:
        for names in (removals, unseen):
            print(f"{BEST} ahead of {RIVAL}, curves under {', '.join(names)}: ", end="")
            print(tell(compute_lead(rows, names, "curves")), end="; probes: ")
            print(tell(compute_lead(rows, names, "probes")))


def compute_lead(rows: Sequence[Any], names: Sequence[str], key: str) -> Doubles:
    """Return the lead (pictures,) of soft ranking over RISE, a mean over removals."""
    which = [rows[0]["removals"].index(name) for name in names]
    best, rival = (np.array([row[title][key] for row in rows]) for title in (BEST, RIVAL))
    return np.asarray((best - rival)[:, which].mean(axis=1))


def tell(values: Doubles) -> str:
    """Return a mean with its interval: the bootstrap (Efron 1979), by picture."""
    rng = np.random.default_rng(0)
    means = rng.choice(values, (N_RESAMPLES, len(values))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{values.mean():.3f} ({low:.3f} to {high:.3f})"


def main(arguments: Sequence[str] | None = None) -> None:
    """Judge, print and write."""
    parser = argparse.ArgumentParser(prog="python -m export.benchmark.maps", description=__doc__)
    parser.add_argument("--network", default=LITE0)
    parser.add_argument("--pictures", type=int, help="how many, from the first on")
    parser.add_argument("--folder", type=Path, help="further photos")
    parser.add_argument("--digits", type=Path, nargs=2, metavar=("MODEL", "PICTURES"))
    parser.add_argument("--methods", help="titles of the table, with semicolons between")
    parser.add_argument("--once", action="store_true", help="no second seed: half of the time")
    parser.add_argument("--output", type=Path, help="a JSON file")
    given = parser.parse_args(arguments)
    model: Model
    if given.digits:
        name, model = "digits", GraphModel(given.digits[0])
        inputs = load_digits(given.digits[1])
    else:
        name, opened = given.network, OnnxModel(ZOO / given.network, threads=1)
        model, inputs = opened, load_inputs(opened, given.folder)
    wanted = given.methods.split(";") if given.methods else None
    contenders = [
        each
        for each in CONTENDERS
        if get_method(each.method).is_compatible(model) is None
        and (wanted is None or each.title in wanted)
    ]
    for each in contenders:
        load_libraries(get_method(each.method).libraries)  # no import in a measured time
    pictures = islice(list_pictures(model, inputs), given.pictures)
    path = given.output or FOLDER / f"{name}.json"
    results = run(model, pictures, path, contenders, twice=not given.once)
    print_table(results, contenders)


if __name__ == "__main__":
    main()
