"""The store of results, asked by several threads at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from dashboard.cache import ResultStore

PATIENCE = 30  # seconds: a deadlock fails the test in place of hanging it


class Stopped(BaseException):
    """As Streamlit stops a run: no Exception."""


class Work:
    """A computation that tells that it has begun and goes on when it is let."""

    def __init__(self, result: object, error: BaseException | None = None) -> None:
        self.begun, self.let, self.count = Event(), Event(), 0
        self.result, self.error = result, error

    def __call__(self) -> object:
        self.count += 1
        self.begun.set()
        assert self.let.wait(PATIENCE)
        if self.error is not None:
            raise self.error
        return self.result


@pytest.fixture
def pool() -> Any:
    with ThreadPoolExecutor(4) as threads:
        yield threads


def test_get_returns_what_is_kept_and_none_for_what_is_not() -> None:
    store = ResultStore()
    assert store.get("key") is None
    store.get_or_compute("key", lambda: (1, 2))
    assert store.get("key") == (1, 2)


def test_none_is_kept_too() -> None:
    store, work = ResultStore(), Work(None)
    work.let.set()
    assert store.get_or_compute("key", work) is None
    assert store.get_or_compute("key", work) is None
    assert work.count == 1


def test_a_result_that_was_looked_at_outlives_the_others() -> None:
    store = ResultStore(2)
    for key in "ab":
        store.get_or_compute(key, lambda: 1)
    store.get("a")
    store.get_or_compute("c", lambda: 1)
    assert store.get("a") and store.get("b") is None


def test_two_visitors_at_once_compute_once(pool: ThreadPoolExecutor) -> None:
    store, work, waits = ResultStore(), Work("found"), [Event() for _ in range(3)]
    first = pool.submit(store.get_or_compute, "key", work)
    assert work.begun.wait(PATIENCE)
    others = [pool.submit(store.get_or_compute, "key", work, wait.set) for wait in waits]
    assert all(wait.wait(PATIENCE) for wait in waits)
    work.let.set()
    assert [each.result(PATIENCE) for each in (first, *others)] == ["found"] * 4
    assert work.count == 1


def test_who_waited_gets_the_result_even_if_the_store_has_let_it_go(
    pool: ThreadPoolExecutor,
) -> None:
    store, work, waiting, go_on = ResultStore(1), Work("found"), Event(), Event()

    def wait() -> None:
        waiting.set()
        assert go_on.wait(PATIENCE)

    first = pool.submit(store.get_or_compute, "key", work)
    assert work.begun.wait(PATIENCE)
    second = pool.submit(store.get_or_compute, "key", work, wait)
    assert waiting.wait(PATIENCE)
    work.let.set()
    assert first.result(PATIENCE) == "found"
    store.get_or_compute("another", lambda: 1)
    assert store.get("key") is None
    go_on.set()
    assert second.result(PATIENCE) == "found" and work.count == 1


@pytest.mark.parametrize("error", [ValueError("broken"), Stopped()], ids=["failed", "stopped"])
def test_one_that_fails_or_is_stopped_lets_the_next_compute(
    pool: ThreadPoolExecutor, error: BaseException
) -> None:
    store, work, waiting = ResultStore(), Work(None, error), Event()
    first = pool.submit(store.get_or_compute, "key", work)
    assert work.begun.wait(PATIENCE)
    second = pool.submit(store.get_or_compute, "key", lambda: "found", waiting.set)
    assert waiting.wait(PATIENCE)
    work.let.set()
    assert second.result(PATIENCE) == "found"
    assert first.exception(PATIENCE) is error
    assert store.get("key") == "found"


def test_a_failure_is_not_kept() -> None:
    store, work = ResultStore(), Work(None, ValueError("broken"))
    work.let.set()
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            store.get_or_compute("key", work)
    assert work.count == 2 and store.get("key") is None


def test_a_visitor_who_waits_may_leave(pool: ThreadPoolExecutor) -> None:
    store, work = ResultStore(), Work("found")

    def leave() -> None:
        raise Stopped

    first = pool.submit(store.get_or_compute, "key", work)
    assert work.begun.wait(PATIENCE)
    with pytest.raises(Stopped):
        store.get_or_compute("key", work, leave)
    work.let.set()
    assert first.result(PATIENCE) == "found" and work.count == 1


def test_a_computation_may_ask_for_others_and_for_itself() -> None:
    store = ResultStore()

    def compute() -> int:
        inner = store.get_or_compute("inner", lambda: store.get_or_compute("outer", lambda: 1))
        return 10 * inner

    assert store.get_or_compute("outer", compute) == 10
    assert store.get("inner") == 1 and store.get("outer") == 10


def test_two_that_ask_for_each_other_do_not_wait_for_ever(pool: ThreadPoolExecutor) -> None:
    stores = {"a": ResultStore(), "b": ResultStore()}
    begun = {"a": Event(), "b": Event()}

    def ask(own: str, other: str) -> Callable[[], str]:
        def compute() -> str:
            begun[own].set()
            assert begun[other].wait(PATIENCE)
            return own + stores[other].get_or_compute(other, lambda: other)

        return compute

    found = [
        pool.submit(stores[own].get_or_compute, own, ask(own, other)) for own, other in ("ab", "ba")
    ]
    results = {each.result(PATIENCE) for each in found}
    assert results <= {"ab", "ba", "aba", "bab"} and len(results) == 2
    assert not ResultStore._waiting and not any(store._running for store in stores.values())
