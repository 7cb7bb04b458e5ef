"""A visitor's model in a real server: explained, let go with its visitor, and no harm to others."""

import time
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import settle, watch
from tests.dashboard.uploads.hostile import create_endless_loop
from tests.dashboard.uploads.networks import create_network, load_zoo_file

pytestmark = pytest.mark.browser

QUICK = "methods=intensity%2Cedges"


def _send(page: Page, model: onnx.ModelProto, name: str = "model.onnx") -> None:
    # In the browser's own menu, so that the link's methods are known to the page.
    page.get_by_test_id("stSidebarNavItems").get_by_text("Bring your own model").click()
    settle(page)
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(
        [{"name": name, "mimeType": "", "buffer": model.SerializeToString()}]
    )


def _list_sandboxes(server: str) -> list[int]:
    """Return the ids of the sandboxes that belong to the server under test."""
    port = server.rsplit(":", 1)[1]
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
            owner = Path(f"/proc/{parent}/cmdline").read_bytes()
        except OSError:  # it has just ended
            continue
        if b"inside.process" in command and port.encode() in owner.split(b"\0"):
            found.append(int(folder.name))
    return found


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.slow
def test_a_model_is_explained_and_let_go_with_its_visitor(server: str, page: Page) -> None:
    page.goto(f"{server}/?{QUICK}")
    settle(page)
    _send(page, create_network())
    works = page.get_by_text("Gradients work: every method can explain it.")
    expect(works).to_be_visible(timeout=60_000)  # the sandbox starts a Python of its own
    expect(page.locator(".card .verdict")).to_have_count(2, timeout=60_000)
    settle(page)
    expect(page.get_by_text("5 classes, logits")).to_be_visible()
    assert len(_list_sandboxes(server)) == 1
    page.goto("about:blank")
    _wait_until(lambda: not _list_sandboxes(server))


@pytest.mark.slow
def test_trying_a_model_out_can_be_stopped(server: str, page: Page) -> None:
    page.goto(f"{server}/?{QUICK}")
    settle(page)
    _send(page, load_zoo_file("efficientnet_lite2.imagenet"))
    expect(page.get_by_text("Trying how it wants its photos")).to_be_visible(timeout=30_000)
    page.get_by_test_id("stButton").get_by_role("button", name="Stop").click()
    settle(page)
    expect(page.get_by_text("Stopped: the model was not taken.")).to_be_visible()
    _wait_until(lambda: not _list_sandboxes(server))


@pytest.mark.slow
def test_an_endless_loop_is_one_sentence_and_others_are_served_meanwhile(
    server: str, page: Page, browser: Browser
) -> None:
    page.goto(f"{server}/?{QUICK}")
    settle(page)
    _send(page, create_endless_loop())
    _wait_until(lambda: len(_list_sandboxes(server)) == 1)
    other = watch(browser.new_page())
    other.goto(f"{server}/?{QUICK}&sample=coffee")
    settle(other)
    expect(other.get_by_role("heading", name="espresso").first).to_be_visible()
    _send(other, create_network())
    expect(other.get_by_text("Gradients work")).to_be_visible(timeout=30_000)
    other.close()
    sentence = page.get_by_text("The model took longer than 30 seconds and was stopped.")
    expect(sentence).to_be_visible(timeout=60_000)
    _send(page, create_network())
    expect(page.get_by_text("Gradients work")).to_be_visible(timeout=30_000)
