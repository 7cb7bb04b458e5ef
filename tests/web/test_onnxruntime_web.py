"""Explainers in onnxruntime-web's WebAssembly, as in a browser, against ONNX Runtime in Python."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from dashboard.inference.cards import load_card
from dashboard.inference.preprocessing import preprocess
from dashboard.inference.samples import load_sample
from export.autodiff.deploy import METHODS, Options, create_explainer, write_explainer
from tests.export.autodiff.tiny_graphs import classifier, images, open_session, relative

pytestmark = pytest.mark.node

HERE = Path(__file__).parent
LITE0 = HERE.parents[1] / "models" / "zoo" / "efficientnet_lite0.imagenet"
SMOOTH = (
    "c = Conv <pads = [1,1,1,1], strides = [2,2]> (image, w) features = Tanh(c) "
    "p = GlobalAveragePool(features) f = Flatten(p) s = Sigmoid(f) y = Gemm(s, v)"
)
BOUND = 1e-4
# ReLU6 has kinks: a unit on the other side of one passes its whole gradient or none.
LITE0_BOUND = 1e-2

Arrays = dict[str, np.ndarray]


@pytest.fixture(scope="session")
def node() -> str:
    """Return Node.js, with the locked packages beside ``run.mjs``: installed once a lock file."""
    program, npm = shutil.which("node"), shutil.which("npm")
    assert program is not None and npm is not None
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    installed = HERE / "node_modules" / ".installed"
    if not installed.exists() or installed.read_text() != lock:
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        installed.write_text(lock)
    return program


def run_in_node(node: str, model: Path, inputs: Arrays) -> Arrays:
    folder = model.parent
    described = [
        {"name": name, "type": value.dtype.name, "dims": value.shape}
        for name, value in inputs.items()
    ]
    (folder / "inputs.json").write_text(json.dumps(described))
    for name, value in inputs.items():
        value.tofile(folder / f"{name}.bin")
    done = subprocess.run(
        [node, str(HERE / "run.mjs"), str(model), str(folder)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    outputs: list[dict[str, Any]] = json.loads((folder / "outputs.json").read_text())
    return {
        o["name"]: np.fromfile(folder / f"{o['name']}.bin", o["type"]).reshape(o["dims"])
        for o in outputs
    }


def run_in_python(model: Path, inputs: Arrays) -> Arrays:
    names = ["logits", "attributions"]
    return dict(zip(names, open_session(str(model)).run(names, inputs), strict=True))


@pytest.mark.parametrize("method", METHODS)
def test_a_smooth_network_is_explained_as_in_python(method: str, node: str, tmp_path: Path) -> None:
    network = classifier(SMOOTH, {"w": (4, 2, 3, 3), "v": (4, 5)})
    options = Options(n_steps=5, n_samples=3, required=("versus",))
    explainer, model = create_explainer(network, method, options), tmp_path / "explainer.onnx"
    write_explainer(explainer, model)
    inputs = {
        "image": images(3, 2, 6, 6),
        "target": np.array([0, 1, 4]),
        "versus": np.array([1, -1, 2]),
    }
    found, expected = run_in_node(node, model, inputs), run_in_python(model, inputs)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].shape == value.shape
        assert relative(found[name], value) <= BOUND


@pytest.mark.parametrize(
    "method",
    ["saliency", "integrated_gradients", "grad_cam", "guided_backprop", "deeplift", "lrp"],
)
def test_efficientnet_lite0_is_explained_as_in_python(
    method: str, node: str, tmp_path: Path
) -> None:
    network = onnx.load(LITE0 / "predict.onnx", load_external_data=False)
    model = tmp_path / "explainer.onnx"
    options = Options(n_steps=3)
    write_explainer(create_explainer(network, method, options, folder=str(LITE0)), model)
    image = preprocess(load_sample("rocket").pixels, load_card(LITE0))
    inputs = {"image": image, "target": np.array([657])}
    found, expected = run_in_node(node, model, inputs), run_in_python(model, inputs)
    assert relative(found["logits"], expected["logits"]) <= BOUND
    assert found["attributions"].shape == expected["attributions"].shape
    assert relative(found["attributions"], expected["attributions"]) <= LITE0_BOUND
