"""The committed GAN and diffusion model, asked again for a part of what their cards say."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from export.fid import Judge
from export.train.diffusion import Setting
from export.train.diffusion import generate as denoise
from export.train.gan_drafts import generate, judge
from export.train.generated import JUDGES, create_labels, measure_diversity

ZOO = Path(__file__).resolve().parents[2] / "models" / "zoo"
GENERATOR, DISCRIMINATOR = ZOO / "generator.fashion_mnist", ZOO / "discriminator.fashion_mnist"
COLLAPSED, DENOISER = ZOO / "generator_collapsed.fashion_mnist", ZOO / "denoiser.fashion_mnist"


def read_card(folder: Path) -> dict[str, Any]:
    card: dict[str, Any] = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    return card


def assert_near(hits: int, n: int, percent: float) -> None:
    """Four standard errors, and the card's own uncertainty is smaller than these."""
    share = min(max(percent / 100, 0.01), 0.99)
    assert abs(hits / n - percent / 100) <= 4 * math.sqrt(share * (1 - share) / n)


def test_the_generator_makes_what_is_asked_as_often_as_its_card_says() -> None:
    card = read_card(GENERATOR)
    images, labels = generate(GENERATOR / "predict.onnx", 500, seed=11)
    assert images.shape == (500, 1, 28, 28) and np.abs(images).max() < 1 + 1e-6
    assert card["metrics"]["agreement"]["value"] >= card["floors"]["agreement"] == 85
    for suffix, (_, path) in JUDGES.items():
        hits = int((Judge(path).judge(images).classes == labels).sum())
        told = card["metrics"][f"agreement{suffix}"]
        assert told["n"] >= 2000
        assert_near(hits, 500, told["value"])


def test_the_collapsed_generator_repeats_itself() -> None:
    found = {}
    for folder in (GENERATOR, COLLAPSED):
        images, labels = generate(folder / "predict.onnx", 500, seed=11)
        found[folder] = measure_diversity(images, labels)
        on_card = read_card(folder)["metrics"]["spread"]["value"]
        assert found[folder]["spread"].value == pytest.approx(on_card, rel=0.2, abs=0.01)
    assert found[COLLAPSED]["spread"].value < 0.5 * found[GENERATOR]["spread"].value


def test_the_discriminator_catches_generated_pictures_as_often_as_its_card_says() -> None:
    images, labels = generate(GENERATOR / "predict.onnx", 500, seed=11)
    caught = int((judge(DISCRIMINATOR / "predict.onnx", images, labels) < 0).sum())
    assert_near(caught, 500, read_card(DISCRIMINATOR)["metrics"]["fake_right"]["value"])


def test_the_contest_can_be_replayed_moment_by_moment() -> None:
    players = [read_card(folder) for folder in (GENERATOR, DISCRIMINATOR)]
    assert list(players[0]["members"]) == list(players[1]["members"])
    assert len(players[0]["members"]) >= 7
    first, last = (
        {
            name: torch.from_numpy(values)
            for name, values in np.load(GENERATOR / f"{member}.npz").items()
        }
        for member in (min(players[0]["members"]), max(players[0]["members"]))
    )
    labels, classifier = create_labels(200), Judge(JUDGES[""][1])
    hits = [
        int((classifier.judge(images).classes == labels).sum())
        for images, _ in (
            generate(GENERATOR / "predict.onnx", 200, 11, each) for each in (first, last)
        )
    ]
    assert hits[1] > hits[0]


def test_diffusion_makes_what_is_asked_and_beats_the_gan() -> None:
    card = read_card(DENOISER)
    metrics = card["metrics"]
    assert metrics["agreement"]["value"] >= card["floors"]["agreement"] == 92
    rival = read_card(GENERATOR)["metrics"]
    for suffix in JUDGES:  # both judges see the same order
        own, gan, noise = (metrics[f"fid{what}{suffix}"] for what in ("", "/gan", "/noise"))
        assert own["high"] < gan["low"] and gan["value"] < noise["value"] / 10
        assert gan == rival[f"fid{suffix}"]
        assert metrics[f"agreement{suffix}"]["low"] > rival[f"agreement{suffix}"]["high"]


def test_both_judges_are_judged_on_real_pictures_first() -> None:
    for folder in (GENERATOR, COLLAPSED, DENOISER):
        metrics = read_card(folder)["metrics"]
        for suffix, (_, path) in JUDGES.items():
            accuracy = read_card(path.parent)["metrics"]["accuracy"]
            real = metrics[f"agreement/real{suffix}"]
            assert real["n"] == accuracy["n"] and real["value"] == pytest.approx(accuracy["value"])


def test_a_setting_of_the_sampler_gives_what_its_row_says() -> None:
    card = read_card(DENOISER)
    setting = Setting(10, card["details"]["guidance"])
    (row,) = (
        each
        for each in card["details"]["settings"]
        if (each["steps"], each["guidance"]) == (setting.steps, setting.guidance)
    )
    images, labels = denoise(DENOISER / "predict.onnx", 100, setting, seed=11)
    for suffix, (_, path) in JUDGES.items():
        hits = int((Judge(path).judge(images).classes == labels).sum())
        assert_near(hits, 100, row[f"agreement{suffix}".replace("/", "_")])
