"""Tensors that lie elsewhere, too much of anything, and weights that are not what they declare."""

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from dashboard.uploads.inside import checks, parts
from dashboard.uploads.inside.checks import check_upload
from tests.dashboard.uploads.hostile import change, make_external, nest, refuse, repeat
from tests.dashboard.uploads.networks import create_network, node


def hide_in_weights(model: onnx.ModelProto, tensor: TensorProto) -> None:
    model.graph.initializer.append(tensor)


def hide_in_node(model: onnx.ModelProto, tensor: TensorProto) -> None:
    model.graph.node.append(node("Constant", [], ["stolen"], value=tensor))


def hide_in_list(model: onnx.ModelProto, tensor: TensorProto) -> None:
    attribute = model.graph.node[0].attribute.add(name="hidden", type=onnx.AttributeProto.TENSORS)
    attribute.tensors.append(tensor)


def hide_in_sparse(model: onnx.ModelProto, tensor: TensorProto) -> None:
    model.graph.sparse_initializer.add().values.CopyFrom(tensor)


def hide_in_branch(model: onnx.ModelProto, tensor: TensorProto) -> None:
    branch = helper.make_graph([], "branch", [], [], [tensor])
    model.graph.node.append(node("If", ["yes"], ["z"], then_branch=branch, else_branch=branch))


def hide_in_branch_of_branch(model: onnx.ModelProto, tensor: TensorProto) -> None:
    inner = helper.make_graph([node("Constant", [], ["s"], value=tensor)], "inner", [], [])
    outer = helper.make_graph([node("If", ["yes"], ["z"], then_branch=inner)], "outer", [], [])
    model.graph.node.append(node("If", ["yes"], ["z"], then_branch=outer))


def hide_in_function(model: onnx.ModelProto, tensor: TensorProto) -> None:
    function = model.functions.add(name="steal", domain="own")
    function.node.append(node("Constant", [], ["stolen"], value=tensor))


def hide_in_training(model: onnx.ModelProto, tensor: TensorProto) -> None:
    model.training_info.add().initialization.initializer.append(tensor)


HIDING_PLACES = [
    hide_in_weights,
    hide_in_node,
    hide_in_list,
    hide_in_sparse,
    hide_in_branch,
    hide_in_branch_of_branch,
    hide_in_function,
    hide_in_training,
]


@pytest.mark.parametrize("hide", HIDING_PLACES)
@pytest.mark.parametrize("location", ["../../../etc/passwd", "/etc/passwd", "secret.bin"])
def test_a_tensor_in_another_file_is_refused_wherever_it_hides(hide: Any, location: str) -> None:
    model = create_network()
    hide(model, make_external(location))
    assert "lie in a second file" in refuse(model)


@pytest.mark.parametrize("hide", HIDING_PLACES)
def test_a_location_without_the_mark_is_refused_too(hide: Any) -> None:
    model, tensor = create_network(), make_external("secret.bin")
    tensor.ClearField("data_location")
    hide(model, tensor)
    assert "lie in a second file" in refuse(model)


def test_the_sentence_says_how_to_make_one_file() -> None:
    model = create_network()
    hide_in_weights(model, make_external("model.onnx.data"))
    assert "onnx.save(onnx.load('model.onnx'), 'whole.onnx')" in refuse(model)


def test_too_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "MAX_BYTES", 100)
    assert "at most" in refuse(create_network())


def test_fifty_thousand_nodes() -> None:
    assert refuse(repeat(50_000)) == "The network has more than 20,000 nodes, which is too many."


def test_as_many_nodes_as_are_allowed() -> None:
    check_upload(repeat(2_000).SerializeToString())


def test_nodes_without_any_content() -> None:
    bomb = onnx.ModelProto(ir_version=9)
    bomb.graph.name = "bomb"
    for _ in range(60_000):
        bomb.graph.node.add()
    assert "20,000 nodes" in refuse(bomb)


def test_a_million_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MAX_PARTS", 1_000)
    model = create_network()
    for _ in range(1_001):
        model.graph.value_info.add(name="x")
    assert "more than 1,000 parts" in refuse(model)
    wide = create_network()
    wide.graph.node[0].input.extend(["x"] * 1_001)
    assert "1,003 entries in its input" in refuse(wide)


def test_graphs_nested_deeply() -> None:
    assert "nested more than 8 deep" in refuse(nest(12))


def test_graphs_nested_beyond_what_parses() -> None:
    def wrap(field: int, data: bytes) -> bytes:  # a message within a message (protobuf's format)
        length, digits = len(data), b""
        while length >= 128:
            digits, length = digits + bytes([length % 128 + 128]), length // 128
        return bytes([field * 8 + 2]) + digits + bytes([length]) + data

    graph = b""
    for _ in range(2_000):
        graph = wrap(1, wrap(5, wrap(6, graph)))  # graph.node.attribute.g
    assert "not an ONNX file" in refuse(b"\x08\x09" + wrap(7, graph))


@pytest.mark.parametrize("field", ["name", "op_type", "domain"])
def test_a_name_of_a_megabyte(field: str) -> None:
    model = change(lambda m: setattr(m.graph.node[0], field, "x" * (1 << 20)))
    assert "1,048,576 letters long, which is absurd" in refuse(model)


def test_exporters_may_write_long_comments() -> None:
    model = change(lambda m: setattr(m.graph.node[0], "doc_string", "x" * 100_000))
    check_upload(model.SerializeToString())


def set_dims(model: onnx.ModelProto, *dims: int) -> None:
    model.graph.initializer[0].dims[:] = dims


@pytest.mark.parametrize("dims", [(10**6, 10**6), (8, 3, 3), (8, 3, 3, 4), (1 << 62, 1 << 62)])
def test_weights_that_declare_more_or_less_than_they_hold(dims: tuple[int, ...]) -> None:
    assert "and holds 864" in refuse(change(lambda m: set_dims(m, *dims)))


def test_weights_of_a_negative_size() -> None:
    assert "negative size" in refuse(change(lambda m: set_dims(m, -1, -8)))


@pytest.mark.parametrize("kind", [0, 99])
def test_weights_of_an_unknown_type(kind: int) -> None:
    model = change(lambda m: setattr(m.graph.initializer[0], "data_type", kind))
    assert refuse(model)


@pytest.mark.parametrize(
    "array",
    [np.arange(5).astype(kind) for kind in ("f4", "f8", "f2", "i1", "u1", "i4", "i8", "u8", "?")],
    ids=lambda array: str(array.dtype),
)
def test_constants_of_every_usual_type_pass(array: Any) -> None:
    typed = helper.make_tensor("typed", helper.np_dtype_to_tensor_dtype(array.dtype), [5], array)
    for tensor in (numpy_helper.from_array(array, "raw"), typed):
        parts.check_tensor(tensor)


@pytest.mark.parametrize("kind", [TensorProto.INT4, TensorProto.UINT4])
def test_constants_of_four_bits_pass(kind: int) -> None:
    parts.check_tensor(helper.make_tensor("odd", kind, [5], [1, 2, 3, 4, 5]))


def test_a_constant_of_texts_and_one_of_complex_numbers_pass() -> None:
    parts.check_tensor(helper.make_tensor("t", TensorProto.STRING, [2], [b"a", b"b"]))
    parts.check_tensor(helper.make_tensor("c", TensorProto.COMPLEX64, [1], [1 + 2j]))
