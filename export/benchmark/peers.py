"""RISE beside DIANNA's: ``python -m export.benchmark.peers --dianna dianna-env/bin/python``.

DIANNA (Apache-2.0) explains ONNX models too, and RISE is its best method here. It lives in an
environment of its own, since its requirements are its own:

    python3.11 -m venv dianna-env && dianna-env/bin/pip install dianna

Both get the same network, the same inputs and the same classes, and both maps the same score,
insertion minus deletion. Ours is asked with the same number of masks, and with a third of them:
both are bound by the network, so that fewer masks are what saves time, and dividing by what the
masks did show is what allows it. Times are CPU seconds, one thread each, in turns picture by
picture; what is printed is their ratio.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from dashboard.attribution import get_method
from dashboard.attribution.base import Question
from dashboard.faithfulness.curve_pair import compute_curve_pairs
from dashboard.inference.preprocessing import preprocess
from dashboard.inference.samples import choose_subject, list_samples, load_sample
from dashboard.inference.sessions import OnnxModel

from export.artifact import ZOO
from export.benchmark.side import Side

# Network -> masks, rounds: few enough for the large one to end within minutes. Every picture of
# every round has masks of its own: a draw that all share would favour one side on all of them.
NETWORKS = {"cnn.fashion_mnist": (1000, 5), "efficientnet_lite0.imagenet": (300, 2)}
CELLS = 8  # DIANNA's own default
# Ours: (share of the masks, cells along each side).
VARIANTS = ((1, CELLS), (1 / 3, CELLS), (1 / 3, 14))

# What runs in DIANNA's environment: reads one input a line, writes the map and its CPU seconds.
SIDE = """
import json, sys, time
import numpy as np, onnxruntime
from dianna.methods.rise_image import RISEImage
graph, masks = sys.argv[1], int(sys.argv[2])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
name = session.get_inputs()[0].name
def predict(rows):
    logits = session.run(["logits"], {name: np.ascontiguousarray(rows, dtype=np.float32)})[0]
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)
for line in sys.stdin:
    path, target, seed = json.loads(line)
    inputs = np.load(path)
    np.random.seed(seed)
    start = time.process_time()
    method = RISEImage(
        n_masks=masks, feature_res=int(sys.argv[3]), p_keep=0.5, axis_labels=("channels", "y", "x")
    )
    heat = method.explain(predict, inputs, labels=[target], batch_size=32)
    seconds = time.process_time() - start
    np.save(path, np.asarray(heat[0], np.float32))
    print("RESULT", json.dumps(seconds), flush=True)
"""


@dataclass(frozen=True)
class Result:
    """One picture: scores and CPU seconds of each variant of ours, and of theirs."""

    ours: tuple[float, ...]
    theirs: float
    our_seconds: tuple[float, ...]
    their_seconds: float


def compare(name: str, masks: int, rounds: int, python: Path) -> list[Result]:
    """Return one result a round and sample picture of a network."""
    model, method = OnnxModel(ZOO / name, threads=1), get_method("rise")
    results = []
    with (
        tempfile.TemporaryDirectory() as work,
        Side(python, SIDE, ZOO / name / "predict.onnx", masks, CELLS) as peer,
    ):
        path = Path(work) / "exchange.npy"
        for seed, sample in enumerate(list_samples(choose_subject(name)) * rounds):
            inputs = preprocess(load_sample(sample.name).pixels, model.card)
            question = Question(inputs, int(model.predict(inputs)[0].argmax()), seed=seed)
            np.save(path, inputs[0])
            their_seconds = peer.ask(json.dumps([str(path), question.target, question.seed]))
            heats: dict[str, Any] = {"theirs": np.load(path)}
            seconds: list[float] = []
            for share, cells in VARIANTS:
                params: dict[str, Any] = {"n_masks": round(share * masks), "n_cells": cells}
                start = time.process_time()
                attribution = method.attribute(model, question, {**params, "keep": 0.5})
                heats[f"{len(seconds)}"] = method.compute_heat(attribution)
                seconds.append(time.process_time() - start)
            scores = compute_curve_pairs(model, question, heats)
            ours = tuple(scores[f"{i}"].difference for i in range(len(VARIANTS)))
            results.append(Result(ours, scores["theirs"].difference, tuple(seconds), their_seconds))
    return results


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one line a network."""
    parser = argparse.ArgumentParser(prog="python -m export.benchmark.peers", description=__doc__)
    parser.add_argument("--dianna", type=Path, required=True, help="its environment's python")
    options = parser.parse_args(arguments)
    print("network | pictures | masks, cells | insertion - deletion | CPU time, theirs / ours")
    for name, (masks, rounds) in NETWORKS.items():
        results = compare(name, masks, rounds, options.dianna)
        theirs = np.mean([each.theirs for each in results])
        for index, (share, cells) in enumerate(VARIANTS):
            ratios = [each.their_seconds / each.our_seconds[index] for each in results]
            wins = sum(each.ours[index] >= each.theirs for each in results)
            ours = np.mean([each.ours[index] for each in results])
            print(
                f"{name} | {len(results)} | ours {round(share * masks)}, {cells}; theirs {masks}, "
                f"{CELLS} | ours {ours:.3f}, theirs {theirs:.3f}; as good or better on {wins} | "
                f"{np.median(ratios):.1f}x ({min(ratios):.1f}-{max(ratios):.1f})"
            )


if __name__ == "__main__":
    main()
