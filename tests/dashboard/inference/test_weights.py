from pathlib import Path

import numpy as np
import pytest

from dashboard.inference.errors import ZooError
from dashboard.inference.weights import read_weights


def test_weights_are_kernels_and_matrices_without_biases() -> None:
    weights = read_weights(Path("models/zoo/efficientnet_lite0.imagenet"))
    names = list(weights)
    assert names[0] == "model.stem.conv.weight" and names[-1] == "model.classifier.weight"
    assert all(array.ndim >= 2 and np.isfinite(array).all() for array in weights.values())


def test_a_folder_without_a_graph(tmp_path: Path) -> None:
    with pytest.raises(ZooError):
        read_weights(tmp_path)
