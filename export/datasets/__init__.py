"""What the networks are trained on: one loader a file; nothing is downloaded behind your back."""

from export.datasets.errors import DatasetError

__all__ = ["DatasetError"]
