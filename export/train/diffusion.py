"""Train a noise predictor on Fashion-MNIST: ``python -m export.train.diffusion``.

The artifact is the network alone; the sampler that turns noise into an image by asking it again and
again is the page's own, ``dashboard/generation/sampler.py``: its pictures are what is measured.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from dashboard.generation.sampler import PredictNoise, Schedule, sample
from models.denoiser import NO_CLASS, TIMES, Denoiser

from export.arrays import Floats
from export.artifact import Draft, write_model
from export.card import CARD_FILE, Metric, ModelCard, Port, decode_card
from export.datasets.fashion_mnist import LABELS, Images
from export.graphs import Graph
from export.sessions import open_session
from export.train.diffusion_fit import Recipe, compute_alphas_bar, find_first_time, fit
from export.train.fashion import create_clothing_draft, load_splits
from export.train.gan_texts import NOISE_RATIO
from export.train.generated import (
    COUNT,
    JUDGES,
    PIXELS,
    FidEvaluator,
    Ints,
    create_fid_evaluator,
    create_labels,
    divide_by_judge,
    draw_normal,
    scale_pixels,
    tabulate,
)
from export.train.loop import TrainState
from export.train.options import Options
from export.train.record import describe_run
from export.train.script import run_script

NAME, RIVAL = "denoiser.fashion_mnist", "generator.fashion_mnist"
ALPHAS_BAR = compute_alphas_bar(TIMES)
SCHEDULE = Schedule(ALPHAS_BAR, find_first_time(ALPHAS_BAR), NO_CLASS)
RECIPE = Recipe(steps=12_000)
TINY = Recipe(steps=4, batch=8, warm_up=2)
FLOORS = {"agreement": 92.0, "noise_ratio": 10.0, "gan_ratio": 1.0}

GAN_RATIO = "times closer than the GAN to the test images, likewise"
SUMMARY = (
    "A network that is shown a noisy picture, how noisy it is, and a garment's name, and says what "
    "of it is noise. It has seen the 60,000 pictures of Fashion-MNIST with noise of every strength "
    "added, one time in ten without the name. Asked again and again, from pure noise on and with a "
    "little of the noise taken away each time, it ends at a new picture."
)
LIMITS = (
    "It knows ten garments, grey, 28 x 28 pixels, and nothing else: from noise of any kind it "
    "makes one of them. It takes many calls for one picture where a GAN takes one. Few steps give "
    "smooth, typical pictures; strong guidance gives clear but similar ones. Prints and writing "
    "come out as patterns without a meaning."
)


@dataclass(frozen=True)
class Setting:
    """How images are sampled: ``steps`` calls of the sampler, strength of ``guidance``."""

    steps: int
    guidance: float


MAIN = Setting(25, 2.0)
FEW, FEW_COUNT = 20, 500
SETTINGS = (
    *(Setting(steps, MAIN.guidance) for steps in (2, 5, 10, 20, 50)),
    *(Setting(FEW, guidance) for guidance in (1.0, 1.5, 3.0)),
)


def create_predictor(path: Path) -> PredictNoise:
    """Return the exported network as the sampler wants it."""
    session = open_session(path)

    def predict_noise(image: Floats, time: Ints, label: Ints) -> Floats:
        feed = {"image": image, "time": time, "label": label}
        noise: Floats = session.run(["noise"], feed)[0]
        return noise

    return predict_noise


def generate(path: Path, count: int, setting: Setting, seed: int = 0) -> tuple[Floats, Ints]:
    """Return images (count, 1, 28, 28) and the labels asked for."""
    predict_noise, labels = create_predictor(path), create_labels(count)
    noise, parts = draw_normal((count, 1, 28, 28), seed), []
    for i in range(0, count, 100):
        rows = slice(i, i + 100)
        way = sample(
            predict_noise, noise[rows], labels[rows], SCHEDULE, setting.steps, setting.guidance
        )
        *_, last = way
        parts.append(last.clean)
    return np.concatenate(parts), labels


def create_graph(model: Denoiser, test: Images) -> Graph:
    """Return the graph of the trained network."""
    count = 16
    noise, times = draw_normal((count, 1, 28, 28), 4), np.arange(count) * (TIMES // count)
    kept = ALPHAS_BAR[times][:, None, None, None]
    noisy = np.sqrt(kept) * scale_pixels(test).numpy()[:count] + np.sqrt(1 - kept) * noise
    names = ", ".join(f"{index} {label}" for index, label in enumerate(LABELS))
    return Graph(
        model,
        (torch.zeros(2, 1, 28, 28), *(torch.zeros(2, dtype=torch.int64) for _ in range(2))),
        {
            "image": Port(
                "float32",
                ("N", 1, 28, 28),
                f"sqrt(alphas_bar) of an image plus sqrt(1 - alphas_bar) of noise; {PIXELS}",
            ),
            "time": Port("int64", ("N",), "0 (almost clean) to 999 (pure noise)"),
            "label": Port("int64", ("N",), f"the class: {names}, {NO_CLASS} none"),
        },
        {"noise": Port("float32", ("N", 1, 28, 28), "the noise in the image, predicted")},
        checks=(noisy.astype(np.float32), times.astype(np.int64), np.arange(count) % 11),
    )


@dataclass
class Evaluation:
    """Measures the exported network, and keeps what each setting gave for the card."""

    evaluator: FidEvaluator
    rival: Path
    table: list[dict[str, object]]
    is_tiny: bool = False

    def measure(self, folder: Path) -> dict[str, Metric]:
        """Return the metrics of the main setting; fill the table with those of all."""
        path, settings = folder / "predict.onnx", SETTINGS[:2] if self.is_tiny else SETTINGS
        for setting in settings:
            self.measure_setting(path, min(FEW_COUNT, len(self.evaluator.real)), setting)
        main = Setting(2, MAIN.guidance) if self.is_tiny else MAIN
        found = self.measure_setting(path, len(self.evaluator.real), main)
        found |= self.evaluator.compare_real() | self._read_rival()
        found |= divide_by_judge(found, "fid/noise", "fid", "noise_ratio", NOISE_RATIO)
        return found | divide_by_judge(found, "fid/gan", "fid", "gan_ratio", GAN_RATIO)

    def measure_setting(self, path: Path, count: int, setting: Setting) -> dict[str, Metric]:
        """Return the metrics of one way to sample, and note them down."""
        found = self.evaluator.judge_images(*generate(path, count, setting))
        self.table.append({"steps": setting.steps, "guidance": setting.guidance, **tabulate(found)})
        return found

    def _read_rival(self) -> dict[str, Metric]:
        """Return the GAN's FIDs from its card, of as many images; none where it is not there."""
        try:
            content = (self.rival / CARD_FILE).read_bytes()
        except FileNotFoundError:
            return {}
        metrics = decode_card(content, ModelCard).metrics
        return {f"fid/gan{suffix}": metrics[f"fid{suffix}"] for suffix in JUDGES}


