"""A number with its noun, a share with its sign, on every page."""

import ast
import re
from pathlib import Path

from dashboard.inference.counts import tell_count, tell_share

DASHBOARD = Path(__file__).resolve().parents[3] / "dashboard"

# "{len(x)} pieces" in a text: what is counted there can be one.
PLURAL = re.compile(r"\{len\([^{}]*\)[^{}]*\} (?!of )[a-z]+s\b[^\"]*")

# Where it cannot, or where nobody but a programmer reads it.
NEVER_ONE = (
    "classes apart",
    "classes, also where",
    "corruptions",
    "maps",
    "networks",
    "seeds",
    "layers",
    "methods",
    "scores",
    "pages",
    "words",
    "garments",
    "labels are too many",
    "files at once are too many",
    "inputs (",
    "inputs and",
    "samples settle",
    "entries in its",
    "bytes",
)


def test_one_is_singular() -> None:
    assert tell_count(1, "piece") == "1 piece"
    assert tell_count(0, "piece") == "0 pieces"
    assert tell_count(1234, "piece") == "1,234 pieces"
    assert tell_count(1, "is left out", "are left out") == "1 is left out"
    assert tell_count(2, "is left out", "are left out") == "2 are left out"


def test_what_is_counted_on_a_page_goes_through_it() -> None:
    found = [
        f"{path.relative_to(DASHBOARD)}: {text}"
        for path in sorted(DASHBOARD.rglob("*.py"))
        for text in PLURAL.findall(path.read_text(encoding="utf-8"))
        if not any(each in text for each in NEVER_ONE)
    ]
    assert found == []


def test_a_share_is_written_as_the_figures_write_it() -> None:
    assert tell_share(0.93) == "93\u00a0%"
    assert tell_share(0.0123, 1) == "1.2\u00a0%"
    assert tell_share(-0.125, 1) == "−12.5\u00a0%"


def is_percentage(node: ast.AST) -> bool:
    """Tell whether this is a value in an f-string that ends as in "{share:.0%}"."""
    if not isinstance(node, ast.FormattedValue) or node.format_spec is None:
        return False
    return ast.unparse(node.format_spec).rstrip("'\"").endswith("%")


def test_a_percentage_is_told_apart() -> None:
    for text, wanted in {"{x:.0%}": True, "{x:+.{n}%}": True, "{x:.1f} %": False}.items():
        assert any(map(is_percentage, ast.walk(ast.parse(f"f'{text}'")))) is wanted


def test_a_share_on_a_page_goes_through_it() -> None:
    found = [
        f"{path.relative_to(DASHBOARD)}: {ast.unparse(node)}"
        for path in sorted(DASHBOARD.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if is_percentage(node)
    ]
    assert found == []
