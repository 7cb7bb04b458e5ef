"""Processes that were taken over: the app believes nothing that it cannot check."""

from collections.abc import Iterator

import pytest

from dashboard.uploads import sandbox_process
from dashboard.uploads.sandbox import Sandbox
from dashboard.uploads.sandbox_wire import UploadError, UploadStopped
from tests.dashboard.uploads.lying_worker import LIES


@pytest.fixture
def box() -> Iterator[Sandbox]:
    box = Sandbox()
    yield box
    box.close()


@pytest.mark.parametrize("lie", [*LIES, "three numbers"])
def test_a_process_that_was_taken_over_is_ended(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    monkeypatch.setattr(sandbox_process, "_WORKER", "tests.dashboard.uploads.lying_worker")
    with pytest.raises(UploadError, match="is no answer, and was ended"):
        box.call({"lie": lie}, max_reply=11)
    assert box.pid is None


def test_a_process_that_is_silent_is_stopped(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_process, "_WORKER", "tests.dashboard.uploads.lying_worker")
    with pytest.raises(UploadStopped, match=r"longer than 0\.5 seconds"):
        box.call({"lie": "silence"}, seconds=0.5)


def test_what_it_says_cannot_mark_up_the_page(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox_process, "_WORKER", "tests.dashboard.uploads.lying_worker")
    with pytest.raises(UploadError) as caught:
        box.call({"lie": "markup"})
    assert len(str(caught.value)) <= 300
    assert not set(str(caught.value)) & set("[]<>*`")


def test_a_sandbox_that_cannot_start_says_so(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_process, "_WORKER", "no.such.module")
    with pytest.raises(UploadError, match="does not start here"):
        box.call({"do": "open"})
