"""How the nodes of an uploaded model hang together: known operators, one order, no circles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import onnx

from dashboard.uploads.inside.parts import MAX_NODES, Parts
from dashboard.uploads.sandbox_wire import UploadError

MAX_FUNCTION_DEPTH = 32

ONNX_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml"})
_HINTS = {
    "com.microsoft": "save the model before ONNX Runtime optimizes or quantizes it",
    "com.microsoft.nchwc": "save the model before ONNX Runtime optimizes it",
    "ai.onnx.contrib": "leave pre- and postprocessing out of the exported graph",
    "org.pytorch.aten": "export with torch.onnx.OperatorExportTypes.ONNX",
}

FunctionKey = tuple[str, str, str]
Functions = dict[FunctionKey, onnx.FunctionProto]


def check_structure(model: onnx.ModelProto, parts: Parts) -> None:
    """Check the operators' domains, the functions, and every graph.

    Raises:
        UploadError: one of them breaks a rule; the message names what.
    """
    functions = {_make_key(function): function for function in model.functions}
    scopes: list[onnx.GraphProto | onnx.FunctionProto] = [*parts.graphs, *parts.functions]
    for scope in scopes:
        for node in scope.node:
            _check_domain(node, functions)
    _check_expansion(model, functions)
    for scope in scopes:
        _check_order(scope)


def _make_key(each: onnx.FunctionProto) -> FunctionKey:
    return each.domain, each.name, each.overload


def _find_function(node: onnx.NodeProto, functions: Functions) -> onnx.FunctionProto | None:
    return functions.get((node.domain, node.op_type, node.overload))


def _check_domain(node: onnx.NodeProto, functions: Functions) -> None:
    if node.domain in ONNX_DOMAINS or _find_function(node, functions) is not None:
        return
    hint = _HINTS.get(node.domain, "export it with ONNX's own operators only")
    raise UploadError(
        f"The network uses {node.op_type} of {node.domain}, which is not part of ONNX: {hint}."
    )


def _check_expansion(model: onnx.ModelProto, functions: Functions) -> None:
    """Count the nodes there are when every function is written out: few may stand for billions."""
    sizes: dict[FunctionKey, int] = {}

    def measure(nodes: Iterable[onnx.NodeProto], depth: int) -> int:
        if depth > MAX_FUNCTION_DEPTH:
            raise UploadError("Functions in the file call each other in a circle or too deeply.")
        total = 0
        for node in nodes:
            total += 1 + sum(measure(graph.node, depth) for graph in list_subgraphs(node))
            function = _find_function(node, functions)
            if function is not None:
                key = _make_key(function)
                if key not in sizes:
                    sizes[key] = measure(function.node, depth + 1)
                total += sizes[key]
            if total > MAX_NODES:
                raise UploadError(
                    f"The network has more than {MAX_NODES:,} nodes when its functions are "
                    "written out, which is too many."
                )
        return total

    measure(model.graph.node, 0)
    for function in functions.values():
        measure(function.node, 0)


def list_subgraphs(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """Yield the graphs inside a node (the branches of If, the bodies of Loop and Scan)."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _check_order(scope: onnx.GraphProto | onnx.FunctionProto) -> None:
    makers: dict[str, int] = {}
    for index, node in enumerate(scope.node):
        for name in filter(None, node.output):
            if name in makers:
                raise UploadError(f"Two nodes of the network both compute {name}.")
            makers[name] = index
    _check_given(scope, makers)
    _refuse_circles(scope.node, makers)


def _check_given(scope: onnx.GraphProto | onnx.FunctionProto, makers: dict[str, int]) -> None:
    if isinstance(scope, onnx.FunctionProto):
        given: dict[str, Sequence[str]] = {"input": scope.input}
    else:
        given = {
            "input": [value.name for value in scope.input],
            "tensor": [tensor.name for tensor in scope.initializer]
            + [tensor.values.name for tensor in scope.sparse_initializer],
        }
    for kind, names in given.items():
        name, count = next(iter(Counter(names).most_common(1)), ("", 1))
        if count > 1:
            raise UploadError(f"The network has {count} {kind}s that are all called {name}.")
        doubled = next((name for name in names if name in makers), None)
        if doubled is not None:
            raise UploadError(f"A node of the network computes {doubled}, which is given already.")


def _refuse_circles(nodes: Sequence[onnx.NodeProto], makers: dict[str, int]) -> None:
    needs = [{makers[name] for name in list_read(node) if name in makers} for node in nodes]
    readers: dict[int, list[int]] = {}
    for index, needed in enumerate(needs):
        for maker in needed:
            readers.setdefault(maker, []).append(index)
    n_missing = [len(needed) for needed in needs]
    ready = [index for index, count in enumerate(n_missing) if count == 0]
    n_done = 0
    while ready:
        done = ready.pop()
        n_done += 1
        for reader in readers.get(done, ()):
            n_missing[reader] -= 1
            if n_missing[reader] == 0:
                ready.append(reader)
    if n_done < len(nodes):
        stuck = nodes[next(index for index, count in enumerate(n_missing) if count)]
        name = stuck.name or next(iter(stuck.output), "")
        raise UploadError(
            f"The network runs in a circle: {stuck.op_type} {name} needs its own result."
        )


def list_read(node: onnx.NodeProto) -> Iterator[str]:
    """Yield the names that a node reads, those that graphs inside it read among them."""
    yield from filter(None, node.input)
    for graph in list_subgraphs(node):
        for inner in graph.node:
            yield from list_read(inner)
        yield from (value.name for value in graph.output)  # an outer value may pass through
