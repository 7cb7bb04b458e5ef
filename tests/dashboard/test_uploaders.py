"""Every uploader: a refused file has a sentence of its own, in place of the one before it."""

from collections.abc import Callable, Iterator

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from dashboard.uploads import file, labels
from dashboard.views.own_model import upload
from dashboard.widgets import photo_input
from tests.dashboard.app_driver import QUICK, close_own_space, open_view
from tests.dashboard.uploads.networks import create_network


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let all files of two megabytes or more be too large; let go of what was uploaded."""
    monkeypatch.setattr(photo_input, "MAX_MEGABYTES", 1)
    monkeypatch.setattr(file, "MAX_BYTES", 1 << 20)
    monkeypatch.setattr(labels, "MAX_BYTES", 1 << 20)
    yield
    close_own_space()


def open_photos() -> AppTest:
    app = open_view("cnn", model="cnn.fashion_mnist")
    return app.segmented_control(key="photo_source").set_value("Upload").run()


def open_models() -> AppTest:
    return open_view("own-model")


def open_labels() -> AppTest:
    app = open_view("own-model", methods=QUICK)
    app.file_uploader[0].upload("a.onnx", create_network().SerializeToString(), "x/y").run()
    mine = next(each for each in app.selectbox if each.label == "Names of the classes")
    return mine.set_value("mine").run()


LIMITS = {"photos": 10, "models": 100, "labels": 4}  # megabytes, as the pages say
OPENERS: dict[str, Callable[[], AppTest]] = {
    "photos": open_photos,
    "models": open_models,
    "labels": open_labels,
}


def send(app: AppTest, name: str, data: bytes) -> list[str]:
    """Send a file to the last uploader on the page; return the sentences that warn."""
    app.file_uploader[-1].upload(name, data, "image/png").run()
    assert not app.exception
    return [each.value for each in app.warning]


@pytest.mark.usefixtures("small_limits")
@pytest.mark.parametrize("what", OPENERS)
def test_a_refused_file_has_its_own_sentence_and_no_other(what: str) -> None:
    app = OPENERS[what]()
    (first,) = send(app, "first.png", b"\xff\xfejunk")
    (second,) = send(app, "second.png", bytes(2 << 20))
    assert first != second and "MB" in second and "MB" not in first
    assert [text.value for text in app.text if "first.png" in text.value] == []
    (third,) = send(app, "third.png", b"\xff\xfejunk")
    assert third == first


@pytest.mark.usefixtures("small_limits")
@pytest.mark.parametrize("what", OPENERS)
def test_a_file_over_the_limit_reaches_the_page_which_says_so(what: str) -> None:
    received = OPENERS[what]().file_uploader[-1].proto.max_upload_size_mb
    assert 2 * LIMITS[what] <= received
    assert upload.MAX_RECEIVED == 200


def test_the_server_receives_what_the_largest_uploader_offers() -> None:
    assert config.get_option("server.maxUploadSize") >= upload.MAX_RECEIVED
