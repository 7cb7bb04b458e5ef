"""The app without a browser: Streamlit's own AppTest, with a name for what is looked at often."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import streamlit as st
from streamlit.testing.v1 import AppTest

APP = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"

# Trivial maps only: quick, and no torch.
QUICK = "intensity,edges"


def open_app(**query: str) -> AppTest:
    """Return the app as a visitor with this link sees it."""
    app = AppTest.from_file(str(APP), default_timeout=120)
    for key, value in {"methods": QUICK, **query}.items():
        app.query_params[key] = value
    return app.run()


_ONE_VIEW = """
from dashboard import state
from dashboard.views import VIEWS
from dashboard.widgets.model_select import select_model
view = next(each for each in VIEWS if each.slug == "{slug}")
state.begin_run()
view.draw(select_model() if view.has_model else "")
state.write_url()
"""


def open_view(slug: str, /, **query: str) -> AppTest:
    """Return one page as a visitor with this link sees it, without the router."""
    app = AppTest.from_string(_ONE_VIEW.format(slug=slug), default_timeout=120)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


_TWO_VIEWS = """
import streamlit as st
from dashboard import state
from dashboard.views import VIEWS
views = {{each.slug: each for each in VIEWS}}
state.begin_run()
views[st.query_params.get("page", "own-model")].draw("{model}")
state.write_url()
"""


def close_own_space() -> None:
    """Let go of what was uploaded: AppTest knows one session, for all tests."""
    AppTest.from_string("from dashboard import cache; cache.get_own_space().close()").run()


@contextmanager
def open_with_own_network(
    slug: str, network: bytes, /, *, beside: str = "efficientnet_lite0.imagenet", **query: str
) -> Iterator[AppTest]:
    """Upload a network on its own page, then go to another and choose it there.

    ``beside`` is the sidebar's network.
    """
    app = AppTest.from_string(_TWO_VIEWS.format(model=beside), default_timeout=120)
    app.query_params["methods"] = QUICK
    app.run()
    try:
        app.file_uploader[0].upload("model.onnx", network, "application/octet-stream").run()
        for key, value in {"page": slug, **query}.items():
            app.query_params[key] = value
        app.run()
        app.segmented_control(key="own_network").set_value(True).run()
        yield app
    finally:
        close_own_space()


def press_stop(name: str, on_stop: Callable[..., None], *args: Any) -> NoReturn:
    """Be a bar whose reader presses Stop at once: to stand in for ``on_demand.draw_progress``."""
    on_stop(*args)
    st.rerun()


def list_texts(app: AppTest) -> list[str]:
    """Return every sentence on the page that warns, informs or captions."""
    groups = (app.error, app.warning, app.info, app.caption, app.markdown, app.subheader)
    return [str(element.value) for group in groups for element in group]


def has_text(app: AppTest, text: str) -> bool:
    return any(text in each for each in list_texts(app))


def list_figures(app: AppTest) -> list[Any]:
    """Return the page's own browser components, without the frame's button that copies the link."""
    return [each for each in app.get("bidi_component") if each.key != "copy_link"]


def read_table(app: AppTest, head: str) -> dict[str, list[str]]:
    """Return the rows of the table whose first column is called ``head``, by their first cell."""
    table = next(text for text in list_texts(app) if text.startswith(f"| {head} |"))
    rows = [re.split(r" *\| *", line.strip("| ")) for line in table.splitlines()[2:]]
    return {row[0].strip("*"): row[1:] for row in rows}


def answer(app: AppTest, words: str, option: int) -> None:
    """Choose an option of the question that has these words, and have it revealed."""
    radio = next(each for each in app.radio if words in each.label)
    radio.set_value(option).run()
    key = str(radio.key).replace("question", "reveal")
    next(button for button in app.button if button.key == key).click().run()
