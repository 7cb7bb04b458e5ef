"""The pages, one a file; a new page is one new file and one line here."""

from dashboard.views import cnn, explain, fundamentals, own_model
from dashboard.views.base import GROUPS, View

VIEWS: tuple[View, ...] = (explain.VIEW, own_model.VIEW, fundamentals.VIEW, cnn.VIEW)

__all__ = ["GROUPS", "VIEWS", "View"]
