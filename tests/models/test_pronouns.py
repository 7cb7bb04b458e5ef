import pytest
import torch
from torch import Tensor, nn

from models.pronoun_lstm import create_pronoun_lstm
from models.pronoun_resolver import create_pronoun_resolver

CREATE = (create_pronoun_resolver, create_pronoun_lstm)


def _create(create: type[nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return create().eval()


def _draw() -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    mask = torch.tensor([[1] * 7, [1] * 5 + [0] * 2])
    return torch.randn(2, 7, 384, generator=generator), mask, torch.tensor([3, 1])


def test_both_have_as_many_parameters_within_three_percent() -> None:
    first, second = (sum(p.numel() for p in create().parameters()) for create in CREATE)
    assert max(first, second) <= 1.03 * min(first, second)


@pytest.mark.parametrize("create", CREATE)
def test_padding_is_never_pointed_at_and_changes_nothing(create: type[nn.Module]) -> None:
    model = _create(create)
    states, mask, pronoun = _draw()
    scores, _ = model(states, mask, pronoun)
    assert scores.shape == (2, 7) and (scores[1, 5:] < -1e8).all() and (scores[0] > -1e3).all()
    states[1, 5:] = 100.0
    assert torch.allclose(model(states, mask, pronoun)[0], scores, atol=1e-5)


@pytest.mark.parametrize("create", CREATE)
def test_another_pronoun_asks_another_question(create: type[nn.Module]) -> None:
    model = _create(create)
    states, mask, pronoun = _draw()
    assert not torch.allclose(model(states, mask, pronoun)[0], model(states, mask, pronoun + 1)[0])


def test_attention_sums_to_one_and_skips_padding() -> None:
    states, mask, pronoun = _draw()
    _, attention = _create(create_pronoun_resolver)(states, mask, pronoun)
    assert attention.shape == (2, 2, 4, 7, 7)
    assert torch.allclose(attention.sum(-1), torch.ones(()), atol=1e-6)
    assert float(attention[1, ..., 5:].max()) == 0


def test_the_lstm_reads_in_both_directions() -> None:
    model = _create(create_pronoun_lstm)
    states, mask, pronoun = _draw()
    _, memory = model(states, mask, pronoun)
    states[0, 6] += 1  # the last word of the first sentence
    _, changed = model(states, mask, pronoun)
    assert not torch.allclose(memory[0, 0], changed[0, 0], atol=1e-7)
