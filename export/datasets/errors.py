"""What goes wrong with a data set."""

from __future__ import annotations


class DatasetError(Exception):
    """A data set is missing or damaged; the message names the file and the command that gets it."""
