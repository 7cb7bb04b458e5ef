"""What uploaded networks are given, and sandboxes that lie: nothing is taken on trust."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dashboard.uploads import sandbox_process
from dashboard.uploads.file import UploadedFile
from dashboard.uploads.inspection import parse_gradient_facts, parse_inspection
from dashboard.uploads.model import UploadedModel
from dashboard.uploads.sandbox_wire import Message, UploadError
from tests.dashboard.uploads.networks import (
    CLASSES,
    SIDE,
    Uploads,
    create_network,
    draw,
    load_photos,
    run_by_hand,
    softmax,
)


@pytest.mark.parametrize(
    "shape", [(3, SIDE, SIDE), (1, 3, SIDE, 9), (2, 1, SIDE, SIDE), (0, 3, SIDE, SIDE)]
)
def test_inputs_of_another_shape_are_refused(plain: UploadedModel, shape: Any) -> None:
    with pytest.raises(ValueError, match="inputs must be"):
        plain.predict(np.zeros(shape, np.float32))
    with pytest.raises(ValueError, match="inputs must be"):
        plain.explain(np.zeros(shape, np.float32), np.zeros(shape[0], np.int64))


@pytest.mark.parametrize(
    ("target", "versus"),
    [([0], None), ([0, 5], None), ([-1, 0], None), ([0, 0], [0, 5]), ([0, 0], [-2, 0])],
)
def test_classes_that_do_not_exist_are_refused(
    plain: UploadedModel, target: Any, versus: Any
) -> None:
    with pytest.raises(ValueError, match="class indices must be"):
        plain.explain(draw(2), np.array(target), None if versus is None else np.array(versus))


def test_values_that_are_not_finite_are_one_sentence(plain: UploadedModel) -> None:
    inputs = draw(1)
    inputs[0, 0, 0, 0] = np.nan
    with pytest.raises(UploadError, match="not finite"):
        plain.predict(inputs)
    with pytest.raises(UploadError, match="not finite"):
        plain.explain(inputs, np.array([0]))


def test_the_model_comes_back_after_its_process_is_gone(plain: UploadedModel) -> None:
    inputs, target = draw(2), np.array([0, 1])
    before = plain.explain(inputs, target)
    process = plain.file.sandbox._holdings.process
    assert process is not None
    process.kill()
    after = plain.explain(inputs, target)
    np.testing.assert_array_equal(after.gradient, before.gradient)
    np.testing.assert_array_equal(plain.predict(inputs), after.logits)


def test_settings_can_be_changed_and_changed_back(upload: Uploads) -> None:
    model = upload(create_network("Softmax"), "probabilities")
    inputs = draw(2)
    as_logits = UploadedModel(
        model.file, model.spec, replace(model.output, kind="logits"), load_photos(2)
    )
    np.testing.assert_allclose(
        as_logits.predict(inputs), softmax(run_by_hand(inputs)), rtol=1e-4, atol=1e-6
    )
    again = UploadedModel(model.file, model.spec, model.output, load_photos(2))
    np.testing.assert_allclose(again.predict(inputs), run_by_hand(inputs), rtol=1e-4, atol=1e-4)
    assert again.key == model.key != as_logits.key


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"reason": 3, "operator": "", "layer": "", "layer_shape": []},
        {"reason": "", "operator": "", "layer": "x", "layer_shape": [1.5]},
    ],
)
def test_what_it_says_of_gradients_is_checked(header: dict[str, Any]) -> None:
    with pytest.raises(UploadError, match="makes no sense"):
        parse_gradient_facts(Message(header))


@pytest.mark.parametrize(
    "shape", [[], [1, 2], [-1, 2, 3], [1 << 20, 1 << 20, 1 << 20], [1 << 2000] * 3]
)
def test_a_layer_of_an_absurd_shape_is_left_out(shape: list[int]) -> None:
    facts = parse_gradient_facts(
        Message({"reason": "", "operator": "", "layer": "x", "layer_shape": shape})
    )
    assert facts.layer == ""


@pytest.mark.parametrize(
    "change",
    [
        {"image": None},
        {"image": {"name": "", "dtype": "float32", "shape": []}},
        {"image": {"name": "x", "dtype": "float32", "shape": ["a"]}},
        {"outputs": {}},
        {"outputs": [{}] * 100},
        {"metadata": {"a": 1}},
        {"operators": {"Conv": "many"}},
        {"opset": -1},
        {"opset": True},
        {"n_parameters": -1},
        {"was_converted": "yes"},
        {"image": {"name": "x", "dtype": "float32", "shape": [1 << 31]}},
        {"image": {"name": "x", "dtype": "float32", "shape": [None] * 100}},
    ],
)
def test_what_it_says_of_a_model_is_checked(change: dict[str, Any]) -> None:
    good = {
        "image": {"name": "x", "dtype": "float32", "shape": [None, 3, 8, 8]},
        "outputs": [],
        "metadata": {},
        "operators": {"Conv": 1},
        "opset": 18,
        "n_nodes": 1,
        "n_parameters": 0,
        "was_converted": False,
    }
    assert parse_inspection(Message(good)).image.name == "x"
    with pytest.raises(UploadError, match="makes no sense"):
        parse_inspection(Message({**good, **change}))
    with pytest.raises(UploadError, match="makes no sense"):
        parse_inspection(Message(good, (np.zeros(3, np.float32),)))


def test_answers_of_another_shape_are_refused(
    plain: UploadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for arrays in ((), (np.zeros((2, 3), np.float32),), (np.zeros((2, CLASSES)),)):
        monkeypatch.setattr(
            plain.file.sandbox, "call", lambda *a, _arrays=arrays, **k: Message({}, _arrays)
        )
        with pytest.raises(UploadError):
            plain.predict(draw(2))


def test_a_file_whose_sandbox_lies_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_process, "_WORKER", "tests.dashboard.uploads.lying_worker")
    with pytest.raises(UploadError):
        UploadedFile(create_network().SerializeToString())
