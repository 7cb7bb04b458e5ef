"""Export the published MiniLM with all its attention: ``python -m export.train.minilm``.

Nothing is trained. Measured is what its attention says about pronouns, on the pairs that the
trained resolvers are measured on.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from export.artifact import Draft, Gradient, write_model
from export.card import Metric
from export.datasets import minilm
from export.datasets.pronoun_tokens import Encoded
from export.datasets.pronouns import load_natural_pairs
from export.train.minilm_graphs import (
    HEADS,
    LAYERS,
    LENGTH,
    create_gradient_graph,
    create_predict_graph,
    load_encoder,
)
from export.train.options import Options
from export.train.pronoun_scores import WORDING, compute_head_shares, create_tests, measure_heads
from export.train.script import run_script

NAME = "minilm.sentences"
_TESTS, _TINY_TESTS = 400, 4  # generated pairs
_MEASURED = ("held_out", "natural")

SUMMARY = (
    "A Transformer that turns a sentence into 384 numbers, so that sentences of like meaning lie "
    "close together. Published by others and exported here as it is, with everything inside on "
    "show: the state of every word after every layer, and what each of its 72 attention heads "
    "looks at."
)
LIMITS = (
    "It was trained to compare sentences, not to say what 'it' stands for. Its attention shows a "
    "tendency when an adjective moves the referent, and no head resolves pronouns: the card tells "
    "how often the best one does. It reads English, in lower case, and cuts unknown words into "
    "pieces. Attention is what a layer mixes, not a reason for an answer."
)
_SOURCE = {
    "data": "none here; published weights from the Python package "
    f"{minilm.PACKAGE} {minilm.VERSION}",
    "address": "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2",
    "licence": minilm.LICENCE,
    "sha256": minilm.SHA256[minilm.WEIGHTS],
    "credit": minilm.CREDIT,
}


@dataclass
class Measured:
    """What the evaluation finds beside its metrics: the heads that were chosen."""

    heads: dict[str, dict[str, list[int]]] = field(default_factory=dict)

    def evaluate(self, folder: Path, tests: dict[str, Encoded]) -> dict[str, Metric]:
        """Return by test set how the best head resolves, and how the best one shifts."""
        found: dict[str, Metric] = {}
        for name in _MEASURED:
            shares = compute_head_shares(folder / "predict.onnx", tests[name])
            metrics, self.heads[name] = measure_heads(shares)
            found |= {f"{what}/{name}": metric for what, metric in metrics.items()}
        return found


def create_draft(options: Options) -> Draft:
    """Return the artifact to be."""
    encoder = load_encoder(options.data)
    tests = create_tests(_TINY_TESTS if options.tiny else _TESTS)
    sentences = [text for pair in load_natural_pairs()[:6] for text in pair.sentences]
    measured = Measured()
    return Draft(
        name=NAME,
        title="MiniLM (sentences)",
        family="transformer",
        task="encoding",
        summary=SUMMARY,
        limits=LIMITS,
        graphs={"predict": create_predict_graph(encoder, sentences)},
        gradient=Gradient(create_gradient_graph(encoder, sentences), "similarity"),
        evaluate=lambda folder: measured.evaluate(folder, tests),
        source=_SOURCE,
        licence=minilm.LICENCE,
        details=lambda: {
            "tokenizer": minilm.TOKENIZER,
            "layers": LAYERS,
            "heads": HEADS,
            "gradient_length": LENGTH,
            "gradient": "explain.onnx takes the rows of the weight "
            "'encoder.embeddings.word_embeddings.weight', one a word piece, and the embedding of "
            "another sentence; its target is 0",
            "pairs": {name: WORDING[name] for name in _MEASURED},
            "best_heads": measured.heads,
            "resolves": "'it' attends more to the right noun than to the other, in both sentences",
            "shifts": "of the attention to both nouns, the first one's share is larger in the "
            "sentence in which it is the referent; chance is 50 %",
        },
        files={minilm.TOKENIZER: minilm.find(minilm.TOKENIZER, options.data).read_bytes()},
    )


def write(options: Options) -> None:
    """Export."""
    write_model(create_draft(options), options.zoo)


main = partial(run_script, "minilm", __doc__, write)


if __name__ == "__main__":
    sys.exit(main())
