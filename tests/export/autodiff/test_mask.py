"""Activations behind a convolution: the step computed by a Conv is exact."""

import numpy as np
import pytest

from export.autodiff import differentiate
from tests.export.autodiff.tiny_graphs import classifier, run, run_in_double

CHANNELS = 16  # a whole block, so that the step is a Conv
ABOVE_ZERO = [1e-20, 1e-10, 1e-5, 1e-4]


@pytest.mark.parametrize("high", [6.0, 1.0, 0.001, 100.0])
@pytest.mark.parametrize("activation", ["Relu(c)", "Clip(c, zero, high)", "Clip(c, zero, huge)"])
@pytest.mark.parametrize("runner", [run, run_in_double])
def test_the_step_is_exact_at_and_beside_the_bounds(
    activation: str, high: float, runner: object
) -> None:
    bound = np.float32(high)
    edge = [np.nextafter(bound, np.float32(0)), bound, 1.5 * bound]
    values = np.array([-1.0, 0.0, *ABOVE_ZERO, *edge], np.float32)
    model = classifier(
        f"c = Conv(image, w) r = {activation} f = Flatten(r) y = Gemm(f, v)",
        {
            "w": np.eye(CHANNELS, dtype=np.float32)[:, :, None, None],
            "v": np.ones((CHANNELS * 9, 2), np.float32),
            "zero": np.float32(0),
            "high": bound,
            "huge": np.float32(3.4e38),
        },
        image=f"float[N,{CHANNELS},1,9] image",
    )
    found = differentiate(model)
    assert not {n.op_type for n in found.model.graph.node} & {"Greater", "Less"}
    image = np.broadcast_to(values, (2, CHANNELS, 1, 9)).astype(np.float32)
    gradient = runner(found, image, [0, 1])["gradient"]  # type: ignore[operator]
    capped = "high" in activation
    inside = (values > 0) & ((values < bound) | (not capped))
    np.testing.assert_array_equal(gradient, np.broadcast_to(inside, gradient.shape))


def test_other_numbers_of_channels_compare() -> None:
    model = classifier(
        "c = Conv(image, w) r = Relu(c) f = Flatten(r) y = Gemm(f, v)",
        {"w": (3, 2, 1, 1), "v": (108, 2)},
    )
    assert "Greater" in {n.op_type for n in differentiate(model).model.graph.node}
