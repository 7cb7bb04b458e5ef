"""Networks for something else, and attacks through the sandbox as a visitor sends them."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from dashboard.uploads.file import UploadedFile
from dashboard.uploads.inside.checks import check_upload
from dashboard.uploads.limits import Limits
from dashboard.uploads.sandbox_wire import UploadError
from dashboard.uploads.spec import NORMALIZATIONS, InputSpec
from tests.dashboard.uploads.hostile import (
    change,
    create_endless_loop,
    create_memory_bomb,
    make_external,
    nest,
    refuse,
    repeat,
)
from tests.dashboard.uploads.networks import (
    CLASSES,
    SIDE,
    build,
    create_network,
    draw,
    node,
    run_by_hand,
    value,
)

ROOT = Path(__file__).resolve().parents[4]

Build = Callable[[], onnx.ModelProto]

SPEC = InputSpec("image", "NCHW", 3, SIDE, SIDE, NORMALIZATIONS[0])


def create_for(*inputs: onnx.ValueInfoProto) -> onnx.ModelProto:
    nodes = [node("Identity", [each.name], [f"out_{each.name}"]) for each in inputs]
    kind = inputs[0].type.tensor_type.elem_type
    return build(nodes, inputs, [value(f"out_{inputs[0].name}", None, kind)])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (
            create_for(value("image", ["N", 3, 8, 8]), value("mask", ["N", 8])),
            "takes 2 inputs (image, mask)",
        ),
        (create_for(value("ids", ["N", 128], TensorProto.INT64)), "holds int64 values"),
        (create_for(value("sound", ["N", 16000])), "is ? × 16000: an image classifier takes four"),
        (create_for(value("video", ["N", 3, 8, 64, 64])), "takes four axes"),
        (create_for(value("many", ["N", 12, 64, 64])), "photos have 3 channels"),
        (create_for(value("large", ["N", 3, 4096, 4096])), "from 4 to 1024 pixels a side"),
        (create_for(value("tiny", ["N", 3, 2, 2])), "from 4 to 1024 pixels a side"),
        (create_for(value("half", ["N", 3, 8, 8], TensorProto.BFLOAT16)), "bfloat16 values"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_network_for_something_else(model: onnx.ModelProto, sentence: str) -> None:
    assert sentence in refuse(model)


def test_an_input_of_unknown_shape() -> None:
    model = change(lambda m: m.graph.input[0].type.tensor_type.ClearField("shape"))
    assert "does not declare the shape of its input image" in refuse(model)


def test_an_output_of_unknown_shape_does_no_harm() -> None:
    model = change(lambda m: m.graph.output[0].type.tensor_type.ClearField("shape"))
    checked = check_upload(model.SerializeToString())
    assert not checked.graph.output[0].type.tensor_type.HasField("shape")


def test_older_files_list_their_weights_among_the_inputs() -> None:
    model = create_network()
    for weight in model.graph.initializer:
        model.graph.input.append(value(weight.name, weight.dims))
    check_upload(model.SerializeToString())


@pytest.fixture(scope="module")
def healthy() -> Iterator[UploadedFile]:
    """Another visitor's model."""
    file = UploadedFile(create_network().SerializeToString())
    file.open()
    yield file
    file.close()


def hide(location: str) -> Build:
    return lambda: change(lambda m: m.graph.initializer.append(make_external(location)))


ATTACKS: dict[str, tuple[Build, str]] = {
    "a file three folders up": (hide("../../../etc/hostname"), "second file"),
    "an absolute path": (hide("/etc/hostname"), "second file"),
    "a file beside the server": (hide("secret.bin"), "second file"),
    "a link": (hide("link.bin"), "second file"),
    "an endless loop": (create_endless_loop, "longer than 2 seconds"),
    "a hundred gigabytes": (create_memory_bomb, "needs more memory"),
    "fifty thousand nodes": (lambda: repeat(50_000), "20,000 nodes"),
    "deep nesting": (lambda: nest(12), "8 deep"),
}


@pytest.mark.parametrize("name", list(ATTACKS))
def test_an_attack_ends_in_a_sentence_and_everybody_else_goes_on(
    name: str, healthy: UploadedFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the server's working directory, with something to steal in it
    (tmp_path / "secret.bin").write_bytes(np.full(4, 1234.5, np.float32).tobytes())
    (tmp_path / "link.bin").symlink_to("/etc/hostname")
    create, sentence = ATTACKS[name]
    data = create().SerializeToString()
    # Only the loop should meet the clock, however busy the machine is.
    seconds = 2 if name == "an endless loop" else 60
    with pytest.raises(UploadError, match=sentence):
        file = UploadedFile(data, Limits(seconds=seconds, threads=1))
        file.open()
        file.run(InputSpec("image", "NCHW", 3, 8, 8, NORMALIZATIONS[0]), draw(1, 8), ["out"])
    inputs = draw(2)
    (logits,) = healthy.run(SPEC, inputs, ["out"])
    assert logits.shape == (2, CLASSES)
    np.testing.assert_allclose(logits, run_by_hand(inputs), atol=1e-5)


def test_the_app_itself_never_loads_what_parses_uploads() -> None:
    code = """
import sys
from dashboard.uploads.file import UploadedFile
data = bytes.fromhex(sys.stdin.read())
assert UploadedFile(data).inspection.image.name == "image"
print(sorted({"onnx", "export", "torch"} & sys.modules.keys()))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=create_network().SerializeToString().hex(),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout.strip() == "[]"


def test_a_file_that_is_too_large_is_refused_before_any_process() -> None:
    with pytest.raises(UploadError, match="101 MB: at most 100 MB"):
        UploadedFile(bytes((100 << 20) + (1 << 20)))
