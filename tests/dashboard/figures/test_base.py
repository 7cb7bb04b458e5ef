"""A figure's text for the browser, and its controls: in the link, and what is sent is checked."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.figures.base import Control, create_figure, join_core, take_told
from dashboard.parsing import parse_whole

ROOT = Path(__file__).parents[3]
FIGURES = sorted(
    path
    for path in (ROOT / "dashboard").rglob("*.js")
    if path.with_suffix(".py").exists() and path.stem != "core"
)
TESTS = sorted((ROOT / "tests").rglob("*.test.js"))
NAMES = [path.stem for path in FIGURES]


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FIGURES, ids=NAMES)
def test_the_browser_gets_one_module_without_imports(path: Path) -> None:
    figure = read(path)
    joined = join_core(figure)
    assert not re.search(r"^\s*import\b", joined, re.MULTILINE)
    assert len(re.findall(r"^export default ", joined, re.MULTILINE)) == 1
    imported = re.search(r"import \{([^}]*)\} from", figure)
    assert imported is not None, "a figure is drawn by the core"
    given = re.search(r"return \{ (.*) \}\n\}\)\(\)", joined)
    assert given is not None
    names = {name.strip() for name in imported[1].split(",") if name.strip()}
    assert names <= set(given[1].split(", "))


@pytest.mark.node
@pytest.mark.parametrize("path", FIGURES, ids=NAMES)
def test_the_joined_module_can_be_read(path: Path, tmp_path: Path) -> None:
    joined = tmp_path / "figure.mjs"
    joined.write_text(join_core(read(path)), encoding="utf-8")
    program = "const found = await import(process.argv[1]); console.log(typeof found.default)"
    command = [str(shutil.which("node")), "--input-type=module", "-e", program, str(joined)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout == "function\n", done.stderr


@pytest.mark.node
def test_what_figures_compute() -> None:
    command = [str(shutil.which("node")), "--test", "--test-reporter=tap", *map(str, TESTS)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout
    passed = re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)
    assert passed is not None and int(passed[1]) >= len(TESTS)


@pytest.mark.parametrize("path", FIGURES, ids=NAMES)
def test_what_figures_share_stands_in_the_core_alone(path: Path) -> None:
    text = read(path)
    for shared in ("createElement", "setInterval", "▶ P", "▶ p", "Pause", "textContent: `▶"):
        assert shared not in text, f"{shared} belongs to core.js"
    for number in (".toFixed", " %`", "%`,", '%"'):
        lines = [line for line in text.splitlines() if number in line and "style" not in line]
        assert not lines, f"numbers are written by core.js: {lines}"


@pytest.mark.parametrize("path", FIGURES, ids=NAMES)
def test_colours_are_the_themes_or_the_charts(path: Path) -> None:
    text = read(path) + read(path.with_suffix(".css"))
    colours = set(re.findall(r"#[0-9a-fA-F]{3,8}\b", text))
    # Black and white: what is drawn on a colour of the data, which no theme changes.
    assert colours <= {"#000", "#fff", "#000000", "#ffffff"}


def test_a_page_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        create_figure("figures/no_such_figure")


def run_page() -> None:
    from dashboard import state
    from dashboard.figures.base import Control
    from dashboard.widgets.option_select import parse_whole

    state.begin_run()
    of = state.get("shown", "first")
    Control("fit.degree", 1, parse_whole(0, state.get("last", 14)), of=of).bind()
    state.write_url()


def test_a_place_is_in_the_link_and_comes_back_from_it() -> None:
    app = AppTest.from_function(run_page)
    app.query_params["fit.degree"] = "7"
    app.run()
    assert app.session_state["fit.degree"] == 7 and not app.exception
    app.session_state["fit.degree"] = 9
    app.run()
    assert dict(app.query_params) == {"fit.degree": "9"}


def test_what_shows_something_else_is_at_its_default_again() -> None:
    app = AppTest.from_function(run_page)
    app.query_params["fit.degree"] = "7"
    app.run()
    app.session_state["shown"] = "second"
    app.run()
    assert app.session_state["fit.degree"] == 1 and "fit.degree" not in app.query_params


def test_a_place_that_is_no_more_is_at_its_default_again() -> None:
    app = AppTest.from_function(run_page)
    app.query_params["fit.degree"] = "7"
    app.run()
    app.session_state["last"] = 5
    app.run()
    assert app.session_state["fit.degree"] == 1 and not app.exception


class Sent:
    def __init__(self, told: Any) -> None:
        self.told = told


CONTROLS: Mapping[str, Control[Any]] = {
    "step": Control("fit.degree", 1, parse_whole(0, 14)),
    "is_blind": Control("descent.blind", False, {"True": True, "False": False}.get),
}


def test_what_the_browser_tells_is_taken_over() -> None:
    told = take_told(Sent({"step": 5, "is_blind": True}), CONTROLS)
    assert told == {"fit.degree": 5, "descent.blind": True}


@pytest.mark.parametrize(
    "sent",
    [
        None,
        Sent(None),
        Sent("step"),
        Sent([5]),
        Sent({}),
        Sent({"step": 15, "is_blind": 1}),
        Sent({"step": -1}),
        Sent({"step": 1.5}),
        Sent({"step": True, "is_blind": "true"}),
        Sent({"step": [5], "is_blind": None}),
        Sent({"step": "9" * 5000, "other": 3}),
    ],
)
def test_what_the_browser_sends_is_checked(sent: Any) -> None:
    assert take_told(sent, CONTROLS) == {}
