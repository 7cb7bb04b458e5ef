"""RISE beside DIANNA's: ``python -m export.benchmark.peers --dianna dianna-env/bin/python``.

DIANNA (Apache-2.0) explains ONNX models too, and RISE is its best method here. It lives in an
environment of its own, since its requirements are its own:

    python3.11 -m venv dianna-env && dianna-env/bin/pip install dianna==1.8.1

Both get the same network, the same inputs, the same classes and the same number of masks. DIANNA
runs as it comes: it looks for the share of the picture that its masks show itself, with 900 more
runs of the network, and its time has that search in it. Ours is asked as it comes too (half shown),
and with a third of the masks. Both maps get the same score, insertion minus deletion with one
removal for both curves, so that a map of nothing scores 0.

``--network`` names DIANNA's own classifier, ``tests/test_data/mnist_model.onnx`` of its
repository; its pictures are those that its package brings. Times are CPU seconds, one thread each,
in turns picture by picture; what is told is their ratio. Masks are drawn anew in every round: the
intervals of a score are over rounds (the same pictures, other masks), that of the lead is over
pictures. ``--publish`` writes what was measured into peers.json beside this file, and README's
rows.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from dashboard.attribution import get_method
from dashboard.attribution.base import Question
from dashboard.faithfulness.curves import compute_curves, compute_ranks
from dashboard.inference.model import Doubles, Floats

from export.benchmark.intervals import estimate_mean, estimate_over_rounds
from export.benchmark.peer_networks import DIGITS, NETWORKS, Contest, open_contest
from export.benchmark.peer_rows import (
    CELLS,
    RECORD,
    START,
    Record,
    Row,
    merge,
    read_record,
    tell_rows,
)
from export.benchmark.readme import publish
from export.benchmark.side import Side

# Ours: (share of the masks, cells along each side).
VARIANTS = ((1, CELLS), (1 / 3, CELLS), (1 / 3, 14))

# What runs in DIANNA's environment: reads one input a line, writes the map, the share of the
# picture that DIANNA chose for its masks, and its CPU seconds.
SIDE = """
import json, sys, time
import numpy as np, onnxruntime
from dianna.methods.rise_image import RISEImage
graph, output, masks, cells = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
name = session.get_inputs()[0].name
def predict(rows):
    logits = session.run([output], {name: np.ascontiguousarray(rows, dtype=np.float32)})[0]
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)
class Rise(RISEImage):
    def _determine_p_keep(self, *given, **named):
        self.share = super()._determine_p_keep(*given, **named)
        return self.share
for line in sys.stdin:
    path, target, seed = json.loads(line)
    inputs = np.load(path)
    np.random.seed(seed)
    start = time.process_time()
    method = Rise(n_masks=masks, feature_res=cells, axis_labels=("channels", "y", "x"))
    heat = method.explain(predict, inputs, labels=[target], batch_size=32)
    seconds = time.process_time() - start
    np.save(path, np.append(np.asarray(heat[0], np.float32).ravel(), np.float32(method.share)))
    print("RESULT", json.dumps(seconds), flush=True)
