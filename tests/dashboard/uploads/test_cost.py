"""The work of an uploaded network, counted in the sandbox."""

import json

import pytest

from dashboard.inference.layer_macs import LayerCost, count_layers
from dashboard.uploads.cost import UploadCost, count_upload, encode_cost
from dashboard.uploads.model import UploadedModel
from dashboard.uploads.sandbox_wire import Message, UploadError
from tests.dashboard.uploads.networks import (
    CHANNELS,
    CLASSES,
    SIDE,
    Uploads,
    build,
    create_network,
    draw,
    load_zoo_file,
    node,
    value,
)


def count(model: UploadedModel) -> UploadCost:
    return count_upload(model.file, model.spec)


@pytest.mark.parametrize("options", [{}, {"batch": 4}, {"side": "S"}, {"layout": "NHWC"}])
def test_a_small_network_by_hand(upload: Uploads, options: dict[str, object]) -> None:
    layout = "NHWC" if "layout" in options else "NCHW"
    found = count(upload(create_network(**options), layout=layout))  # type: ignore[arg-type]
    conv, product = found.layers
    assert conv == LayerCost(
        "1 Conv",
        "Conv",
        (CHANNELS, SIDE, SIDE),
        CHANNELS * SIDE * SIDE * 27,
        CHANNELS * 27,
        CHANNELS * SIDE * SIDE,
    )
    assert (product.kind, product.macs, product.weights) == ("MatMul", CHANNELS * CLASSES, 40)
    assert found.peak == 2 * CHANNELS * SIDE * SIDE  # before and after the ReLU


def test_the_network_still_answers_afterwards(upload: Uploads) -> None:
    model = upload(create_network())
    before = model.predict(draw(3))
    count(model)
    assert (model.predict(draw(3)) == before).all()


def test_a_network_without_products_is_refused(upload: Uploads) -> None:
    nodes = [node("GlobalAveragePool", ["image"], ["pooled"]), node("Flatten", ["pooled"], ["out"])]
    ports = [value("image", ["N", 3, SIDE, SIDE])], [value("out", ["N", 3])]
    with pytest.raises(UploadError, match="No convolution"):
        count(upload(build(nodes, *ports), n_columns=3))


def test_what_the_sandbox_sends_is_checked(
    upload: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = upload(create_network())
    good = ["Conv", [8, 4, 4], 1, 1, 1]
    for header in (
        {"layers": [[*good[:2], -1, 1, 1]], "peak": 1},
        {"layers": [["<b>", *good[1:]]], "peak": 1},
        {"layers": [good[:4]], "peak": 1},
        {"layers": [["Conv", "8", 1, 1, 1]], "peak": 1},
        {"layers": [good], "peak": 1 << 70},
        {"layers": good, "peak": 1},
        {},
    ):
        monkeypatch.setattr(model.file, "ask_once", lambda _, header=header: Message(header))
        with pytest.raises(UploadError):
            count(model)
    layers = count_layers(load_zoo_file("cnn.fashion_mnist"))
    sent = json.loads(json.dumps(encode_cost(layers, 7, 1)))
    monkeypatch.setattr(model.file, "ask_once", lambda _: Message(sent))
    assert list(count(model).layers) == layers
