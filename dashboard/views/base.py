"""What a page is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard.inference.errors import ZooError
from dashboard.uploads.sandbox_wire import UploadError
from dashboard.widgets.complaints import draw_complaints
from dashboard.widgets.lesson import Source, draw_sources, draw_theory

# The sections of the menu, in their order.
EXPLAIN, PERCEIVE, FAIL = "Explain", "How it perceives", "Where it fails"
GROUPS = (EXPLAIN, PERCEIVE, FAIL)


@dataclass(frozen=True)
class View:
    """One page: its path in the URL, its name and icon (an emoji) in the menu, what draws it.

    ``help`` is one sentence on what the page is for. ``render`` takes the name of the model that
    the sidebar chose. ``look_for`` is the one sentence of what to look for; ``theory`` is folded
    underneath, both markdown. ``heading`` stands over the page where it differs from the title.
    ``group`` is the menu's section; ``has_model`` says whether the page is about the sidebar's
    network, which is offered on such pages only.
    """

    slug: str
    title: str
    icon: str
    help: str
    render: Callable[[str], None]
    look_for: str
    heading: str = ""
    theory: str = ""
    theory_title: str = "How it works"
    sources: Sequence[Source] = ()
    group: str = EXPLAIN
    has_model: bool = True

    def draw(self, model: str) -> None:
        """Draw the page in the frame that all share; a file that cannot be used is named."""
        st.title(self.heading or self.title)
        st.markdown(f"**Look for this:** {self.look_for}")
        complaints = st.container()
        try:
            self.render(model)
        except ZooError as error:
            st.error(str(error), icon="⚠️")
        except UploadError as error:
            st.error(f"{error} The networks in the sidebar still work.", icon="⚠️")
        with complaints:  # above, but what the link meant is known only now
            draw_complaints()
        if self.theory:
            draw_theory(self.theory, self.theory_title)
        if self.sources:
            draw_sources(self.sources)
