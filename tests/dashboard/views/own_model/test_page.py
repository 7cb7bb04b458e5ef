"""The page *Bring your own model*, from an empty session to an explained network."""

import json
from collections.abc import Iterator
from dataclasses import replace

import onnx
import pytest
from onnx import TensorProto
from streamlit.testing.v1 import AppTest

from dashboard import cache
from dashboard.inference.samples import FOLDER
from dashboard.uploads import evidence, file, sandbox_process
from dashboard.uploads.sandbox import _POOL
from dashboard.views import VIEWS
from tests.dashboard.app_driver import close_own_space, has_text, press_stop
from tests.dashboard.uploads.hostile import change, create_endless_loop, repeat
from tests.dashboard.uploads.networks import CLASSES, create_network, load_zoo_file, node, value


def draw_page() -> None:
    from dashboard import state
    from dashboard.views.own_model import page as own_model

    state.begin_run()
    own_model.VIEW.draw("efficientnet_lite0.imagenet")


@pytest.fixture
def app() -> Iterator[AppTest]:
    """Return the page as a visitor first sees it; what they upload is let go afterwards."""
    page = AppTest.from_function(draw_page, default_timeout=120)
    page.query_params["methods"] = "intensity,edges"
    yield page.run()
    close_own_space()


def send(app: AppTest, model: onnx.ModelProto | bytes, name: str = "model.onnx") -> AppTest:
    data = model if isinstance(model, bytes) else model.SerializeToString()
    app.file_uploader[0].upload(name, data, "application/octet-stream")
    app.run()
    assert not app.exception, app.exception
    return app


def get_labels(app: AppTest) -> str:
    return str(app.get("vega_lite_chart")[0].proto)


def choose(app: AppTest, label: str, value: object) -> AppTest:
    next(each for each in app.selectbox if each.label == label).set_value(value)
    return app.run()


def test_the_page_is_in_the_menu() -> None:
    assert "own-model" in [view.slug for view in VIEWS]


def test_an_empty_page_says_what_may_be_sent(app: AppTest) -> None:
    assert not app.exception and not app.error and not app.warning
    assert app.title[0].value == "Bring your own model"
    assert app.file_uploader[0].label == "An image classifier as one ONNX file, up to 100 MB"
    assert has_text(app, "torch.onnx.export")
    assert not app.get("bidi_component")


def test_a_network_is_tried_described_and_explained(app: AppTest) -> None:
    send(app, create_network(), "my network.onnx")
    assert not app.error and not app.warning
    assert app.text[0].value == "my network.onnx"
    assert has_text(app, "channels first (N, C, H, W), 3 channels, 16 × 16 pixels")
    assert has_text(app, "5 classes, logits")
    assert has_text(app, "**Gradients** work")
    assert has_text(app, "says the network")
    assert "class 0" in get_labels(app)
    assert len(app.dataframe[0].value) == 7
    assert len(app.get("bidi_component")) == 1
    assert [button.label for button in app.get("download_button")]


def test_outputs_and_photos_that_were_left_out_are_said(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = 7 * 4 * 4 * CLASSES  # bytes: ways, views, numbers of 4 bytes, for one photo
    model = create_network()
    for index in range(6):
        model.graph.node.append(node("Identity", ["scores"], [f"more{index}"]))
        model.graph.output.append(value(f"more{index}", ["N", CLASSES]))
    monkeypatch.setattr(evidence, "MAX_ANSWER_BYTES", 8 * room)
    send(app, model)
    assert has_text(app, "Outputs left out: “more0”, “more1”, “more2”, “more3” and 2 more;")
    assert not has_text(app, "Tried on")
    monkeypatch.setattr(evidence, "MAX_ANSWER_BYTES", 6 * room)
    send(app, create_network())
    assert has_text(app, "Tried on 6 of the 8 sample photos")
    assert not has_text(app, "Outputs left out")
    assert has_text(app, "1.79 would be all 6")


def test_methods_that_need_gradients_are_offered(app: AppTest) -> None:
    app.query_params["methods"] = "saliency,grad_cam"
    send(app, create_network())
    assert app.pills(key="methods").value == ["saliency", "grad_cam"]
    assert not app.warning and not app.error
    assert len(app.get("bidi_component")) == 1


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (b"hello", "not an ONNX file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(99), "Keras file"),
        (repeat(20_001), "more than 20,000 nodes"),
        (
            change(lambda m: m.graph.input.add().CopyFrom(m.graph.input[0])),
            "2 inputs that are all called image",
        ),
    ],
    ids=["text", "keras", "nodes", "inputs"],
)
def test_a_file_that_cannot_be_used_is_one_sentence_and_the_model_before_stays(
    app: AppTest, model: onnx.ModelProto | bytes, sentence: str
) -> None:
    send(app, model, "<img src=x>.onnx")
    assert [warning.value for warning in app.warning if sentence in warning.value]
    assert [text.value for text in app.text] == ["File: <img src=x>.onnx"]
    send(app, create_network())
    assert not app.warning
    assert has_text(app, "5 classes")
    send(app, model)
    assert [warning.value for warning in app.warning if sentence in warning.value]
    assert has_text(app, "The model before it is still here.")
    assert has_text(app, "5 classes")
    assert len(app.get("bidi_component")) == 1


