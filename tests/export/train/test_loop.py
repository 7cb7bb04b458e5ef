"""The one loop against the loops that made the zoo's weights: equal, in one go and in two."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from export.datasets.fashion_mnist import Images
from export.datasets.pronoun_tokens import Encoded
from export.train import diffusion_fit, gan_fit, images, meter, pronoun_fit, recall_fit, text_fit
from export.train.checkpoint import Checkpoint
from models.pronoun_lstm import create_pronoun_lstm
from models.pronoun_resolver import create_pronoun_resolver
from models.recall_lstm import create_recall_lstm
from models.recall_rnn import create_recall_rnn
from models.recall_transformer import create_recall_transformer
from models.small_cnn import create_small_cnn
from models.small_vit import create_small_vit
from models.text_lstm import create_text_lstm
from models.text_rnn import create_text_rnn
from models.text_transformer import create_text_transformer
from tests.export.train import written_out_loops as written_out

SEED, STEPS, STOP = 3, 5, 2
MODULES = (images, text_fit, recall_fit, pronoun_fit, gan_fit, diffusion_fit)


@dataclass(frozen=True)
class Case:
    """One training, by its written-out loop and by the loop of the house."""

    name: str
    expected: Callable[[], Sequence[nn.Module]]
    fit: Callable[[Checkpoint], Any]
    networks: Callable[[Any], Sequence[nn.Module]] = lambda state: [state.model]


def draw_images() -> Images:
    pixels = np.random.default_rng(0).integers(0, 256, (24, 28, 28)).astype(np.uint8)
    return Images(pixels, np.arange(24) % 10)


def draw_pronouns() -> tuple[Encoded, Tensor]:
    """Six pairs of made-up sentences of 9 to 12 pieces; "it" is at 4, the nouns at 2 and 6."""
    ids = np.random.default_rng(0).integers(1, 99, (12, 12))
    mask = (np.arange(12) < np.arange(9, 13).repeat(3)[:, None]).astype(np.int64)
    first, second = np.arange(12) == 2, np.arange(12) == 6
    referent = np.stack([first, second] * 6)
    encoded = Encoded(ids * mask, mask, np.full(12, 4), referent, referent[:, ::-1])
    states = torch.randn(12, 12, 384, generator=torch.Generator().manual_seed(0))
    return encoded, states.bfloat16()


IMAGES, (PRONOUNS, STATES) = draw_images(), draw_pronouns()
ROWS = [np.random.default_rng(i).integers(1, 40, 5 + 3 * i) for i in range(14)]
REVIEW_LABELS = np.arange(14) % 2


def see_images(name: str, create: Callable[[], nn.Module], recipe: images.Recipe) -> Case:
    return Case(
        name,
        lambda: [written_out.train_images(create, IMAGES, recipe, SEED)],
        lambda checkpoint: images.fit(create, IMAGES, recipe, SEED, checkpoint, ""),
    )


def read_reviews(name: str, create: Callable[[int], nn.Module], half: bool) -> Case:
    make, recipe = partial(create, 40), text_fit.Recipe(STEPS, batch=4, words=20, half=half)
    given = (make, ROWS, REVIEW_LABELS, recipe, SEED)
    return Case(
        name,
        lambda: [written_out.train_text(*given)],
        lambda checkpoint: text_fit.fit(*given, checkpoint, ""),
    )


def recall(name: str, create: Callable[[], nn.Module], near: bool) -> Case:
    recipe = recall_fit.Recipe(STEPS, near=near, batch=2)
    return Case(
        name,
        lambda: [written_out.train_recall(create, recipe, SEED)],
        lambda checkpoint: recall_fit.fit(create, recipe, SEED, checkpoint, ""),
    )


def point(name: str, create: Callable[[], nn.Module]) -> Case:
    given = (create, PRONOUNS, STATES, pronoun_fit.Recipe(STEPS, pairs=6, batch=2), SEED)
    return Case(
        name,
        lambda: [written_out.train_pronouns(*given)],
        lambda checkpoint: pronoun_fit.fit(*given, checkpoint, ""),
    )


def denoise() -> Case:
    given = (IMAGES, diffusion_fit.Recipe(STEPS, batch=4, warm_up=2), SEED)
    return Case(
        "diffusion",
        lambda: [written_out.train_diffusion(*given)],
        lambda checkpoint: diffusion_fit.fit(*given, checkpoint),
    )


def train_pair() -> Case:
    recipe = gan_fit.Recipe(STEPS, (1, 4), batch=4, average_from=2, average=0.5)
    return Case(
        "gan",
        lambda: written_out.train_gan(IMAGES, recipe, SEED)[1:],
        lambda checkpoint: gan_fit.fit(IMAGES, recipe, SEED, checkpoint, ""),
        lambda state: (state.networks["discriminator"], state.model),
    )


CASES = (
    see_images("cnn", create_small_cnn, images.Recipe(STEPS, batch=8)),
    see_images("cnn_sweep", create_small_cnn, images.Recipe(STEPS, batch=8, augment=False)),
    see_images("vit", create_small_vit, images.Recipe(STEPS, 8, 2e-3, 0.05, "adamw", half=False)),
    read_reviews("text_rnn", create_text_rnn, half=True),
    read_reviews("text_lstm", create_text_lstm, half=False),
    read_reviews("text_transformer", create_text_transformer, half=True),
    recall("recall_rnn", create_recall_rnn, near=True),
    recall("recall_lstm", create_recall_lstm, near=False),
    recall("recall_transformer", create_recall_transformer, near=True),
    point("pronoun_resolver", create_pronoun_resolver),
    point("pronoun_lstm", create_pronoun_lstm),
    denoise(),
    train_pair(),
)


class Interrupted(Checkpoint):
    """Saves, and is interrupted after the second step."""

    def save(self, state: dict[str, Any]) -> None:
        super().save(state)
        if state["step"] == STOP:
            raise KeyboardInterrupt


def assert_equal(found: Sequence[nn.Module], expected: Sequence[nn.Module]) -> None:
    for one, other in zip(found, expected, strict=True):
        weights = other.state_dict()
        assert list(one.state_dict()) == list(weights)
        for name, weight in one.state_dict().items():
            assert torch.equal(weight, weights[name]), name


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_loop_gives_the_weights_of_the_familys_written_out_loop(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meter, "_start_tracker", lambda: None)  # it takes seconds
    expected = case.expected()
    whole = case.fit(Checkpoint(tmp_path / "whole.pt"))
    assert_equal(case.networks(whole), expected)
    for module in MODULES:
        monkeypatch.setattr(module, "_SAVE_EVERY", STOP)
    with pytest.raises(KeyboardInterrupt):
        case.fit(Interrupted(tmp_path / "parts.pt"))
    resumed = case.fit(Checkpoint(tmp_path / "parts.pt"))
    assert_equal(case.networks(resumed), expected)
    steps = [step for step, *_ in resumed.history]
    assert sorted({*steps, 2, 4, 5}) == steps and np.isfinite(resumed.history).all()
    assert not any(network.training for network in case.networks(resumed))


def test_the_collapse_goes_on_from_the_first_contests_players(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meter, "_start_tracker", lambda: None)
    first = gan_fit.Recipe(2, (2,), batch=4, average_from=1)
    second = gan_fit.Recipe(2, (), 4, 1e-3, 1e-4, average_from=2)
    before = written_out.train_gan(IMAGES, first, SEED)
    expected = written_out.train_gan(IMAGES, second, SEED, before)
    begin = gan_fit.fit(IMAGES, first, SEED, Checkpoint(tmp_path / "first.pt"), "")
    found = gan_fit.fit(IMAGES, second, SEED, Checkpoint(tmp_path / "second.pt"), "", begin)
    names = ("generator", "discriminator", "model")
    assert_equal([found.networks[name] for name in names], expected)
