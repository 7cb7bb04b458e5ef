"""``python -m export.autodiff MODEL.onnx --output EXPLAIN.onnx``: differentiate, then prove it.

With ``--method`` the file written explains by itself: its outputs are logits and attributions.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import onnx

from export.autodiff.check import BOUND, Agreement, compare
from export.autodiff.deploy import METHODS, Options, create_explainer, write_explainer
from export.autodiff.deploy.check import BOUND as DEFINITION_BOUND
from export.autodiff.deploy.check import compare_to_definition
from export.autodiff.differentiate import Differentiated, differentiate_file
from export.autodiff.errors import UnsupportedGraph
from export.autodiff.laws import Lawfulness, check_laws
from export.autodiff.operators import Operators, survey
from export.autodiff.prepare import read

REFUSED = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0 if the gradient agrees, 2 with the reason otherwise."""
    given = _parse(arguments)
    try:
        _print_operators(survey(read(str(given.model))))
        return _explain(given) if given.method else _differentiate(given)
    except (UnsupportedGraph, OSError) as error:
        print(f"refused: {error}", file=sys.stderr)
        return REFUSED


def _differentiate(given: argparse.Namespace) -> int:
    found = differentiate_file(given.model, given.output, given.image, given.score, given.wrt)
    _print_notes(found)
    _print_file(given, "weights that lie in a file are shared")
    return _judge(compare(found, str(given.model.parent)))


def _explain(given: argparse.Namespace) -> int:
    folder = str(given.model.parent)
    options = Options(
        given.steps,
        given.samples,
        given.noise,
        given.seed,
        given.baseline,
        given.layer,
        tuple(given.required),
        given.masks,
    )
    explainer = create_explainer(
        read(str(given.model)),
        given.method,
        options,
        image=given.image,
        score=given.score,
        folder=folder,
    )
    write_explainer(explainer, given.output)
    _print_notes(explainer.gradient)
    if given.method == "grad_cam":
        print(f"layer: {explainer.options.layer}")
    _print_file(given, "weights included")
    if explainer.gradient.table == "gradient":
        status = _judge(compare(explainer.gradient, folder))
    else:
        status = _judge_rules(check_laws(explainer.gradient, folder))
    distance = compare_to_definition(explainer, folder)
    print(f"{given.method} by its definition, in float64: relative distance {distance:.1e}")
    if not distance <= DEFINITION_BOUND:
        print(f"refused: it does not agree to {DEFINITION_BOUND:.0e}", file=sys.stderr)
        return REFUSED
    return status


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m export.autodiff",
        description="Write an ONNX graph that returns a class score and its gradient by the image.",
        epilog="The exit status is 0 only when the graph agrees with finite differences.",
    )
    parser.add_argument("model", type=Path, help="an ONNX classifier")
    parser.add_argument("--output", type=Path, required=True, help="where the graph is written")
    parser.add_argument("--image", help="the image's input; needed if there are several")
    parser.add_argument("--score", help="the tensor (N, classes) to explain, if not the output")
    parser.add_argument(
        "--wrt",
        action="append",
        default=[],
        metavar="TENSOR",
        help="a further tensor whose gradient is wanted; may be repeated",
    )
    _add_method(parser)
    given = parser.parse_args(arguments)
    if given.method and given.wrt:
        parser.error("--wrt is for gradients: a method returns logits and attributions only")
    return given


def _add_method(parser: argparse.ArgumentParser) -> None:
    default = Options()
    group = parser.add_argument_group("a method of attribution, in units of the model's input")
    group.add_argument("--method", choices=METHODS, help="return attributions, not the gradient")
    group.add_argument("--steps", type=int, default=default.n_steps, help="integrated gradients")
    group.add_argument(
        "--baseline",
        type=float,
        default=default.baseline,
        help="the path's start, or what DeepLIFT compares with: a pixel's value",
    )
    group.add_argument("--samples", type=int, default=default.n_samples, help="SmoothGrad's copies")
    group.add_argument(
        "--noise", type=float, default=default.noise, help="their standard deviation"
    )
    group.add_argument("--seed", type=int, default=default.seed, help="of noise and masks")
    group.add_argument("--masks", type=int, default=default.n_masks, help="masked gradients")
    group.add_argument("--layer", help="Grad-CAM's tensor, if not the last convolutional one")
    group.add_argument(
        "--required",
        action="append",
        default=[],
        metavar="INPUT",
        help="an optional input that must be given, for onnxruntime-web; may be repeated",
    )


def _print_operators(operators: Operators) -> None:
    print("operator                 nodes  derivative")
    for name, count in sorted(operators.counts.items()):
        print(f"{name:<24} {count:>5}  {operators.status[name]}")


def _print_notes(found: Differentiated) -> None:
    for note in found.notes:
        print(f"note: {note}")


def _print_file(given: argparse.Namespace, weights: str) -> None:
    graph, size = read(str(given.output)).graph, given.output.stat().st_size
    print(f"{given.output}: {_count_nodes(graph)} nodes, {size / 1e6:.2f} MB ", end="")
    print(f"({given.model.name}: {given.model.stat().st_size / 1e6:.2f} MB), {weights}")
    print("outputs: " + ", ".join(o.name for o in graph.output))


def _count_nodes(graph: onnx.GraphProto) -> int:
    """Count nodes, those in bodies of loops among them."""
    inner = (a.g for node in graph.node for a in node.attribute if a.HasField("g"))
    return len(graph.node) + sum(map(_count_nodes, inner))


def _judge_rules(found: Lawfulness) -> int:
    """Say how well every node follows its rule; return 0 if all do."""
    print(
        "every node by its rule, from finite differences in float64: relative error "
        f"{found.error:.1e} (the worst: {found.node or 'none'})"
    )
    if found.holds:
        return 0
    print(f"refused: a rule is not followed to {BOUND:.0e}", file=sys.stderr)
    return REFUSED


def _judge(agreement: Agreement) -> int:
    print(
        f"finite differences in float64: relative error {agreement.error:.1e} at step "
        f"{agreement.step:.0e}; influence of a neighbour in the batch {agreement.leak:.1e}"
    )
    if agreement.holds:
        return 0
    print(f"refused: the gradient does not agree to {BOUND:.0e}", file=sys.stderr)
    return REFUSED


if __name__ == "__main__":
    sys.exit(main())
