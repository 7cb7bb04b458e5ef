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
from playwright.sync_api import Browser, Locator, Page, sync_playwright

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


def settle(page: Page, timeout_s: float = 120) -> None:
    """Wait until the app has finished what it was asked to do."""
    page.wait_for_function(SETTLED, timeout=timeout_s * 1000)
    page.wait_for_timeout(250)  # a rerun that was asked for a moment ago starts within this
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
    sent = _SENT[slider.page]
    before = len(sent)
    assert before, "not even the page itself was asked for: nothing is counted"
    states = slider.evaluate(_SCRUB)
    slider.page.wait_for_timeout(500)  # a message that was put off for a moment is sent within this
    assert len(sent) - before <= messages, "scrubbing asked the server"
    assert states > 1, "the figure does not follow its slider"


# By page, the messages that it has sent to the server.
_SENT: WeakKeyDictionary[Page, list[str | bytes]] = WeakKeyDictionary()


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
    sent = _SENT[tab] = []
    tab.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    yield tab
    FAILURES.mkdir(exist_ok=True)
    tab.screenshot(path=str(FAILURES / f"{request.node.name}.png"))
    context.close()
