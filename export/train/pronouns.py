"""Train a Transformer and an LSTM to point from "it": ``python -m export.train.pronouns``.

Both read the states of the exported MiniLM (``python -m export.train.minilm`` first), which stays
frozen, and learn on generated pairs; they are measured on words they never met and on pairs written
by hand.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from models.pronoun_lstm import create_pronoun_lstm
from models.pronoun_resolver import create_pronoun_resolver
from torch import Tensor, nn

from export.arrays import Floats
from export.artifact import ZOO, Draft, Gradient, write_model
from export.card import Metric, Port
from export.datasets import DatasetError, minilm
from export.datasets.pronoun_tokens import LENGTH, PRONOUN, Encoded, encode
from export.datasets.pronouns import LICENCE, create_pairs
from export.graphs import Graph
from export.sessions import open_session, run_in_batches
from export.train.loop import TrainState
from export.train.minilm import NAME as ENCODER
from export.train.minilm_graphs import WIDTH
from export.train.options import Options
from export.train.pronoun_fit import LAYER, Recipe, compute_states, fit
from export.train.pronoun_scores import compute_states as compute_exported_states
from export.train.pronoun_scores import create_tests, measure_rules, measure_scores
from export.train.pronoun_texts import LIMITS, SUMMARIES, TITLES
from export.train.record import describe_training
from export.train.script import run_script

CREATE: dict[str, Callable[[], nn.Module]] = {
    "resolver": create_pronoun_resolver,
    "lstm": create_pronoun_lstm,
}
FLOORS = {"resolver": {"pairs/held_out": 90.0}}  # the LSTM is the comparison: measured
RECIPE, TINY = Recipe(steps=2_500, pairs=9_000), Recipe(steps=3, pairs=8, batch=4)
_TESTS, _TINY_TESTS = 500, 4  # generated pairs
_SOURCE = {
    "data": "sentences from a grammar and lists of words; pairs written by hand to test",
    "licence": LICENCE,
    "credit": f"the states it reads: {minilm.CREDIT} ({minilm.LICENCE}); trained by us",
}


@dataclass(frozen=True)
class Material:
    """What both networks learn from and are measured on, with the encoder's states (N, T, 384)."""

    data: Encoded
    states: Tensor
    tests: dict[str, Encoded]
    test_states: dict[str, Floats]


def load_material(options: Options) -> Material:
    """Generate the sentences and compute their states; those of the tests by the artifact.

    Raises:
        DatasetError: the encoder or its artifact is missing.
    """
    recipe = TINY if options.tiny else RECIPE
    path = find_encoder(options.zoo)
    data = encode(create_pairs(recipe.pairs, (options.seed,)), minilm.load_tokenizer())
    tests = create_tests(_TINY_TESTS if options.tiny else _TESTS)
    states = {name: compute_exported_states(path, test, LAYER) for name, test in tests.items()}
    return Material(data, compute_states(data), tests, states)


def find_encoder(zoo: Path) -> Path:
    """Return the exported encoder's graph, from ``zoo`` or from the project's own.

    Raises:
        DatasetError: it is in neither.
    """
    for folder in (zoo, ZOO):
        path = folder / ENCODER / "predict.onnx"
        if path.is_file():
            return path
    raise DatasetError(f"{ENCODER}/predict.onnx is missing: get it with `{_EXPORT}`")


_EXPORT = "python -m export.train.minilm"


def create_graph(model: nn.Module, material: Material, length: str | int) -> Graph:
    """Return the graph for sentences of any length, or of a fixed one."""
    tests, states = material.tests["natural"], material.test_states["natural"]
    checks = (states[:16], tests.attention_mask[:16], tests.pronoun[:16])
    return Graph(
        model,
        tuple(torch.from_numpy(values[:2]) for values in checks),
        {
            "states": Port(
                "float32",
                ("N", length, WIDTH),
                f"hidden_states[:, {LAYER}] of {ENCODER}: one state a word piece",
            ),
            "attention_mask": Port("int64", ("N", length), "1 at word pieces, 0 at padding"),
            "pronoun": Port("int64", ("N",), "the place of 'it' among the word pieces"),
        },
        {"scores": Port("float32", ("N", length), _SCORES), **_describe_inside(model, length)},
        checks=checks,
    )


_SCORES = "one score a place, before softmax: is this what 'it' stands for?"


def _describe_inside(model: nn.Module, length: str | int) -> dict[str, Port]:
    with torch.no_grad():
        model.eval()
        mask, pronoun = torch.ones(1, 3, dtype=torch.int64), torch.zeros(1, dtype=torch.int64)
        _, inside = model(torch.zeros(1, 3, WIDTH), mask, pronoun)
    if inside.ndim == 5:
        axes = ("N", inside.shape[1], inside.shape[2], length, length)
        return {"attentions": Port("float32", axes, "layer, head, from this piece, to that one")}
    axes3 = ("N", length, inside.shape[2])
    return {"memory": Port("float32", axes3, "the last layer's states, both directions")}


def create_draft(name: str, state: TrainState, material: Material, options: Options) -> Draft:
    """Return the artifact to be."""
    recipe = TINY if options.tiny else RECIPE
    return Draft(
        name=f"{name}.pronouns",
        title=TITLES[name],
        family="transformer" if name == "resolver" else "rnn",
        task="coreference",
        summary=SUMMARIES[name],
        limits=LIMITS[name],
        graphs={"predict": create_graph(state.model, material, "T")},
        gradient=Gradient(create_graph(state.model, material, LENGTH), "scores"),
        evaluate=lambda folder: evaluate(folder / "predict.onnx", material),
        floors={} if options.tiny else FLOORS.get(name, {}),
        training=describe_training(
            "python -m export.train.pronouns",
            options.seed,
            recipe.steps,
            2 * recipe.batch,
            state.meter,
            state.losses,
        ),
        source=_SOURCE,
        licence="Apache-2.0",
        details={
            "encoder": {"model": ENCODER, "output": "hidden_states", "layer": LAYER},
            "pronoun": PRONOUN,
            "gradient_length": LENGTH,
            "gradient": "by the encoder's states, one a word piece; its target is a place. A "
            f"state after layer {LAYER} has heard of the other words already",
            "rules": {
                "what": "what rules that look at places alone reach, in percent",
                **measure_rules(material.tests),
            },
            "training_pairs": recipe.pairs,
        },
    )


def evaluate(path: Path, material: Material) -> dict[str, Metric]:
    """Return the shares of right pairs and sentences in every test set."""
    session = open_session(path)
    scores = {
        name: run_in_batches(
            session,
            "scores",
            {
                "states": material.test_states[name],
                "attention_mask": test.attention_mask,
                "pronoun": test.pronoun,
            },
        )
        for name, test in material.tests.items()
    }
    return measure_scores(material.tests, scores)


def write(options: Options) -> None:
    """Train and export."""
    recipe = TINY if options.tiny else RECIPE
    material = load_material(options)
    for name in options.names:
        checkpoint = options.open_checkpoint(f"{name}.pronouns")
        state = fit(
            CREATE[name], material.data, material.states, recipe, options.seed, checkpoint, name
        )
        write_model(create_draft(name, state, material, options), options.zoo)


main = partial(run_script, "pronouns", __doc__, write, names=tuple(CREATE))


if __name__ == "__main__":
    sys.exit(main())
