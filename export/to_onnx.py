"""Export models to the zoo: ``python -m export.to_onnx [NAME ...]``.

For each model: load the published weights, fold batch normalisation into the convolutions, write
``predict.onnx`` (dynamic batch, weights in ``weights.bin`` beside it), differentiate it into
``explain.onnx`` on the same weights, compare both with torch, and write ``card.json``. Everything
is written into a temporary folder first: whatever fails, the old artifact stays in place.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import onnx
import torch
from models import MODELS
from models.efficientnet_lite import EfficientNetLite
from torch import Tensor, nn

from export.artifact import EXPLAIN_FILE, ZOO, describe_versions, replace_when_whole
from export.card import Card, Input, Output, write_card
from export.graphs import EXTERNAL_BYTES, OPSET, WEIGHTS_FILE, fold_batch_norm, strip
from export.macs import count_macs, count_parameters
from export.parity import ParityError, compare_gradients, compare_logits, create_inputs
from export.sources import SOURCES, Source

PREDICT_FILE = "predict.onnx"
IMAGE, LOGITS, FEATURES = "image", "logits", "features"


class _WithFeatures(nn.Module):
    """Returns the last convolutional activation too, so that the graph keeps its name."""

    def __init__(self, model: EfficientNetLite) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        features = self.model.compute_features(image)
        return self.model.classifier(features.mean((2, 3))), features


def export_predict(model: EfficientNetLite, folder: Path) -> Path:
    """Write ``predict.onnx`` and ``weights.bin`` into ``folder`` and return the graph's path.

    Raises:
        onnx.checker.ValidationError: the graph is not valid ONNX.
    """
    program = torch.onnx.export(
        _WithFeatures(model).eval(),
        (torch.zeros(2, 3, model.size, model.size),),
        dynamo=True,
        input_names=[IMAGE],
        output_names=[LOGITS, FEATURES],
        dynamic_shapes=({0: torch.export.Dim("N", min=1, max=4096)},),
        opset_version=OPSET,
        verbose=False,
    )
    assert program is not None
    graph = program.model_proto
    del graph.graph.output[1]  # "features" stays an inner tensor with a name of its own
    strip(graph)
    path = folder / PREDICT_FILE
    onnx.save_model(
        graph,
        path,
        save_as_external_data=True,
        location=WEIGHTS_FILE,
        size_threshold=EXTERNAL_BYTES,
    )
    # onnx lets nobody but its owner read the weights; the app may run as somebody else.
    (folder / WEIGHTS_FILE).chmod(0o644)
    onnx.checker.check_model(path, full_check=True)
    return path


def export_explain(folder: Path) -> None:
    """Write ``explain.onnx`` beside ``predict.onnx``, on the same weights."""
    from export.autodiff import differentiate_file

    differentiate_file(folder / PREDICT_FILE, folder / EXPLAIN_FILE, wrt=(FEATURES,))


def export_model(name: str, zoo: Path = ZOO) -> Card:
    """Export one model of the registry into ``zoo`` and return its card.

    Raises:
        ParityError: ONNX Runtime and torch differ by more than the bound; nothing is written.
        FileNotFoundError: the weights are not installed.
    """
    source = SOURCES[name]
    model = MODELS[name]()
    assert isinstance(model, EfficientNetLite)
    model.load_state_dict(source.load_weights())
    model.eval()
    with replace_when_whole(zoo / name) as folder:
        folded = fold_batch_norm(model)
        assert isinstance(folded, EfficientNetLite)
        predict = export_predict(folded, folder)
        export_explain(folder)
        card = _create_card(name, source, model, predict)
        write_card(card, folder)
    return card


def _create_card(name: str, source: Source, model: EfficientNetLite, predict: Path) -> Card:
    inputs = create_inputs(source.preprocessing, model.size)
    return Card(
        name=name,
        title=source.title,
        family=source.family,
        task="image-classification",
        summary=source.summary,
        labels="../labels/imagenet.json",
        input=Input(IMAGE, "NCHW", 3, model.size),
        preprocessing=source.preprocessing,
        output=Output(LOGITS, "logits"),
        layers={FEATURES: FEATURES},
        parameters=count_parameters(model),
        macs=count_macs(predict),
        published=source.published,
        licence=source.licence,
        provenance=source.describe(),
        opset=OPSET,
        parity=compare_logits(model, predict, inputs),
        gradient_parity=compare_gradients(model, predict.with_name(EXPLAIN_FILE), inputs),
        exported_with=describe_versions(),
    )


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
