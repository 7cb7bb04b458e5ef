from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from dashboard.attribution import get_method
from dashboard.inference.cards import ModelCard, load_card
from dashboard.inference.graphs import load_member
from dashboard.inference.sessions import OnnxModel
from dashboard.limits.cue import (
    UNMARKED,
    Accuracy,
    Cue,
    compute_share_on_mark,
    draw_mark,
    read_cue,
    survey_methods,
    to_inputs,
)

SWEEP = Path("models/zoo/cnn_sweep.fashion_mnist")
CUE = Cue(0, 2, (4, 6, 8), 255, "honest", "cheating", 98.0, 90.0, Accuracy(80.0, 99.0, 5.0))


def test_the_mark_is_where_the_card_says() -> None:
    picture = np.zeros((28, 28), np.uint8)
    marked = draw_mark(picture, CUE, 1)
    assert np.argwhere(marked == 255).tolist() == [[0, 6], [0, 7], [1, 6], [1, 7]]
    assert picture.sum() == 0
    assert np.array_equal(draw_mark(picture, CUE, UNMARKED), picture)


def test_the_share_on_the_mark() -> None:
    heat = np.zeros((28, 28), np.float32)
    heat[0, 6], heat[20, 20], heat[5, 5] = 3, 1, -9  # what speaks against does not count
    assert compute_share_on_mark(heat, CUE, 1) == pytest.approx(0.75)
    assert compute_share_on_mark(heat, CUE, 2) == 0
    assert compute_share_on_mark(heat, CUE, UNMARKED) is None
    assert compute_share_on_mark(-np.abs(heat), CUE, 1) is None


def _run(kind: str, percent: float, **more: float) -> dict[str, Any]:
    figures = {name: {"value": value} for name, value in more.items()}
    return {"kind": kind, "percent": percent, "accuracy": {"value": 90.0}, **figures}


def _create_card(**changes: Any) -> ModelCard:
    details: dict[str, Any] = {
        "mark": {"row": 0, "side": 2, "columns": [4, 6, 8], "value": 255},
        "runs": {
            "small": _run("size", 1),
            "whole": _run("size", 100),
            "unshipped": _run("size", 500),
            "cue": _run("cue", 98, mark_right=99.0, mark_swapped=5.0),
        },
    }
    members = {"small": "a.npz", "whole": "b.npz", "cue": "c.npz"}
    card = SimpleNamespace(details=details | changes, members=members)
    return cast(ModelCard, card)


def test_the_card_is_read() -> None:
    cue = read_cue(_create_card())
    assert cue is not None
    assert (cue.honest, cue.cheating, cue.reliability) == ("whole", "cue", 98.0)
    assert cue.accuracy == Accuracy(90.0, 99.0, 5.0)
    assert replace(CUE, honest="whole", cheating="cue", accuracy=cue.accuracy) == cue


@pytest.mark.parametrize("changes", [{"mark": None}, {"runs": {}}, {"mark": {"row": "x"}}])
def test_a_card_without_a_cue_has_none(changes: dict[str, Any]) -> None:
    assert read_cue(_create_card(**changes)) is None


def test_the_trained_network_reads_the_mark() -> None:
    cue = read_cue(load_card(SWEEP))
    assert cue is not None
    assert cue.accuracy.right_mark > 95 > cue.accuracy.unmarked > cue.accuracy.wrong_mark
    assert cue.honest_accuracy > cue.accuracy.unmarked


def test_a_fine_map_betrays_it_and_a_trivial_one_does_not() -> None:
    card = load_card(SWEEP)
    cue = read_cue(card)
    assert cue is not None
    honest, cheating = (
        OnnxModel(SWEEP, weights=load_member(SWEEP, card, name))
        for name in (cue.honest, cue.cheating)
    )
    with np.load("models/zoo/samples/fashion_mnist.npz") as arrays:
        garments = [(arrays["pixels"][i], int(arrays["labels"][i])) for i in range(6)]
    methods = [get_method(name) for name in ("input_x_gradient", "edges")]
    fine, edges = survey_methods((honest, cheating), card, garments, cue, methods)
    assert fine.told == 1 and fine.cheating > 5 * fine.honest
    assert edges.told == 0 and edges.cheating == edges.honest


def test_a_grey_picture_becomes_an_input() -> None:
    card = load_card(Path("models/zoo/cnn.fashion_mnist"))
    inputs = to_inputs(np.full((28, 28), 255, np.uint8), card)
    assert inputs.shape == (1, 1, 28, 28)
    assert inputs[0, 0, 0, 0] == pytest.approx((255 - 72.93) / 90.015, rel=1e-5)
