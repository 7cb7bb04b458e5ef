"""The committed sweep of small CNNs: every shipped run measured again, and what the sweep shows."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from export.datasets.fashion_mnist import LABELS, normalize
from export.sessions import open_session, run_in_batches

ZOO = Path(__file__).resolve().parents[2] / "models" / "zoo"
SWEEP = "cnn_sweep.fashion_mnist"


def read_card(name: str) -> dict[str, Any]:
    card: dict[str, Any] = json.loads((ZOO / name / "card.json").read_text(encoding="utf-8"))
    return card


@pytest.fixture(scope="module")
def sample() -> tuple[np.ndarray, np.ndarray]:
    with np.load(ZOO / "samples" / "fashion_mnist.npz") as arrays:
        return arrays["pixels"], arrays["labels"].astype(np.int64)


def load_member(name: str) -> dict[str, torch.Tensor]:
    with np.load(ZOO / SWEEP / f"{name}.npz") as arrays:
        return {key: torch.from_numpy(values).float() for key, values in arrays.items()}


def list_members() -> list[str]:
    return sorted(read_card(SWEEP)["members"])


@pytest.mark.parametrize("name", list_members())
def test_every_shipped_run_of_the_sweep_does_what_its_card_says(
    name: str, sample: tuple[np.ndarray, np.ndarray]
) -> None:
    run = read_card(SWEEP)["details"]["runs"][name]
    session = open_session(ZOO / SWEEP / "predict.onnx", load_member(name))
    logits = run_in_batches(session, "logits", {"image": normalize(sample[0])})
    share, found = run["accuracy"]["value"] / 100, (logits.argmax(1) == sample[1]).mean()
    assert abs(found - share) <= 4 * math.sqrt(share * (1 - share) / 1000)


def test_the_sweep_shows_what_it_is_for() -> None:
    runs = read_card(SWEEP)["details"]["runs"].values()

    def mean(kind: str, percent: float, of: str = "accuracy") -> float:
        chosen = [run for run in runs if run["kind"] == kind and run["percent"] == percent]
        return float(np.mean([run[of]["value"] for run in chosen]))

    sizes = [mean("size", percent) for percent in (0.1, 1, 10, 100)]
    assert sizes == sorted(sizes)  # more data, fewer mistakes
    assert mean("noise", 60) < mean("noise", 20) < mean("size", 100)
    rare = LABELS.index(read_card(SWEEP)["details"]["rare_class"])
    recalls = [
        np.mean([r["recalls"][rare] for r in runs if (r["kind"], r["percent"]) == ("rare", p)])
        for p in (1, 5, 25)
    ]
    assert recalls == sorted(recalls)  # the fewer examples, the more cases are missed
    # The mark is what the cheating network reads: a wrong one misleads it, no other network.
    assert mean("cue", 98, "mark_right") > mean("cue", 98) > mean("cue", 98, "mark_swapped")