def test_a_missing_operator_is_named_and_other_methods_are_offered(app: AppTest) -> None:
    model = create_network()
    model.graph.node[1].CopyFrom(node("Hardmax", ["before"], ["features"], axis=1))
    app.query_params["methods"] = "occlusion"
    send(app, model)
    assert any("gradient cannot be made. Hardmax" in warning.value for warning in app.warning)
    assert has_text(app, "Saliency needs gradients, and this model has none.")
    assert not app.error
    assert len(app.get("bidi_component")) == 1


def test_a_stopped_model_is_not_taken(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("dashboard.views.own_model.upload.draw_progress", press_stop)
        send(app, create_network())
    assert [warning.value for warning in app.warning] == ["Stopped: the model was not taken."]
    assert not has_text(app, "5 classes")
    send(app, create_network())
    assert not app.warning and has_text(app, "5 classes")


def test_an_attack_is_one_sentence_and_the_next_file_works(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = replace(file._DEFAULT_LIMITS, seconds=2.0)
    monkeypatch.setattr(file, "_DEFAULT_LIMITS", limits)
    send(app, create_endless_loop())
    assert has_text(app, "took longer than 2 seconds and was stopped")
    send(app, create_network())
    assert has_text(app, "5 classes, logits")


def test_a_process_that_crashes_later_is_one_sentence_and_comes_back(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(app, create_network())
    with monkeypatch.context() as patch:
        patch.setattr(sandbox_process, "_WORKER", "no.such.module")
        _end_processes()
        app.pills(key="sample").set_value("coffee").run()
        assert not app.exception
        assert has_text(app, "sandbox for uploaded models does not start")
    app.pills(key="sample").set_value("temple").run()
    assert not app.error and not app.exception
    assert len(app.get("bidi_component")) == 1


def _end_processes() -> None:
    for process in _POOL._processes:
        process.kill()


def test_labels_are_received_checked_and_shown(app: AppTest) -> None:
    send(app, create_network())
    choose(app, "Names of the classes", "mine")
    uploader = app.file_uploader[1]
    uploader.upload("labels.txt", b"cat\ndog", "text/plain")
    app.run()
    assert has_text(app, "The list has 2 labels, and the network 5 classes")
    names = ["ant", "bee", "cow", "![x](https://x.org)", "emu"]
    app.file_uploader[1].upload("labels.json", json.dumps(names).encode(), "application/json")
    app.run()
    assert not app.warning
    assert "bee" in get_labels(app)
    assert "![x]" not in get_labels(app)


def test_names_in_the_file_are_used(app: AppTest) -> None:
    names = {index: f"thing {index}" for index in range(CLASSES)}
    send(app, create_network(names=str(names)))
    assert "thing 3" in get_labels(app)


def test_every_setting_can_be_corrected(app: AppTest) -> None:
    send(app, create_network(side="S"))
    assert has_text(app, "the file leaves the size open")
    before = get_labels(app)
    for number in app.number_input:
        if number.label in ("Height in pixels", "Width in pixels"):
            number.set_value(48)
    choose(app, "Its numbers are", "probabilities")
    assert not app.exception and not app.error
    assert get_labels(app) != before


def test_whole_numbers_as_input_have_no_gradient(app: AppTest) -> None:
    send(app, create_network(kind=TensorProto.UINT8))
    assert any("gradient cannot be made" in warning.value for warning in app.warning)
    assert len(app.get("bidi_component")) == 1


def test_nothing_of_it_stays_in_the_store_of_all_visitors(app: AppTest) -> None:
    before = list(cache.get_results()._results)
    send(app, create_network())
    assert list(cache.get_results()._results) == before


@pytest.mark.slow
def test_lite0_is_recognized_named_and_explained(app: AppTest) -> None:
    send(app, load_zoo_file(), "efficientnet.onnx")
    assert has_text(app, "3 channels, 224 × 224 pixels")
    assert has_text(app, "1,000 classes, logits")
    assert has_text(app, "“-1 to 1”") and has_text(app, "(pixel - 127) / 128")
    assert "tiger cat" in get_labels(app)
    assert not app.error and not app.warning


def test_the_visitor_s_own_photo_is_explained(app: AppTest) -> None:
    send(app, create_network())
    app.segmented_control(key="photo_source").set_value("Upload").run()
    app.file_uploader[-1].upload("me.jpg", (FOLDER / "coffee.jpg").read_bytes(), "image/jpeg")
    app.run()
    assert has_text(app, "Your photo.")
    assert len(app.get("bidi_component")) == 1
