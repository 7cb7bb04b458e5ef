"""The page *Explain a photo* on the real zoo."""

import io
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard import cache
from dashboard.attribution import METHODS
from dashboard.inference.samples import FOLDER, list_samples
from tests.dashboard.app_driver import APP, has_text, list_figures, open_app, press_stop

COFFEE = (FOLDER / "coffee.jpg").read_bytes()
ESPRESSO, CUP = 967, 968


def encode(size: tuple[int, int], kind: str = "PNG", mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, 128).save(buffer, kind)
    return buffer.getvalue()


def upload(app: AppTest, *files: tuple[str, bytes, str]) -> AppTest:
    app.segmented_control(key="photo_source").set_value("Upload").run()
    uploader = app.file_uploader[0]
    for file in files:
        uploader.upload(*file)
    return app.run()


@pytest.fixture
def without_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the work before it begins, where a test is about what stands around the maps."""
    monkeypatch.setattr("dashboard.views.explain.explanation.draw_start", lambda *_, **__: None)


def get_chart_labels(app: AppTest) -> str:
    return str(app.get("vega_lite_chart")[0].proto)


@pytest.mark.slow
def test_the_first_visit_shows_a_photo_its_prediction_and_tested_maps() -> None:
    app = open_app()
    assert not app.exception and not app.error
    assert app.title[0].value == "Explain a photo"
    assert has_text(app, "says the network")
    assert len(list_figures(app)) == 1
    assert [button.label for button in app.get("download_button")] == [
        "Picture of the maps (PNG)",
        "Figures (JSON)",
    ]


@pytest.mark.slow
def test_the_first_visit_loads_neither_torch_nor_captum() -> None:
    code = f"""
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file({str(APP)!r}, default_timeout=300)
app.query_params["rise.n_masks"] = "100"
app.run()
assert not app.exception, app.exception
assert app.get("bidi_component")
print(sorted({{"torch", "captum", "sklearn", "skimage"}} & sys.modules.keys()))
"""
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=APP.parents[1]
    )
    assert answer.stdout.strip().endswith("[]")


def test_every_sample_opens() -> None:
    app = open_app(methods="center")
    app.pills(key="methods").set_value([]).run()  # a map of each would say nothing more
    for sample in list_samples():
        app.pills(key="sample").set_value(sample.name).run()
        assert not app.exception
        assert app.pills(key="sample").value == sample.name
        assert has_text(app, "says the network")


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_every_method_draws_a_tested_map_on_the_real_network(method: object) -> None:
    name = method.name  # type: ignore[attr-defined]
    few = {
        "rise.n_masks": "100",
        "kernel_shap.n_samples": "100",
        "kernel_shap.n_segments": "10",
        "integrated_gradients.n_steps": "8",
        "smoothgrad.n_samples": "4",
        "gradient_shap.n_samples": "8",
        "occlusion.window": "96",
        "occlusion.stride": "48",
    }
    app = open_app(methods=name, sample="coffee", **few)
    assert not app.exception and not app.error and not app.warning
    assert len(list_figures(app)) == 1


@pytest.mark.usefixtures("without_maps")
def test_a_link_restores_the_view_and_the_page_writes_the_same_link() -> None:
    query = {
        "model": "efficientnet_lite2.imagenet",
        "sample": "coffee",
        "target": str(CUP),
        "versus": str(ESPRESSO),
        "methods": "random,center",
    }
    app = open_app(**query)
    assert not app.exception
    assert app.selectbox(key="model").value == query["model"]
    assert app.selectbox(key="target").value == CUP
    assert app.selectbox(key="versus").value == ESPRESSO
    assert app.pills(key="methods").value == ["random", "center"]
    assert dict(app.query_params) == query


@pytest.mark.usefixtures("without_maps")
def test_a_parameter_in_the_link_reaches_its_control() -> None:
    app = open_app(methods="rise", **{"rise.n_masks": "100", "rise.n_cells": "5"})
    assert app.slider(key="rise.n_masks").value == 100
    assert app.slider(key="rise.n_cells").value == 5


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("model", "resnet"),
        ("sample", "../../etc/passwd"),
        ("target", "1000"),
        ("target", "-3"),
        ("target", "<script>"),
        ("target", "9" * 4301),  # more digits than Python reads as a number
        ("versus", "9" * 4301),
        ("versus", "٣"),
        ("methods", "magic"),
    ],
)
def test_a_link_that_means_nothing_falls_back_and_says_so(key: str, text: str) -> None:
    app = open_app(**{key: text, "rise.n_masks": "100"})
    assert not app.exception
    assert has_text(app, "A part of the link means nothing here")
    assert app.code[0].value.startswith(f"{key}={text[:40]}")


def test_a_photo_is_uploaded_and_predicted() -> None:
    app = upload(open_app(), ("coffee.jpg", COFFEE, "image/jpeg"))
    assert not app.exception and not app.warning
    assert has_text(app, "Espresso, says the network")
    assert has_text(app, "Your photo.")


@pytest.mark.usefixtures("without_maps")
def test_several_photos_are_kept_and_one_is_chosen() -> None:
    chelsea = (FOLDER / "chelsea.jpg").read_bytes()
    app = upload(open_app(), ("a.jpg", COFFEE, "image/jpeg"), ("b.jpg", chelsea, "image/jpeg"))
    assert has_text(app, "Espresso, says the network")
    app.pills(key="own_photo_index").set_value(1).run()
    assert not app.exception
    assert not has_text(app, "Espresso, says the network")


@pytest.mark.usefixtures("without_maps")
def test_another_photo_goes_back_to_explaining_the_prediction() -> None:
    app = open_app(sample="coffee", target=str(CUP))
    app.pills(key="sample").set_value("rocket").run()
    assert not app.exception
    assert app.selectbox(key="target").value == -1


BAD_FILES = {
    "empty.png": b"",
    "truncated.jpg": COFFEE[: len(COFFEE) // 2],
    "renamed.png": b"MZ\x90\x00" + bytes(500),
    "drawing.png": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "phone.jpg": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1" + bytes(100),
    "bomb.png": encode((20_000, 20_000), mode="1"),
    "**bold** <img src=x>.png": b"not a picture",
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_gives_one_sentence_and_keeps_the_result(name: str) -> None:
    app = upload(open_app(), ("coffee.jpg", COFFEE, "image/jpeg"))
    app.file_uploader[0].upload(name, BAD_FILES[name], "image/png")
    app.run()
    assert not app.exception
    assert len(app.warning) == 1
    assert app.warning[0].value.endswith(".")
    assert [text.value for text in app.text] == [f"File: {name}"]
    assert has_text(app, "Espresso, says the network")
    assert len(list_figures(app)) == 1


GOOD_FILES = {
    "one pixel": encode((1, 1)),
    "a line": encode((1, 10_000)),
    "cmyk": encode((64, 64), "JPEG", "CMYK"),
    "sixteen bits": encode((64, 64), "PNG", "I;16"),
    "palette": encode((64, 64), "GIF", "P"),
    "tiff": encode((64, 64), "TIFF"),
    "webp": encode((64, 64), "WEBP"),
    "bmp": encode((64, 64), "BMP"),
}


def test_odd_but_legal_files_are_explained() -> None:
    # All are the same grey: one of them shows the map of it.
    app = open_app(methods="edges")
    app.pills(key="methods").set_value([]).run()
    upload(app, *((f"{name}.png", data, "image/png") for name, data in GOOD_FILES.items()))
    for index in range(len(GOOD_FILES)):
        app.pills(key="own_photo_index").set_value(index).run()
        assert not app.exception and not app.warning
        assert has_text(app, "Your photo.") and has_text(app, "says the network")
    app.pills(key="methods").set_value(["edges"]).run()
    assert not app.exception and not app.warning
    assert len(list_figures(app)) == 1


def test_eleven_files_at_once_are_too_many() -> None:
    files = [(f"{i}.jpg", COFFEE, "image/jpeg") for i in range(11)]
    app = upload(open_app(), *files)
    assert not app.exception
    assert [w.value for w in app.warning] == ["11 files at once are too many: send at most 10."]
    assert has_text(app, "says the network")


def test_a_good_file_among_bad_ones_is_used() -> None:
    app = upload(open_app(), ("a.png", b"junk", "image/png"), ("b.jpg", COFFEE, "image/jpeg"))
    assert len(app.warning) == 1
    assert has_text(app, "Espresso, says the network")


def test_a_class_cannot_be_contrasted_with_itself() -> None:
    app = open_app(sample="coffee", target=str(CUP), versus=str(CUP))
    assert not app.exception
    assert has_text(app, "cannot be contrasted with itself")


def test_no_method_asks_for_one() -> None:
    app = open_app()
    app.pills(key="methods").set_value([]).run()
    assert not app.exception
    assert has_text(app, "Choose at least one method.")


@pytest.mark.slow
def test_stopped_work_stays_stopped_until_it_is_resumed(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.get_results.clear()
    monkeypatch.setattr("dashboard.widgets.on_demand.draw_progress", press_stop)
    app = open_app(methods="center,random", sample="admiral")
    assert not app.exception
    assert has_text(app, "Stopped.")
    assert not app.get("download_button")
    monkeypatch.undo()
    app.button(key="start_maps").click().run()
    assert len(app.get("download_button")) == 2


@pytest.fixture
def broken_zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    zoo = tmp_path / "zoo"
    shutil.copytree(cache.ZOO, zoo)
    monkeypatch.setattr(cache, "ZOO", zoo)
    for cached in (cache.get_zoo, cache.get_card, cache.get_model):
        cached.clear()
    yield zoo
    for cached in (cache.get_zoo, cache.get_card, cache.get_model):
        cached.clear()


@pytest.mark.usefixtures("without_maps")
def test_a_missing_file_names_itself_and_leaves_the_other_model(broken_zoo: Path) -> None:
    (broken_zoo / "efficientnet_lite0.imagenet" / "predict.onnx").unlink()
    app = open_app()
    assert not app.exception
    assert any("efficientnet_lite0" in e.value and "predict.onnx" in e.value for e in app.error)
    assert app.selectbox(key="model").value == "efficientnet_lite2.imagenet"
    assert has_text(app, "says the network")


@pytest.mark.usefixtures("without_maps")
def test_corrupted_weights_name_themselves_and_leave_the_other_model(broken_zoo: Path) -> None:
    weights = broken_zoo / "efficientnet_lite0.imagenet" / "weights.bin"
    data = bytearray(weights.read_bytes())
    data[1000] ^= 1
    weights.write_bytes(data)
    app = open_app(model="efficientnet_lite0.imagenet")
    assert not app.exception
    assert any("weights.bin" in error.value for error in app.error)
    app.selectbox(key="model").set_value("efficientnet_lite2.imagenet").run()
    assert has_text(app, "says the network")


def test_an_empty_zoo_is_one_sentence(broken_zoo: Path) -> None:
    shutil.rmtree(broken_zoo)
    broken_zoo.mkdir()
    app = open_app()
    assert not app.exception
    assert len(app.error) == 1


def test_logits_do_not_depend_on_who_asks_first() -> None:
    model = cache.get_model("efficientnet_lite0.imagenet")
    noise = np.random.default_rng(0).normal(size=(3, *model.input_shape)).astype(np.float32)
    together = model.predict(noise)
    np.testing.assert_allclose(together[1:2], model.predict(noise[1:2]), atol=1e-4)


@pytest.mark.usefixtures("without_maps")
def test_a_part_of_the_link_that_is_not_needed_yet_is_kept() -> None:
    app = open_app(**{"rise.n_masks": "300"})
    assert dict(app.query_params)["rise.n_masks"] == "300"
    app.pills(key="methods").set_value(["edges"]).run()
    assert dict(app.query_params) == {"methods": "edges", "rise.n_masks": "300"}
