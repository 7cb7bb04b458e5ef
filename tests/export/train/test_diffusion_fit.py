import numpy as np
import pytest
import torch
from torch import Tensor, nn

from export.train.diffusion_fit import (
    FAINTEST,
    Recipe,
    compute_alphas_bar,
    compute_factor,
    compute_loss,
    find_first_time,
)
from export.train.loop import average_into
from models.denoiser import NO_CLASS

ALPHAS_BAR = torch.from_numpy(compute_alphas_bar(1000)).float()


def test_the_schedule_falls_from_almost_all_to_almost_nothing() -> None:
    alphas_bar = compute_alphas_bar(1000)
    assert alphas_bar[0] > 0.999 and alphas_bar[-1] < 1e-5
    assert (np.diff(alphas_bar) < 0).all()
    # cos^2 of half of a right angle, but for the offset.
    assert alphas_bar[499] == pytest.approx(0.5, abs=0.01)


def test_sampling_begins_where_something_can_be_seen() -> None:
    alphas_bar = compute_alphas_bar(1000)
    first = find_first_time(alphas_bar)
    assert alphas_bar[first] >= FAINTEST > alphas_bar[first + 1]


class Spy(nn.Module):
    """Predicts no noise and remembers what it was asked."""

    def forward(self, image: Tensor, time: Tensor, label: Tensor) -> Tensor:
        self.image, self.time, self.label = image, time, label
        return torch.zeros_like(image)


def test_the_loss_of_predicting_nothing_is_the_power_of_the_noise() -> None:
    spy, images = Spy(), torch.zeros(10, 1, 28, 28)
    recipe = Recipe(steps=1, batch=200)
    generator = torch.Generator().manual_seed(0)
    loss = compute_loss(spy, images, torch.zeros(10).long(), ALPHAS_BAR, recipe, generator)
    assert loss.item() == pytest.approx(1, abs=0.02)
    # Times come from all parts of the range; a tenth of the classes is dropped.
    assert len(set(spy.time.tolist())) == 200 and spy.time.max() > 990
    assert set(spy.label.tolist()) == {0, NO_CLASS}
    assert 0.03 < (spy.label == NO_CLASS).float().mean() < 0.2
    # Of empty images, what is seen is the noise alone: as strong as its time says.
    late = spy.image[spy.time > 900].var().item()
    assert late == pytest.approx(1, abs=0.05)
    assert spy.image[spy.time < 20].var().item() < 0.01


def test_the_rate_warms_up_and_falls() -> None:
    recipe = Recipe(steps=1000, warm_up=100)
    assert compute_factor(0, recipe) == pytest.approx(0.01)
    assert compute_factor(100, recipe) > 0.97 and compute_factor(999, recipe) < 1e-4


def test_the_average_moves_by_its_share() -> None:
    old, new = nn.BatchNorm2d(1), nn.BatchNorm2d(1)
    nn.init.constant_(new.weight, 3)
    new.load_state_dict({**new.state_dict(), "num_batches_tracked": torch.tensor(5)})
    average_into(old, new, 0.75)
    assert old.weight.item() == pytest.approx(1.5) and old.state_dict()["num_batches_tracked"] == 5
