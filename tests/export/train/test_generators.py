"""The scripts of the GAN and of the diffusion model, end to end, in seconds."""

import json
from pathlib import Path

import numpy as np
import pytest

from export.sessions import open_session
from export.train import diffusion, gan


def run(path: Path, script: str) -> dict[str, dict[str, object]]:
    main = {"gan": gan.main, "diffusion": diffusion.main}[script]
    zoo, checkpoints = path / "zoo", path / "checkpoints"
    assert main(["--tiny", "--zoo", str(zoo), "--checkpoints", str(checkpoints)]) == 0
    return {
        card.parent.name: json.loads(card.read_text(encoding="utf-8"))
        for card in sorted(zoo.glob("*/card.json"))
    }


@pytest.mark.slow
def test_the_gan_becomes_three_artifacts_with_moments(tmp_path: Path) -> None:
    cards = run(tmp_path, "gan")
    assert list(cards) == [
        "discriminator.fashion_mnist",
        "generator.fashion_mnist",
        "generator_collapsed.fashion_mnist",
    ]
    for name, card in cards.items():
        assert set(card["members"]) == {"step_00002", "step_00004"}  # type: ignore[call-overload]
        assert card["parity"]["max_abs_diff"] < 1e-5  # type: ignore[index]
        contest = card["details"]["contest"]  # type: ignore[index]
        assert contest[-1]["step"] == 4, name
    latent = np.ones((1, 128), np.float32)
    path = tmp_path / "zoo" / "generator.fashion_mnist"
    feed = {"latent": latent, "label": np.zeros(1, np.int64)}
    (final,) = open_session(path / "predict.onnx").run(["image"], feed)
    weights = dict(np.load(path / "step_00002.npz"))
    assert final.shape == (1, 1, 28, 28) and np.abs(final).max() < 1 + 1e-6 and weights


@pytest.mark.slow
def test_the_diffusion_models_card_has_the_schedule_and_the_settings(tmp_path: Path) -> None:
    card = run(tmp_path, "diffusion")["denoiser.fashion_mnist"]
    details = card["details"]
    assert len(details["alphas_bar"]) == details["times"] == 1000  # type: ignore[index]
    assert [row["steps"] for row in details["settings"]] == [2, 5, 2]  # type: ignore[index]


@pytest.mark.parametrize("script", [gan, diffusion])
def test_missing_data_is_said_in_one_line(
    script: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main(["--tiny", "--data", str(tmp_path), "--zoo", str(tmp_path)]) == 1  # type: ignore[attr-defined]
    assert "apt-get install dataset-fashion-mnist" in capsys.readouterr().err
