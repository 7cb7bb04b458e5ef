import numpy as np
import pytest

from export.datasets.recall import (
    MAX_LAG,
    QUERY,
    create_sequences,
    draw_lag,
)


def test_the_answer_is_the_first_symbol_and_the_query_stands_last() -> None:
    data = create_sequences(50, 3, (1,))
    assert data.tokens.shape == (50, 5)
    assert (data.tokens[:, -1] == QUERY).all() and (data.tokens[:, :-1] < QUERY).all()
    assert (data.answers == data.tokens[:, 0]).all()
    assert set(data.answers) == set(range(8))


def test_the_same_seed_gives_the_same_sequences_and_another_one_others() -> None:
    first = create_sequences(20, 8, (1, 2)).tokens
    assert (first == create_sequences(20, 8, (1, 2)).tokens).all()
    assert (first != create_sequences(20, 8, (1, 3)).tokens).any()


@pytest.mark.parametrize("lag", [0, MAX_LAG + 1])
def test_a_lag_out_of_range_is_refused(lag: int) -> None:
    with pytest.raises(ValueError, match="not between 1 and 256"):
        create_sequences(1, lag, (0,))


def test_lags_are_drawn_evenly_on_a_logarithmic_scale() -> None:
    generator = np.random.default_rng(0)
    lags = np.array([draw_lag(generator) for _ in range(4000)])
    assert lags.min() == 1 and lags.max() > 240
    assert abs((lags < 16).mean() - 0.5) < 0.03  # log 16 is half of log 256
