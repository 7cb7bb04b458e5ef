"""Work by layer, energy, the 6 N D rule and 8 bits, by hand and on the committed networks."""

from pathlib import Path

import altair as alt
import numpy as np
import pytest

from dashboard.cache import ZOO
from dashboard.cost_charts import Offer, find_pareto, plot_layers, plot_offers, plot_trainings
from dashboard.inference.card_loading import load_model_card
from dashboard.inference.preprocessing import normalize
from dashboard.inference.sessions import OnnxModel
from dashboard.inference.zoo import ZooError
from dashboard.limits.energy import GRID, Range, estimate_carbon, estimate_energy
from dashboard.limits.layer_macs import LayerCost, count_layers
from dashboard.limits.quantisation import compare_networks, occlude, open_quantised, quantise
from dashboard.limits.scaling import Training, count_by_rule, count_training, describe_times
from export.macs import count_macs

PICTURES = ("cnn.fashion_mnist", "vit.fashion_mnist", "efficientnet_lite0.imagenet")


@pytest.mark.parametrize("name", PICTURES)
def test_the_layers_add_up_to_the_card(name: str) -> None:
    path = ZOO / name / "predict.onnx"
    layers = count_layers(path)
    assert sum(layer.macs for layer in layers) == load_model_card(ZOO / name).macs
    assert sum(layer.macs for layer in layers) == count_macs(path)
    assert all(layer.weights >= 0 and layer.outputs > 0 for layer in layers)


def test_the_first_layer_of_the_cnn_by_hand() -> None:
    first = count_layers(ZOO / "cnn.fashion_mnist" / "predict.onnx")[0]
    channels, height, width = first.shape
    assert first.kind == "Conv"
    assert first.macs == channels * height * width * (first.weights - channels) // channels


def test_energy_and_carbon_by_hand() -> None:
    energy = estimate_energy(3_600_000, 2)  # an hour on two cores
    assert (energy.low, energy.high) == (4.0, 40.0)
    carbon = estimate_carbon(Range(1000, 2000), "France")
    assert (carbon.low, carbon.high) == pytest.approx((GRID["France"], 2 * GRID["France"]))


def test_the_rule_by_hand() -> None:
    assert count_by_rule(175e9, 300e9) == pytest.approx(3.15e23)  # the paper says 3.14e23
    assert count_training(10, 5, 2) == 600
    assert describe_times(3e23, 4e14) == "10^9"


def test_eight_bits_keep_the_answers_of_the_cnn() -> None:
    model = OnnxModel(ZOO / "cnn.fashion_mnist", threads=2)
    with np.load(ZOO / "samples" / "fashion_mnist.npz") as arrays:
        views = np.repeat(arrays["pixels"][:200, ..., np.newaxis], 3, axis=3)
        labels = arrays["labels"][:200]
    inputs = normalize(views, model.card)
    small = quantise(ZOO / "cnn.fashion_mnist", inputs[:40])
    assert small.bytes_after < 0.4 * small.bytes_before
    session = open_quantised(small, 2)

    def predict(rows: np.ndarray) -> np.ndarray:
        (logits,) = session.run(["logits"], {session.get_inputs()[0].name: rows})
        return np.asarray(logits)

    found = compare_networks(inputs, labels, model.predict, predict, maps=3)
    assert found.n == 200 and found.same >= 190
    assert found.accuracy is not None
    assert abs(found.accuracy[0] - found.accuracy[1]) < 0.04
    assert found.maps > 0.8 > found.other


def test_a_folder_without_a_graph_cannot_be_made_8_bit(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="8-bit"):
        quantise(tmp_path, np.zeros((1, 1, 28, 28), np.float32))


def test_occlusion_finds_the_window_that_counts() -> None:
    inputs = np.zeros((1, 1, 28, 28), np.float32)
    inputs[0, 0, 4:8, 8:12] = 1

    def predict(rows: np.ndarray) -> np.ndarray:
        return np.stack([rows[:, 0, 4:8, 8:12].sum((1, 2)), np.zeros(len(rows))], 1)

    falls = occlude(inputs, 0, predict)
    assert falls.shape == (7, 7) and np.unravel_index(falls.argmax(), (7, 7)) == (1, 2)


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
