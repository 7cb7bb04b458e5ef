"""The pages, one a file; a new page is one new file and one line here."""

from dashboard.views import explain
from dashboard.views.base import View

VIEWS: tuple[View, ...] = (explain.VIEW,)

__all__ = ["VIEWS", "View"]
