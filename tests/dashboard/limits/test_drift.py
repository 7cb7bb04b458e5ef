from pathlib import Path

import numpy as np
import pytest

from dashboard.attribution import get_method
from dashboard.attribution.base import Question
from dashboard.inference.preprocessing import preprocess
from dashboard.inference.samples import load_sample
from dashboard.inference.sessions import OnnxModel
from dashboard.limits.drift import EPSILONS, KINDS, Kind, add_signs, compute_twins
from dashboard.limits.known_answer import LinearModel
from dashboard.stress.adversarial import compute_levels

EDGES = [get_method("edges")]


def test_every_pixel_moves_by_the_same() -> None:
    model = LinearModel(np.ones((1, 8, 8), np.float32))
    inputs = np.full((1, 1, 8, 8), 0.5, np.float32)
    moved = add_signs(model, inputs, 51)
    assert np.allclose(np.abs(moved - inputs), 0.2)
    assert 0 < (moved > inputs).mean() < 1
    assert compute_levels(model, inputs, moved) == pytest.approx(51, abs=1e-3)
    assert np.array_equal(add_signs(model, inputs, 51), moved)
    assert add_signs(model, np.ones_like(inputs), 51).max() == 1  # white stays valid


@pytest.mark.parametrize("kind", KINDS)
def test_twins_stay_within_the_bound(kind: Kind) -> None:
    rng = np.random.default_rng(1)
    model = LinearModel(rng.normal(size=(1, 10, 10)).astype(np.float32))
    inputs = rng.uniform(0.2, 0.8, (1, 1, 10, 10)).astype(np.float32)
    target = int(model.predict(inputs)[0].argmax())
    twins = compute_twins(model, Question(inputs, target), EDGES, kind)
    assert [twin.epsilon for twin in twins] == list(EPSILONS)
    assert np.array_equal(twins[0].inputs, inputs) and twins[0].levels == 0
    for twin in twins:
        assert twin.levels <= twin.epsilon + 1e-3
        assert twin.asked == (target if kind == "random" else twin.answer)
    if kind != "random":  # on a linear model an attack can only lower the class's lead
        leads = [float(m[0, target] - m[0, 1 - target]) for m in map(model.predict, _list(twins))]
        assert leads == sorted(leads, reverse=True)


def _list(twins: list) -> list:  # type: ignore[type-arg]
    return [twin.inputs for twin in twins]


def test_a_dress_gets_a_twin_with_another_label() -> None:
    model = OnnxModel(Path("models/zoo/cnn.fashion_mnist"))
    inputs = preprocess(load_sample("clothing_dress").pixels, model.card)
    target = int(model.predict(inputs)[0].argmax())
    random, aimed = (
        compute_twins(model, Question(inputs, target), EDGES, kind) for kind in ("random", "pgd")
    )
    assert all(twin.answer == target for twin in random)
    assert aimed[-1].answer != target and aimed[-1].levels <= 16.01
