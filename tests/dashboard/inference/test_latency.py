import numpy as np
import pytest

from dashboard.inference.cards import GraphSpec, Port
from dashboard.inference.latency import create_feed, measure_latency, summarize


def test_the_figures_of_known_times() -> None:
    latency = summarize(np.arange(1.0, 102.0))
    assert (latency.p50, latency.p95, latency.n) == (51, 96, 101)
    assert 40 < latency.low < 51 < latency.high < 62


def test_equal_times_leave_no_doubt() -> None:
    latency = summarize(np.full(9, 4.0))
    assert latency.low == latency.high == latency.p50 == latency.p95 == 4


def test_it_runs_often_enough_and_not_for_ever() -> None:
    calls: list[int] = []
    assert measure_latency(lambda: calls.append(1), seconds=0).n == 5
    assert measure_latency(lambda: calls.append(1), seconds=60, most=20).n == 20
    assert len(calls) == 5 + 20 + 2 * 3


@pytest.mark.parametrize(("sizes", "steps"), [({}, 1), ({"T": 7}, 7)])
def test_a_feed_has_the_graphs_shapes(sizes: dict[str, int], steps: int) -> None:
    spec = GraphSpec({"x": Port("int64", ("N", "T", 3), "numbers")}, {})
    (x,) = create_feed(spec, sizes).values()
    assert x.shape == (1, steps, 3) and x.dtype == np.int64
