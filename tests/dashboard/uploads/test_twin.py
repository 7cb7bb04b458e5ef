"""An uploaded network's twin, shuffled in the sandbox."""

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from dashboard.inference.shuffling import shuffle_array
from dashboard.uploads.model import UploadedModel
from dashboard.uploads.sandbox_wire import UploadError
from dashboard.uploads.twin import UploadTwin
from tests.dashboard.uploads.networks import (
    CLASSES,
    SIDE,
    Uploads,
    assert_slope,
    build,
    create_network,
    draw,
    node,
    value,
)

PHOTO = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)


def shuffle_by_hand(model: onnx.ModelProto, places: dict[str, int], seed: int) -> onnx.ModelProto:
    for weight in model.graph.initializer:
        if weight.name in places:
            array = numpy_helper.to_array(weight)
            shuffled = shuffle_array(array, seed, places[weight.name])
            weight.CopyFrom(numpy_helper.from_array(shuffled, weight.name))
    return model


def test_weights_are_named_in_the_order_of_the_network(plain: UploadedModel) -> None:
    with UploadTwin(plain, PHOTO) as twin:
        assert twin.names == ("kernel", "head")


def test_layer_by_layer_it_answers_as_a_file_shuffled_by_hand(
    upload: Uploads, plain: UploadedModel
) -> None:
    inputs = draw(3)
    before = plain.predict(inputs)
    with UploadTwin(plain, PHOTO) as twin:
        np.testing.assert_array_equal(twin.shuffle((), 4).predict(inputs), before)
        for gone in (("head",), ("head", "kernel")):
            places = {name: twin.names.index(name) for name in gone}
            by_hand = upload(shuffle_by_hand(create_network(), places, 4))
            found = twin.shuffle(gone, 4)
            np.testing.assert_allclose(found.predict(inputs), by_hand.predict(inputs), rtol=1e-5)
            assert not np.allclose(found.predict(inputs), before, rtol=1e-2)
    explained = plain.explain(inputs, np.zeros(3, np.int64))  # the network itself forgot nothing
    np.testing.assert_allclose(explained.logits, before, rtol=1e-5)


def test_its_gradient_is_that_of_the_shuffled_weights(plain: UploadedModel) -> None:
    inputs = draw(2)
    with UploadTwin(plain, PHOTO) as twin:
        found = twin.shuffle(("head", "kernel"), 1)
        explained = found.explain(inputs, np.zeros(2, np.int64))
        assert_slope(found, explained, inputs, lambda moved: found.predict(moved)[:, 0])


def test_a_process_that_ended_comes_back_shuffled(plain: UploadedModel) -> None:
    inputs = draw(2)
    with UploadTwin(plain, PHOTO) as twin:
        twin.shuffle(("head",), 2)
        found = twin.shuffle(("head", "kernel"), 2)
        expected = found.predict(inputs)
        found.file.sandbox._holdings.end_process()
        np.testing.assert_array_equal(found.predict(inputs), expected)


def test_its_process_ends_with_it(plain: UploadedModel) -> None:
    with UploadTwin(plain, PHOTO) as twin:
        found = twin.shuffle((), 0)
        found.predict(draw(1))
        assert found.file.sandbox.pid is not None
    with pytest.raises(UploadError, match="closed"):
        found.predict(draw(1))
    assert plain.predict(draw(1)).shape == (1, CLASSES)


def test_a_network_without_weights_is_refused(upload: Uploads) -> None:
    nodes = [node("GlobalAveragePool", ["image"], ["pooled"]), node("Flatten", ["pooled"], ["out"])]
    model = upload(
        build(nodes, [value("image", ["N", 3, SIDE, SIDE])], [value("out", ["N", 3])]), n_columns=3
    )
    with pytest.raises(UploadError, match="no weights"):
        UploadTwin(model, PHOTO)
