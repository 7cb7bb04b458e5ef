import json
from pathlib import Path
from typing import Any

import pytest

from dashboard.inference.card_loading import load_card, load_model_card
from dashboard.inference.cards import EXPLAIN_FILE, GradientParity, Parity, Quoted
from dashboard.inference.zoo import IMAGE_CLASSIFICATION, ZooError

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
    assert card.parity == Parity(0.0, 1)
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


def test_labels_may_be_a_plain_list(make_zoo: Any) -> None:
    folder = make_zoo()
    (folder / "../labels/five.json").write_text('["v", "w", "x", "y", "z"]')
    card = load_card(folder)
    assert card.labels == ("v", "w", "x", "y", "z")
    assert card.labels_credit == ""


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"title": None}, '"title" is missing'),
        ({"title": 7}, '"title" must be a text'),
        ({"name": "another.name"}, '"name" must be the name of its folder'),
        ({"input": None}, '"input" is missing'),
        ({"input": [1]}, '"input" must be an object'),
        ({"input": {"name": "image", "layout": "NHWC", "channels": 3}}, '"input.layout"'),
        ({"input": {"name": "image", "layout": "NCHW", "channels": 2}}, '"input.channels"'),
        ({"input": {"name": "image", "layout": "NCHW", "channels": 3}}, '"input.size"'),
        ({"preprocessing": {"crop": "whole"}}, '"preprocessing.std" is missing'),
        ({"parameters": 0}, '"parameters" must be a whole number above 0'),
        ({"published": {"top1": 77}}, '"published.top1" must be an object'),
        ({"published": {"top1": {"value": 77}}}, '"published.top1.source" is missing'),
        ({"provenance": None}, '"provenance" is missing'),
        ({"parity": {"max_abs_diff": -1}}, '"parity.max_abs_diff" must be a number'),
        ({"gradient_parity": {}}, '"gradient_parity.onnx" is missing'),
        ({"layers": {"features": 3}}, '"layers" must be an object of texts'),
        ({"files": {}}, '"files" must list predict.onnx'),
        ({"files": {"predict.onnx": "0" * 63}}, '"files.predict.onnx"'),
        (
            {"files": {"predict.onnx": "0" * 64, "../../secret": "0" * 64}},
            '"files" must hold plain file names',
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
    [("std", [128, 128, 0]), ("mean", [127]), ("mean", ["a", "b", "c"]), ("crop", "whole")],
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
    with pytest.raises(ZooError, match=f'"preprocessing.{key}"'):
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
    with pytest.raises(ZooError, match=r"card\.json is not right: the file cannot be read"):
        load_card(folder)


@pytest.mark.parametrize("labels", [None, [], [1, 2], {"credit": "nobody"}, "text"])
def test_missing_or_wrong_labels_name_their_own_file(make_zoo: Any, labels: Any) -> None:
    folder = make_zoo()
    path = folder / "../labels/five.json"
    path.unlink() if labels is None else path.write_text(json.dumps(labels))
    with pytest.raises(ZooError, match=r"linear\.test cannot be used: .*five\.json, and there "):
        load_card(folder)
