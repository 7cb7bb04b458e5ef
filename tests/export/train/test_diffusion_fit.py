from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from export.datasets.fashion_mnist import Images
from export.sampler import compute_alphas_bar
from export.train import diffusion_fit
from export.train.checkpoint import Checkpoint
from export.train.diffusion_fit import Recipe, average_into, compute_factor, compute_loss, fit
from models.denoiser import NO_CLASS

RECIPE = Recipe(steps=4, batch=4, warm_up=2)
ALPHAS_BAR = torch.from_numpy(compute_alphas_bar(1000)).float()


@pytest.fixture
def data() -> Images:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 28, 28)).astype(np.uint8)
    return Images(pixels, np.arange(20) % 10)


def get_weights(model: nn.Module) -> Tensor:
    return torch.cat([each.detach().flatten() for each in model.parameters()])


def test_an_interrupted_run_ends_where_an_uninterrupted_one_does(
    data: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diffusion_fit, "_SAVE_EVERY", 2)
    whole = fit(data, RECIPE, 0, Checkpoint(tmp_path / "whole.pt"))

    class Interrupted(Checkpoint):
        def save(self, state: dict[str, object]) -> None:
            super().save(state)
            if state["step"] == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(data, RECIPE, 0, Interrupted(tmp_path / "parts.pt"))
    resumed = fit(data, RECIPE, 0, Checkpoint(tmp_path / "parts.pt"))
    assert torch.equal(get_weights(whole.model), get_weights(resumed.model))
    assert [step for step, _ in resumed.history] == [2, 4]


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
