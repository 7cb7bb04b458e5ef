"""Which output of an uploaded network holds the class scores, and what its numbers are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dashboard.inference.model import Floats
from dashboard.uploads.inspection import TensorInfo
from dashboard.uploads.sandbox_wire import UploadError, clean_text
from dashboard.uploads.spec import Kind, OutputSpec

_ROUNDING = 1e-3  # sums of thousands of probabilities in 16 bits are that far from 1
_MAX_SHOWN = 4


def read_kind(parts: Sequence[Floats]) -> Kind:
    """Return what the numbers of an output are, judged by its answers to various inputs.

    ``parts`` are (M, K) each. Rows that are not finite are passed over.
    """
    finite = [row for raw in parts for row in raw if np.isfinite(row).all()]  # views, no copies
    if not finite:
        return "logits"
    lowest, highest = min(row.min() for row in finite), max(row.max() for row in finite)
    if lowest >= -_ROUNDING and highest <= 1 + _ROUNDING:
        sums_to_one = all(abs(row.sum(dtype=np.float64) - 1) < _ROUNDING for row in finite)
        return "probabilities" if sums_to_one and finite[0].size > 1 else "independent"
    if highest <= _ROUNDING and all(
        abs(np.exp(row.astype(np.float64)).sum() - 1) < _ROUNDING for row in finite
    ):
        return "log_probabilities"
    return "logits"


def describe_outputs(answers: Mapping[str, Sequence[Floats]]) -> tuple[OutputSpec, ...]:
    """Describe the outputs that hold class scores, by their answers to various inputs.

    Those are in parts, (M, K) each.
    """
    return tuple(
        OutputSpec(name, read_kind(parts), parts[0].shape[1]) for name, parts in answers.items()
    )


def choose_output(outputs: Sequence[OutputSpec], n_labels: int) -> OutputSpec:
    """Return the most likely one: as many classes as labels, then probabilities, then the first.

    ``n_labels`` is 0 where none are known. Among equals logits would do as well, but of several
    outputs the one that was made readable is usually meant.
    """

    def rank(output: OutputSpec) -> tuple[bool, bool, bool]:
        is_made_for_reading = output.kind in ("probabilities", "log_probabilities")
        return (output.n_classes == n_labels, output.n_columns > 1, is_made_for_reading)

    return max(outputs, key=rank)


def refuse_outputs(outputs: Sequence[TensorInfo]) -> UploadError:
    """Return the error for a network none of whose outputs holds class scores."""
    shown = [
        f"{info.name} is {' × '.join('?' if dim is None else str(dim) for dim in info.shape)}"
        for info in outputs[:_MAX_SHOWN]
    ]
    return UploadError(
        f"The network gives no class scores, one number a class ({clean_text(', '.join(shown))}): "
        "only image classifiers can be explained here."
    )
