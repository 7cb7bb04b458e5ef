"""Export models to the zoo: ``python -m export.to_onnx [NAME ...]``.

For each model: load the published weights, fold batch normalisation into the convolutions, write
``predict.onnx`` (dynamic batch, weights in ``weights.bin`` beside it), differentiate it into
``explain.onnx`` on the same weights, compare both with torch, and write ``card.json``. Everything
is written into a temporary folder first: whatever fails, the old artifact stays in place.
"""

from __future__ import annotations

import argparse
import copy
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import onnx
import onnxruntime
import torch
from models import MODELS
from models.efficientnet_lite import ConvNorm, EfficientNetLite
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from export.card import Card, Input, Output, write_card
from export.macs import count_macs, count_parameters
from export.parity import ParityError, compare_gradients, compare_logits, create_inputs
from export.sources import SOURCES, Source

ZOO = Path(__file__).resolve().parent.parent / "models" / "zoo"

PREDICT_FILE, EXPLAIN_FILE, WEIGHTS_FILE = "predict.onnx", "explain.onnx", "weights.bin"
IMAGE, LOGITS, FEATURES = "image", "logits", "features"
OPSET = 18

# Smaller tensors stay in the graph, where constant folding can see them.
_EXTERNAL_BYTES = 1024


class _WithFeatures(nn.Module):
    """Returns the last convolutional activation too, so that the graph keeps its name."""

    def __init__(self, model: EfficientNetLite) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        features = self.model.compute_features(image)
        return self.model.classifier(features.mean((2, 3))), features


def fold_batch_norm(model: nn.Module) -> nn.Module:
    """Return a copy of an evaluated model with each batch norm folded into its convolution."""
    folded = copy.deepcopy(model).eval()
    for module in folded.modules():
        if isinstance(module, ConvNorm):
            module.conv = fuse_conv_bn_eval(module.conv, module.norm)
            module.norm = nn.Identity()  # type: ignore[assignment]
    return folded


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
    _strip(graph)
    path = folder / PREDICT_FILE
    onnx.save_model(
        graph,
        path,
        save_as_external_data=True,
        location=WEIGHTS_FILE,
        size_threshold=_EXTERNAL_BYTES,
    )
    # onnx lets nobody but its owner read the weights; the app may run as somebody else.
    (folder / WEIGHTS_FILE).chmod(0o644)
    onnx.checker.check_model(path, full_check=True)
    return path


def _strip(model: onnx.ModelProto) -> None:
    """Remove what the exporter noted of its own machine: paths, stack traces, source lines."""
    model.doc_string = ""
    model.graph.doc_string = ""
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    nodes = [*model.graph.node, *(node for each in model.functions for node in each.node)]
    values = [*model.graph.value_info, *model.graph.input, *model.graph.output]
    for item in (*nodes, *values, *model.graph.initializer):
        item.doc_string = ""
        del item.metadata_props[:]


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
    with _replace_when_whole(zoo / name) as folder:
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
        exported_with={
            "python": platform.python_version(),
            # Its package has two names, for CPU and for GPU, so it is asked itself.
            "onnxruntime": onnxruntime.__version__,
            **{package: version(package) for package in ("torch", "onnx", "onnxscript")},
        },
    )


@contextmanager
def _replace_when_whole(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder that takes the place of ``folder`` if the block succeeds."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".partial-") as temporary:
        new, old = Path(temporary) / "new", Path(temporary) / "old"
        new.mkdir()
        yield new
        if folder.exists():
            folder.rename(old)
        try:
            new.rename(folder)
        except BaseException:  # an interrupt too: leaving this block deletes the only copy
            if old.exists():
                old.rename(folder)
            raise
        shutil.rmtree(old, ignore_errors=True)


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
