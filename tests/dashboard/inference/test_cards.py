from pathlib import Path
from typing import Any

import pytest

from dashboard.inference.cards import (
    EXPLAIN_FILE,
    GradientParity,
    Parity,
    Quoted,
    load_card,
    load_model_card,
)
from dashboard.inference.zoo import IMAGE_CLASSIFICATION, ZooError

PORT = {"dtype": "float32", "axes": ["N", 3], "meaning": "three numbers"}

ZOO = Path(__file__).resolve().parents[3] / "models" / "zoo"


def list_zoo() -> list[Path]:
    return sorted(path.parent for path in ZOO.glob("*/card.json"))


def test_a_card_says_what_the_network_expects(make_zoo: Any) -> None:
    card = load_card(make_zoo())
    assert card.name == "linear.test"
    assert card.labels == ("a", "b", "c", "d", "e")
    assert card.labels_credit == "The alphabet."
    assert (card.input.channels, card.input.size) == (3, 4)
    assert card.preprocessing.mean == (127.0, 127.0, 127.0)
    assert card.layers["features"] == "twice"
    assert set(card.files) == {"predict.onnx", "explain.onnx", "weights.bin"}
    assert card.published == {"top1": Quoted(20.0, "chance")}
    assert card.provenance.credit == "Chance."
    assert card.parity == Parity(0.0, 1, (1,))
    assert card.gradient_parity == GradientParity(onnx=1e-6, torch=2e-6, n_inputs=3)


@pytest.mark.parametrize("folder", list_zoo(), ids=lambda folder: folder.name)
def test_every_exported_card_is_complete(folder: Path) -> None:
    card = load_model_card(folder)
    assert EXPLAIN_FILE not in card.files or card.gradient_parity is not None
    # Somebody trained it: we, with a command and what it cost, or others, who published figures.
    if card.training is not None:
        assert card.metrics and card.limits and card.training.command.startswith("python -m ")
        assert card.training.energy.low <= card.training.energy.value <= card.training.energy.high
    for metric in card.metrics.values():
        assert metric.low <= metric.value <= metric.high
    if card.task == IMAGE_CLASSIFICATION:
        classifier = load_card(folder)
        assert len(classifier.labels) == len(set(classifier.labels))
        assert classifier.published or classifier.metrics


@pytest.mark.parametrize("folder", list_zoo(), ids=lambda folder: folder.name)
def test_every_card_names_the_classes_that_its_network_knows(folder: Path) -> None:
    card = load_model_card(folder)
    has_classes = card.task not in ("coreference", "encoding")  # these point at places, or at none
    assert len(card.labels) == len(set(card.labels)) and bool(card.labels) == has_classes
    for port in card.graphs["predict.onnx"].outputs.values():
        if port.meaning.startswith("one score a class"):
            assert port.axes[-1] == len(card.labels)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"title": None}, "Object missing required field `title`."),
        ({"title": 7}, "Expected `str`, got `int` - at `$.title`."),
        ({"title": ""}, "`$.title`"),
        ({"name": "another.name"}, "`name` must be its folder's, linear.test"),
        ({"input": None}, "missing required field `input`"),
        ({"input": [1]}, "Expected `object`, got `array` - at `$.input`"),
        ({"input": {"name": "image", "layout": "NHWC", "channels": 3}}, "`$.input.layout`"),
        ({"input": {"name": "image", "layout": "NCHW", "channels": 2}}, "`$.input.channels`"),
        (
            {"input": {"name": "image", "layout": "NCHW", "channels": 3}},
            "missing required field `size` - at `$.input`",
        ),
        ({"preprocessing": {"crop": "whole"}}, "`$.preprocessing.crop`"),
        (
            {"preprocessing": {"crop": "center_square"}},
            "missing required field `interpolation` - at `$.preprocessing`",
        ),
        ({"parameters": 0}, "Expected `int` >= 1 - at `$.parameters`"),
        ({"parameters": True}, "Expected `int`, got `bool` - at `$.parameters`"),
        ({"published": {"top1": 77}}, "Expected `object`, got `int` - at `$.published.top1`"),
        (
            {"published": {"top5": {"value": 9, "source": "chance"}, "top1": {"value": 77}}},
            "missing required field `source` - at `$.published.top1`",
        ),
        ({"provenance": None}, "`provenance` is missing"),
        ({"parity": {"max_abs_diff": -1}}, "Expected `float` >= 0.0 - at `$.parity.max_abs_diff`"),
        ({"gradient_parity": {}}, "missing required field `onnx` - at `$.gradient_parity`"),
        ({"layers": {"early": "a", "late": 3}}, "Expected `str`, got `int` - at `$.layers.late`"),
        (
            {"graphs": {"predict.onnx": {"inputs": {"x": PORT, "y.1": [1]}, "outputs": {}}}},
            "Expected `object`, got `array` - at `$.graphs.predict.onnx.inputs.y.1`",
        ),
        (
            {"graphs": {"predict.onnx": {"inputs": {"x": {**PORT, "axes": ["N", 0]}}}}},
            "`$.graphs.predict.onnx.inputs.x.axes[1]`",
        ),
        ({"graphs": {"predict.onnx": {"inputs": 3}}}, "`$.graphs.predict.onnx.inputs`"),
        ({"members": {"other": "other.npz"}}, "`members.other` names other.npz"),
        ({"labels": []}, "`labels` must name the classes"),
        ({"labels": None}, "`labels` must name the classes"),
        ({"labels": ["a", 2]}, "Expected `str`, got `int` - at `$.labels[1]`"),
        ({"labels": "../labels/five.json"}, "Expected `array`, got `str` - at `$.labels`"),
        ({"files": {}}, "`files` must list predict.onnx"),
        ({"files": {"predict.onnx": "0" * 63}}, "`$.files.predict.onnx`"),
        (
            {"files": {"predict.onnx": "0" * 64, "../../secret": "0" * 64}},
            "`files` must hold plain file names",
        ),
    ],
)
def test_an_incomplete_card_is_refused_by_its_field(
    make_zoo: Any, change: dict[str, Any], named: str
) -> None:
    folder = make_zoo(**change)
    with pytest.raises(ZooError) as caught:
        load_card(folder)
    message = str(caught.value)
    assert message.startswith("The model linear.test cannot be used: card.json is not right: ")
    assert named in message
    assert "export the model again" in message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("std", [128, 128, 0]),
        ("std", [128]),
        ("mean", [127]),
        ("mean", ["a", "b", "c"]),
        ("crop", "whole"),
        ("interpolation", "guess"),
    ],
)
def test_a_preprocessing_that_cannot_be_followed_is_refused(
    make_zoo: Any, key: str, value: Any
) -> None:
    right = {
        "crop": "center_square",
        "interpolation": "bicubic",
        "mean": [0, 0, 0],
        "std": [1, 1, 1],
    }
    with pytest.raises(ZooError, match=rf"`(\$\.)?preprocessing\.{key}"):
        load_card(make_zoo(preprocessing={**right, key: value}))


def test_a_missing_card_names_itself(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match=r"card\.json is not right: the file is missing"):
        load_card(tmp_path / "no.model")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"labels": '])
def test_a_malformed_card_names_itself(make_zoo: Any, text: str) -> None:
    folder = make_zoo()
    (folder / "card.json").write_text(text)
    with pytest.raises(ZooError, match=r"linear\.test cannot be used: card\.json is not right: "):
        load_card(folder)


def test_a_card_that_is_no_text_names_itself(make_zoo: Any) -> None:
    folder = make_zoo()
    (folder / "card.json").write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(ZooError, match=r"card\.json is not right: JSON is malformed"):
        load_card(folder)
