"""Model cards, read from the zoo; the structures are ``export.card``'s, which writes them."""

from __future__ import annotations

from pathlib import Path

from export.card import (
    CARD_FILE,
    EXPLAIN_FILE,
    PREDICT_FILE,
    AnyCard,
    Card,
    CardError,
    GradientParity,
    GraphSpec,
    Metric,
    ModelCard,
    Parity,
    Port,
    Quoted,
    Training,
    compute_sha256,
    decode_card,
)

from dashboard.inference.errors import create_zoo_error

__all__ = [
    "CARD_FILE",
    "EXPLAIN_FILE",
    "PREDICT_FILE",
    "Card",
    "GradientParity",
    "GraphSpec",
    "Metric",
    "ModelCard",
    "Parity",
    "Port",
    "Quoted",
    "Training",
    "compute_sha256",
    "load_card",
    "load_model_card",
]


def load_model_card(folder: Path) -> ModelCard:
    """Read what every card says of the model in ``folder``, whatever its task.

    Raises:
        ZooError: the card is missing, malformed or incomplete.
    """
    return _load(folder, ModelCard)


def load_card(folder: Path) -> Card:
    """Read the card of the image classifier in ``folder``; raises ZooError."""
    return _load(folder, Card)


def _load(folder: Path, kind: type[AnyCard]) -> AnyCard:
    path = folder / CARD_FILE
    try:
        card = decode_card(path.read_bytes(), kind)
    except FileNotFoundError as error:
        raise create_zoo_error(path, "is not right: the file is missing") from error
    except OSError as error:
        raise create_zoo_error(path, "is not right: the file cannot be read") from error
    except CardError as error:
        raise create_zoo_error(path, f"is not right: {error}") from error
    if card.name != folder.name:
        raise create_zoo_error(path, f"is not right: `name` must be its folder's, {folder.name}")
    return card
