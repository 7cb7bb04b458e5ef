import torch

from models.small_cnn import LAYERS, SmallCNN, create_small_cnn


def test_shapes_on_the_way() -> None:
    layers = create_small_cnn().eval().compute_layers(torch.zeros(3, 1, 28, 28))
    assert tuple(layers) == LAYERS
    assert [tuple(layers[name].shape) for name in LAYERS] == [
        (3, 24, 28, 28),
        (3, 48, 14, 14),
        (3, 128, 7, 7),
    ]


def test_it_is_within_its_budget() -> None:
    assert sum(p.numel() for p in create_small_cnn().parameters()) <= 300_000


def test_the_answer_rests_on_what_is_seen_not_on_where() -> None:
    """The last layer is averaged over all places: swapping them changes nothing."""
    model = SmallCNN(5).eval()
    image = torch.randn(2, 1, 28, 28)
    late = model.compute_layers(image)["late"]
    mixed = late.flatten(2)[:, :, torch.randperm(49)].unflatten(2, (7, 7))
    torch.testing.assert_close(model.classifier(mixed.mean((2, 3))), model(image))
    assert model(image).shape == (2, 5)
