"""What names a result in the store is made by a sight or by one function of its room."""

import ast
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dashboard.inference.sight import ModelFacts, Sight

ROOT = Path(__file__).resolve().parents[2] / "dashboard"
# Function -> the places of its key and of its computation.
KEEPERS = {
    "get_or_compute": (0, 1),
    "get": (0, None),
    "compute_with_bar": (0, 1),
    "compute_on_demand": (1, 3),
    "draw_start": (1, None),
}
# Those that hand on a key which their caller has made.
HANDING_ON = {"cache.py", "widgets/on_demand.py", "explanation/flow.py"}

Call = tuple[str, ast.Call, ast.AST]


def list_calls(tree: ast.AST, path: str) -> Iterator[Call]:
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and is_asked(node.func):
                    yield f"{path}:{node.lineno}", node, function


def is_asked(function: ast.expr) -> bool:
    """Return whether it keeps results; a ``get`` counts where it is a store's."""
    name = get_name(function)
    if name != "get" or not isinstance(function, ast.Attribute):
        return name in KEEPERS
    owner = function.value.func if isinstance(function.value, ast.Call) else function.value
    return get_name(owner) in {"store", "results", "get_store", "get_results"}


def get_name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def is_made(key: ast.expr, function: ast.AST) -> bool:
    """Return whether a key comes from a function that makes keys."""
    if isinstance(key, ast.Name):
        given = [value for name, value in list_assigned(function) if name == key.id]
        return bool(given) and all(is_made(each, function) for each in given)
    return isinstance(key, ast.Call) and get_name(key.func).endswith("_key")


def list_assigned(function: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                names = (get_name(each) for each in target.elts)
                yield from zip(names, value.elts, strict=True)
            else:
                yield get_name(target), value


def is_type(node: ast.expr) -> bool:
    """Return whether a computation is a bare type, which makes an empty result of nothing."""
    return isinstance(node, ast.Subscript) or get_name(node) in {"tuple", "list", "dict", "set"}


CALLS = [
    call
    for path in sorted(ROOT.rglob("*.py"))
    for call in list_calls(ast.parse(path.read_text("utf-8")), str(path.relative_to(ROOT)))
]


def test_calls_are_found() -> None:
    assert len(CALLS) > 40


@pytest.mark.parametrize(("place", "call", "function"), CALLS, ids=[place for place, *_ in CALLS])
def test_no_key_is_made_by_hand_and_no_type_computes(
    place: str, call: ast.Call, function: ast.AST
) -> None:
    key, compute = KEEPERS[get_name(call.func)]
    if place.rpartition(":")[0] not in HANDING_ON:
        assert is_made(call.args[key], function), f"{place}: a key made by hand"
    if compute is not None:
        assert not is_type(call.args[compute]), f"{place}: a type computes nothing"


def create_sight(labels: tuple[str, ...] = ("cat", "dog"), photo: str = "photo") -> Sight:
    return Sight(
        model=None,  # type: ignore[arg-type]
        facts=ModelFacts("m", "M", {}, "CPU"),
        key=("network", photo),
        picture=np.zeros((8, 8, 3), np.uint8),
        logits=np.log(np.array([0.25, 0.75], np.float32)),
        labels=labels,
        normalize=lambda views: views[..., 0][:, np.newaxis].astype(np.float32),
        crop=lambda picture: picture,
        is_light=True,
    )


def test_other_names_of_the_classes_are_another_result_only_where_they_are_told() -> None:
    sight, renamed = create_sight(), create_sight(labels=("cat", "wolf"))
    assert sight.make_key("a") == create_sight().make_key("a")
    assert sight.make_key("a") != renamed.make_key("a")
    assert sight.make_nameless_key("a") == renamed.make_nameless_key("a")
    assert sight.identity != renamed.identity
    other = create_sight(photo="another")
    assert sight.make_nameless_key("a") != other.make_nameless_key("a")
    assert len({sight.make_key("a"), sight.make_key("b"), sight.make_nameless_key("a")}) == 3


def test_a_sight_says_what_the_network_does() -> None:
    sight = create_sight()
    assert sight.target == 1 and sight.ranking == (1, 0)
    assert sight.describe(1) == "dog (75\u00a0%)" and sight.describe(0, 0.5) == "cat (50\u00a0%)"
    assert sight.inputs.shape == (1, 1, 8, 8) and sight.is_small
