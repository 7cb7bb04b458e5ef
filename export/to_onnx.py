"""Export published models to the zoo: ``python -m export.to_onnx [NAME ...]``.

For each entry in ``export/sources.py``: load the published weights into the model of the registry,
and write what a training would: graphs, gradient, comparison with torch, card.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from models import MODELS

from export.artifact import ZOO, Draft, Gradient, write_model
from export.card import ModelCard
from export.parity import ParityError
from export.sources import SOURCES, Source


def create_draft(name: str, source: Source) -> Draft:
    """Return the artifact to be; raises FileNotFoundError where the weights are not installed."""
    model = MODELS[name]()
    model.load_state_dict(source.load_weights())
    graph = source.create_graph(model.eval())
    return Draft(
        name=name,
        title=source.title,
        family=source.family,
        task=source.task,
        summary=source.summary,
        limits=source.limits,
        graphs={"predict": graph},
        gradient=Gradient(graph, source.score, graph.layers) if source.score else None,
        licence=source.licence,
        labels=source.labels,
        labels_credit=source.labels_credit,
        picture=source.picture,
        provenance=source.describe(),
        published=source.published,
        is_half=False,
    )


def export_model(name: str, zoo: Path = ZOO) -> ModelCard:
    """Export one model of the registry into ``zoo`` and return its card.

    Raises:
        ParityError: ONNX Runtime and torch differ by more than the bound; nothing is written.
        FileNotFoundError: the weights are not installed.
    """
    return write_model(create_draft(name, SOURCES[name]), zoo)


def main(arguments: Sequence[str] | None = None) -> int:
    """Export what the command line names; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m export.to_onnx", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: every model")
    parser.add_argument("--zoo", type=Path, default=ZOO, help="folder to write into")
    options = parser.parse_args(arguments)
    for name in options.names or SOURCES:
        if name not in SOURCES:
            parser.error(f"there is no model {name}: choose from {', '.join(SOURCES)}")
        try:
            card = export_model(name, options.zoo)
        except (ParityError, FileNotFoundError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
        print(
            f"{name}: {card.parameters:,} parameters, {card.macs:,} MACs, "
            f"parity {card.parity.max_abs_diff:.1e}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
