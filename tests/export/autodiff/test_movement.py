"""Movement, indexing, padding and resizing against finite differences, onnx and refusals."""

import itertools

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from export.autodiff import UnsupportedOperator
from export.autodiff.rules.resampling import Sampling, compute_weights
from tests.export.autodiff.finite_differences import (
    Operator,
    Shape,
    assert_agrees,
    open_session,
    outputs,
    run,
    wrt,
)
from tests.export.autodiff.pullback import pullback

X = ("N", 4, 6, 5)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def slice_(starts: list[int], ends: list[int], axes: list[int], steps: list[int]) -> Operator:
    return Operator("Slice", [X, *(ints(*v) for v in (starts, ends, axes, steps))])


LARGE = 2**31 - 1
ELEMENTS = np.random.default_rng(0).integers(-4, 4, (7, 4, 6, 5))

MOVEMENT = {
    "identity": Operator("Identity", [X]),
    "dropout at inference": Operator("Dropout", [X]),
    "dropout of nothing in training": Operator(
        "Dropout", [X, np.array(0.0), np.array(True)], opset=13
    ),
    "transpose": Operator("Transpose", [X], {"perm": [2, 0, 3, 1]}),
    "transpose, default": Operator("Transpose", [("N", 2, 3)]),
    "reshape": Operator("Reshape", [X, ints(0, -1, 2, 3)]),
    "reshape that folds the batch": Operator("Reshape", [X, ints(-1, 6, 5)]),
    "flatten": Operator("Flatten", [X]),
    "flatten, batch with channels": Operator("Flatten", [X], {"axis": 2}),
    "squeeze": Operator("Squeeze", [("N", 1, 3, 1), ints(1, -1)]),
    "unsqueeze": Operator("Unsqueeze", [("N", 3), ints(0, -1)]),
    "expand": Operator("Expand", [("N", 1, 3), ints(2, 1, 4, 1)]),
    "tile": Operator("Tile", [("N", 2, 3), ints(1, 3, 2)]),
    "concat": Operator("Concat", [("N", 2, 3), ("N", 4, 3)], {"axis": 1}, wrt=(0, 1)),
    "concat with a constant": Operator(
        "Concat", [np.ones((1, 2)), (1, 3), (1, 1)], {"axis": -1}, wrt=(1,)
    ),
    "split": Operator("Split", [X, ints(1, 4, 1)], {"axis": 2}, outputs=3),
    "split evenly": Operator("Split", [X], {"axis": 1, "num_outputs": 2}, outputs=2),
    "cast": Operator("Cast", [X], {"to": TensorProto.DOUBLE}),
    "upper triangle": Operator("Trilu", [X, np.array(1)]),
    "lower triangle": Operator("Trilu", [X], {"upper": 0}),
    "depth to space": Operator("DepthToSpace", [("N", 8, 2, 3)], {"blocksize": 2}),
    "depth to space, CRD": Operator(
        "DepthToSpace", [("N", 12, 2, 3)], {"blocksize": 2, "mode": "CRD"}
    ),
    "space to depth": Operator("SpaceToDepth", [("N", 3, 4, 6)], {"blocksize": 2}),
}
INDEXING = {
    "slice": slice_([1, -3], [3, LARGE], [1, 3], [1, 1]),
    "slice of every sample": slice_([0, 2], [LARGE, 4], [0, 2], [1, 1]),
    "slice in steps": slice_([1, 0], [LARGE, 4], [2, 3], [2, 3]),
    "slice backwards": slice_([-1, 4], [-LARGE, 0], [1, 2], [-1, -2]),
    "slice without axes": Operator("Slice", [(3, 4), ints(1, 0), ints(2, 9)]),
    "empty slice": slice_([3], [3], [2], [1]),
    "gather one": Operator("Gather", [X, np.array(-2)], {"axis": 2}),
    "gather distinct": Operator("Gather", [X, ints(3, 0, -2)], {"axis": 1}),
    "gather with repeats": Operator("Gather", [X, ints(3, 0, 3)], {"axis": 1}),
    "gather a table": Operator("Gather", [X, np.array([[3, 0], [1, 2]])], {"axis": 3}),
    "gather elements": Operator("GatherElements", [(7, 4, 6, 5), ELEMENTS], {"axis": 1}),
    "gather n-d": Operator("GatherND", [(3, 4, 5), np.array([[0, 1], [2, 3], [0, 1]])]),
    "gather n-d, batch": Operator(
        "GatherND", [(2, 4, 5), np.array([[[3], [3]], [[0], [-1]]])], {"batch_dims": 1}
    ),
    "scatter n-d": Operator("ScatterND", [(4, 3), np.array([[2], [0]]), (2, 3)], wrt=(0, 2)),
}
REDUCTIONS = ("none", "add", "mul", "max", "min")
for reduction in REDUCTIONS:
    INDEXING[f"scatter elements, {reduction}"] = Operator(
        "ScatterElements",
        [(3, 5), np.array([[1, 4], [0, -2], [3, 2]]), (3, 2)],
        {"axis": 1, "reduction": reduction},
        wrt=(0, 2),
    )
    INDEXING[f"scatter n-d, {reduction}"] = Operator(
        "ScatterND",
        [(4, 3), np.array([[2, 1], [0, 0]]), (2,)],
        {"reduction": reduction},
        wrt=(0, 2),
    )
