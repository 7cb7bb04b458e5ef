"""Does a backward pass follow its rules? Every node by its law, from forward runs, in float64.

A rule says how a node deals out what is carried to it. Here each node is run forward by itself, at
its own inputs moved a little, and what the rule handed to the inputs must fit: a second way to the
same numbers, which shares no formula with the tables.

| table | law, for random directions v |
|---|---|
| gradient, guided_backprop | handed . v = carried . (f(x + hv) - f(x - hv)) / 2h |
| deeplift | handed . (x - x') = carried . (y - y'), and linear nodes as the gradient |
| lrp | handed . v = R / (z + epsilon sign z) . (what the inputs x v contribute to z) |

A rectifier of Guided Backprop takes the positive part of what is carried; a Conv of LRP is run with
positive contributions only; where a rule hands everything on, the sums must agree.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import numpy_helper

from export.autodiff.arrays import Doubles
from export.autodiff.check import BOUND, STEPS
from export.autodiff.differentiate import BASELINE, LOGITS, TARGET, Differentiated
from export.autodiff.interpreter import Interpreter
from export.autodiff.node_law import Law, Values
from export.autodiff.tables.deeplift import FUNCTIONS, LINEAR, MOVEMENT
from export.autodiff.tables.lrp import NORMS, PASSED, TO_THE_WINNER
from export.autodiff.tables.lrp_layers import EPSILON

WINS = frozenset({"MaxPool", "GlobalMaxPool", "ReduceMax", "ReduceMin"})


@dataclass(frozen=True)
class Lawfulness:
    """How far the worst node is from its law, relatively, and which that is."""

    error: float
    node: str

    @property
    def holds(self) -> bool:
        """Whether every rule was followed."""
        return self.error <= BOUND


def check_laws(found: Differentiated, folder: str = "", seed: int = 0) -> Lawfulness:
    """Hold every node that the pass went through against its law, at a random image.

    Args:
        found: a graph differentiated by any table.
        folder: where its external data lies.
        seed: of the image, the baseline and the directions.
    """
    rng = np.random.default_rng(seed)
    values, twins = _run_all(found, folder, rng)
    worst = Lawfulness(0.0, "")
    for step in found.steps:
        if step.carried[0] not in values:
            continue  # nothing of the image depends on it
        error = LAWS[found.table](Law(found, step, (values, twins), rng))
        if not error <= worst.error:
            worst = Lawfulness(error, f"{step.node.op_type} {step.node.output[0]}")
    return worst


def _run_all(found: Differentiated, folder: str, rng: np.random.Generator) -> tuple[Values, Values]:
    """Return every tensor that a law reads, and those of the forward run at the baseline."""
    shape = next(i for i in found.model.graph.input if i.name == found.image).type.tensor_type.shape
    sides = [d.dim_value for d in shape.dim[1:]]
    image, baseline = rng.standard_normal((2, 1, *sides))
    feeds = {found.image: image, TARGET: np.zeros(1, np.int64)}
    if any(i.name == BASELINE for i in found.model.graph.input):
        feeds[BASELINE] = baseline
    (logits,) = Interpreter(found.model, [LOGITS], folder).run(feeds).values()
    feeds[TARGET] = logits.argmax(axis=1)
    whole = onnx.ModelProto()
    whole.CopyFrom(found.model)
    names = _list_read(found)
    del whole.graph.output[:]
    whole.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    runner = Interpreter(whole, names, folder)
    weights = {w.name: numpy_helper.to_array(w, folder) for w in found.model.graph.initializer}
    runs = [runner.run(given) | given for given in (feeds, feeds | {found.image: baseline})]
    values, twins = ({**weights, **run} for run in runs)
    return _in_double(values), _in_double(twins)


def _in_double(values: Values) -> Values:
    return {n: v.astype(np.float64) if v.dtype == np.float32 else v for n, v in values.items()}


def _list_read(found: Differentiated) -> list[str]:
    made = {name for node in found.model.graph.node for name in node.output}
    wanted: set[str] = set()
    for step in found.steps:
        wanted.update([*step.node.input, *step.node.output])
        wanted.update(name for name in (*step.carried, *step.handed) if name)
    return sorted(made & wanted)


def _by_differences(law: Law, carried: Doubles) -> float:
    """As a derivative, at the best step: smaller ones are rounded, larger ones cross kinks."""
    if not law.handed:
        return 0.0
    if law.kind in WINS:  # equal elements make a kink of every step: those that win add up to it
        ((i, handed),) = law.handed.items()
        sums = ((carried.sum(), np.ones_like(handed)), ((carried * law.y).sum(), law.inputs[i]))
        return max(law.compare(float(total), {i: np.asarray(x)}) for total, x in sums)
    return min(law.compare(float((carried * law.difference(law.v, step)).sum())) for step in STEPS)


def _gradient(law: Law) -> float:
    return _by_differences(law, law.carried)


def _guided(law: Law) -> float:
    others = [x for i, x in enumerate(law.inputs) if i not in law.handed and x is not None]
    is_open_above = law.kind == "Max" and len(others) == 1 and not others[0].any()
    is_clip = law.kind == "Clip" and bool(others) and not others[0].any()
    is_rectifier = law.kind == "Relu" or is_clip or is_open_above
    return _by_differences(law, np.maximum(law.carried, 0) if is_rectifier else law.carried)


def _deeplift(law: Law) -> float:
    names = law.node.input
    changes = {i: law.values[names[i]] - law.twins[names[i]] for i in law.handed}
    change = law.y - law.twins[law.node.output[0]]
    error = law.compare(float((law.carried * change).sum()), changes)
    if law.kind in FUNCTIONS and len(changes) == 1:
        ((i, away),) = changes.items()
        if away.shape == change.shape:
            gap = law.handed[i] * away - law.carried * change
            scale = max(float(np.linalg.norm(law.carried * change)), 1e-30)
            error = max(error, float(np.linalg.norm(gap)) / scale)
    if law.kind in (*LINEAR, *MOVEMENT):
        error = max(error, _by_differences(law, law.carried))
    return error


def _stabilise(z: Doubles) -> Doubles:
    return z + EPSILON * np.where(z < 0, -1.0, 1.0)


def _lrp(law: Law) -> float:
    ones = {i: np.ones_like(h) for i, h in law.handed.items()}
    if law.kind in ("Conv", "ConvTranspose"):
        return _positive_contributions(law)
    if law.kind in NORMS:
        bias = law.inputs[2] if len(law.inputs) > 2 and law.inputs[2] is not None else 0.0
        if law.kind != "LayerNormalization" and isinstance(bias, np.ndarray):
            bias = bias.reshape(-1, *[1] * (law.y.ndim - 2))
        share = law.carried / _stabilise(law.y)
        return law.compare(float((share * (law.y - bias)).sum()), ones)
    if law.kind in (*MOVEMENT, *TO_THE_WINNER):
        return _by_differences(law, law.carried)
    everything = law.compare(float(law.carried.sum()), ones)
    if law.kind in (*PASSED, "Div"):
        return everything
    if law.kind == "Mul" and len(law.handed) == 1:
        as_gate = float((law.carried / _stabilise(law.y) * law.y).sum())
        return min(everything, law.compare(as_gate, ones))
    sums = [z for z, _ in law.list_sums() if z.shape == law.y.shape]
    least = min(_contributions(law, z) for z in (law.y, *sums))
    return min(least, everything) if law.kind == "Add" and len(law.handed) == 1 else least


def _contributions(law: Law, z: Doubles) -> float:
    """A linear node by what x v of all its inputs together adds to its output."""
    moves = {i: np.asarray(law.inputs[i]) * v for i, v in law.v.items()}
    share = law.carried / _stabilise(z)
    if law.kind in ("Mul", "MatMul", "Einsum") and len(law.handed) == 2:
        ones = {i: np.ones_like(h) for i, h in law.handed.items()}
        return law.compare(float((share * law.y).sum()), ones)
    return law.compare(float((share * law.difference(moves)).sum()))


def _positive_contributions(law: Law) -> float:
    x, weight = np.asarray(law.inputs[0]), np.asarray(law.inputs[1])
    (v,) = law.v.values()
    rest: list[Doubles | None] = [np.zeros_like(b) for b in law.inputs[2:] if b is not None]
    up, down = np.maximum(x, 0), np.minimum(x, 0)
    positive, negative = np.maximum(weight, 0), np.minimum(weight, 0)
    z = law.run([up, positive, *rest]) + law.run([down, negative, *rest])
    biases = [b.reshape(-1, *[1] * (x.ndim - 2)) for b in law.inputs[2:] if b is not None]
    part = law.run([up * v, positive, *rest]) + law.run([down * v, negative, *rest])
    errors = []
    own = sum((np.maximum(b, 0) for b in biases), np.zeros(1))
    for bias in [own, *(own + np.maximum(b, 0) for _, b in law.list_sums())]:
        share = law.carried / _stabilise(z + bias)
        errors.append(law.compare(float((share * part).sum())))
    return min(errors)


LAWS: Mapping[str, Callable[[Law], float]] = {
    "gradient": _gradient,
    "guided_backprop": _guided,
    "deeplift": _deeplift,
    "lrp": _lrp,
}
