"""The benchmark of maps: what judges, and that finished pictures are not judged again."""

import json
from pathlib import Path

import numpy as np
import pytest

from dashboard.faithfulness.removal import BLACK
from export.benchmark import maps
from export.benchmark.map_subjects import GraphModel, list_pictures, load_digits
from tests.dashboard.attribution.tiny_models import LinearModel, create_linear
from tests.export.autodiff.tiny_graphs import classifier

QUICK = [
    maps.Contender(maps.RIVAL, "rise", {"n_masks": 100}),
    maps.Contender(maps.BEST, "soft_ranking", {"n_steps": 4}),
]


def create_pictures(n: int, side: int = 28) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {f"p{i}": rng.uniform(-1, 1, (1, 1, side, side)).astype(np.float32) for i in range(n)}


def test_small_pictures_are_judged_by_noise_and_photos_by_another_photo() -> None:
    small = create_linear(shape=(2, 1, 28, 28))
    (one, *_) = list_pictures(small, create_pictures(2))
    assert [each.name for each in one.removals] == ["grey", "blur", "black", "noise"]
    assert one.unseen == ("noise",)
    noise = one.removals[3].compute(small, one.inputs[0])
    assert noise.min() >= -1 and noise.max() <= 1 and np.unique(noise).size > 700

    inputs = create_pictures(2, side=224)
    first, last = list_pictures(create_linear(shape=(2, 1, 224, 224)), inputs)
    assert first.unseen == (BLACK.name, "another photo")
    for picture, other in ((first, "p1"), (last, "p0")):
        pixels = picture.removals[3].compute(small, picture.inputs[0])
        np.testing.assert_array_equal(pixels, inputs[other][0])


def test_what_is_finished_is_not_judged_again(tmp_path: Path) -> None:
    model, inputs, path = create_linear(shape=(2, 1, 28, 28)), create_pictures(2), tmp_path / "x"
    first = maps.run(model, list_pictures(model, inputs), path, QUICK, twice=True)
    model.calls.clear()
    again = maps.run(model, list_pictures(model, inputs), path, QUICK, twice=True)
    assert not model.calls
    assert again == first == json.loads(path.read_text())
    row = first["p0"][maps.BEST]
    assert len(row["curves"]) == len(row["probes"]) == 4
    assert -1 <= row["agreement"] <= 1


def test_a_linear_networks_own_weights_foretell_its_probes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Two classes with opposite weights: the log-odds are linear in what a probe shows.
    weights = np.random.default_rng(1).normal(size=(1, 1, 28, 28)).astype(np.float32)
    model = LinearModel(np.concatenate([weights, -weights]))
    (picture, _) = list_pictures(model, create_pictures(2))
    exact = maps.Contender("exact", "input_x_gradient", {})
    found = maps.judge_picture(model, picture, [exact], twice=False)["exact"]
    assert found["probes"][0] > 0.999  # grey is 0 here: nothing is left of what is hidden


def test_an_interval_by_hand() -> None:
    assert maps.tell(np.full(7, 0.25)) == "0.250 (0.250 to 0.250)"
    mean, rest = maps.tell(np.array([0.0, 1.0] * 50)).split(" (")
    low, high = (float(part) for part in rest.rstrip(")").split(" to "))
    assert mean == "0.500"
    assert low == pytest.approx(0.4, abs=0.02) and high == pytest.approx(0.6, abs=0.02)


def test_a_lead_is_a_mean_over_the_removals_asked_for() -> None:
    rows = [
        {
            "removals": ["a", "b"],
            maps.BEST: {"curves": [0.5, 0.9]},
            maps.RIVAL: {"curves": [0.2, 0.4]},
        }
    ]
    np.testing.assert_allclose(maps.compute_lead(rows, ["b"], "curves"), [0.5])
    np.testing.assert_allclose(maps.compute_lead(rows, ["a", "b"], "curves"), [0.4])


def test_digits_are_read_as_the_network_takes_them(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", X_test=np.arange(2 * 784).reshape(2, 784) % 256)
    digits = load_digits(tmp_path / "d.npz")
    assert digits["digit 1"].shape == (1, 1, 28, 28)
    assert digits["digit 1"][0, 0, 0, 0] == 784 % 256


def test_a_graph_is_differentiated_and_runs(tmp_path: Path) -> None:
    graph = classifier(
        "f = Flatten(image) y = Gemm(f, v)", {"v": (36, 5)}, image="float[N,1,6,6] image"
    )
    (tmp_path / "m.onnx").write_bytes(graph.SerializeToString())
    model = GraphModel(tmp_path / "m.onnx")
    image = np.random.default_rng(0).random((2, 1, 6, 6)).astype(np.float32)
    explained = model.explain(image, np.array([1, 2]))
    assert explained.logits == pytest.approx(model.predict(image))
    score = (explained.gradient * image).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(score, explained.score, rtol=1e-4)  # linear, without a bias
