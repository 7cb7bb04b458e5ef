"""Whole models: the nine that ship with onnx, and a ResNet, a ViT and a U-Net from torch."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from torch import nn

from export.autodiff import differentiate
from export.autodiff.interpreter import Interpreter
from tests.export.autodiff import torch_reference
from tests.export.autodiff.tiny_graphs import images, open_session, relative

HIDDEN, NARROW = 4096, 256  # AlexNet's, VGG's and ZFNet's two dense layers, and ours
SMALL = ("light_shufflenet.onnx", "light_squeezenet.onnx")  # a batch of seven takes no second
LIGHT = Path(onnx.__file__).parent / "backend/test/data/light"
NINE = sorted(path.name for path in LIGHT.glob("*.onnx"))


def randomised(path: Path, seed: int = 0) -> onnx.ModelProto:
    """Load a model without its weights' values and draw them: He et al., 2015.

    Hidden dense layers get 256 units instead of 4,096: the same nodes with a tenth of the weights,
    of which VGG would have half a gigabyte.
    """
    model = onnx.load(path)
    graph = model.graph
    rng = np.random.default_rng(seed)
    stored = {w.name: numpy_helper.to_array(w) for w in graph.initializer}
    readers = {name: (n.op_type, i) for n in graph.node for i, name in enumerate(n.input)}
    drawn = {
        node.output[0]: draw(rng, narrow(stored[node.input[0]]), *readers[node.output[0]])
        for node in graph.node
        if node.op_type == "ConstantOfShape"
    }
    kept = [node for node in graph.node if node.op_type != "ConstantOfShape"]
    used = {name for node in kept for name in node.input}
    weights = [w for w in graph.initializer if w.name in used]
    weights += [numpy_helper.from_array(value, name) for name, value in drawn.items()]
    names = {w.name for w in weights}
    inputs = [i for i in graph.input if i.name in used and i.name not in names]
    del graph.node[:], graph.initializer[:], graph.input[:]
    graph.node.extend(kept)
    graph.initializer.extend(weights)
    graph.input.extend(inputs)
    return model


def narrow(shape: np.ndarray) -> tuple[int, ...]:
    """Return a weight's shape beside narrower hidden dense layers."""
    return tuple(NARROW if size == HIDDEN else int(size) for size in shape)


def draw(rng: np.random.Generator, shape: tuple[int, ...], op_type: str, place: int) -> np.ndarray:
    """Draw a weight so that activations keep their scale."""
    scale = (op_type == "BatchNormalization" and place in (1, 4)) or op_type in ("Mul", "Unsqueeze")
    if scale:
        value = rng.uniform(0.5, 1.5, shape)
    elif len(shape) > 1:
        value = rng.standard_normal(shape, np.float32) * np.sqrt(2.0 / np.prod(shape[1:]))
    else:
        value = rng.standard_normal(shape) * 0.1
    return value.astype(np.float32)


def test_there_are_nine() -> None:
    assert len(NINE) == 9


@pytest.mark.slow
@pytest.mark.parametrize("name", NINE)
def test_shipped_architecture(name: str) -> None:
    """Runs at several batch sizes, every sample alike; agrees with torch in float64 to 1e-7."""
    model = randomised(LIGHT / name)
    found = differentiate(model)
    output = model.graph.output[0].name
    last = model.graph.node[-1]
    assert found.at_logits == (last.op_type == "Softmax")
    x = images(1, 3, 224, 224)
    batches = (7, 3, 1) if name in SMALL else (3, 1)
    single = _run_at_batches(found.model, found.image, x, batches)
    before = last.input[0] if found.at_logits else output
    expected = torch_reference.gradient(model, found.image, before, x, [3])
    del model
    exact = Interpreter(found.model, ["gradient"]).run({found.image: x, "target": np.array([3])})
    assert relative(exact["gradient"], expected) < 1e-7
    # float32 crosses kinks that float64 does not: how many depends on depth, a wrong rule is 1
    assert relative(single, expected) < 0.1