"""


@dataclass(frozen=True, eq=False)
class Result:
    """One picture in one round: what both made of it.

    ``scores`` (1 + V, R): DIANNA's map, then each of our V variants, under R removals; ``seconds``
    of CPU in the same order; ``share`` is what DIANNA chose to show.
    """

    scores: Doubles
    seconds: tuple[float, ...]
    share: float


def compare(contest: Contest, peer: Side) -> Iterator[list[Result]]:
    """Yield the results of all pictures, round by round.

    Every picture of every round has masks of its own: a draw that all share would favour one side
    on all of them.
    """
    with tempfile.TemporaryDirectory() as work:
        for turn in range(contest.rounds):
            first = turn * len(contest.pictures)
            yield [
                _ask_both(contest, peer, inputs, first + index, Path(work) / "exchange.npy")
                for index, inputs in enumerate(contest.pictures)
            ]


def _ask_both(contest: Contest, peer: Side, inputs: Floats, seed: int, path: Path) -> Result:
    target = int(contest.model.predict(inputs)[0].argmax())
    question = Question(inputs, target, seed=seed)
    np.save(path, inputs[0])
    seconds = [peer.ask(json.dumps([str(path), target, seed]))]
    *theirs, share = np.load(path)
    heats = [np.array(theirs, np.float32).reshape(inputs.shape[2:])]
    method = get_method("rise")
    for part, cells in VARIANTS:
        params: dict[str, Any] = {"n_masks": round(part * contest.masks), "n_cells": cells}
        start = time.process_time()
        attribution = method.attribute(contest.model, question, {**params, "keep": 0.5})
        heats.append(method.compute_heat(attribution))
        seconds.append(time.process_time() - start)
    return Result(score_maps(contest, question, heats), tuple(seconds), float(share))


def score_maps(contest: Contest, question: Question, heats: Sequence[Floats]) -> Doubles:
    """Return insertion minus deletion of maps (H, W) under each removal, (len(heats), R)."""
    photo = question.inputs[0]
    ranks = [compute_ranks(heat, question.seed) for heat in heats]
    columns = []
    for removal in contest.removals:
        removed = removal.compute(contest.model, photo)
        insertions, deletions = (
            compute_curves(contest.model, question, ranks, start, end, contest.n_steps)
            for start, end in ((removed, photo), (photo, removed))
        )
        columns.append([i.auc - d.auc for i, d in zip(insertions, deletions, strict=True)])
    return np.array(columns).T


def summarise(contest: Contest, rounds: Sequence[Sequence[Result]]) -> list[Row]:
    """Return one row a variant of ours and removal."""
    scores = np.array([[each.scores for each in results] for results in rounds])  # (T, N, 1 + V, R)
    seconds = np.array([[each.seconds for each in results] for results in rounds])
    shares = [each.share for results in rounds for each in results]
    rows = []
    for v, (part, cells) in enumerate(VARIANTS, start=1):
        for r, removal in enumerate(contest.removals):
            ours, theirs = scores[:, :, v, r], scores[:, :, 0, r]
            rows.append(
                Row(
                    network=contest.title,
                    removal=removal.label,
                    pictures=len(contest.pictures),
                    rounds=len(rounds),
                    masks=contest.masks,
                    our_masks=round(part * contest.masks),
                    our_cells=cells,
                    ours=estimate_over_rounds(ours),
                    theirs=estimate_over_rounds(theirs),
                    lead=estimate_mean((ours - theirs).mean(axis=0)),
                    speed=float(np.median(seconds[:, :, 0] / seconds[:, :, v])),
                    share=float(np.median(shares)),
                )
            )
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Print, and publish if asked to, what each network gave."""
    parser = argparse.ArgumentParser(prog="python -m export.benchmark.peers", description=__doc__)
    parser.add_argument("--dianna", type=Path, required=True, help="its environment's python")
    parser.add_argument("--network", type=Path, help="DIANNA's mnist_model.onnx")
    parser.add_argument("--only", default="", help="a part of a network's name")
    parser.add_argument("--publish", action="store_true", help="write the record and README's rows")
    options = parser.parse_args(arguments)
    version, package = ask_about_package(options.dianna)
    files = {"network": options.network, "pictures": package / "data" / "binary-mnist.npz"}
    rows: list[Row] = []
    for name in NETWORKS:
        if options.only in name and (name != DIGITS or options.network):
            rows += (found := measure(open_contest(name, files), options.dianna))
            print("\n".join(tell_rows(found)), flush=True)
    if options.publish:
        record = merge(read_record(), Record(version, tuple(rows)))
        RECORD.write_bytes(msgspec.json.format(msgspec.json.encode(record)) + b"\n")
        publish(START, tell_rows(record.rows))


def ask_about_package(python: Path) -> tuple[str, Path]:
    """Return the version and the folder of the DIANNA that a Python has."""
    script = "import dianna; print(dianna.__version__, dianna.__path__[0])"
    said = subprocess.run([python, "-c", script], check=True, capture_output=True, text=True)
    version, folder = said.stdout.split(maxsplit=1)
    return version, Path(folder.strip())


def measure(contest: Contest, python: Path) -> list[Row]:
    """Return the rows of one network."""
    with Side(python, SIDE, contest.graph, contest.output, contest.masks, CELLS) as peer:
        return summarise(contest, list(compare(contest, peer)))


if __name__ == "__main__":
    main()
