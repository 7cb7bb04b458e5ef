"""Work by layer, energy, the 6 N D rule and 8 bits, by hand and on the committed networks."""

from pathlib import Path

import altair as alt
import numpy as np
import pytest
from onnx import helper

from dashboard.cache import ZOO
from dashboard.inference.activation_memory import find_peak
from dashboard.inference.cards import load_model_card
from dashboard.inference.layer_macs import LayerCost, count_layers
from dashboard.inference.preprocessing import normalize
from dashboard.inference.running import load_structure
from dashboard.inference.sessions import OnnxModel
from dashboard.inference.zoo import ZooError
from dashboard.limits.energy import GRID, Range, estimate_carbon, estimate_energy
from dashboard.limits.quantisation import (
    compare_networks,
    compute_sign_test,
    occlude,
    open_on_cpu,
    quantise,
)
from dashboard.limits.scaling import Training, count_by_rule, count_training, describe_times
from dashboard.limits.speed import compare_speed, summarize_pairs
from dashboard.views.cost.charts import Offer, find_pareto, plot_layers, plot_offers, plot_trainings
from dashboard.views.cost.quantised import describe_alone, describe_speed
from export.macs import count_macs

PICTURES = ("cnn.fashion_mnist", "vit.fashion_mnist", "efficientnet_lite0.imagenet")


@pytest.mark.parametrize("name", PICTURES)
def test_the_layers_add_up_to_the_card(name: str) -> None:
    path = ZOO / name / "predict.onnx"
    layers = count_layers(load_structure(path))
    assert sum(layer.macs for layer in layers) == load_model_card(ZOO / name).macs
    assert sum(layer.macs for layer in layers) == count_macs(path)
    assert all(layer.weights >= 0 and layer.outputs > 0 for layer in layers)


def test_the_first_layer_of_the_cnn_by_hand() -> None:
    first = count_layers(load_structure(ZOO / "cnn.fashion_mnist" / "predict.onnx"))[0]
    channels, height, width = first.shape
    assert first.kind == "Conv"
    assert first.macs == channels * height * width * (first.weights - channels) // channels


def test_the_peak_of_a_diamond_by_hand() -> None:
    # x (1, 4) -> a -> b, and a + b at last: a waits for b, so a, b and the sum are alive at once.
    nodes = [
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Concat", ["a", "a"], ["wide"], axis=1),
        helper.make_node("ReduceSum", ["wide", "axes"], ["b"]),
        helper.make_node("Add", ["a", "b"], ["y"]),
    ]
    ports = [helper.make_tensor_value_info(name, 1, ["batch", 4]) for name in "xy"]
    axes = helper.make_tensor("axes", 7, [1], [1])
    graph = helper.make_graph(nodes, "diamond", ports[:1], ports[1:], [axes])
    assert find_peak(helper.make_model(graph)) == 4 + 8 + 1  # a, the doubled one and its sum


def test_what_is_alive_at_once_holds_the_largest_layer() -> None:
    for name in PICTURES:
        model = load_structure(ZOO / name / "predict.onnx")
        largest = max(layer.outputs for layer in count_layers(model))
        assert largest <= find_peak(model) < 20 * largest


def test_two_are_compared_pair_by_pair() -> None:
    # A moment four times as slow hits both of the last pair; the ratio does not see it.
    pairs = np.array([[2.0, 1.0], [2.0, 1.0], [8.0, 4.0]])
    speed = summarize_pairs(pairs)
    assert (speed.before, speed.after, speed.ratio, speed.low, speed.high) == (2, 1, 2, 2, 2)
    assert describe_speed(speed) == "faster"
    assert describe_speed(summarize_pairs(pairs[:, ::-1])) == "slower"
    assert "neither" in describe_speed(summarize_pairs(np.array([[1.0, 2.0], [2.0, 1.0]])))


def test_both_run_equally_often() -> None:
    calls: list[str] = []
    speed = compare_speed(lambda: calls.append("a"), lambda: calls.append("b"), 60, most=6)
    assert speed.n == 6 and calls.count("a") == calls.count("b") == 9


