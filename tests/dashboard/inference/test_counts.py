"""A number with its noun, on every page."""

import re
from pathlib import Path

from dashboard.inference.counts import tell_count

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
