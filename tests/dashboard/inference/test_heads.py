"""A Transformer's heads opened: the numbers shown are those that the network computed."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from dashboard.cache import ZOO
from dashboard.inference.gradients import GradientGraph
from dashboard.inference.heads import Heads, HeadsGraph, count_chain, count_chain_of
from dashboard.inference.model import Doubles
from dashboard.inference.probability import compute_probabilities
from dashboard.inference.zoo import ZooError

IDS = np.array([[101, 1996, 4111, 2134, 1005, 1056, 2892, 1996, 2395, 2138, 2009, 102]])
FEED = {"input_ids": IDS, "attention_mask": np.ones_like(IDS)}
TABLE = "encoder.embeddings.word_embeddings.weight"


def compute_weights(heads: Heads) -> Doubles:
    """Return softmax(q k^T / sqrt(d)): Vaswani et al. 2017, arXiv 1706.03762, equation 1."""
    queries, keys = heads.queries.astype(np.float64), heads.keys.astype(np.float64)
    return compute_probabilities(queries @ keys.swapaxes(-1, -2) / np.sqrt(queries.shape[-1]))


@pytest.fixture(scope="module")
def minilm() -> HeadsGraph:
    return HeadsGraph(ZOO / "minilm.sentences", threads=2)


def test_softmax_of_queries_times_keys_is_the_exported_attention(minilm: HeadsGraph) -> None:
    exported = minilm.run(FEED, ["attentions"])["attentions"][0]
    assert minilm.layers == len(exported) == 6
    for layer in range(minilm.layers):
        heads = minilm.open_layer(FEED, layer)
        assert heads.queries.shape == heads.keys.shape == heads.values.shape == (12, 12, 32)
        np.testing.assert_allclose(compute_weights(heads), exported[layer], atol=2e-6)
        np.testing.assert_array_equal(heads.attention, exported[layer])
        np.testing.assert_allclose(heads.attention.sum(-1), 1, atol=1e-5)


def test_a_vision_transformer_opens_the_same_way() -> None:
    graph = HeadsGraph(ZOO / "vit.fashion_mnist", threads=2)
    image = np.random.default_rng(0).normal(size=(1, 1, 28, 28)).astype(np.float32)
    exported = graph.run({"image": image}, ["attention"])["attention"][0]
    assert graph.layers == 4
    heads = graph.open_layer({"image": image}, 2)
    np.testing.assert_allclose(compute_weights(heads), exported[2], atol=2e-6)


def test_rows_are_read_from_the_file(minilm: HeadsGraph) -> None:
    folder = ZOO / "minilm.sentences"
    model = onnx.load(str(folder / "predict.onnx"), load_external_data=False)
    stored = next(weight for weight in model.graph.initializer if weight.name == TABLE)
    table = numpy_helper.to_array(stored, str(folder))
    rows = minilm.read_rows(TABLE, IDS[0])
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, table[IDS[0]].astype(np.float32))


def test_the_gradient_graph_agrees_with_finite_differences(minilm: HeadsGraph) -> None:
    gradients = GradientGraph(ZOO / "minilm.sentences", threads=2)
    length = IDS.shape[1]
    inputs = np.zeros((1, 32, 384), np.float32)
    inputs[0, :length] = minilm.read_rows(TABLE, IDS[0])
    mask = (np.arange(32) < length).astype(np.int64)[None]
    other = IDS[:, [0, 2, 8, 11]]
    reference = minilm.run(
        {"input_ids": other, "attention_mask": np.ones_like(other)}, ["sentence_embedding"]
    )["sentence_embedding"]
    feed = {"embeddings": inputs, "attention_mask": mask, "reference": reference}
    _, gradient = gradients.run(feed, 0)
    step = 0.01
    for place in (2, 8):
        scores = []
        for sign in (-1, 1):
            moved = inputs.copy()
            moved[0, place] *= 1 + sign * step
            scores.append(float(gradients.run({**feed, "embeddings": moved}, 0)[0][0]))
        slope = (scores[1] - scores[0]) / (2 * step)
        assert float((gradient[0, place] * inputs[0, place]).sum()) == pytest.approx(
            slope, rel=0.05, abs=2e-4
        )


def test_chains_are_counted_by_hand() -> None:
    weight = numpy_helper.from_array(np.eye(2, dtype=np.float32), "w")
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"]),
        helper.make_node("MatMul", ["x", "w"], ["b"]),
        helper.make_node("MatMul", ["a", "b"], ["c"]),
        helper.make_node("Add", ["c", "x"], ["y"]),
    ]
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 2]) for name in "xy"]
    model = helper.make_model(helper.make_graph(nodes, "g", ports[:1], ports[1:], [weight]))
    assert count_chain(model, 100) == 2


def test_a_recurrent_network_waits_for_every_letter() -> None:
    assert count_chain_of(ZOO / "rnn.recall", 256) == 257
    assert count_chain_of(ZOO / "transformer.recall", 256) == 13
    assert count_chain_of(ZOO / "transformer.recall", 16) == 13


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ZooError):
        HeadsGraph(tmp_path / "no.model")
    with pytest.raises(ZooError):
        GradientGraph(tmp_path / "no.model")
