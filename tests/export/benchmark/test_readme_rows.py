"""Commands write their rows into README, and nothing else of it."""

from pathlib import Path

import pytest

from export.benchmark.readme import publish, replace_rows

TEXT = """# A

| what | measured |
|---|---|
| RISE, old | 1 |
| RISE, older | 2 |
| ECE | 3 |

end
"""


def test_rows_that_begin_so_are_replaced_together() -> None:
    found = replace_rows(TEXT, "RISE", ["| RISE, new | 9 |"])
    assert found == TEXT.replace("| RISE, old | 1 |\n| RISE, older | 2 |", "| RISE, new | 9 |")
    assert replace_rows(found, "RISE", ["| RISE, old | 1 |", "| RISE, older | 2 |"]) == TEXT


@pytest.mark.parametrize("text", ["no table\n", "| RISE |\n\n| RISE |\n"])
def test_one_place_is_needed(text: str) -> None:
    with pytest.raises(ValueError, match="one place"):
        replace_rows(text, "RISE", ["| RISE | 9 |"])


def test_a_file_is_written(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text(TEXT, encoding="utf-8")
    publish("ECE", ["| ECE, all | 4 ± 1 |"], path)
    assert path.read_text(encoding="utf-8") == TEXT.replace("| ECE | 3 |", "| ECE, all | 4 ± 1 |")
