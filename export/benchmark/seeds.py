"""Do two seeds give the same map? ``python -m export.benchmark.seeds [--network N] [--method M]``.

Every method that draws at random, on the sample pictures of each network, for the class that it
gives: at every budget the rank correlation (Spearman) of the maps of two seeds, what the page would
have forecast for it from the smallest budget, and the correlation with a converged map, of a third
seed and ``--reference`` draws. Each figure is the mean over pictures, with the lowest in brackets.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from dashboard.attribution import METHODS, get_method
from dashboard.attribution.base import Attribution, Method, Question
from dashboard.attribution.params import Value, compute_defaults
from dashboard.inference.preprocessing import preprocess
from dashboard.inference.samples import choose_subject, list_samples, load_sample
from dashboard.inference.sessions import OnnxModel
from dashboard.limits.agreement import compute_rank_correlation
from dashboard.limits.stability import Stability, compare

from export.artifact import ZOO

NETWORKS = ("cnn.fashion_mnist", "vit.fashion_mnist", "efficientnet_lite0.imagenet")
RANDOM = tuple(each.name for each in METHODS if each.budget)
# Times the default: the budgets of the table, and of the converged map.
FACTORS, CONVERGED = (0.5, 1.0, 2.0), 8.0


@dataclass(frozen=True)
class Row:
    """One picture at one budget: two seeds, each with the converged map, and the forecast."""

    two: float
    converged: float
    forecast: float


def measure(
    model: OnnxModel,
    question: Question,
    method: Method,
    params: Mapping[str, Value],
    budgets: Sequence[int],
    reference: int,
) -> list[Row]:
    """Return one row a budget, the smallest first; it is what the others are forecast from."""

    def draw(budget: int, seed: int) -> Attribution:
        asked = Question(question.inputs, question.target, seed=seed)
        return method.attribute(model, asked, {**params, method.budget: budget})

    truth = method.compute_heat(draw(reference, 2))
    rows: list[Row] = []
    start: Stability | None = None
    for budget in budgets:
        two = [draw(budget, seed) for seed in (0, 1)]
        found = compare(method, *two)
        known = [compute_rank_correlation(method.compute_heat(each), truth) for each in two]
        start = start or found
        forecast = start.forecast(budget / budgets[0])
        rows.append(Row(found.agreement, float(np.mean(known)), forecast))
    return rows


def ask(model: OnnxModel, network: str, n_pictures: int | None) -> Iterator[Question]:
    """Yield why the network gives its answer, for each of its sample pictures."""
    for sample in list_samples(choose_subject(network))[:n_pictures]:
        inputs = preprocess(load_sample(sample.name).pixels, model.card)
        yield Question(inputs, int(model.predict(inputs)[0].argmax()))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one line a network, method and budget."""
    parser = argparse.ArgumentParser(prog="python -m export.benchmark.seeds", description=__doc__)
    parser.add_argument("--network", action="append", help=f"default: {', '.join(NETWORKS)}")
    parser.add_argument("--method", action="append", choices=RANDOM, help="default: all of them")
    parser.add_argument("--pictures", type=int, help="of each network; default: all samples")
    parser.add_argument("--budgets", type=int, nargs="+", help="default: half to twice the page's")
    parser.add_argument("--reference", type=int, help="draws of the converged map; default: 8 x")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=NUMBER", help="parameters")
    options = parser.parse_args(arguments)
    print("network | method | budget | pictures | two seeds | forecast | with the converged map")
    for network in options.network or NETWORKS:
        model = OnnxModel(ZOO / network, threads=1)
        for name in options.method or RANDOM:
            _print_rows(model, network, get_method(name), options)


def _print_rows(
    model: OnnxModel, network: str, method: Method, options: argparse.Namespace
) -> None:
    params = compute_defaults(method.params)
    usual = int(params[method.budget])
    params |= {name: int(value) for name, value in (each.split("=") for each in options.set)}
    budgets = sorted(options.budgets or (round(usual * factor) for factor in FACTORS))
    reference = options.reference or round(usual * CONVERGED)
    rows = []
    for question in ask(model, network, options.pictures):
        rows.append(measure(model, question, method, params, budgets, reference))
        told = ", ".join(f"{each.two:.2f} {each.converged:.2f}" for each in rows[-1])
        print(f"{network} {method.name} picture {len(rows)}: {told}", file=sys.stderr, flush=True)
    for budget, each in zip(budgets, zip(*rows, strict=True), strict=True):
        cells = [
            [row.two for row in each],
            [row.forecast for row in each],
            [row.converged for row in each],
        ]
        told = " | ".join(f"{np.mean(cell):.2f} ({min(cell):.2f})" for cell in cells)
        print(f"{network} | {method.label} | {budget} | {len(each)} | {told}", flush=True)


if __name__ == "__main__":
    main()
