import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFont

from dashboard.charts import TONE_COLORS
from dashboard.explanation.sheet import (
    CELL,
    GAP,
    MARGIN,
    PAPER,
    TEXT,
    SheetEntry,
    _wrap,
    render_sheet,
    to_printable,
)

PHOTO = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
HEAT = np.linspace(-1, 1, 32 * 32, dtype=np.float32).reshape(32, 32)
ENTRY = SheetEntry("Saliency", HEAT, True, 0.12, "Better than every trivial map.", "good", "n=5")


def decode(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def render(*entries: SheetEntry) -> np.ndarray:
    return decode(render_sheet(PHOTO, entries, "Why cat (91 %)?", "a model", "computed by a test"))


@pytest.mark.parametrize(
    ("n_entries", "columns"), [(0, 1), (1, 2), (3, 4), (4, 3), (5, 3), (7, 4), (12, 4)]
)
def test_columns_are_balanced(n_entries, columns):
    width = render(*[ENTRY] * n_entries).shape[1]
    assert width == 2 * MARGIN + columns * CELL + (columns - 1) * GAP


def test_every_map_of_a_sheet_is_drawn():
    def render_grey(*entries):
        photo = np.full((32, 32, 3), 128, np.uint8)
        return decode(render_sheet(photo, entries, "Why?", "a model", "a test"))

    # The strongest values of a signed map are the only saturated red on a sheet of a grey photo.
    one, two = render_grey(ENTRY), render_grey(ENTRY, ENTRY)

    def count_red(page):
        r, g, b = (page[..., i].astype(int) for i in range(3))
        return int(((r - g > 100) & (r - b > 60)).sum())

    assert count_red(one) > 1000
    assert count_red(two) == 2 * count_red(one)


@pytest.mark.parametrize("tone", TONE_COLORS)
def test_tone_of_the_verdict_is_a_line_beside_it(tone):
    color = [int(TONE_COLORS[tone][i : i + 2], 16) for i in (1, 3, 5)]
    page = render(replace(ENTRY, tone=tone))
    assert (page == color).all(axis=2).sum() > 7 * 20


def test_untested_map_has_neither_score_nor_verdict():
    bare = SheetEntry("Saliency", HEAT, True)
    assert render(bare).shape[0] < render(ENTRY).shape[0]


def test_margins_stay_empty():
    page = render(ENTRY)
    paper = [int(PAPER[i : i + 2], 16) for i in (1, 3, 5)]
    edge = MARGIN - 1
    for strip in (page[:edge], page[-edge:], page[:, :edge], page[:, -edge:]):
        assert (strip == paper).all()


@pytest.mark.parametrize("shape", [(1, 1), (10, 40), (260, 260)])
def test_any_size_of_photo_is_drawn(shape):
    photo = np.zeros((*shape, 3), np.uint8)
    entry = SheetEntry("Flat", np.zeros(shape, np.float32), False)
    assert decode(render_sheet(photo, [entry], "Why?", "", "")).shape[1] > CELL


def test_printable_text_stays_readable():
    assert (
        to_printable("crème brûlée – 3 × 4 → ≤ 5 % “so” …")
        == "creme brulee - 3 x 4 -> <= 5 % “so” …"
    )
    assert to_printable("a\nb\tc\0") == "a b c?"
    assert to_printable("猫") == "?"


def test_every_sign_that_is_kept_is_in_the_font():
    font = ImageFont.load_default(TEXT)
    missing = bytes(font.getmask("猫"))
    kept = {c for c in map(chr, range(33, 0x2FFF)) if to_printable(c) == c}
    assert "~" in kept and "…" in kept
    assert [c for c in kept if bytes(font.getmask(c)) == missing] == []


def test_wrapping_keeps_every_word_within_the_width():
    font = ImageFont.load_default(TEXT)
    words = [f"word{i}" for i in range(60)]
    lines = _wrap(" ".join(words), TEXT, 300)
    assert " ".join(lines).split() == words
    assert all(font.getlength(line) <= 300 for line in lines)


def test_a_word_too_long_for_the_line_is_cut():
    font = ImageFont.load_default(TEXT)
    lines = _wrap(f"see {'x' * 500} there", TEXT, 300)
    assert len(lines) == 3 and lines[1].endswith("…") and lines[2] == "there"
    assert all(font.getlength(line) <= 300 for line in lines)
