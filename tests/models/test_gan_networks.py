import torch

from models import discriminator, generator
from models.discriminator import create_discriminator
from models.generator import LATENT, ConditionalBatchNorm, create_generator

LABELS = torch.arange(6) % 3


def test_a_folded_conditional_norm_is_the_norm_in_evaluation() -> None:
    norm = ConditionalBatchNorm(4, 3)
    torch.nn.init.normal_(norm.modulation.scale.weight)
    torch.nn.init.normal_(norm.modulation.shift.weight)
    norm(3 + 2 * torch.randn(6, 4, 5, 5), LABELS)  # moves the running mean and variance
    norm.eval()
    x = torch.randn(6, 4, 5, 5)
    torch.testing.assert_close(norm.fold()(x, LABELS), norm(x, LABELS))


def test_the_class_scales_and_shifts_its_own_images_only() -> None:
    scale, shift = torch.tensor([[1.0], [2.0]]), torch.tensor([[0.0], [5.0]])
    out = generator.Modulation(scale, shift)(torch.ones(2, 1, 1, 1), torch.tensor([0, 1]))
    assert out.flatten().tolist() == [1, 7]


def test_the_generator_makes_images_in_range_and_folding_changes_nothing() -> None:
    torch.manual_seed(0)
    model, latent = create_generator(), torch.randn(6, LATENT)
    model(latent, LABELS)
    model.eval()
    images = model(latent, LABELS)
    assert images.shape == (6, 1, 28, 28) and images.abs().max() <= 1
    folded = generator.fold_norms(model)
    torch.testing.assert_close(folded(latent, LABELS), images, atol=1e-5, rtol=0)
    assert not any("running" in name for name in folded.state_dict())


def test_the_discriminator_scores_and_folding_leaves_it_as_it_was() -> None:
    torch.manual_seed(0)
    model, images = create_discriminator(), torch.randn(6, 1, 28, 28)
    for _ in range(20):  # each pass brings the estimate of the spectral norms nearer
        model(images, LABELS)
    model.eval()
    scores = model(images, LABELS)
    assert scores.shape == (6, 1)
    folded = discriminator.fold_norms(model)
    torch.testing.assert_close(folded(images, LABELS), scores)
    torch.testing.assert_close(model(images, LABELS), scores)
    assert set(folded.state_dict()) >= {"early.weight", "embed.weight", "score.bias"}
    largest = torch.linalg.matrix_norm(folded.state_dict()["middle.weight"].flatten(1), 2)
    assert abs(largest.item() - 1) < 0.05


def test_the_score_depends_on_the_class() -> None:
    torch.manual_seed(0)
    model, image = create_discriminator().eval(), torch.randn(1, 1, 28, 28).expand(3, -1, -1, -1)
    assert len(model(image, torch.arange(3)).unique()) == 3
