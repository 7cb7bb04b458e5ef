"""Train an RNN, an LSTM and a Transformer to recall: ``python -m export.train.recall``.

Three networks of equal size learn the same task twice. Once with short lags among the long ones,
which becomes the artifact, and once with all lags from 1 to 256 equally likely ("even" in the
card's details): what a network can hold, and what gradients find when nothing near leads the way.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
from models.recall_lstm import create_recall_lstm
from models.recall_rnn import create_recall_rnn
from models.recall_transformer import create_recall_transformer
from torch import nn

from export.artifact import Draft, Gradient, write_model
from export.card import Metric
from export.datasets.recall import LAGS, LICENCE, MAX_LAG, SYMBOLS, TOKENS
from export.metrics import measure_share
from export.sessions import open_session, run_in_batches
from export.train.checkpoint import Checkpoint
from export.train.loop import TrainState
from export.train.options import Options
from export.train.recall_fit import (
    Recipe,
    compute_gradient_norms,
    create_test,
    fit,
    measure_throughput,
)
from export.train.recall_graphs import (
    GRADIENT_LAG,
    LOGITS,
    create_gradient_graph,
    create_predict_graph,
    get_embedding,
)
from export.train.recall_texts import LIMITS, SUMMARIES, TITLES
from export.train.record import describe_machine, describe_run
from export.train.script import run_script

CREATE: dict[str, Callable[[], nn.Module]] = {
    "rnn": create_recall_rnn,
    "lstm": create_recall_lstm,
    "transformer": create_recall_transformer,
}
FLOORS = {"transformer": 99.0}  # at the longest lag; the other two are measured
NEAR, EVEN = Recipe(steps=2_000), Recipe(steps=800, near=False)
TINY_NEAR, TINY_EVEN = Recipe(steps=3, batch=4), Recipe(steps=2, batch=4, near=False)
_TESTS = 1_000  # sequences a lag
_SOURCE = {
    "data": "generated: one of eight symbols, 1 to 256 distractors out of the same eight, a query",
    "licence": LICENCE,
    "credit": "the task is in the manner of Hochreiter and Schmidhuber 1997; trained by us",
}


@dataclass
class Trained:
    """One architecture's two networks and what was measured before they are exported."""

    near: TrainState
    even: TrainState
    untrained: nn.Module


def train(name: str, options: Options) -> Trained:
    """Train, or go on training, both networks of an architecture."""
    near, even = (TINY_NEAR, TINY_EVEN) if options.tiny else (NEAR, EVEN)
    torch.manual_seed(options.seed)
    untrained = CREATE[name]().eval()
    near_state, even_state = [
        fit(
            CREATE[name],
            recipe,
            options.seed,
            options.open_checkpoint(f"{name}.recall.{how}"),
            f"{name}, {how}",
        )
        for how, recipe in (("near", near), ("even", even))
    ]
    return Trained(near_state, even_state, untrained)


def create_draft(name: str, trained: Trained, options: Options, speed: dict[str, object]) -> Draft:
    """Return the artifact to be."""
    tests = 16 if options.tiny else _TESTS
    model, recipe = trained.near.model, TINY_NEAR if options.tiny else NEAR
    even: dict[str, Metric] = {}

    def measure(folder: Path) -> dict[str, Metric]:
        even.update(evaluate(folder / "even.onnx", tests))
        return evaluate(folder / "predict.onnx", tests)

    return Draft(
        name=f"{name}.recall",
        title=TITLES[name],
        family="transformer" if name == "transformer" else "rnn",
        task="recall",
        summary=SUMMARIES[name],
        limits=LIMITS[name],
        graphs={
            "predict": create_predict_graph(model),
            "even": create_predict_graph(trained.even.model),
        },
        gradient=Gradient(create_gradient_graph(model), LOGITS),
        evaluate=measure,
        floors={} if options.tiny or name not in FLOORS else {f"lag/{MAX_LAG}": FLOORS[name]},
        training=describe_run("python -m export.train.recall", options.seed, recipe, trained.near),
        source=_SOURCE,
        licence="Apache-2.0",
        labels=SYMBOLS,
        details=lambda: describe(trained, tests, speed, even),
    )


def evaluate(path: Path, count: int) -> dict[str, Metric]:
    """Return the share of right answers at every lag."""
    session, found = open_session(path), {}
    for lag in LAGS:
        data = create_test(count, lag)
        answers = run_in_batches(session, LOGITS, {"tokens": data.tokens}, 100).argmax(1)
        found[f"lag/{lag}"] = measure_share(
            int((answers == data.answers).sum()),
            count,
            f"of the first symbols are recalled after {lag} distractors",
        )
    return found


def describe(
    trained: Trained, tests: int, speed: dict[str, object], even: Mapping[str, Metric]
) -> dict[str, object]:
    """Return the card's details: how to use it, and the curves by lag and by length."""
    few = max(2, tests // 16)
    return {
        "tokens": list(TOKENS),
        "chance": 100 / len(SYMBOLS),
        "gradient_lag": GRADIENT_LAG,
        "embedding": get_embedding(trained.near.model).round(6).tolist(),
        "gradient_norm": {
            "what": "norm of the gradient of the answer's loss by the first symbol's embedding, "
            f"mean of {few} sequences; measured in torch",
            "untrained": compute_gradient_norms(trained.untrained, few),
            "trained": compute_gradient_norms(trained.near.model, few),
            "even": compute_gradient_norms(trained.even.model, few),
        },
        "even": {
            "what": "even.onnx: the same network trained with all lags from 1 to 256 equally "
            "likely, without the short ones that lead the way",
            "accuracy": {
                name.removeprefix("lag/"): asdict(metric) for name, metric in even.items()
            },
            "training": {
                "seconds": trained.even.meter.seconds,
                "energy": asdict(trained.even.meter.estimate_energy()),
                "history": [[step, round(loss, 5)] for step, loss in trained.even.losses],
            },
        },
        "throughput": speed,
    }


def measure_speed(checkpoint: Checkpoint, tiny: bool) -> dict[str, dict[str, object]]:
    """Return each architecture's training throughput by sequence length, on all devices here.

    Measured once: a run that goes on from its checkpoints keeps what was measured.
    """
    if (state := checkpoint.load()) is not None:
        return state
    models: dict[str, nn.Module] = {name: create() for name, create in CREATE.items()}
    repeats = 1 if tiny else 7
    devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    found = {device: measure_throughput(models, device, 32, repeats) for device in devices}
    what = "sequences a second, forward and backward, batches of 32; the fastest of several runs"
    speed: dict[str, dict[str, object]] = {
        name: {
            "what": what,
            "machine": describe_machine(),
            **{device: speeds[name] for device, speeds in found.items()},
        }
        for name in models
    }
    checkpoint.save(speed)
    return speed


def write(options: Options) -> None:
    """Train and export."""
    speed = measure_speed(options.open_checkpoint("recall.speed"), options.tiny)
    for name in options.names:
        write_model(create_draft(name, train(name, options), options, speed[name]), options.zoo)


main = partial(run_script, "recall", __doc__, write, names=tuple(CREATE))


if __name__ == "__main__":
    sys.exit(main())
