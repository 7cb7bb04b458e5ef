"""From a torch module to a folder of the zoo, on networks of a few hundred weights."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from torch import Tensor, nn

from export import artifact
from export.artifact import Draft, FloorError, Gradient, write_model
from export.card import Metric, ModelCard, Port, decode_card
from export.graphs import Graph, fold_batch_norm, is_rounded, to_stored
from export.metrics import measure_share
from export.parity import ParityError
from export.sessions import open_session
from export.train.meter import Meter
from export.train.record import describe_training

NAME = "tiny.test"


class Tiny(nn.Module):
    """Two linear layers, the first one large enough to be stored as float16."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(8, 64)
        self.second = nn.Linear(64, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        hidden = torch.relu(self.first(x))
        return self.second(hidden), hidden


def create_module(seed: int) -> Tiny:
    torch.manual_seed(seed)
    return Tiny()


def create_graph(module: nn.Module) -> Graph:
    checks = np.random.default_rng(0).normal(size=(9, 8)).astype(np.float32)
    return Graph(
        module,
        (torch.zeros(2, 8),),
        {"x": Port("float32", ("N", 8), "eight numbers")},
        {"logits": Port("float32", ("N", 3), "a score a class")},
        ("hidden",),
        (checks,),
    )


def measure(folder: Path) -> dict[str, Metric]:
    assert (folder / "predict.onnx").is_file()
    return {"accuracy": measure_share(9, 10, "of ten")}


@pytest.fixture
def make_draft() -> Callable[..., Draft]:
    def make(**changes: Any) -> Draft:
        graph = create_graph(create_module(0))
        draft = Draft(
            name=NAME,
            title="Tiny",
            family="mlp",
            task="test",
            summary="Two layers.",
            limits="Everything else.",
            graphs={"predict": graph},
            gradient=Gradient(graph, "logits", ("hidden",)),
            evaluate=measure,
            floors={"accuracy": 80.0},
            training=describe_training("python -m nothing", 0, 1, 1, Meter(2.0, 3.0), [(1, 0.5)]),
            source={"data": "noise"},
            licence="Apache-2.0",
            labels=("a", "b", "c"),
        )
        return replace(draft, **changes)

    return make


def read_card(folder: Path) -> dict[str, Any]:
    card: dict[str, Any] = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    return card


def list_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_whole_artifact(make_draft: Callable[..., Draft], tmp_path: Path) -> None:
    write_model(make_draft(files={"words.txt": b"a"}), tmp_path)
    folder = tmp_path / NAME
    card = read_card(folder)
    assert set(card["files"]) == {"predict.onnx", "explain.onnx", "weights.bin", "words.txt"}
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in folder.iterdir())
    assert card["parity"]["max_abs_diff"] < 1e-6 and card["parity"]["n_inputs"] == 9
    assert card["gradient_parity"]["onnx"] < 1e-6
    assert card["parameters"] == 8 * 64 + 64 + 64 * 3 + 3
    assert card["macs"] == 8 * 64 + 64 * 3
    assert card["metrics"]["accuracy"]["value"] == 90
    assert card["graphs"]["predict.onnx"]["inputs"]["x"]["axes"] == ["N", 8]
    assert card["training"]["history"] == [[1, 0.5]]


def test_large_weights_are_half_as_large_and_small_ones_stay_exact(
    make_draft: Callable[..., Draft], tmp_path: Path
) -> None:
    draft = make_draft()
    exact = draft.graphs["predict"].module.get_parameter("second.weight").clone()
    write_model(draft, tmp_path)
    graph = onnx.load(tmp_path / NAME / "predict.onnx")
    types = {weight.name: weight.data_type for weight in graph.graph.initializer}
    assert types["first.weight"] == onnx.TensorProto.FLOAT16  # 2 KB
    assert types["second.weight"] == onnx.TensorProto.FLOAT  # 768 bytes
    assert torch.equal(draft.graphs["predict"].module.get_parameter("second.weight"), exact)
    assert is_rounded(torch.zeros(256)) and not is_rounded(torch.zeros(255))


def test_both_graphs_read_the_same_weights_stored_once(
    make_draft: Callable[..., Draft], tmp_path: Path
) -> None:
    write_model(make_draft(), tmp_path)
    assert (tmp_path / NAME / "weights.bin").stat().st_size == 8 * 64 * 2


def test_the_gradient_is_that_of_torch_and_the_layer_has_one_too(
    make_draft: Callable[..., Draft], tmp_path: Path
) -> None:
    draft = make_draft()
    write_model(draft, tmp_path)
    module, x = draft.graphs["predict"].module, torch.randn(4, 8)
    session = ort.InferenceSession(str(tmp_path / NAME / "explain.onnx"))
    target = np.array([0, 1, 2, 0])
    ours = session.run(["gradient", "gradient/hidden"], {"x": x.numpy(), "target": target})
    leaf = x.clone().requires_grad_(True)
    logits, hidden = module(leaf)
    wanted = torch.autograd.grad(
        logits[torch.arange(4), torch.tensor(target)].sum(), (leaf, hidden)
    )
    for one, other in zip(ours, wanted, strict=True):
        np.testing.assert_allclose(one, other.numpy(), atol=1e-6)