def test_energy_and_carbon_by_hand() -> None:
    energy = estimate_energy(3_600_000, 2)  # an hour on two cores
    assert (energy.low, energy.high) == (4.0, 40.0)
    carbon = estimate_carbon(Range(1000, 2000), "France")
    assert (carbon.low, carbon.high) == pytest.approx((GRID["France"], 2 * GRID["France"]))


def test_the_rule_by_hand() -> None:
    assert count_by_rule(175e9, 300e9) == pytest.approx(3.15e23)  # the paper says 3.14e23
    assert count_training(10, 5, 2) == 600
    assert describe_times(3e23, 4e14) == "10⁹"


def test_eight_bits_keep_the_answers_of_the_cnn() -> None:
    model = OnnxModel(ZOO / "cnn.fashion_mnist", threads=2)
    with np.load(ZOO / "samples" / "fashion_mnist.npz") as arrays:
        views = np.repeat(arrays["pixels"][:200, ..., np.newaxis], 3, axis=3)
        labels = arrays["labels"][:200]
    inputs = normalize(views, model.card)
    small = quantise(ZOO / "cnn.fashion_mnist", inputs[:40])
    assert len(small.after) < 0.4 * len(small.before)
    session, wide = open_on_cpu(small.after, 2), open_on_cpu(small.before, 2)

    def predict(rows: np.ndarray) -> np.ndarray:
        (logits,) = session.run(["logits"], {session.get_inputs()[0].name: rows})
        return np.asarray(logits)

    (same,) = wide.run(["logits"], {wide.get_inputs()[0].name: inputs[:4]})
    assert np.allclose(same, model.predict(inputs[:4]), atol=1e-5)
    found = compare_networks(inputs, labels, model.predict, predict, maps=3)
    assert found.n == 200 and found.same >= 190
    assert found.accuracy is not None
    assert abs(found.accuracy[0] - found.accuracy[1]) < 0.04
    assert found.alone is not None and sum(found.alone) <= found.n - found.same
    assert found.alone[0] - found.alone[1] == round(
        found.n * (found.accuracy[0] - found.accuracy[1])
    )
    assert found.maps > 0.8 > found.other


def test_the_sign_test_by_hand() -> None:
    # Of three, all on one side: 2 * 1/8. Of ten, nine to one: 2 * (1 + 10) / 1024.
    assert compute_sign_test(3, 0) == 0.25
    assert compute_sign_test(1, 9) == compute_sign_test(9, 1) == 22 / 1024
    assert compute_sign_test(0, 0) == compute_sign_test(4, 4) == 1
    assert "no more than chance explains (sign test, p = 0.25)" in describe_alone(3, 0)
    assert "more than chance explains (sign test, p = 0.02)" in describe_alone(9, 1)
    assert "no more" not in describe_alone(9, 1)


def test_a_folder_without_a_graph_cannot_be_made_8_bit(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="8-bit"):
        quantise(tmp_path, np.zeros((1, 1, 28, 28), np.float32))


def test_occlusion_finds_the_window_that_counts() -> None:
    inputs = np.zeros((1, 1, 28, 28), np.float32)
    inputs[0, 0, 4:8, 8:12] = 1

    def predict(rows: np.ndarray) -> np.ndarray:
        return np.stack([rows[:, 0, 4:8, 8:12].sum((1, 2)), np.zeros(len(rows))], 1)

    falls = occlude(inputs, 0, predict)
    assert falls.shape == (7, 7) and divmod(int(falls.argmax()), 7) == (1, 2)


def test_only_offers_that_none_beats_are_on_the_front() -> None:
    offers = [Offer("a", 1, 90, 89, 91), Offer("b", 2, 89, 88, 90), Offer("c", 3, 95, 94, 96)]
    assert find_pareto(offers) == ["a", "c"]
    spec = plot_offers(offers, "a")
    alt.Chart.from_dict(spec)
    assert [row["name"] for row in spec["data"]["values"]] == ["a", "b (beaten)", "c"]


def test_the_charts_are_valid() -> None:
    alt.Chart.from_dict(plot_layers([LayerCost("1 Conv", "Conv", (4, 2, 2), 100, 9, 16)]))
    spec = plot_trainings([Training("ours", 1e12, "")], [Training("theirs", 1e24, "x")])
    alt.Chart.from_dict(spec)
    assert [row["name"] for row in spec["data"]["values"]] == ["ours", "theirs"]
