"""Derivatives of Gemm, MatMul and Einsum."""

import string

from export.autodiff.builder import Builder, Gradients, Rule
from export.autodiff.node import Node


def gemm(b: Builder, node: Node, grad: str) -> Gradients:
    """Y = alpha A' B' + beta C, where ' is an optional transpose."""
    left, right = node.inputs[:2]
    turn_left, turn_right = int(node.attributes["transA"]), int(node.attributes["transB"])
    alpha, beta = float(node.attributes["alpha"]), float(node.attributes["beta"])
    to_left = to_right = to_bias = None
    if b.needs_grad(left):
        if turn_left:
            to_left = b.op("Gemm", right, grad, transA=turn_right, transB=1, alpha=alpha)
        else:
            to_left = b.op("Gemm", grad, right, transB=1 - turn_right, alpha=alpha)
    if b.needs_grad(right):
        if turn_right:
            to_right = b.op("Gemm", grad, left, transA=1, transB=turn_left, alpha=alpha)
        else:
            to_right = b.op("Gemm", left, grad, transA=1 - turn_left, alpha=alpha)
    bias = node.input(2)
    if bias and b.needs_grad(bias):
        to_bias = b.unbroadcast(grad if beta == 1.0 else b.op("Mul", grad, beta), bias)
    return [to_left, to_right, to_bias]


def matmul(b: Builder, node: Node, grad: str) -> Gradients:
    """Y = A B over the last two axes, the others broadcast; 1-D operands are a row or a column."""
    left, right = node.inputs
    row = b.op("Unsqueeze", left, [0]) if b.rank(left) == 1 else left
    column = b.op("Unsqueeze", right, [1]) if b.rank(right) == 1 else right
    if b.rank(right) == 1:
        grad = b.op("Unsqueeze", grad, [-1])
    if b.rank(left) == 1:
        grad = b.op("Unsqueeze", grad, [-2])
    to_left = to_right = None
    if b.needs_grad(left):
        full = b.unbroadcast(b.op("MatMul", grad, _turned(b, column)), row)
        to_left = full if row == left else b.op("Squeeze", full, [0])
    if b.needs_grad(right):
        full = b.unbroadcast(b.op("MatMul", _turned(b, row), grad), column)
        to_right = full if column == right else b.op("Squeeze", full, [1])
    return [to_left, to_right]


def _turned(b: Builder, matrix: str) -> str:
    """Swap the last two axes."""
    rank = b.rank(matrix)
    return b.op("Transpose", matrix, perm=[*range(rank - 2), rank - 1, rank - 2])


def einsum(b: Builder, node: Node, grad: str) -> Gradients:
    """An Einsum again: the operand's letters become the result's, the gradient an operand."""
    terms, result = _terms(b, node)
    grads: list[str | None] = []
    for index, (name, term) in enumerate(zip(node.inputs, terms, strict=True)):
        if not b.needs_grad(name):
            grads.append(None)
            continue
        if len(set(term)) < len(term):
            raise b.refusal("a repeated letter takes a diagonal; use Mul and ReduceSum instead")
        others = [
            (t, n) for i, (t, n) in enumerate(zip(terms, node.inputs, strict=True)) if i != index
        ]
        grads.append(_einsum_operand(b, name, term, [(result, grad), *others]))
    return grads


def _einsum_operand(b: Builder, name: str, term: str, factors: list[tuple[str, str]]) -> str:
    """Multiply the factors; letters of the operand that none of them has were summed alone."""
    present = {letter for factor, _ in factors for letter in factor}
    found = "".join(letter for letter in term if letter in present)
    equation = ",".join(factor for factor, _ in factors) + "->" + found
    product = b.op("Einsum", *(tensor for _, tensor in factors), equation=equation)
    alone = [i for i, letter in enumerate(term) if letter not in present]
    return b.expand_like(b.op("Unsqueeze", product, alone), name) if alone else product


def _terms(b: Builder, node: Node) -> tuple[list[str], str]:
    """Return the operands' letters and the result's, with ellipses and implicit results spelled."""
    equation = node.attributes["equation"].replace(" ", "")
    left, arrow, result = equation.partition("->")
    terms = left.split(",")
    if not arrow:
        letters = sorted(set(left) - set(",."))
        result = "..." * ("..." in left) + "".join(c for c in letters if left.count(c) == 1)
    if "..." in equation:
        free = [c for c in string.ascii_letters if c not in equation]
        ranks = [
            b.rank(n) - len(t.replace("...", ""))
            for n, t in zip(node.inputs, terms, strict=True)
            if "..." in t
        ]
        hidden = "".join(free[: ranks[0]])
        terms, result = [t.replace("...", hidden) for t in terms], result.replace("...", hidden)
    _refuse_broadcast(b, node, terms)
    return terms, result


def _refuse_broadcast(b: Builder, node: Node, terms: list[str]) -> None:
    sizes: dict[str, object] = {}
    for name, term in zip(node.inputs, terms, strict=True):
        for letter, dim in zip(term, b.shape(name), strict=True):
            if sizes.setdefault(letter, dim) != dim:
                raise b.refusal("it broadcasts an axis of 1; expand the operand first")


RULES: dict[str, Rule] = {"Gemm": gemm, "MatMul": matmul, "Einsum": einsum}
