"""The three readers of reviews: what padding, the future and the past may and may not do."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from models.sentiment_head import SentimentHead
from models.text_lstm import LONGEST, Gates, compute_cells, create_text_lstm
from models.text_rnn import create_text_rnn
from models.text_transformer import create_text_transformer

CREATE = [create_text_rnn, create_text_lstm, create_text_transformer]
WORDS = 50

create_each = pytest.mark.parametrize("create", CREATE)


def build(create: Callable[[int], nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return create(WORDS).eval()


def draw_tokens(count: int, length: int) -> Tensor:
    return torch.randint(1, WORDS, (count, length), generator=torch.Generator().manual_seed(1))


@create_each
@torch.no_grad()
def test_padding_does_not_change_an_answer(create: Callable[[int], nn.Module]) -> None:
    model, tokens = build(create), draw_tokens(3, 11)
    padded = torch.cat([tokens, torch.zeros(3, 53, dtype=torch.long)], 1)
    torch.testing.assert_close(model(padded), model(tokens), atol=1e-6, rtol=0)


@create_each
@torch.no_grad()
def test_what_stands_behind_the_mask_does_not_matter(create: Callable[[int], nn.Module]) -> None:
    model, tokens = build(create), draw_tokens(2, 9)
    embedded = model.embedding(tokens)
    mask = torch.tensor([1.0] * 6 + [0.0] * 3).expand(2, 9)
    other = embedded.clone()
    other[:, 6:] = 100.0
    torch.testing.assert_close(model.read(other, mask)[:, -1], model.read(embedded, mask)[:, -1])
    torch.testing.assert_close(model.read(embedded, mask)[:, -1], model(tokens[:, :6]))


@create_each
@torch.no_grad()
def test_the_verdict_after_a_word_is_that_of_the_text_up_to_it(
    create: Callable[[int], nn.Module],
) -> None:
    model, tokens = build(create), draw_tokens(2, 8)
    by_word = model.read(model.embedding(tokens), torch.ones(2, 8))
    for place in range(8):
        torch.testing.assert_close(
            by_word[:, place], model(tokens[:, : place + 1]), atol=1e-6, rtol=0
        )


@create_each
@torch.no_grad()
def test_nothing_but_padding_gets_an_answer(create: Callable[[int], nn.Module]) -> None:
    assert build(create)(torch.zeros(2, 5, dtype=torch.long)).isfinite().all()


def test_the_head_judges_the_running_average() -> None:
    head = SentimentHead(1, classes=1).eval()
    nn.init.ones_(head.classifier.weight)
    nn.init.zeros_(head.classifier.bias)
    states = torch.tensor([[[2.0], [4.0], [9.0], [50.0]]])
    mask = torch.tensor([[1.0, 1.0, 1.0, 0.0]])
    assert head(states, mask).flatten().tolist() == [2.0, 3.0, 5.0, 5.0]


@torch.no_grad()
def test_gates_and_cells_are_those_of_a_loop() -> None:
    model, tokens = build(create_text_lstm), draw_tokens(3, 70)
    embedded = model.embedding(tokens)
    states = model.compute_states(embedded)
    gates = model.compute_gates(embedded, states)
    cells = compute_cells(gates)
    cell = nn.LSTMCell(64, 128)
    for ours, theirs in zip(cell.parameters(), model.recurrent.parameters(), strict=True):
        ours.copy_(theirs)
    h = c = torch.zeros(3, 128)
    for place in range(70):
        h, c = cell(embedded[:, place], (h, c))
        torch.testing.assert_close(cells[:, place], c, atol=1e-5, rtol=0)
        torch.testing.assert_close(gates.output[:, place] * c.tanh(), h, atol=1e-5, rtol=0)
    for gate in (gates.input, gates.forget, gates.output):
        assert gate.min() >= 0 and gate.max() <= 1
    assert gates.candidate.min() >= -1 and gates.candidate.max() <= 1


def test_cells_by_hand_and_up_to_the_longest_text() -> None:
    half, one = torch.full((1, 3, 1), 0.5), torch.ones(1, 3, 1)
    assert compute_cells(Gates(one, half, one, one)).flatten().tolist() == [1.0, 1.5, 1.75]
    ones = torch.ones(1, LONGEST, 1)
    counted = compute_cells(Gates(ones, ones, ones, ones)).flatten()
    assert counted.tolist() == list(range(1, LONGEST + 1))


@torch.no_grad()
def test_attention_is_a_distribution_over_the_past() -> None:
    model, tokens = build(create_text_transformer), draw_tokens(2, 12)
    states, attention = model.compute_states(model.embedding(tokens))
    assert states.shape == (2, 12, 64) and attention.shape == (2, 2, 4, 12, 12)
    torch.testing.assert_close(attention.sum(-1), torch.ones(2, 2, 4, 12))
    assert (attention.triu(1) == 0).all()
    fused = model.read(model.embedding(tokens), torch.ones(2, 12))
    torch.testing.assert_close(fused, model.head(states, torch.ones(2, 12)), atol=1e-6, rtol=0)


def test_a_forget_gate_starts_open() -> None:
    recurrent = create_text_lstm(5).recurrent
    assert ((recurrent.bias_ih_l0 + recurrent.bias_hh_l0)[128:256] == 1).all()
