import math

import pytest
import torch
from torch import nn

from models.recall_lstm import create_recall_lstm
from models.recall_rnn import create_recall_rnn
from models.recall_transformer import compute_positions, create_recall_transformer

CREATE = (create_recall_rnn, create_recall_lstm, create_recall_transformer)


def test_all_three_have_as_many_parameters_within_three_percent() -> None:
    counts = [sum(p.numel() for p in create().parameters()) for create in CREATE]
    assert max(counts) <= 1.03 * min(counts)


@pytest.mark.parametrize("create", CREATE)
def test_shapes_for_any_length(create: type[nn.Module]) -> None:
    model = create().eval()
    for length in (3, 40):
        assert model(torch.zeros(2, length, dtype=torch.int64)).shape == (2, 8)


def test_the_transformer_looks_back_only_and_its_attention_sums_to_one() -> None:
    torch.manual_seed(0)
    model = create_recall_transformer().eval()
    _, attention = model.read_with_attention(torch.randn(2, 6, 32))
    assert attention.shape == (2, 2, 4, 6, 6)
    assert torch.allclose(attention.sum(-1), torch.ones(()), atol=1e-6)
    assert float(attention.triu(1).abs().max()) == 0


def test_positions_by_hand() -> None:
    positions = compute_positions(3, 4)
    assert positions[0].tolist() == [0, 0, 1, 1]
    expected = [math.sin(2), math.sin(0.02), math.cos(2), math.cos(0.02)]
    assert positions[2].tolist() == pytest.approx(expected, abs=1e-6)


def test_the_lstm_starts_out_remembering() -> None:
    bias = create_recall_lstm().recurrent.bias_ih_l0
    assert bias[64:128].tolist() == [1.0] * 64


def test_the_rnn_starts_out_with_a_rotation() -> None:
    matrix = create_recall_rnn().recurrent.weight_hh_l0
    assert torch.allclose(matrix @ matrix.T, torch.eye(140), atol=1e-5)


def test_the_rnn_by_hand() -> None:
    model = create_recall_rnn().eval()
    with torch.no_grad():
        for parameter in model.recurrent.parameters():
            parameter.zero_()
        model.recurrent.weight_ih_l0[0, 0] = 1.0
        model.recurrent.weight_hh_l0[0, 0] = 0.5
        states, _ = model.recurrent(torch.ones(1, 2, 32))
    first = math.tanh(1)
    assert float(states[0, 0, 0]) == pytest.approx(first)
    assert float(states[0, 1, 0]) == pytest.approx(math.tanh(1 + 0.5 * first))