def _run_at_batches(
    model: onnx.ModelProto, image: str, x: np.ndarray, batches: tuple[int, ...]
) -> np.ndarray:
    session = open_session(model)
    for batch in batches:
        feeds = {image: np.repeat(x, batch, 0), "target": np.full(batch, 3)}
        logits, score, gradient = session.run(["logits", "score", "gradient"], feeds)
        assert gradient.shape == (batch, 3, 224, 224)
        np.testing.assert_allclose(score, logits[:, 3])
        for sample in gradient:
            assert relative(sample, gradient[0]) < 1e-4
    return gradient


# --- From torch ---------------------------------------------------------------------------------


class Residual(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, inner: int, outer: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inner, outer, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outer),
            nn.ReLU(),
            nn.Conv2d(outer, outer, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outer),
        )
        self.short = nn.Conv2d(inner, outer, 1, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.body(x) + self.short(x))


def resnet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 16, 7, 2, 3),
        nn.ReLU(),
        nn.MaxPool2d(3, 2, 1),
        Residual(16, 16, 1),
        Residual(16, 32, 2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 6),
    )


class Block(nn.Module):
    """A transformer's block, attention first."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 64), nn.GELU(), nn.Linear(64, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, count, width = x.shape
        qkv = self.qkv(self.before(x)).reshape(batch, count, 3, self.heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (B, heads, T, d)
        mixed = nn.functional.scaled_dot_product_attention(q, k, v)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, count, width))
        return x + self.mlp(self.after(x))


class VisionTransformer(nn.Module):
    """Patches, a class token, two blocks."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, 8, 8)
        self.token = nn.Parameter(torch.randn(1, 1, width))
        self.places = nn.Parameter(torch.randn(1, 17, width) * 0.1)
        self.blocks = nn.Sequential(Block(width, 4), Block(width, 4))
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 6))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        seen = self.patches(x).flatten(2).transpose(1, 2)  # (B, 16, width)
        tokens = torch.cat([self.token.expand(x.shape[0], -1, -1), seen], 1) + self.places
        return self.head(self.blocks(tokens)[:, 0])


class UNet(nn.Module):
    """Down, up, and a shortcut; class scores are the map's means."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(3, 8, 3, 1, 1), nn.GroupNorm(2, 8), nn.SiLU())
        self.deep = nn.Sequential(nn.Conv2d(8, 16, 3, 2, 1), nn.InstanceNorm2d(16), nn.ELU())
        self.up = nn.ConvTranspose2d(16, 8, 2, 2)
        self.last = nn.Conv2d(24, 6, 3, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        wide = self.down(x)
        deep = self.deep(wide)
        smooth = nn.functional.interpolate(
            deep[:, :8], scale_factor=2, mode="bilinear", align_corners=False
        )
        joined = torch.cat([wide, self.up(deep), smooth], 1)
        return torch.tanh(self.last(joined)).mean((2, 3))


TORCH = {"resnet": resnet, "vit": VisionTransformer, "unet": UNet}


@pytest.mark.parametrize("name", TORCH)
def test_architecture_from_torch(name: str) -> None:
    """Agrees with torch's float64 gradient to 1e-5 on ONNX Runtime, at three batch sizes."""
    torch.manual_seed(0)
    net = TORCH[name]().eval()
    shape = {0: torch.export.Dim("batch")}
    program = torch.onnx.export(
        net, (torch.zeros(2, 3, 32, 32),), dynamo=True, dynamic_shapes=(shape,), verbose=False
    )
    found = differentiate(program.model_proto)
    onnx.checker.check_model(found.model, full_check=True)
    session = open_session(found.model)
    net.double()
    for batch in (1, 3, 7):
        x = images(batch, 3, 32, 32, seed=batch)
        target = np.arange(batch) % 6
        (single,) = session.run(["gradient"], {found.image: x, "target": target})
        inputs = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        score = net(inputs)[torch.arange(batch), torch.tensor(target)].sum()
        (expected,) = torch.autograd.grad(score, inputs)
        assert relative(single, expected.numpy()) < 1e-5
