"""Which maps notice that a network forgot: ``python -m export.benchmark.sanity``.

The randomisation test of the page *Black box* (Adebayo et al. 2018, arXiv 1810.03292), on every
sample picture of a network: Spearman's correlation of a method's map with its map of the same
network after half of the layers, those next to the output, and after all layers were shuffled.
Printed are the mean over pictures and its 95 % interval, of the maps as they are and of their
sizes without signs. Near 1: the map shows the picture more than the network.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from dashboard.attribution import get_method
from dashboard.attribution.base import ask_about
from dashboard.inference.images import Photo
from dashboard.inference.samples import choose_subject, list_samples, load_sample
from dashboard.inference.sessions import OnnxModel
from dashboard.inference.sight import see_zoo
from dashboard.inference.weights import read_weights
from dashboard.limits.agreement import compute_rank_correlation
from dashboard.limits.maps import draw_heats
from dashboard.limits.randomisation import Weights, list_layers, shuffle_weights

from export.arrays import Floats
from export.artifact import ZOO

NETWORKS = ("cnn.fashion_mnist", "vit.fashion_mnist", "efficientnet_lite0.imagenet")
METHODS = [
    get_method(name)
    for name in ("saliency", "guided_backprop", "input_x_gradient", "deeplift", "lrp")
]


def shuffle_upper(folder: Path, weights: Weights, count: int, seed: int) -> OnnxModel:
    """Return the network with its last ``count`` layers shuffled."""
    layers = list_layers(tuple(weights))
    gone = [name for layer in layers[len(layers) - count :] for name in layer.weights]
    return OnnxModel(folder, threads=1, weights=shuffle_weights(weights, gone, seed))


def measure_photo(networks: Sequence[OnnxModel], photo: Photo) -> Floats:
    """Return correlations (methods, networks after the first, as it is and by size)."""
    question = ask_about(see_zoo(networks[0], photo))
    heats = [draw_heats(network, question, METHODS) for network in networks]
    rows = []
    for method in METHODS:
        first, *others = (np.asarray(each[method.name]) for each in heats)
        pairs = [((first, other), (np.abs(first), np.abs(other))) for other in others]
        rows.append([[compute_rank_correlation(*pair) for pair in each] for each in pairs])
    return np.asarray(rows, np.float32)


def print_network(name: str, seed: int) -> None:
    """Print one line a method."""
    folder = ZOO / name
    weights = read_weights(folder)
    count = len(list_layers(tuple(weights)))
    networks = [OnnxModel(folder, threads=1)]
    networks += [shuffle_upper(folder, weights, gone, seed) for gone in ((count + 1) // 2, count)]
    photos = [load_sample(sample.name) for sample in list_samples(choose_subject(name))]
    found = np.stack(
        [measure_photo(networks, photo) for photo in photos]
    )  # (photos, methods, 2, 2)
    mean, width = found.mean(axis=0), 1.96 * found.std(axis=0, ddof=1) / np.sqrt(len(found))
    for method, means, widths in zip(METHODS, mean, width, strict=True):
        told = [f"{m:5.2f} +- {w:.2f}" for m, w in zip(means.ravel(), widths.ravel(), strict=True)]
        print(f"{name} | {len(found)} | {method.label:16s} | {' | '.join(told)}", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m export.benchmark.sanity", description=__doc__)
    parser.add_argument("--network", choices=NETWORKS, help="one of them only")
    parser.add_argument("--seed", type=int, default=0, help="of the shuffling")
    options = parser.parse_args(arguments)
    print("network | pictures | method | half, as it is | half, size | all, as it is | all, size")
    for name in [options.network] if options.network else NETWORKS:
        print_network(name, options.seed)


if __name__ == "__main__":
    main()
