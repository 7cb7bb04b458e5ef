"""``python -m export.autodiff``: what it prints, and when its exit status is 0."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from export.autodiff import rules
from export.autodiff.__main__ import main
from export.autodiff.deploy import METHODS
from tests.export.autodiff.tiny_graphs import classifier

NET = (
    "c = Conv <pads = [1,1,1,1]> (image, w) r = Tanh(c) f = GlobalAveragePool(r) "
    "g = Flatten(f) y = Gemm(g, v)"
)
WEIGHTS = {"w": (4, 2, 3, 3), "v": (4, 5)}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    onnx.save_model(classifier(NET, WEIGHTS), tmp_path / "predict.onnx")
    return tmp_path / "predict.onnx"


def test_it_writes_and_proves_a_gradient_graph(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    explain = model.with_name("explain.onnx")
    assert main([str(model), "--output", str(explain), "--wrt", "r"]) == 0
    names = [o.name for o in onnx.load(explain).graph.output]
    assert names == ["logits", "score", "gradient", "r", "gradient/r"]
    printed = capsys.readouterr().out
    for line in ("Conv", "rule (convolution)", "MB", "finite differences in float64"):
        assert line in printed


def test_image_and_score_are_named(model: Path, tmp_path: Path) -> None:
    onnx.save_model(
        classifier(
            NET + "a = Add(y, other) p = Softmax(a)",
            WEIGHTS,
            image="float[N,2,6,6] image, float[1,5] other",
            output="float[N,k] p",
        ),
        model,
    )
    out = str(tmp_path / "explain.onnx")
    assert main([str(model), "--output", out]) == 2
    assert main([str(model), "--output", out, "--image", "image", "--score", "y"]) == 0


def test_an_operator_without_a_rule_ends_with_2_and_its_name(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = classifier("f = Flatten(image) y, i = TopK(f, five)", {"five": np.array([5])})
    onnx.save_model(graph, model)
    assert main([str(model), "--output", str(model.with_name("explain.onnx"))]) == 2
    captured = capsys.readouterr()
    assert "TopK" in captured.err
    assert "none: allowed only off the path" in captured.out
    assert not model.with_name("explain.onnx").exists()


def test_a_gradient_that_does_not_agree_ends_with_2(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rules.RULES, "Tanh", lambda b, node, grad: [grad])
    assert main([str(model), "--output", str(model.with_name("explain.onnx"))]) == 2
    assert "does not agree" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"no model"])
def test_a_file_that_is_no_model_ends_with_2(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "predict.onnx"
    if content is not None:
        path.write_bytes(content)
    assert main([str(path), "--output", str(tmp_path / "explain.onnx")]) == 2
    assert capsys.readouterr().err.startswith("refused: ")


def test_it_imports_neither_torch_nor_a_runtime(model: Path) -> None:
    code = (
        "import sys; from export.autodiff.__main__ import main; "
        f"status = main([{str(model)!r}, '--output', {str(model.with_name('explain.onnx'))!r}]); "
        "assert status == 0, status; "
        "heavy = {'torch', 'onnxruntime', 'streamlit', 'captum'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("method", METHODS)
def test_a_method_is_written_and_proved(
    method: str, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    explainer = model.with_name("explainer.onnx")
    settings = ["--steps", "3", "--samples", "2", "--noise", "0.1", "--seed", "1"]
    more = ["--baseline", "-1", "--layer", "r", "--required", "versus"]
    assert main([str(model), "--output", str(explainer), "--method", method, *settings, *more]) == 0
    graph = onnx.load(explainer).graph
    assert [o.name for o in graph.output] == ["logits", "attributions"]
    assert "versus" not in [w.name for w in graph.initializer]
    printed = capsys.readouterr().out
    for line in ("Conv", "rule (convolution)", "MB", "finite differences in float64", "definition"):
        assert line in printed


def test_a_method_that_does_not_follow_its_definition_ends_with_2(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(METHODS, "saliency", METHODS["input_x_gradient"])  # type: ignore[arg-type]
    explainer = str(model.with_name("explainer.onnx"))
    assert main([str(model), "--output", explainer, "--method", "saliency"]) == 2
    assert "does not agree" in capsys.readouterr().err


def test_a_method_refuses_what_it_cannot_do(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = ["--output", str(model.with_name("explainer.onnx"))]
    assert main([str(model), *written, "--method", "grad_cam", "--layer", "g"]) == 2
    assert "not a layer" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        main([str(model), *written, "--method", "saliency", "--wrt", "r"])
    assert stopped.value.code == 2