def create_draft(
    options: Options, state: TrainState, evaluation: Evaluation, test: Images
) -> Draft:
    """Return the artifact to be."""
    recipe = TINY if options.tiny else RECIPE
    return create_clothing_draft(
        name=NAME,
        title="Diffusion: the noise predictor (clothing)",
        family="diffusion",
        task="noise-prediction",
        summary=SUMMARY,
        limits=LIMITS,
        graphs={"predict": create_graph(state.model, test)},
        evaluate=evaluation.measure,
        floors={} if options.tiny else FLOORS,
        training=describe_run("python -m export.train.diffusion", options.seed, recipe, state),
        details=lambda: {
            "times": TIMES,
            "no_class": NO_CLASS,
            "range": [-1, 1],
            "schedule": "cosine (Nichol and Dhariwal 2021)",
            "alphas_bar": [float(f"{each:.7g}") for each in ALPHAS_BAR],
            "sampler": "DDIM, no noise added on the way, the clean guess clipped to the range",
            "first_time": SCHEDULE.first,
            "steps": MAIN.steps,
            "guidance": MAIN.guidance,
            "settings": evaluation.table,
        },
    )


def train(options: Options, data: Images) -> TrainState:
    """Train, or go on training, the network."""
    recipe = TINY if options.tiny else RECIPE
    return fit(data, recipe, options.seed, options.open_checkpoint(NAME))


def write(options: Options) -> None:
    """Train and export."""
    data, test = load_splits(options.data, options.tiny)
    evaluator = create_fid_evaluator(data, test, 100 if options.tiny else COUNT)
    evaluation = Evaluation(evaluator, options.zoo / RIVAL, [], options.tiny)
    write_model(create_draft(options, train(options, data), evaluation, test), options.zoo)


main = partial(run_script, "diffusion", __doc__, write)


if __name__ == "__main__":
    sys.exit(main())
