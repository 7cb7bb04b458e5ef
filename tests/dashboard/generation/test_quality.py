"""Quality and time: the figures are the cards', the ratios worked out by hand."""

from dataclasses import replace
from pathlib import Path

import altair as alt
import numpy as np
import pytest

from dashboard.generation.quality import (
    Setting,
    Timing,
    choose_by_guidance,
    choose_by_steps,
    compare_judges,
    create_table,
    describe_guidance,
    measure_spread,
    measure_timing,
    plot_steps,
    read_settings,
    show_metric,
)
from dashboard.inference.cards import Metric, load_model_card
from dashboard.inference.latency import Latency

ZOO = Path(__file__).resolve().parents[3] / "models" / "zoo"
DIFFUSION = load_model_card(ZOO / "denoiser.fashion_mnist")
GAN = load_model_card(ZOO / "generator.fashion_mnist")
TIMING = Timing(Latency(2, 3, 1, 4, 9), Latency(10, 12, 8, 20, 9))


def test_settings_are_those_of_the_card() -> None:
    settings = read_settings(DIFFUSION)
    by_steps = choose_by_steps(settings, 2.0)
    assert [row.steps for row in by_steps] == [2, 5, 10, 20, 50]
    assert len({row.n for row in by_steps}) == 1
    by_guidance = choose_by_guidance(settings)
    assert [row.guidance for row in by_guidance] == [1.0, 1.5, 2.0, 3.0]
    assert {row.steps for row in by_guidance} == {20}


def test_what_is_said_of_guidance_follows_the_figures() -> None:
    rows = [
        Setting(20, w, 500, 80 + w, fid, 70 + w, 9 * fid, 0.3 - w / 100)
        for w, fid in ((1, 2), (2, 1), (3, 4))
    ]
    said = describe_guidance(rows)
    assert "guidance 2 comes closest" in said and "less variety" in said
    assert "in the features of both judges" in said
    assert "less variety" not in describe_guidance(rows[::-1])
    # The second judge sees it otherwise: both are told, and what only one sees is not claimed.
    rows[2] = replace(rows[2], fid_vit=1.0, agreement_vit=60.0)
    said = describe_guidance(rows)
    assert "guidance 2 comes closest to real pictures (lowest FID) in the CNN's features" in said
    assert "guidance 3 in the ViT's" in said and "less variety" not in said


def test_the_judges_order_is_told_with_its_certainty() -> None:
    assert "both judges put it first" in compare_judges(DIFFUSION)
    unsure = replace(DIFFUSION.metrics["gan_ratio/vit"], value=1.2, low=0.9)
    metrics = {**DIFFUSION.metrics, "gan_ratio/vit": unsure}
    assert "only one of the judges" in compare_judges(replace(DIFFUSION, metrics=metrics))
    metrics["gan_ratio"] = unsure
    assert "neither judge" in compare_judges(replace(DIFFUSION, metrics=metrics))


def test_a_ratio_has_an_interval_of_the_far_ends() -> None:
    assert TIMING.compute_ratio(3) == (15, 6, 60)


def test_a_step_is_a_share_of_what_was_timed() -> None:
    calls = {"gan": 0, "steps": 0}

    def count(name: str) -> None:
        calls[name] += 1

    timing = measure_timing(lambda: count("gan"), lambda: count("steps"))
    assert timing.gan.n >= 5 and timing.step.n >= 5
    assert calls["gan"] >= timing.gan.n and calls["steps"] >= timing.step.n
    assert timing.step.low <= timing.step.p50 <= timing.step.high


def test_spread_of_black_and_white() -> None:
    black = np.full((28, 28), -1, np.float32)
    assert measure_spread(np.stack([black, -black])) == pytest.approx(1)
    assert measure_spread(np.stack([black, black, -black])) == pytest.approx(2 / 3)


def test_the_table_reads_the_cards() -> None:
    assert show_metric(Metric(1, 0.5, 2, 9, "%", "")) == "1.00 % (0.50–2.00)"
    table = create_table(GAN, DIFFUSION, TIMING)
    assert "| 89.5 % (88.0–90.7) | 97.8 % (97.0–98.3) |" in table
    assert "| 2.11 (1.88–2.34) | 0.66 (0.51–0.80) |" in table
    assert "| Right garment, says the ViT | 88.0 % (86.6–89.4) |" in table
    assert "| 4.03 (3.29–4.77) |" in table
    assert "125 (50–500) × as long" in table  # 25 steps of 10 ms against 2 ms
    assert "20.1 million | 3.2 billion" in table  # 2 x 25 x 63,876,288
    assert "press the button" in create_table(GAN, DIFFUSION, None)


@pytest.mark.parametrize("timing", [None, TIMING])
def test_the_chart_is_valid_and_holds_every_point(timing: Timing | None) -> None:
    rows = choose_by_steps(read_settings(DIFFUSION), 2.0)
    spec = plot_steps(rows, GAN.metrics["fid"], DIFFUSION.metrics["fid/real"], timing)
    alt.Chart.from_dict(spec, validate=True)
    points = spec["data"]["values"]
    assert [point["x"] for point in points] == (
        [2, 5, 10, 20, 50, 1] if timing is None else [10, 25, 50, 100, 250, 1]
    )
    assert points[0]["fid"] == rows[0].fid and points[-1]["name"] == "GAN"
