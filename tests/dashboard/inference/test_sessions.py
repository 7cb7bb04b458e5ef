import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard.cache import ZOO
from dashboard.inference import running, sessions
from dashboard.inference.sessions import OnnxModel
from dashboard.inference.zoo import ZooError


@pytest.fixture
def weights(make_zoo: Any, tmp_path: Path) -> Any:
    """Return the linear network's matrix, (48, 5)."""
    folder = make_zoo("other.copy")
    return np.frombuffer((folder / "weights.bin").read_bytes(), np.float32).reshape(48, 5)


def draw(count: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=(count, 3, 4, 4)).astype(np.float32)


def test_what_a_model_says_of_itself(make_zoo: Any) -> None:
    model = OnnxModel(make_zoo(), threads=1)
    assert model.input_shape == (3, 4, 4)
    assert model.layers == ("features",)
    assert model.has_gradients
    assert model.card.title == "A linear network"
    black, white = model.input_range
    assert (black == -127 / 128).all()
    assert (white == 1.0).all()


@pytest.mark.parametrize("count", [1, 7, 32, 33, 70])
def test_logits_are_the_same_however_many_chunks(make_zoo: Any, weights: Any, count: int) -> None:
    inputs = draw(count)
    logits = OnnxModel(make_zoo(), threads=1).predict(inputs)
    assert logits.dtype == np.float32
    np.testing.assert_allclose(
        logits, 2 * inputs.reshape(count, 48) @ weights, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("count", [1, 7, 8, 9, 20])
def test_the_gradient_of_a_linear_network_is_its_weights(
    make_zoo: Any, weights: Any, count: int
) -> None:
    inputs = draw(count)
    target = np.arange(count) % 5
    explained = OnnxModel(make_zoo(), threads=1).explain(inputs, target)
    logits = 2 * inputs.reshape(count, 48) @ weights
    np.testing.assert_allclose(explained.logits, logits, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        explained.score, logits[np.arange(count), target], rtol=1e-4, atol=1e-5
    )
    expected = weights.T[target].reshape(count, 3, 4, 4)
    np.testing.assert_allclose(explained.gradient, 2 * expected, rtol=1e-5)
    activation, gradient = explained.layers["features"]
    np.testing.assert_allclose(activation, 2 * inputs, rtol=1e-6)
    np.testing.assert_allclose(gradient, expected, rtol=1e-5)


def test_a_contrast_is_the_difference_of_two_logits(make_zoo: Any, weights: Any) -> None:
    inputs = draw(3)
    target, versus = np.array([0, 1, 2]), np.array([4, -1, 0])  # -1: against nothing
    explained = OnnxModel(make_zoo(), threads=1).explain(inputs, target, versus)
    directions = np.array([[1, 0, 0, 0, -1], [0, 1, 0, 0, 0], [-1, 0, 1, 0, 0]], np.float32)
    expected = 2 * (directions @ weights.T).reshape(3, 3, 4, 4)
    np.testing.assert_allclose(explained.gradient, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        explained.score, (explained.logits * directions).sum(axis=1), rtol=1e-4, atol=1e-5
    )


def test_a_model_without_a_gradient_graph_still_predicts(make_zoo: Any) -> None:
    model = OnnxModel(make_zoo(with_gradient=False), threads=1)
    assert not model.has_gradients
    assert model.layers == ()
    assert model.predict(draw(2)).shape == (2, 5)
    with pytest.raises(RuntimeError, match=r"linear\.test has no gradient graph"):
        model.explain(draw(2), np.array([0, 1]))


@pytest.mark.parametrize("shape", [(3, 4, 4), (1, 3, 4, 5), (2, 1, 4, 4), (0, 3, 4, 4)])
def test_inputs_of_another_shape_are_refused(make_zoo: Any, shape: tuple[int, ...]) -> None:
    model = OnnxModel(make_zoo(), threads=1)
    with pytest.raises(ValueError, match="inputs must be"):
        model.predict(np.zeros(shape, np.float32))
    with pytest.raises(ValueError, match="inputs must be"):
        model.explain(np.zeros(shape, np.float32), np.zeros(shape[0], np.int64))


@pytest.mark.parametrize(
    ("target", "versus"),
    [([0], None), ([0, 5], None), ([-1, 0], None), ([0, 0], [0, 5]), ([0, 0], [-2, 0])],
)
def test_classes_that_do_not_exist_are_refused(make_zoo: Any, target: Any, versus: Any) -> None:
    model = OnnxModel(make_zoo(), threads=1)
    with pytest.raises(ValueError, match="class indices must be"):
        model.explain(draw(2), np.array(target), None if versus is None else np.array(versus))


def test_a_larger_input_runs_in_smaller_chunks(
    make_zoo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Recorder:
        def get_providers(self) -> list[str]:
            return providers

        def run(self, names: list[str], feed: dict[str, Any]) -> list[Any]:
            sizes.append(len(feed["image"]))
            return [np.zeros((len(feed["image"]), 5), np.float32)]

    sizes: list[int] = []
    providers = ["CPUExecutionProvider"]
    monkeypatch.setattr(sessions, "create_session", lambda *given: Recorder())
    large = {"name": "image", "layout": "NCHW", "channels": 3, "size": 448}
    inputs = np.zeros((5, 3, 448, 448), np.float32)
    model = OnnxModel(make_zoo(input=large), threads=1)
    model.predict(inputs)
    assert sizes == [2, 2, 1]  # 8 at 224 x 224 are 2 at 448 x 448
    sizes.clear()
    providers.insert(0, "CUDAExecutionProvider")
    model.predict(inputs)
    assert sizes == [5]


def test_a_graph_is_loaded_when_first_needed_and_only_once(
    make_zoo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def create(path: Path, *given: Any) -> Any:
        opened.append(path.name)
        return create_session(path, *given)

    create_session = sessions.create_session
    monkeypatch.setattr(sessions, "create_session", create)
    model = OnnxModel(make_zoo(), threads=1)
    assert opened == []
    barrier = threading.Barrier(8)

    def work(seed: int) -> Any:
        barrier.wait()
        return model.predict(draw(3, seed))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert opened == ["predict.onnx"]
    model.explain(draw(1), np.array([0]))
    assert opened == ["predict.onnx", "explain.onnx"]


def test_threads_share_a_model_without_mixing_their_results(make_zoo: Any) -> None:
    model = OnnxModel(make_zoo(), threads=1)

    def work(seed: int) -> tuple[Any, Any]:
        inputs, target = draw(40, seed), np.full(40, seed % 5)
        return model.predict(inputs), model.explain(inputs, target).gradient

    alone = [work(seed) for seed in range(16)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(work, range(16)))
    for (logits, gradient), (same_logits, same_gradient) in zip(alone, together, strict=True):
        np.testing.assert_array_equal(logits, same_logits)
        np.testing.assert_array_equal(gradient, same_gradient)


def test_a_model_is_known_by_its_card(make_zoo: Any) -> None:
    first = OnnxModel(make_zoo("a.data"), threads=1)
    again = OnnxModel(first_folder := make_zoo("b.data"), threads=1)
    assert len(first.sha256) == 64
    assert first.sha256 != again.sha256
    assert OnnxModel(first_folder, threads=2).sha256 == again.sha256


def test_the_page_is_told_where_a_model_runs(make_zoo: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(sessions, "find_gpu", lambda: None)
    monkeypatch.setattr(running, "choose_providers", lambda: ("CPUExecutionProvider",))
    assert OnnxModel(make_zoo(), threads=2).provider == "CPU, 2 threads"


def test_a_damaged_file_is_found_on_opening(make_zoo: Any) -> None:
    folder = make_zoo()
    (folder / "weights.bin").write_bytes(b"\0" * 960)
    with pytest.raises(ZooError, match=r"weights\.bin is damaged"):
        OnnxModel(folder, threads=1)


def test_a_file_that_is_no_graph_names_itself(make_zoo: Any, write_card: Any) -> None:
    folder = make_zoo()
    (folder / "predict.onnx").write_bytes(b"not a graph")
    write_card(folder)
    with pytest.raises(ZooError, match=r"linear\.test cannot be used: predict\.onnx is no graph"):
        OnnxModel(folder, threads=1).predict(draw(1))


def test_attention_is_explained_but_is_no_layer_of_places() -> None:
    model = OnnxModel(ZOO / "vit.fashion_mnist", threads=1)
    assert model.has_gradients and model.layers == ()
    explained = model.explain(np.zeros((1, 1, 28, 28), np.float32), np.array([0]))
    assert list(explained.layers) == [f"{sessions.ATTENTION}_{i}" for i in range(4)]
