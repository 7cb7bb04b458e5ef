"""The tour: through all pages in the menu's order, with what has been answered on the way.

A stop is a page, so the address of the page is the tour's state: a link leads to its stop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import state
from dashboard.inference.counts import tell_count
from dashboard.widgets.copy_link import draw_copy_link
from dashboard.widgets.lesson import get_score

_PAGES = "tour_pages"  # slug -> the router's page in this run
_SEEN = "tour_seen"  # slugs of the stops that this session has visited


class Stop(Protocol):
    """What the tour needs of a page."""

    @property
    def slug(self) -> str:
        """The page's path in the URL."""

    @property
    def title(self) -> str:
        """Its name in the menu."""

    @property
    def icon(self) -> str:
        """Its emoji."""


def open_tour(pages: Mapping[str, StreamlitPage]) -> None:
    """Take the router's pages by slug, before any of them is drawn."""
    state.put(_PAGES, dict(pages))


def draw_page_link(slug: str, label: str, icon: str | None = None) -> None:
    """Draw a link to another page, nothing where there is no such page (yet)."""
    pages: Mapping[str, StreamlitPage] = state.get(_PAGES, {})
    if slug in pages:
        st.page_link(pages[slug], label=label, icon=icon)


def draw_tour(views: Sequence[Stop], slug: str) -> None:
    """Draw the bar under a page: which stop it is, those beside it; a summary at the last."""
    seen: frozenset[str] = state.get(_SEEN, frozenset()) | {slug}
    state.put(_SEEN, seen)
    slugs = [view.slug for view in views]
    here = slugs.index(slug)
    st.divider()
    if here == len(views) - 1:
        _draw_summary(views, seen)
    right, answered = get_score()
    score = f" · {right} of {tell_count(answered, 'answer')} right" if answered else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="tour"):
        st.markdown(f"**Tour: stop {here + 1} of {len(views)}**{score}", width="content")
        if here:
            draw_page_link(slugs[here - 1], f"Previous: {views[here - 1].title}", "⬅️")
        if here + 1 < len(views):
            draw_page_link(slugs[here + 1], f"Next: {views[here + 1].title}", "➡️")
        draw_copy_link()


def _draw_summary(views: Sequence[Stop], seen: frozenset[str]) -> None:
    left = [view for view in views if view.slug not in seen]
    right, answered = get_score()
    st.subheader("The end of the tour")
    st.markdown(
        f"You have seen {len(views) - len(left)} of {len(views)} pages and answered "
        f"{tell_count(answered, 'question')} before seeing what is so, {right} of them right."
    )
    if left:
        st.markdown("Not seen yet:")
        with st.container(horizontal=True):
            for view in left:
                draw_page_link(view.slug, view.title, view.icon)
