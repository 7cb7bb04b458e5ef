"""The pages, one a file; a new page is one new file and one line here."""

from dashboard.views import (
    black_box,
    cnn,
    cost,
    data,
    diffusion,
    explain,
    families,
    fundamentals,
    gan,
    own_model,
    rnn,
    shift,
    transformer,
)
from dashboard.views.base import GROUPS, View

VIEWS: tuple[View, ...] = (
    explain.VIEW,
    own_model.VIEW,
    fundamentals.VIEW,
    cnn.VIEW,
    rnn.VIEW,
    transformer.VIEW,
    gan.VIEW,
    diffusion.VIEW,
    families.VIEW,
    shift.VIEW,
    black_box.VIEW,
    data.VIEW,
    cost.VIEW,
)

__all__ = ["GROUPS", "VIEWS", "View"]
