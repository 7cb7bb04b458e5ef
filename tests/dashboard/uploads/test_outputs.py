"""What comes out of a network: which output is meant, and what its numbers are."""

from typing import Any

import numpy as np
import pytest

from dashboard.uploads.outputs import choose_output, read_kind
from dashboard.uploads.sandbox_wire import UploadError
from dashboard.uploads.spec import (
    NORMALIZATIONS,
    OutputSpec,
)
from tests.dashboard.uploads.detecting import detect_here
from tests.dashboard.uploads.networks import (
    build,
    create_network,
    node,
    softmax,
    value,
)

RAW, UNIT, SYMMETRIC, IMAGENET, LITE, CAFFE, RAW_BGR = NORMALIZATIONS


LOGITS = np.random.default_rng(0).normal(size=(20, 6)) * 3


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (LOGITS, "logits"),
        (LOGITS * 0.01, "logits"),
        (softmax(LOGITS), "probabilities"),
        (softmax(LOGITS).astype(np.float16), "probabilities"),
        (np.log(softmax(LOGITS)), "log_probabilities"),
        (1 / (1 + np.exp(-LOGITS)), "independent"),
        (1 / (1 + np.exp(-LOGITS[:, :1])), "independent"),
        (LOGITS[:, :1], "logits"),
        (np.abs(LOGITS), "logits"),
        (-np.abs(LOGITS), "logits"),
        (np.full((3, 4), np.nan), "logits"),
    ],
)
def test_what_the_numbers_are(raw: Any, kind: str) -> None:
    floats = raw.astype(np.float32)
    assert read_kind([floats]) == read_kind([floats[:1], floats[1:]]) == kind


def test_which_output_is_meant() -> None:
    features, scores = OutputSpec("features", "logits", 512), OutputSpec("s", "logits", 10)
    probs, single = OutputSpec("p", "probabilities", 10), OutputSpec("single", "independent", 1)
    assert choose_output([features, scores], 0) is features
    assert choose_output([features, scores], 10) is scores
    assert choose_output([features, scores, probs], 0) is probs
    assert choose_output([single, scores], 0) is scores


def test_a_network_that_gives_a_map_is_no_classifier() -> None:
    nodes = [node("Relu", ["image"], ["boxes"])]
    shape = ["N", 3, 32, 32]
    model = build(nodes, [value("image", shape)], [value("boxes", shape)])
    with pytest.raises(UploadError, match=r"no class scores.*boxes is \? × 3 × 32 × 32"):
        detect_here(model, 1)


def test_a_network_whose_shape_is_only_known_when_it_runs() -> None:
    model = create_network(batch="N")
    model.graph.output[0].type.tensor_type.ClearField("shape")
    assert detect_here(model, 2).output.n_classes == 5


def test_several_outputs_are_offered() -> None:
    model = create_network()
    model.graph.node.append(node("Softmax", ["scores"], ["probs"]))
    model.graph.output.append(value("probs", ["N", 5]))
    model.graph.output.append(value("features", ["N", 8, 16, 16]))
    found = detect_here(model, 2)
    assert [(each.name, each.kind) for each in found.outputs] == [
        ("out", "logits"),
        ("probs", "probabilities"),
    ]
    assert found.output.name == "probs"
