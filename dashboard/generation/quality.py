"""Steps, guidance, quality and time: what the cards measured, and what is timed here and now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import msgspec
import numpy as np

from dashboard.charts import (
    BLUE,
    GREY,
    LOGARITHMIC,
    ORANGE,
    Spec,
    create_frame,
    create_layer,
    encode_number,
    tell_apart,
)
from dashboard.inference.cards import Metric, ModelCard
from dashboard.inference.latency import Latency, measure_latency
from dashboard.inference.model import Floats

TIMED_STEPS = 2  # a sampling of so many steps is timed: the time grows in proportion


@dataclass(frozen=True)
class Setting:
    """A way of sampling and what its images are worth, as the card measured it on ``n``.

    ``agreement`` and ``fid`` are the CNN's, those with ``_vit`` the second judge's.
    """

    steps: int
    guidance: float
    n: int
    agreement: float
    fid: float
    agreement_vit: float
    fid_vit: float
    spread: float


@dataclass(frozen=True)
class Timing:
    """Milliseconds: one image of the GAN, one guided step of diffusion; one image at a time."""

    gan: Latency
    step: Latency

    def compute_ratio(self, steps: int) -> tuple[float, float, float]:
        """Return how many GAN images one diffusion image takes: value, low, high.

        The ends divide the far ends of both 95 % intervals, so the interval is rather too wide.
        """
        return (
            steps * self.step.p50 / self.gan.p50,
            steps * self.step.low / self.gan.high,
            steps * self.step.high / self.gan.low,
        )


def read_settings(card: ModelCard) -> list[Setting]:
    """Return the settings that a card measured."""
    return msgspec.convert(card.details["settings"], list[Setting])


def choose_by_steps(settings: Sequence[Setting], guidance: float) -> list[Setting]:
    """Return those of one guidance by steps, measured on as many images as most of them."""
    fewest = min(each.n for each in settings)
    rows = [each for each in settings if each.guidance == guidance and each.n == fewest]
    return sorted(rows, key=lambda each: each.steps)


def choose_by_guidance(settings: Sequence[Setting]) -> list[Setting]:
    """Return those of the number of steps with most guidances, by guidance."""
    steps = [each.steps for each in settings]
    most = max(steps, key=steps.count)
    return sorted((each for each in settings if each.steps == most), key=lambda each: each.guidance)


def describe_guidance(rows: Sequence[Setting]) -> str:
    """Return what the figures of settings in the order of their guidance show, in a sentence."""
    best = min(rows, key=lambda each: each.fid)
    second = min(rows, key=lambda each: each.fid_vit)
    said = f"Of these, guidance {best.guidance:g} comes closest to real pictures (lowest FID)"
    if best is second:
        said += ", in the features of both judges."
    else:
        said += f" in the CNN's features, guidance {second.guidance:g} in the ViT's."
    pairs = list(pairwise(rows))
    if all(
        a.agreement <= b.agreement and a.agreement_vit <= b.agreement_vit and a.spread >= b.spread
        for a, b in pairs
    ):
        said += (
            " More guidance: both judges see the garment that was asked for more often, and there "
            "is less variety."
        )
    return said


def compare_judges(diffusion: ModelCard) -> str:
    """Return how much closer than the GAN diffusion comes, by each judge, in a sentence."""
    first, second = (diffusion.metrics[f"gan_ratio{suffix}"] for suffix in ("", "/vit"))
    told = (
        f"Diffusion comes {show_metric(first, 1)} times as close to the real pictures as the GAN "
        f"in the CNN's features, {show_metric(second, 1)} times in the ViT's: "
    )
    if min(first.low, second.low) > 1:
        return told + "both judges put it first."
    if first.low > 1 or second.low > 1:
        return told + "only one of the judges puts it first."
    return told + "neither judge puts it first with certainty."


def measure_timing(run_gan: Callable[[], object], run_steps: Callable[[], object]) -> Timing:
    """Time one GAN image and a sampling of ``TIMED_STEPS`` steps, about a second together."""
    gan = measure_latency(run_gan, 0.4)
    both = measure_latency(run_steps, 0.6)
    p50, p95, low, high = (
        value / TIMED_STEPS for value in (both.p50, both.p95, both.low, both.high)
    )
    return Timing(gan, Latency(p50, p95, low, high, both.n))


def measure_spread(images: Floats) -> float:
    """Return the root mean square difference of two of the images (N, H, W), pixels from 0 to 1."""
    flat = (images.reshape(len(images), -1) / 2).astype(np.float64)
    pairs = np.triu_indices(len(flat), 1)
    distances = np.sqrt(np.mean((flat[pairs[0]] - flat[pairs[1]]) ** 2, axis=1))
    return float(distances.mean())


def show_metric(metric: Metric, digits: int = 2) -> str:
    """Return a figure with its 95 % interval and unit."""
    unit = f" {metric.unit}" if metric.unit not in ("", "x") else ""
    return f"{metric.value:.{digits}f}{unit} ({metric.low:.{digits}f}–{metric.high:.{digits}f})"


def create_table(gan: ModelCard, diffusion: ModelCard, timing: Timing | None) -> str:
    """Return the two networks side by side as a markdown table, all from cards and ``timing``."""
    steps = int(diffusion.details["steps"])
    asked = "press the button above"
    if timing is None:
        times = (asked, asked)
    else:
        value, low, high = timing.compute_ratio(steps)
        times = ("1", f"{value:.0f} ({low:.0f}–{high:.0f}) × as long")
    rows = [
        ("Runs of the network for one picture", "1", f"{steps} × 2, with and without the class"),
        ("Multiply-adds for one picture", _count(gan.macs), _count(2 * steps * diffusion.macs)),
        ("Time for one picture, here", *times),
        ("Parameters", _count(gan.parameters), _count(diffusion.parameters)),
        ("Right garment, says the CNN", *_pair(gan, diffusion, "agreement", 1)),
        ("Right garment, says the ViT", *_pair(gan, diffusion, "agreement/vit", 1)),
        ("FID in the CNN's features (lower is better)", *_pair(gan, diffusion, "fid", 2)),
        ("FID in the ViT's features (a scale of its own)", *_pair(gan, diffusion, "fid/vit", 2)),
        ("Diversity: difference of two of a class", *_pair(gan, diffusion, "spread", 3)),
        ("Pictures unlike all before", *_pair(gan, diffusion, "distinct", 1)),
        ("Energy of training", _show_energy(gan), _show_energy(diffusion)),
    ]
    lines = ["| | GAN | Diffusion |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {a} | {b} |" for name, a, b in rows)])


def _pair(gan: ModelCard, diffusion: ModelCard, name: str, digits: int) -> tuple[str, str]:
    return (
        show_metric(gan.metrics[name], digits),
        show_metric(diffusion.metrics[name], digits),
    )


def _count(number: int) -> str:
    if number >= 1e9:
        return f"{number / 1e9:.1f} billion"
    return f"{number / 1e6:.1f} million"


def _show_energy(card: ModelCard) -> str:
    if card.training is None:
        return "unknown"
    energy = card.training.energy
    return f"{energy.value:.1f} Wh ({energy.low:.1f}–{energy.high:.1f}), estimated"


def plot_steps(rows: Sequence[Setting], gan: Metric, real: Metric, timing: Timing | None) -> Spec:
    """Return FID by steps, or by time once ``timing`` is known, with the GAN as a point."""
    ratio = (lambda steps: steps) if timing is None else (lambda s: timing.compute_ratio(s)[0])
    title = "steps" if timing is None else "time for a picture, in GAN pictures"
    points = [
        {"x": round(ratio(row.steps), 2), "fid": row.fid, "name": f"{row.steps} steps",
         "label": str(row.steps),
         "model": "diffusion"}
        for row in rows
    ]  # fmt: skip
    points.append(
        {"x": 1, "fid": round(gan.value, 4), "name": "GAN", "label": "GAN", "model": "GAN"}
    )
    said = "; ".join(f"{each['name']}: FID {each['fid']:.2f}" for each in points)
    fid = {"title": "FID, lower is better", "axis": {"tickCount": 4}}
    base = {
        "x": encode_number("x", scale=LOGARITHMIC, title=title, axis={"grid": False}),
        "y": encode_number("fid", scale=LOGARITHMIC, **fid),
    }
    color = tell_apart("model", ("diffusion", "GAN"), None, color=(BLUE, ORANGE))
    lines = {"transform": [{"filter": "datum.model === 'diffusion'"}]}
    shape = {"field": "model", "legend": None}
    rule, level = {"y": encode_number("fid")}, [{"fid": round(real.value, 4)}]
    return {
        **create_frame(f"Quality by {title}. {said}. Real pictures: {real.value:.2f}.", 320),
        "data": {"values": points},
        "layer": [
            create_layer("rule", rule, level, strokeDash=[6, 4], color=GREY),
            {**lines, **create_layer("line", {**base, **color}, strokeWidth=2)},
            create_layer(
                "point", {**base, **color, "shape": shape}, filled=True, size=80, opacity=1
            ),
            create_layer(
                "text", {**base, "text": {"field": "label"}}, dy=-12, align="left", dx=4, color=GREY
            ),
        ],
    }
