"""A real server process and a real Chromium, shared by the browser tests."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from weakref import WeakKeyDictionary

import pytest
from playwright.sync_api import Browser, Locator, Page, WebSocket, sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.conftest import find_chromium

ROOT = Path(__file__).resolve().parents[2]
FAILURES = Path(__file__).parent / "failures"

SETTLED = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  return app
    && app.dataset.testScriptState === 'notRunning'
    && app.dataset.testConnectionState === 'CONNECTED'
    && !document.querySelector('[data-stale="true"]');
}"""


class Wire:
    """What a page and the server say to each other: counted, because a screen may lag behind.

    Attributes:
        n_sent: messages of the page to the server.
        is_waiting: whether the page asked for a run and the server has not finished one since.
    """

    def __init__(self) -> None:
        self.n_sent = 0
        self.is_waiting = False

    def listen(self, socket: WebSocket) -> None:
        socket.on("framesent", self._send)
        socket.on("framereceived", self._receive)

    def _send(self, frame: str | bytes) -> None:
        self.n_sent += 1
        if isinstance(frame, bytes) and BackMsg.FromString(frame).HasField("rerun_script"):
            self.is_waiting = True

    def _receive(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes) and ForwardMsg.FromString(frame).HasField("script_finished"):
            self.is_waiting = False


_WIRES: WeakKeyDictionary[Page, Wire] = WeakKeyDictionary()


def watch(page: Page) -> Page:
    """Listen to what a new tab and the server say; `settle` and `scrub` need it."""
    wire = _WIRES[page] = Wire()
    page.on("websocket", wire.listen)
    return page


def settle(page: Page, timeout_s: float = 120) -> None:
    """Wait until the app has finished what it was asked to do."""
    end = time.monotonic() + timeout_s
    for _ in range(2):
        page.wait_for_timeout(250)  # a rerun that was asked for a moment ago is sent within this
        while _WIRES[page].is_waiting and time.monotonic() < end:
            page.wait_for_timeout(50)
        page.wait_for_function(SETTLED, timeout=timeout_s * 1000)


# The slider and what it reads out are left aside: they would change without a figure too.
_SCRUB = """input => {
  const root = input.getRootNode()
  const scene = root === document ? input.closest('[data-testid]') : root
  // As a hand does it: React overlooks a plain `input.value = …`, and a slider of Streamlit's asks
  // the server when it is let go.
  const tell = (Kind, name) => input.dispatchEvent(new Kind(name, { bubbles: true }))
  const { set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')
  const first = Number(input.min), step = Number(input.step) || 1, seen = new Set()
  const last = Math.round((Number(input.max) - first) / step)
  tell(PointerEvent, 'pointerdown')
  for (let place = 0; place <= last; place++) {
    set.call(input, first + place * step)
    tell(Event, 'input')
    const copy = document.createElement('template')
    copy.innerHTML = scene.innerHTML
    copy.content.querySelectorAll('input, output').forEach(each => each.remove())
    const drawn = [...scene.querySelectorAll('canvas')].map(canvas => canvas.toDataURL())
    seen.add(copy.innerHTML + drawn.join())
  }
  tell(Event, 'change')
  tell(PointerEvent, 'pointerup')
  return seen.size
}"""


def scrub(slider: Locator, messages: int = 0) -> None:
    """Move a figure's slider through all its positions, and prove that the browser alone redraws.

    The figure must change with the slider still held, and no message may go to the server: a rerun
    would need one. A figure that tells its place when it is let go may send that one (`messages`).
    """
    settle(slider.page)  # what was asked for before does not count
    wire = _WIRES[slider.page]
    before = wire.n_sent
    assert before, "not even the page itself was asked for: nothing is counted"
    states = slider.evaluate(_SCRUB)
    slider.page.wait_for_timeout(500)  # a message that was put off for a moment is sent within this
    assert wire.n_sent - before <= messages, "scrubbing asked the server"
    assert states > 1, "the figure does not follow its slider"


def _find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Run the app as README does and return its address."""
    port = _find_port()
    command = [sys.executable, "-m", "streamlit", "run", "dashboard/app.py"]
    command += ["--server.port", str(port), "--server.headless", "true"]
    command += ["--server.address", "127.0.0.1"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_until_alive(address, process)
            yield address
        finally:
            process.terminate()


def _wait_until_alive(address: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"The server ended with code {process.returncode}.")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("The server did not answer within 30 s.")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=find_chromium(),
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1360, "height": 1800}, accept_downloads=True)
    tab = context.new_page()
    watch(tab)
    yield tab
    FAILURES.mkdir(exist_ok=True)
    tab.screenshot(path=str(FAILURES / f"{request.node.name}.png"))
    context.close()