PADDING = {
    "pad": Operator("Pad", [X, ints(0, 1, 0, 2, 0, 0, 3, 0)]),
    "pad two axes": Operator("Pad", [X, ints(1, 0, 2, 3), None, ints(-1, 2)]),
    "pad, its value": Operator("Pad", [(2, 3), ints(1, 0, 0, 2), ()], wrt=(0, 2)),
    **{
        f"pad, {mode}": Operator("Pad", [X, ints(0, 0, 2, 1, 0, 0, 3, 4)], {"mode": mode})
        for mode in ("reflect", "edge")
    },
    "pad, wrap": Operator("Pad", [X, ints(0, 0, 2, 1, 0, 0, 3, 4)], {"mode": "wrap"}, opset=19),
}


def resize(size: tuple[int, int], shape: Shape = X, **attributes: object) -> Operator:
    batchless = {"axes": [2, 3], **attributes}
    return Operator("Resize", [shape, None, None, ints(*size)], batchless, opset=18)


RESIZING = {
    "nearest, doubled": Operator(
        "Resize", [X, None, np.array([1.0, 1.0, 2.0, 2.0], np.float32)], {"mode": "nearest"}
    ),
    "nearest, tripled and doubled": resize((18, 10)),
    "nearest, smaller": resize((4, 3), nearest_mode="floor"),
    "linear": resize((9, 7), mode="linear"),
    "linear, torch": resize((3, 11), mode="linear", coordinate_transformation_mode="asymmetric"),
    "linear, aligned": resize(
        (12, 9), mode="linear", coordinate_transformation_mode="align_corners"
    ),
    "linear, antialiased": resize((3, 2), mode="linear", antialias=1),
    "cubic": resize((8, 9), mode="cubic", cubic_coeff_a=-0.5),
    "cubic, inside only": resize((4, 9), mode="cubic", exclude_outside=1),
    "one axis of three": Operator(
        "Resize", [("N", 2, 3, 4, 2), None, None, ints(5)], {"axes": [2], "mode": "linear"}
    ),
    "keeping its aspect": resize((9, 9), mode="linear", keep_aspect_ratio_policy="not_larger"),
}
OPERATORS = {**MOVEMENT, **INDEXING, **PADDING, **RESIZING}


@pytest.mark.parametrize("name", OPERATORS)
def test_agrees_with_finite_differences(name: str) -> None:
    # onnx's evaluator computes the cubic weights in single precision.
    assert_agrees(OPERATORS[name], 1e-5 if "cubic" in name else 1e-6)


