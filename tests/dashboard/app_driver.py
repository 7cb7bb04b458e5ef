"""The app without a browser: Streamlit's own AppTest, with a name for what is looked at often."""

from pathlib import Path
from typing import Any

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


def list_texts(app: AppTest) -> list[str]:
    """Return every sentence on the page that warns, informs or captions."""
    groups = (app.error, app.warning, app.info, app.caption, app.markdown, app.subheader)
    return [str(element.value) for group in groups for element in group]


def has_text(app: AppTest, text: str) -> bool:
    return any(text in each for each in list_texts(app))


def list_figures(app: AppTest) -> list[Any]:
    """Return the page's own browser components, without the frame's button that copies the link."""
    return [each for each in app.get("bidi_component") if each.key != "copy_link"]
