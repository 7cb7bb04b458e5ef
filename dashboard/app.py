"""Glass Box: see how deep learning perceives the world, and where it fails.

The router: page settings, the sidebar that all pages share, navigation.
"""

from __future__ import annotations

import sys
from pathlib import Path

# "streamlit run dashboard/app.py" puts only dashboard/ on the path; imports start at the root.
_ROOT = str(Path(__file__).resolve().parent.parent)
if _ROOT not in sys.path:
    sys.path.insert(0, _ROOT)

import streamlit as st  # noqa: E402 - after the path is set
from streamlit.navigation.page import StreamlitPage  # noqa: E402

from dashboard import cache, state  # noqa: E402
from dashboard.inference.running import give_back_memory  # noqa: E402
from dashboard.views import GROUPS, VIEWS, View  # noqa: E402
from dashboard.widgets import tour  # noqa: E402
from dashboard.widgets.model_select import select_model  # noqa: E402


def create_page(view: View) -> StreamlitPage:
    """Return a view as a page, with the sidebar's network where it is about that."""

    def draw() -> None:
        model = ""
        if view.has_model:
            with st.sidebar:
                model = select_model()
        view.draw(model)
        tour.draw_tour(VIEWS, view.slug)

    return st.Page(
        draw, title=view.title, icon=view.icon, url_path=view.slug, default=view is VIEWS[0]
    )


def main() -> None:
    """Draw the chosen page."""
    st.set_page_config(page_title="Glass Box", page_icon="🔍", layout="wide")
    cache.settle_memory()
    state.begin_run()
    pages = {view.slug: create_page(view) for view in VIEWS}
    tour.open_tour(pages)
    groups = {g: [pages[view.slug] for view in VIEWS if view.group == g] for g in GROUPS}
    page = st.navigation({g: listed for g, listed in groups.items() if listed}, expanded=True)
    with st.sidebar:
        st.markdown("### 🔍 Glass Box\nSee what a network sees, and test whether to believe it.")
    page.run()
    state.write_url()
    cache.settle_memory()
    give_back_memory()


main()