REFUSED = {
    "slice of the batch": Operator("Slice", [X, ints(0), ints(1), ints(0)]),
    "batch backwards": Operator("Slice", [X, ints(-1), ints(-LARGE), ints(0), ints(-1)]),
    "gather along the batch": Operator("Gather", [X, ints(0, 0)]),
    "gather elements along the batch": Operator("GatherElements", [("N", 5), ELEMENTS[0, 0, :1]]),
    "gather n-d into the batch": Operator("GatherND", [X, np.array([[0, 1]])]),
    "scatter n-d into the batch": Operator(
        "ScatterND", [("N", 3), np.array([[0]]), np.ones((1, 3))]
    ),
    "concat along the batch": Operator("Concat", [("N", 3), ("N", 3)], {"axis": 0}),
    "tile of the batch": Operator("Tile", [("N", 3), ints(2, 1)]),
    "pad of the batch": Operator("Pad", [("N", 3), ints(1, 0, 0, 0)]),
    "triangle over the batch": Operator("Trilu", [("N", 3)]),
    "dropout in training": Operator("Dropout", [X, np.array(0.5), np.array(True)], opset=13),
    "a fraction of a pixel": Operator(
        "Resize",
        [X, None, np.array([1.0, 1.0, 0.55, 1.0], np.float32)],
        {"mode": "linear", "coordinate_transformation_mode": "align_corners"},
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_couples_samples_or_cannot_be_known_is_refused_by_name(name: str) -> None:
    operator = REFUSED[name]
    with pytest.raises(UnsupportedOperator) as refusal:
        pullback(operator.model(1), outputs(operator), wrt(operator))
    assert (refusal.value.op_type, refusal.value.node_name) == (operator.op_type, "it")
    assert refusal.value.hint


@pytest.mark.parametrize(
    ("data", "updates", "by_data", "by_updates"),
    [
        ([1.0, 9.0], [5.0, 5.0], [0.0, 7.0], [2.0, 2.0]),  # updates that tie share
        ([5.0, 9.0], [5.0, 3.0], [4.0, 7.0], [0.0, 0.0]),  # the data comes first
    ],
)
def test_ties_of_a_scattered_maximum(
    data: list[float], updates: list[float], by_data: list[float], by_updates: list[float]
) -> None:
    operator = Operator(
        "ScatterND", [(2,), np.array([[0], [0]]), (2,)], {"reduction": "max"}, wrt=(0, 2)
    )
    feeds = {"x0": np.array(data), "x2": np.array(updates), "cotangent/y0": np.array([4.0, 7.0])}
    found = run(pullback(operator.model(11), ["y0"], ["x0", "x2"]), feeds)
    assert found["gradient/x0"].tolist() == by_data
    assert found["gradient/x2"].tolist() == by_updates


def test_a_pad_that_cuts_is_undone() -> None:
    """Negative pads cut: onnx's evaluator has none, but Pad is linear, so <y, c> = <x, dx>."""
    operator = Operator("Pad", [X, ints(0, 0, -1, 2, 0, 0, 3, -2)])
    rng = np.random.default_rng(0)
    x = rng.normal(size=(7, 4, 6, 5)).astype(np.float32)
    cotangent = rng.normal(size=(7, 4, 8, 5)).astype(np.float32)
    session = open_session(pullback(operator.model(1), ["y0"], ["x0"]))
    y, dx = session.run(["y0", "gradient/x0"], {"x0": x, "cotangent/y0": cotangent})
    np.testing.assert_allclose((y * cotangent).sum(), (x * dx).sum(), rtol=1e-4)
    assert not dx[:, :, 0].any() and not dx[..., -2:].any() and dx[:, :, 1:, :-2].all()


def gather_model() -> onnx.ModelProto:
    value = helper.make_tensor_value_info
    inputs = [value("x", 1, ["N", 3, 2]), value("i", TensorProto.INT64, [2])]
    node = helper.make_node("Gather", ["x", "i"], ["y"], axis=1)
    graph = helper.make_graph([node], "gather", inputs, [value("y", 1, ["N", 2, 2])])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


@pytest.mark.parametrize("indices", [[0, 2], [1, 1]])
def test_gather_with_indices_of_the_run(indices: list[int]) -> None:
    """Indices that are an input: dy is added at each, twice where one repeats."""
    graph = pullback(gather_model(), ["y"], ["x"])
    cotangent = np.array([[[1.0, 2.0], [10.0, 20.0]]], np.float32)
    feeds = {"x": np.zeros((1, 3, 2), np.float32), "i": ints(*indices), "cotangent/y": cotangent}
    expected = np.zeros((1, 3, 2), np.float32)
    np.add.at(expected, (0, indices), cotangent[0])
    np.testing.assert_array_equal(run(graph, feeds)["gradient/x"], expected)
    (found,) = open_session(graph).run(["gradient/x"], feeds)
    np.testing.assert_array_equal(found, expected)


COORDINATES = (
    "half_pixel",
    "half_pixel_symmetric",
    "pytorch_half_pixel",
    "align_corners",
    "asymmetric",
)
SAMPLINGS = [
    *(
        Sampling("nearest", coordinates, rounding)
        for coordinates, rounding in itertools.product(
            COORDINATES, ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
        )
    ),
    *(
        Sampling(mode, coordinates, antialias=antialias)
        for mode, coordinates, antialias in itertools.product(
            ("linear", "cubic"), COORDINATES, (False, True)
        )
    ),
    *(Sampling("cubic", c, cubic_a=-0.5, exclude_outside=True) for c in COORDINATES),
]


@pytest.mark.parametrize("sampling", SAMPLINGS, ids=str)
def test_resize_weights_are_what_onnx_runtime_applies(sampling: Sampling) -> None:
    """Resizing the rows of the identity shows the matrix that ONNX Runtime multiplies by.

    No size puts an output exactly between two inputs, where single precision may go either way.
    """
    for inputs, outputs_ in [(4, 8), (5, 4), (7, 10), (6, 4), (9, 18), (4, 1)]:
        attributes = {
            "mode": sampling.mode,
            "coordinate_transformation_mode": sampling.coordinates,
            "cubic_coeff_a": sampling.cubic_a,
            "exclude_outside": int(sampling.exclude_outside),
            "antialias": int(sampling.antialias),
        }
        if sampling.mode == "nearest":
            attributes["nearest_mode"] = sampling.nearest
        eye = np.eye(inputs, dtype=np.float32)[:, None, None, :]
        node = Operator("Resize", [eye.shape, None, None, ints(inputs, 1, 1, outputs_)], attributes)
        session = open_session(
            single_output(node.model(TensorProto.FLOAT), [inputs, 1, 1, outputs_])
        )
        (rows,) = session.run(None, {"x0": eye})
        weights = compute_weights(sampling, inputs, outputs_, outputs_ / inputs)
        np.testing.assert_allclose(weights, rows[:, 0, 0, :].T, atol=2e-5)


def single_output(model: onnx.ModelProto, shape: list[int]) -> onnx.ModelProto:
    """Declare the output, which the checker wants and the interpreter does not."""
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("y0", 1, shape))
    return model
