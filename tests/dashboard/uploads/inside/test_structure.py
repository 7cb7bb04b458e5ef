"""Circles, doubles, functions that unfold, operators and versions that nobody knows."""

from itertools import pairwise
from typing import Any

import onnx
import pytest
from onnx import helper

from dashboard.uploads.inside.checks import check_upload
from tests.dashboard.uploads.hostile import change, refuse
from tests.dashboard.uploads.networks import create_network, node, value


def call(name: str, source: str, target: str) -> Any:
    return helper.make_node(name, [source], [target], domain="own")


def define(model: onnx.ModelProto, name: str, nodes: list[Any]) -> None:
    function = model.functions.add(name=name, domain="own")
    function.input.append("x")
    function.output.append("y")
    function.node.extend(nodes)
    function.opset_import.append(helper.make_opsetid("", 18))


def test_functions_that_unfold_to_billions_of_nodes() -> None:
    model = create_network()
    model.opset_import.append(helper.make_opsetid("own", 1))
    define(model, "f0", [node("Relu", ["x"], ["y"])])
    for level in range(1, 10):
        names = ["x", *(f"t{i}" for i in range(9)), "y"]
        steps = pairwise(names)
        define(model, f"f{level}", [call(f"f{level - 1}", a, b) for a, b in steps])
    model.graph.node.append(call("f9", "out", "more"))
    assert "20,000 nodes when its functions are written out" in refuse(model)


def test_functions_that_call_themselves() -> None:
    model = create_network()
    define(model, "f", [call("g", "x", "y")])
    define(model, "g", [call("f", "x", "y")])
    model.graph.node.append(call("f", "out", "more"))
    assert "call each other in a circle" in refuse(model)


def test_a_circle() -> None:
    model = change(lambda m: m.graph.node[0].input.__setitem__(0, "scores"))
    assert "runs in a circle: Conv before needs its own result" in refuse(model)


def test_a_circle_through_a_branch() -> None:
    branch = helper.make_graph([node("Identity", ["z"], ["w"])], "b", [], [value("w", None)])  # type: ignore[arg-type]
    model = change(
        lambda m: m.graph.node.append(
            node("If", ["yes"], ["z"], then_branch=branch, else_branch=branch)
        )
    )
    assert "runs in a circle: If z" in refuse(model)


def test_two_nodes_that_compute_the_same() -> None:
    model = change(lambda m: m.graph.node.append(node("Relu", ["scores"], ["before"])))
    assert refuse(model) == "Two nodes of the network both compute before."


def test_two_weights_of_one_name() -> None:
    model = change(lambda m: m.graph.initializer.append(m.graph.initializer[0]))
    assert refuse(model) == "The network has 2 tensors that are all called kernel."


def test_a_node_that_computes_the_input() -> None:
    model = change(lambda m: m.graph.node.append(node("Relu", ["scores"], ["image"])))
    assert refuse(model) == "A node of the network computes image, which is given already."


def test_nodes_that_read_what_nobody_computes() -> None:
    model = change(lambda m: m.graph.node[0].input.__setitem__(0, "nowhere"))
    assert refuse(model).startswith("The file breaks a rule of ONNX: ")


def test_an_operator_that_does_not_exist() -> None:
    assert "No Op registered for Magic" in refuse(
        change(lambda m: setattr(m.graph.node[0], "op_type", "Magic"))
    )


@pytest.mark.parametrize(
    ("domain", "hint"),
    [
        ("com.microsoft", "before ONNX Runtime optimizes"),
        ("evil.example", "export it with ONNX's own operators only"),
    ],
)
def test_another_domain_is_refused_by_name(domain: str, hint: str) -> None:
    def edit(model: onnx.ModelProto) -> None:
        model.graph.node[1].domain = domain
        model.opset_import.append(helper.make_opsetid(domain, 1))

    sentence = refuse(change(edit))
    assert f"uses Relu of {domain}, which is not part of ONNX" in sentence
    assert hint in sentence


def test_another_domain_that_is_only_declared_does_no_harm() -> None:
    model = change(lambda m: m.opset_import.append(helper.make_opsetid("com.microsoft", 1)))
    check_upload(model.SerializeToString())


def test_another_domain_inside_a_branch_is_found() -> None:
    inner = helper.make_node("Steal", ["x"], ["y"], domain="evil.example")
    branch = helper.make_graph([inner], "branch", [], [])
    model = change(lambda m: m.graph.node.append(node("If", ["x"], ["y"], then_branch=branch)))
    assert "Steal of evil.example" in refuse(model)


@pytest.mark.parametrize("opset", [1, 6, 99])
def test_operator_sets_out_of_reach(opset: int) -> None:
    assert f"Operator set {opset} is not one from 7" in refuse(
        change(lambda m: setattr(m.opset_import[0], "version", opset))
    )


def test_a_missing_operator_set() -> None:
    model = change(lambda m: m.ClearField("opset_import"))
    assert "A missing operator set" in refuse(model)


@pytest.mark.parametrize("version", [2, 99])
def test_format_versions_out_of_reach(version: int) -> None:
    assert f"format version {version}" in refuse(
        change(lambda m: setattr(m, "ir_version", version))
    )
