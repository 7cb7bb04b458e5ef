import numpy as np
import pytest

from dashboard.attribution.base import Question
from dashboard.inference.model import Floats
from dashboard.limits.counterfactual import (
    count_until_flip,
    cut_pieces,
    find_edit,
    order_by_map,
    remove,
)
from dashboard.limits.known_answer import LinearModel

SIDE = 28
INPUTS = np.ones((1, 1, SIDE, SIDE), np.float32)
BLANK = np.zeros_like(INPUTS)


class Biased(LinearModel):
    """A linear model whose other class has a score of its own."""

    def __init__(self, weights: Floats, rival: float) -> None:
        super().__init__(weights)
        self.rival = rival

    def predict(self, inputs: Floats) -> Floats:
        logits = super().predict(inputs)
        logits[:, 1] = self.rival
        return logits


def _create(values: dict[int, float], rival: float) -> Biased:
    """Return a model to which each piece adds so much."""
    pieces = cut_pieces(LinearModel(np.zeros((1, SIDE, SIDE), np.float32)), INPUTS)
    weights = np.zeros((1, SIDE, SIDE), np.float32)
    for piece, value in values.items():
        weights[0][pieces == piece] = value / 16  # 4 x 4 pixels a piece
    return Biased(weights, rival)


def test_pieces_cover_the_picture() -> None:
    pieces = cut_pieces(_create({}, 0), INPUTS)
    assert np.array_equal(np.unique(pieces), np.arange(49))
    assert np.all(np.bincount(pieces.ravel()) == 16)


def test_the_search_finds_the_pieces_that_hold_the_answer() -> None:
    model = _create({5: 3.0, 20: 2.0, 30: 0.4}, rival=1.0)
    pieces = cut_pieces(model, INPUTS)
    search = find_edit(model, Question(INPUTS, 0), BLANK, pieces)
    assert [edit.removed for edit in search.edits] == [(), (5,), (5, 20)]
    assert search.smallest is not None and search.smallest.removed == (5, 20)
    assert search.smallest.answer == 1


def test_what_is_not_needed_is_put_back() -> None:
    class Rule(LinearModel):
        """Flips once pieces 1 and 2 are gone; piece 0 lowers the score more, and is a lure."""

        def predict(self, inputs: Floats) -> Floats:
            gone = [float(inputs[i, 0, 0, 4 * p] == 0) for i in range(len(inputs)) for p in (0, 1)]
            gone2 = inputs[:, 0, 0, 8] == 0
            lure, one = np.array(gone).reshape(-1, 2).T
            score = 3 - 1.5 * lure - one - gone2 - 2 * (one * gone2)
            return np.stack([score, np.zeros_like(score)], axis=1).astype(np.float32)

    model = Rule(np.zeros((1, SIDE, SIDE), np.float32))
    search = find_edit(model, Question(INPUTS, 0), BLANK, cut_pieces(model, INPUTS))
    assert search.edits[1].removed == (0,)
    assert search.smallest is not None and set(search.smallest.removed) == {1, 2}


def test_an_answer_that_holds_is_not_edited() -> None:
    model = _create({0: 1.0}, rival=-5.0)
    pieces = cut_pieces(model, INPUTS)
    search = find_edit(model, Question(INPUTS, 0), BLANK, pieces)
    assert search.smallest is None
    assert np.isin(pieces, search.edits[-1].removed).mean() > 0.7
    assert count_until_flip(model, Question(INPUTS, 0), BLANK, pieces, range(49)) is None


def test_orders_are_compared_by_area() -> None:
    model = _create({7: 2.0}, rival=1.0)
    pieces = cut_pieces(model, INPUTS)
    order = order_by_map(model.weights[0], pieces)
    assert order[0] == 7
    question = Question(INPUTS, 0)
    share = count_until_flip(model, question, BLANK, pieces, order)
    assert share == pytest.approx(1 / 49)
    late = count_until_flip(model, question, BLANK, pieces, order[::-1])
    assert late == pytest.approx(1)


def test_removing_puts_the_blank_there_and_nowhere_else() -> None:
    pieces = cut_pieces(_create({}, 0), INPUTS)
    edited = remove(INPUTS, BLANK, pieces, (0, 48))
    assert np.array_equal(edited[0, 0] == 0, (pieces == 0) | (pieces == 48))
