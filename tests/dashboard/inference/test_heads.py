"""A Transformer's heads opened: the numbers shown are those that the network computed."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from dashboard.cache import ZOO
from dashboard.inference.gradients import GradientGraph
from dashboard.inference.graphs import Array
from dashboard.inference.heads import (
    Heads,
    HeadsGraph,
    count_chain,
    count_chain_of,
)
from dashboard.inference.model import Doubles
from dashboard.inference.pointers import find_pointer
from dashboard.inference.probability import compute_probabilities
from dashboard.inference.running import load_structure
from dashboard.inference.zoo import ZooError
from dashboard.sequences.pronouns import ask_from_everywhere

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


def read_pronoun() -> tuple[HeadsGraph, dict[str, Array]]:
    """Return the resolver and its feed of random states, T = 9, "it" at 5."""
    graph = HeadsGraph(ZOO / "resolver.pronouns", threads=1)
    states = np.random.default_rng(0).normal(size=(1, 9, 384)).astype(np.float32)
    mask = np.ones((1, 9), np.int64)
    return graph, {"states": states, "attention_mask": mask, "pronoun": np.array([5])}


def test_softmax_of_the_pointers_query_times_keys_is_the_answer() -> None:
    graph, feed = read_pronoun()
    heads = graph.open_pointer(ask_from_everywhere(feed))
    assert heads.queries.shape == heads.keys.shape == (1, 9, 64)
    assert heads.values.shape == (1, 9, 0)
    np.testing.assert_allclose(compute_weights(heads), heads.attention, atol=2e-6)
    # The file as it ships, opened by nobody: the same scores for the pronoun.
    session = onnxruntime.InferenceSession(str(ZOO / "resolver.pronouns" / "predict.onnx"))
    (scores,) = session.run(["scores"], feed)
    np.testing.assert_allclose(heads.attention[0, 5], compute_probabilities(scores[0]), atol=1e-6)
    by_hand = heads.queries[0, 5] @ heads.keys[0].T / np.sqrt(64)
    np.testing.assert_allclose(by_hand, scores[0], atol=1e-4)


def test_the_query_is_told_from_the_keys_in_either_order() -> None:
    def build(first: str, second: str) -> onnx.ModelProto:
        return onnx.parser.parse_model(f"""
            <ir_version: 9, opset_import: ["" : 18]>
            pointer (float[1, T, 4] x, int64[1, 1, 4] place, float[4, 4] w, int64[1] axis)
                => (float[1, T] scores)
            {{
                picked = GatherElements <axis = 1> (x, place)
                query = MatMul (picked, w)
                keys = MatMul (x, w)
                product = Mul ({first}, {second})
                scores = ReduceSum <keepdims = 0> (product, axis)
            }}""")

    for order in (("query", "keys"), ("keys", "query")):
        found = find_pointer(build(*order))
        assert found is not None
        assert (found.query, found.keys, found.scores) == ("query", "keys", "scores")


@pytest.mark.parametrize("name", ["minilm.sentences", "vit.fashion_mnist", "lstm.recall"])
def test_a_network_without_a_pointer_has_none(name: str) -> None:
    # MiniLM's pooling multiplies and adds up too, but nothing of it was picked out by a place.
    assert find_pointer(load_structure(ZOO / name / "predict.onnx")) is None


def test_a_pointer_that_is_not_there_is_one_sentence(minilm: HeadsGraph) -> None:
    with pytest.raises(ValueError, match=r"minilm\.sentences points to nothing"):
        minilm.open_pointer(FEED)


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