def test_members_take_the_place_of_every_weight(
    make_draft: Callable[..., Draft], tmp_path: Path
) -> None:
    other = create_module(1)
    write_model(make_draft(members={"other": other.state_dict()}), tmp_path)
    folder = tmp_path / NAME
    assert read_card(folder)["members"] == {"other": "other.npz"}
    with np.load(folder / "other.npz") as arrays:
        stored = {name: torch.from_numpy(values).float() for name, values in arrays.items()}
    x = torch.randn(5, 8)
    rounded = create_module(1)
    rounded.load_state_dict(stored)
    for file, output in (("predict.onnx", "logits"), ("explain.onnx", "logits")):
        feed: dict[str, Any] = {"x": x.numpy()}
        if file == "explain.onnx":
            feed["target"] = np.zeros(5, np.int64)
        (logits,) = open_session(folder / file, stored).run([output], feed)
        np.testing.assert_allclose(logits, rounded(x)[0].detach().numpy(), atol=1e-6)


def test_weights_with_the_channels_last_in_memory_are_stored_in_order() -> None:
    weight = torch.randn(4, 3, 5, 5)
    stored = to_stored({"w": weight.to(memory_format=torch.channels_last)})["w"]
    assert stored.flags.c_contiguous
    assert np.array_equal(stored, weight.half().numpy())


@pytest.mark.slow
def test_below_its_floor_nothing_is_written(
    make_draft: Callable[..., Draft], tmp_path: Path
) -> None:
    write_model(make_draft(), tmp_path)
    before = list_files(tmp_path / NAME)
    with pytest.raises(FloorError, match=r"accuracy is 90.00 %, below its floor of 95"):
        write_model(make_draft(floors={"accuracy": 95.0}), tmp_path)
    assert list_files(tmp_path / NAME) == before
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_graph_that_differs_from_torch_is_refused(
    make_draft: Callable[..., Draft], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = artifact.export_graph

    def export_wrongly(graph: Graph, path: Path, weights: Any) -> Path:
        result = export(graph, path, weights)
        with torch.no_grad():
            graph.module.get_parameter("second.bias")[0] += 1e-3
        return result

    monkeypatch.setattr(artifact, "export_graph", export_wrongly)
    with pytest.raises(ParityError, match="differ by"):
        write_model(make_draft(gradient=None), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"title": ""}, r"at `\$\.title`"),
        (
            {"evaluate": lambda _: {"accuracy": Metric(math.nan, 0.0, 1.0, 3, "%", "of three")}},
            r"at `\$\.metrics\.accuracy\.value`",
        ),
        (
            {"evaluate": lambda _: {"accuracy": Metric(90.0, 80.0, 95.0, 0, "%", "of none")}},
            r"at `\$\.metrics\.accuracy\.n`",
        ),
        ({"details": {"loss": math.inf}}, "not JSON compliant"),
    ],
)
def test_a_card_that_could_not_be_read_is_not_written(
    make_draft: Callable[..., Draft], tmp_path: Path, changes: dict[str, Any], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        write_model(make_draft(floors={}, **changes), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_card_is_read_as_it_was_written(make_draft: Callable[..., Draft], tmp_path: Path) -> None:
    written = write_model(make_draft(details={"share": np.float64(0.1)}), tmp_path)
    read = decode_card((tmp_path / NAME / "card.json").read_bytes(), ModelCard)
    assert read == written and read.labels == ("a", "b", "c")


def test_a_full_disk_leaves_the_old_artifact(
    make_draft: Callable[..., Draft], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_model(make_draft(), tmp_path)
    before = list_files(tmp_path / NAME)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(artifact, "write_card", fail)
    with pytest.raises(OSError, match="No space"):
        write_model(make_draft(), tmp_path)
    assert list_files(tmp_path / NAME) == before


def test_details_may_follow_from_the_evaluation(
    make_draft: Callable[..., Draft], tmp_path: Path
) -> None:
    seen: list[Path] = []

    def evaluate(folder: Path) -> Mapping[str, Metric]:
        seen.append(folder)
        return measure(folder)

    write_model(make_draft(evaluate=evaluate, details=lambda: {"times": len(seen)}), tmp_path)
    assert read_card(tmp_path / NAME)["details"] == {"times": 1}


def test_a_dynamic_axis_stays_dynamic_and_is_counted_as_in_the_example(
    make_draft: Callable[..., Draft], tmp_path: Path
) -> None:
    class Mean(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(4, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.linear(x).mean(1)

    graph = Graph(
        Mean(),
        (torch.zeros(2, 5, 4),),
        {"x": Port("float32", ("N", "T", 4), "a sequence")},
        {"logits": Port("float32", ("N", 3), "a score a class")},
        checks=(np.ones((8, 6, 4), np.float32),),
    )
    write_model(make_draft(graphs={"predict": graph}, gradient=None), tmp_path)
    assert read_card(tmp_path / NAME)["macs"] == 5 * 4 * 3
    session = open_session(tmp_path / NAME / "predict.onnx")
    for steps in (1, 9):
        assert session.run(None, {"x": np.ones((1, steps, 4), np.float32)})[0].shape == (1, 3)


def test_folding_batch_norm_changes_nothing_but_the_graph() -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(2, 3, 3, bias=False)
            self.norm = nn.BatchNorm2d(3)

        def forward(self, x: Tensor) -> Tensor:
            return torch.as_tensor(self.norm(self.conv(x)))

    block = Block()
    for _ in range(3):
        block(torch.randn(4, 2, 8, 8) * 3 + 1)
    folded, x = fold_batch_norm(block), torch.randn(2, 2, 8, 8)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    torch.testing.assert_close(folded(x), block.eval()(x), atol=1e-5, rtol=1e-5)


def test_energy_is_an_estimate_between_its_bounds() -> None:
    energy = Meter(10.0, 3600.0, 0.0).estimate_energy()
    assert (energy.low, energy.high) == (2.0, 20.0)
    assert energy.value == pytest.approx(40**0.5)
    measured = Meter(10.0, 3600.0, 5 * 3600.0).estimate_energy()
    assert measured.value == 5 and "codecarbon" in measured.how
