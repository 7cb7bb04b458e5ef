import math

import pytest

from export.metrics import measure_mean, measure_share


def test_wilsons_interval_of_a_textbook_case() -> None:
    # Newcombe 1998, table I: 15 of 148 gives 0.0624 to 0.1605.
    metric = measure_share(15, 148, "of the cases")
    assert metric.value == pytest.approx(100 * 15 / 148)
    assert (metric.low, metric.high) == (
        pytest.approx(6.24, abs=5e-3),
        pytest.approx(16.05, abs=5e-3),
    )
    assert (metric.n, metric.unit) == (148, "%")


@pytest.mark.parametrize("hits", [0, 20])
def test_none_or_all_hits_still_have_an_interval_that_holds_the_share(hits: int) -> None:
    metric = measure_share(hits, 20, "of the cases")
    assert metric.low <= metric.value <= metric.high
    assert metric.high - metric.low > 5


@pytest.mark.parametrize(("hits", "n"), [(3, 2), (-1, 2), (0, 0)])
def test_what_is_no_share_is_refused(hits: int, n: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        measure_share(hits, n, "of the cases")


def test_a_mean_has_the_normal_interval() -> None:
    metric = measure_mean([1.0, 2.0, 3.0], "s", "seconds")
    assert metric.value == 2
    assert metric.high - 2 == pytest.approx(1.959964 / math.sqrt(3))
    with pytest.raises(ValueError, match="two values"):
        measure_mean([1.0], "s", "seconds")
