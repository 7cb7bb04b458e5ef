import pytest
import torch
import torch.nn.functional as F

from models.small_vit import TOKENS, Attention, SmallViT, create_small_vit


@pytest.fixture
def model() -> SmallViT:
    torch.manual_seed(0)
    return create_small_vit().eval()


def test_it_is_within_its_budget(model: SmallViT) -> None:
    assert sum(p.numel() for p in model.parameters()) <= 1_000_000


def test_looking_and_computing_give_the_same_answer(model: SmallViT) -> None:
    image = torch.randn(3, 1, 28, 28)
    logits, attention = model.look(image)
    torch.testing.assert_close(logits, model(image), atol=1e-5, rtol=1e-5)
    assert [tuple(each.shape) for each in attention] == [(3, 4, TOKENS, TOKENS)] * 4
    for each in attention:
        torch.testing.assert_close(each.sum(-1), torch.ones(3, 4, TOKENS))


def test_attention_equals_torchs_own() -> None:
    torch.manual_seed(0)
    ours, x = Attention(16, 2), torch.randn(2, 5, 16)
    out, probabilities = F.multi_head_attention_forward(
        *[x.transpose(0, 1)] * 3,
        embed_dim_to_check=16,
        num_heads=2,
        in_proj_weight=ours.qkv.weight,
        in_proj_bias=ours.qkv.bias,
        bias_k=None,
        bias_v=None,
        add_zero_attn=False,
        dropout_p=0.0,
        out_proj_weight=ours.out.weight,
        out_proj_bias=ours.out.bias,
        average_attn_weights=False,
    )
    mixed, found = ours.look(x)
    torch.testing.assert_close(mixed, out.transpose(0, 1), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found, probabilities, atol=1e-5, rtol=1e-5)


def test_without_positions_the_order_of_patches_would_not_matter(model: SmallViT) -> None:
    image = torch.randn(1, 1, 28, 28)
    tokens = model.embed(image) - model.positions
    order = torch.cat([torch.zeros(1, dtype=torch.long), 1 + torch.randperm(TOKENS - 1)])
    x, y = tokens, tokens[:, order]
    for block in model.blocks:
        x, y = block(x), block(y)
    torch.testing.assert_close(model.classify(x), model.classify(y), atol=1e-5, rtol=1e-5)
