"""Detection on networks whose one right preprocessing is known."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from dashboard.uploads import evidence
from dashboard.uploads.detection import detect, list_frames
from dashboard.uploads.evidence import MAX_ANSWER_BYTES, Evidence, judge, limit_answers, try_all
from dashboard.uploads.hints import Hints
from dashboard.uploads.inspection import TensorInfo
from dashboard.uploads.sandbox_wire import UploadError, UploadStopped
from dashboard.uploads.spec import (
    GREY_NORMALIZATIONS,
    MAX_CLASSES,
    NORMALIZATIONS,
    InputSpec,
    Normalization,
)
from tests.dashboard.uploads.detecting import (
    create_normalized,
    detect_here,
    ignore,
    inspect_here,
    wrap,
)
from tests.dashboard.uploads.networks import (
    build,
    create_network,
    describe_image,
    load_photos,
    load_zoo_file,
    node,
    value,
)

RAW, UNIT, SYMMETRIC, IMAGENET, LITE, CAFFE, RAW_BGR = NORMALIZATIONS


@pytest.mark.parametrize(
    ("shape", "layout", "expected"),
    [
        ((None, 3, 224, 224), "NCHW", (3, 224, 224)),
        ((1, 224, 224, 3), "NHWC", (3, 224, 224)),
        ((None, 1, 28, 28), "NCHW", (1, 28, 28)),
        ((None, 28, 28, 1), "NHWC", (1, 28, 28)),
        ((None, 3, 192, 256), "NCHW", (3, 192, 256)),
        ((None, 3, None, None), "NCHW", (3, 224, 224)),
        ((None, 3, None, 160), "NCHW", (3, 160, 160)),
        ((None, None, None, None), "NCHW", (3, 224, 224)),
    ],
)
def test_the_likeliest_shape(shape: Any, layout: str, expected: tuple[int, int, int]) -> None:
    first = next(iter(list_frames(describe_image(shape), Hints())))
    assert (first.layout, first.shape) == (layout, expected)


def test_a_stated_size_comes_first_where_the_graph_leaves_it_open() -> None:
    frames = list_frames(describe_image((None, None, None, 3)), Hints(size=(180, 200)))
    assert next(iter(frames)).graph_shape == (180, 200, 3)


def test_open_axes_are_tried_until_the_network_runs() -> None:
    def run(spec: InputSpec, inputs: Any, names: Sequence[str]) -> list[Any]:
        if (spec.layout, spec.channels, spec.height) != ("NHWC", 1, 32):
            raise UploadError("another shape")
        return [inputs.reshape(len(inputs), -1)[:, :5] + 0.5]

    open_axes = describe_image((None, None, None, None))
    found = detect(open_axes, run, load_photos(2), ignore)
    assert (found.input.layout, found.input.shape) == ("NHWC", (1, 32, 32))
    assert found.is_size_open


def test_no_other_shape_is_tried_after_the_process_was_lost() -> None:
    tried = []

    def run(spec: InputSpec, inputs: Any, names: Sequence[str]) -> list[Any]:
        tried.append(spec)
        raise UploadStopped("gone")

    with pytest.raises(UploadStopped):
        detect(describe_image((None, 3, None, None)), run, load_photos(1), ignore)
    assert len(tried) == 1


def weigh(name: str, information: float, mismatch: float | None = None) -> Evidence:
    usual = next(each for each in NORMALIZATIONS if each.name == name)
    return Evidence(usual, 0.5, 0.5, information, mismatch)


def test_remembered_statistics_outweigh_answers() -> None:
    found = judge([weigh("raw", 2.0, 9.0), weigh("unit", 0.1, 0.02)], None, 10, 8)
    assert (found.chosen, found.basis, found.rivals) == (UNIT, "statistics", ())


def test_statistics_that_fit_nothing_are_passed_over() -> None:
    found = judge([weigh("raw", 2.0, 9.0), weigh("unit", 0.1, 5.0)], None, 10, 8)
    assert (found.chosen, found.basis) == (RAW, "answers")


def test_near_equals_are_named() -> None:
    evidence = [weigh("raw", 0.5), weigh("symmetric", 1.5), weigh("lite", 1.49)]
    found = judge(evidence, None, 1000, 8)
    assert (found.chosen, found.rivals) == (SYMMETRIC, (LITE,))


def test_weak_evidence_decides_nothing() -> None:
    found = judge([weigh("raw", 0.02), weigh("imagenet", 0.01)], None, 2, 8)
    assert (found.chosen, found.basis, found.rivals) == (IMAGENET, "default", (RAW,))


def test_what_the_file_says_is_believed_and_contradictions_are_shown() -> None:
    found = judge([weigh("raw", 1.5), weigh("unit", 0.2)], UNIT, 10, 8)
    assert (found.chosen, found.basis, found.rivals) == (UNIT, "file", (RAW,))


@pytest.mark.parametrize("wanted", NORMALIZATIONS, ids=lambda each: each.name)
def test_a_batch_normalization_remembers_its_training(wanted: Normalization) -> None:
    found = detect_here(create_normalized(wanted))
    assert found.basis == "statistics"
    assert wanted in (found.input.normalization, *found.rivals)
    # -1 to 1 and (pixel - 127) / 128 differ by less than a grey level; nothing else is as near.
    if wanted.name in ("symmetric", "lite"):
        assert {found.input.normalization.name, *(each.name for each in found.rivals)} == {
            *("symmetric", "lite")
        }
    else:
        assert found.rivals == ()


@pytest.mark.parametrize("opset", [13, 18])
def test_statistics_are_read_in_older_operator_sets(opset: int) -> None:
    model = create_normalized(IMAGENET)
    model.opset_import[0].version = opset
    assert detect_here(model).input.normalization == IMAGENET


def test_a_file_that_states_its_own_normalization() -> None:
    model = create_network(mean="10,20,30", std="40,50,60")
    found = detect_here(model, 2)
    assert found.basis == "file"
    assert found.input.normalization.mean == (10, 20, 30)
    assert found.evidence[0].normalization in (*NORMALIZATIONS, found.input.normalization)
    assert len(found.evidence) == len(NORMALIZATIONS) + 1


def test_whole_numbers_are_pixels() -> None:
    model = create_network(kind=TensorProto.UINT8)
    inspection, run_floats = inspect_here(model)

    def run(spec: InputSpec, inputs: Any, names: Sequence[str]) -> list[Any]:
        found: list[Any] = run_floats(spec, inputs.astype(np.uint8), names)
        return found

    found = detect(inspection, run, load_photos(2), ignore)
    assert {each.normalization.name for each in found.evidence} == {"raw", "raw_bgr"}


def test_a_way_that_fails_is_left_out() -> None:
    def run(spec: InputSpec, inputs: Any, names: Sequence[str]) -> list[Any]:
        if inputs.max() > 200:
            raise UploadError("too bright")
        return [inputs.mean(axis=(2, 3))]

    found = detect(describe_image((None, 3, 8, 8)), run, load_photos(3), ignore)
    assert {each.normalization.name for each in found.evidence} == {
        *("unit", "symmetric", "imagenet", "lite", "caffe")
    }


def test_answers_that_are_not_finite_are_no_evidence() -> None:
    def run(spec: InputSpec, inputs: Any, names: Sequence[str]) -> list[Any]:
        means = inputs.mean(axis=(2, 3))
        return [np.where(np.abs(means) > 10, np.nan, means)]

    found = detect(describe_image((None, 3, 8, 8)), run, load_photos(3), ignore)
    scores = {each.normalization.name: each.information for each in found.evidence}
    assert scores["raw"] == 0.0 < scores["unit"]


def test_lite0_is_recognized() -> None:
    found = detect_here(load_zoo_file())
    assert (found.input.layout, found.input.shape) == ("NCHW", (3, 224, 224))
    assert (found.output.kind, found.output.n_classes) == ("logits", 1000)
    assert found.basis == "answers"
    # (x - 127) / 128 is its own; -1 to 1 is the same to less than a grey level.
    assert found.input.normalization in (LITE, SYMMETRIC)
    assert {LITE, SYMMETRIC} <= {found.input.normalization, *found.rivals}
    ranked = [each.normalization.name for each in found.evidence]
    assert set(ranked[:2]) == {"lite", "symmetric"}
    assert set(ranked[-2:]) == {"raw", "raw_bgr"}


@pytest.mark.parametrize("wanted", [RAW, CAFFE], ids=lambda each: each.name)
def test_lite0_is_recognized_however_it_wants_its_photos(wanted: Normalization) -> None:
    found = detect_here(wrap(load_zoo_file(), wanted, LITE))
    assert found.basis == "answers"
    assert wanted in (found.input.normalization, *found.rivals)


def test_grey_networks_have_their_own_usual_ways() -> None:
    nodes = [
        node("GlobalAveragePool", ["image"], ["p"]),
        node("Flatten", ["p"], ["f"]),
        node("MatMul", ["f", "w"], ["out"]),
    ]
    weights = {"w": np.arange(4, dtype=np.float32).reshape(1, 4)}
    shape = ["N", 1, 28, 28]
    model = build(nodes, [value("image", shape)], [value("out", ["N", 4])], weights)
    found = detect_here(model, 3)
    assert found.input.channels == 1
    assert {each.normalization for each in found.evidence} == set(GREY_NORMALIZATIONS)


def count_bytes(sizes: dict[str, int], n_ways: int, n_photos: int) -> int:
    return sum(sizes.values()) * n_ways * 4 * n_photos * 4  # views, and bytes of a number


@pytest.mark.parametrize(
    ("sizes", "n_labels", "kept", "n_photos"),
    [
        ([1000], 0, [0], 8),
        ([1000] * 64, 0, list(range(64)), 8),
        ([MAX_CLASSES], 0, [0], 5),
        ([MAX_CLASSES] * 64, 0, [0], 5),
        ([70_000, 4000, 1000, 4000, 500], 0, [0, 1, 4], 8),  # 74,898 numbers a photo have room
        ([4000, 70_000, 5000], 5000, [0, 2], 8),  # as many as the file names classes
        ([1, 70_000, 70_000], 0, [0, 1], 8),  # a single number is not likely meant
        ([70_000, 70_000, 1], 2, [0, 2], 8),  # but where there are two names
    ],
)
def test_which_answers_are_kept(
    sizes: list[int], n_labels: int, kept: list[int], n_photos: int
) -> None:
    named = {f"y{index}": size for index, size in enumerate(sizes)}
    found = limit_answers(named, 7, 8, n_labels)
    assert found == ({f"y{index}": sizes[index] for index in kept}, n_photos)
    assert list(found[0]) == [f"y{index}" for index in kept]  # in the file's order


def test_whatever_a_file_declares_the_answers_stay_below_the_bound() -> None:
    random = np.random.default_rng(0)
    for _ in range(300):
        n_outputs, n_ways = int(random.integers(1, 65)), int(random.integers(1, 9))
        n_photos = int(random.integers(1, 17))
        drawn = np.exp(random.uniform(0, np.log(MAX_CLASSES), n_outputs)).astype(int)
        sizes = {f"y{index}": int(size) for index, size in enumerate(drawn)}
        kept, tried = limit_answers(sizes, n_ways, n_photos, int(random.integers(0, 3)))
        assert 1 <= tried <= n_photos and kept.items() <= sizes.items() and kept
        assert count_bytes(kept, n_ways, tried) <= MAX_ANSWER_BYTES
        if count_bytes(sizes, n_ways, n_photos) <= MAX_ANSWER_BYTES * 0.9:
            assert (kept, tried) == (sizes, n_photos)


def run_wide(n_columns: int) -> Any:
    """Return what runs a network whose every output has ``n_columns`` numbers for a photo."""

    def run(spec: InputSpec, inputs: Any, names: Sequence[str]) -> list[Any]:
        means = inputs.mean(axis=(1, 2, 3))[:, np.newaxis]
        return [np.repeat(means, n_columns, axis=1) for _ in names]

    return run


def test_what_the_trials_hold_is_what_was_counted() -> None:
    frame = InputSpec("image", "NCHW", 3, 8, 8, UNIT)
    sizes = {"a": 50, "b": 50}
    trials = try_all(frame, NORMALIZATIONS, sizes, [], run_wide(50), load_photos(3), ignore)
    held = sum(answers.nbytes for trial in trials for answers in trial.answers.values())
    assert held == count_bytes(sizes, len(NORMALIZATIONS), 3)


def test_outputs_that_have_no_room_are_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "MAX_ANSWER_BYTES", count_bytes({"": 50}, len(NORMALIZATIONS), 2))
    outputs = tuple(TensorInfo(f"y{index}", "float32", (None, 20)) for index in range(5))
    wide = describe_image((None, 3, 8, 8), outputs=outputs)
    found = detect(wide, run_wide(20), load_photos(2), ignore)
    assert [each.name for each in found.outputs] == ["y0", "y1"]
    assert found.left_out == ("y2", "y3", "y4")
    assert (found.n_photos, found.n_offered) == (2, 2)
    single = detect(describe_image((None, 3, 8, 8)), run_wide(100), load_photos(2), ignore)
    assert (len(single.outputs), single.left_out) == (1, ())
    assert (single.n_photos, single.n_offered) == (1, 2)


def test_a_network_may_not_grow_more_classes_once_it_is_tried() -> None:
    # A graph can make the number of its outputs depend on the picture.
    def run(spec: InputSpec, inputs: Any, names: Sequence[str]) -> list[Any]:
        return [np.zeros((len(inputs), 5 if not inputs.any() else 5000), np.float32)]

    with pytest.raises(UploadError, match="another number of classes for another photo"):
        detect(describe_image((None, 3, 8, 8)), run, load_photos(2), ignore)
