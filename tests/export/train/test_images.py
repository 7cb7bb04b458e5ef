from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from export.datasets.fashion_mnist import Images, normalize
from export.train import images
from export.train.checkpoint import Checkpoint
from export.train.images import Recipe, augment, fit

RECIPE = Recipe(steps=6, batch=16, rate=0.05)


def create() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 4, 3, stride=3), nn.ReLU(), nn.Flatten(), nn.Linear(324, 10))


@pytest.fixture
def data() -> Images:
    """Class k is a bright row k: learnt in a few steps."""
    pixels = np.zeros((200, 28, 28), np.uint8)
    labels = np.arange(200) % 10
    pixels[np.arange(200), 2 * labels + 2] = 255
    return Images(pixels, labels)


def get_weights(model: nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_it_learns(data: Images, tmp_path: Path) -> None:
    recipe = Recipe(steps=150, batch=50, rate=0.05, augment=False)
    fitted = fit(create, data, recipe, 0, Checkpoint(tmp_path / "run.pt"))
    with torch.no_grad():
        answers = fitted.model(torch.from_numpy(normalize(data.pixels))).argmax(1).numpy()
    assert (answers == data.labels).mean() > 0.95
    assert fitted.meter.seconds > 0 and fitted.meter.core_seconds > 0
    assert fitted.history[-1][0] == 150


def test_the_same_seed_gives_the_same_network_and_another_another(
    data: Images, tmp_path: Path
) -> None:
    one, two, other = (
        get_weights(fit(create, data, RECIPE, seed, Checkpoint(tmp_path / name)).model)
        for name, seed in (("one", 0), ("two", 0), ("other", 1))
    )
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


def test_every_epoch_shows_every_image_once() -> None:
    order = images._Order(10, 4, 0)
    seen = torch.cat([order.take(step) for step in range(5)])
    assert sorted(seen[:10].tolist()) == sorted(seen[10:].tolist()) == list(range(10))
    assert seen[:10].tolist() != seen[10:].tolist()


def test_a_batch_may_be_larger_than_the_set() -> None:
    assert len(images._Order(3, 8, 0).take(1)) == 8


def test_augmenting_moves_and_mirrors_and_nothing_else() -> None:
    image = torch.zeros(64, 1, 28, 28)
    image[:, :, 10, 12] = 1
    moved = augment(image, torch.Generator().manual_seed(0))
    assert moved.shape == image.shape
    assert moved.sum((1, 2, 3)).tolist() == [1] * 64
    rows, columns = moved[:, 0].flatten(1).argmax(1) // 28, moved[:, 0].flatten(1).argmax(1) % 28
    assert set(rows.tolist()) == set(range(8, 13))
    assert set(columns.tolist()) == {*range(10, 15), *range(13, 18)}  # at 12, or mirrored at 15
