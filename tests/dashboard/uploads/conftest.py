"""What several tests of uploaded networks start from: a place to upload to, and a small network."""

from collections.abc import Iterator

import pytest

from dashboard.uploads.model import UploadedModel
from tests.dashboard.uploads.networks import Uploads, create_network


@pytest.fixture(scope="module")
def upload() -> Iterator[Uploads]:
    """Return a function that uploads a graph; its sandboxes end with the module."""
    uploads = Uploads()
    yield uploads
    uploads.close()


@pytest.fixture(scope="module")
def plain(upload: Uploads) -> UploadedModel:
    """Return a network of one convolution and one matrix, uploaded."""
    return upload(create_network())
