"""The picture to take away: a photo and its maps side by side, with what each is worth."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dashboard.charts import TONE_COLORS
from dashboard.inference.model import Floats
from dashboard.overlays import (
    Bytes,
    Scale,
    compose_overlay,
    compute_scale,
    describe_ends,
    encode_png,
    render_heat,
)

CELL, GAP, MARGIN = 384, 40, 48
INK, FAINT, PAPER, RULE = "#1d2330", "#5b6270", "#ffffff", "#d5d9e0"
TITLE, HEADING, TEXT, SMALL = 40, 26, 20, 17
LEADING = 1.35  # line height over font size
BAR_HEIGHT = 14

# Pillow's built-in font holds printable ASCII and a few signs more; these have plain stand-ins.
_STAND_INS = str.maketrans(
    {"–": "-", "—": "-", "−": "-", "×": "x", "→": "->", "≤": "<=", "≥": ">=", "±": "+-"}
)
_EXTRA_SIGNS = "…·“”’"


@dataclass(frozen=True)
class SheetEntry:
    """One map (H, W) and the texts under it.

    ``score`` is the agreement with the probes, None without; ``tone`` a key of ``TONE_COLORS``;
    ``note`` a last line in small type, e.g. the parameters or the completeness gap.
    """

    title: str
    heat: Floats
    is_signed: bool
    score: float | None = None
    verdict: str = ""
    tone: str = "unknown"
    note: str = ""


@dataclass(frozen=True)
class _Line:
    text: str
    size: int
    color: str = INK


def render_sheet(
    photo: Bytes,
    entries: Sequence[SheetEntry],
    heading: str,
    subtitle: str,
    provenance: str,
    n_columns: int = 4,
    opacity: float = 0.85,
) -> bytes:
    """Return a PNG of the photo (H, W, 3), as the network sees it, and each map over it in grey.

    ``heading`` is the question, e.g. "Why tabby cat (91 %)?"; ``subtitle`` names the model;
    ``provenance`` is the last line: who computed it, with what, of what. The sheet is always light.
    """
    cells = [_render_photo_cell(photo)]
    cells += [_render_map_cell(photo, entry, opacity) for entry in entries]
    n_rows = math.ceil(len(cells) / n_columns)
    columns = math.ceil(len(cells) / n_rows)  # five cells stand better as 3 + 2 than as 4 + 1
    width = 2 * MARGIN + columns * CELL + (columns - 1) * GAP
    head = _render_text([_Line(heading, TITLE), _Line(subtitle, TEXT, FAINT)], width - 2 * MARGIN)
    foot = _render_text([_Line(provenance, SMALL, FAINT)], width - 2 * MARGIN)
    rows = [cells[i : i + columns] for i in range(0, len(cells), columns)]
    heights = [max(cell.height for cell in row) for row in rows]
    height = 2 * MARGIN + head.height + foot.height + sum(heights) + GAP * (len(rows) + 1)
    page = Image.new("RGB", (width, height), PAPER)
    page.paste(head, (MARGIN, MARGIN))
    y = MARGIN + head.height + GAP
    for row, row_height in zip(rows, heights, strict=True):
        for i, cell in enumerate(row):
            page.paste(cell, (MARGIN + i * (CELL + GAP), y))
        y += row_height + GAP
    ImageDraw.Draw(page).line([(MARGIN, y - GAP // 2), (width - MARGIN, y - GAP // 2)], RULE, 2)
    page.paste(foot, (MARGIN, y))
    return encode_png(np.asarray(page))


def to_printable(text: str) -> str:
    """Return ``text`` in the signs that the built-in font has: no accents, "?" for the rest."""
    plain = "".join(
        sign if sign in _EXTRA_SIGNS else unicodedata.normalize("NFKD", sign)
        for sign in text.translate(_STAND_INS)
    )
    kept = (" " if c.isspace() else c for c in plain if not unicodedata.combining(c))
    return "".join(c if " " <= c <= "~" or c in _EXTRA_SIGNS else "?" for c in kept)


def _render_photo_cell(photo: Bytes) -> Image.Image:
    caption = [_Line("What the network sees", HEADING)]
    return _stack([_enlarge(photo), _render_text(caption, CELL)])


def _render_map_cell(photo: Bytes, entry: SheetEntry, opacity: float) -> Image.Image:
    scale = compute_scale(entry.heat, entry.is_signed)
    overlay = render_heat(entry.heat, scale, entry.is_signed)
    picture = compose_overlay(photo, overlay, opacity, is_grey=True)
    parts = [
        _enlarge(picture),
        _render_text([_Line(entry.title, HEADING)], CELL),
        _render_bar(scale, entry.is_signed, opacity),
    ]
    if entry.score is not None:
        parts.append(
            _render_text([_Line(f"Agreement with the network: {entry.score:+.2f}", TEXT)], CELL)
        )
    if entry.verdict:
        parts.append(_render_verdict(entry.verdict, entry.tone))
    if entry.note:
        parts.append(_render_text([_Line(entry.note, SMALL, FAINT)], CELL))
    return _stack(parts)


def _enlarge(picture: Bytes) -> Image.Image:
    """Return a picture (H, W, 3) as wide as a cell."""
    height = max(1, round(CELL * picture.shape[0] / picture.shape[1]))
    return Image.fromarray(picture).resize((CELL, height), Image.Resampling.BICUBIC)


def _render_bar(scale: Scale, is_signed: bool, opacity: float) -> Image.Image:
    """Return the colour bar over mid grey, with the meaning and the value of both ends."""
    ramp = np.linspace(scale.low, scale.high, CELL, dtype=np.float32)
    ramp = np.tile(ramp, (BAR_HEIGHT, 1))  # (BAR_HEIGHT, CELL)
    under = np.full((BAR_HEIGHT, CELL, 3), 190, np.uint8)
    bar = compose_overlay(under, render_heat(ramp, scale, is_signed), opacity, is_grey=False)
    first, last = describe_ends(is_signed)
    ends = Image.new("RGB", (CELL, round(SMALL * LEADING)), PAPER)
    draw, font = ImageDraw.Draw(ends), ImageFont.load_default(SMALL)
    low = 0 if abs(scale.low) < 1e-3 * abs(scale.high) else scale.low  # not "7.2e-09"
    draw.text((0, 0), f"{first} ({low:.2g})", FAINT, font)
    draw.text((CELL, 0), f"{last} ({scale.high:.2g})", FAINT, font, anchor="ra")
    return _stack([Image.fromarray(bar), ends], gap=4)


def _render_verdict(verdict: str, tone: str) -> Image.Image:
    """Return the sentence with its tone as a thick line on the left."""
    text = _render_text([_Line(verdict, TEXT)], CELL - 18)
    block = Image.new("RGB", (CELL, text.height), PAPER)
    block.paste(text, (18, 0))
    ImageDraw.Draw(block).rectangle((0, 0, 6, text.height), TONE_COLORS[tone])
    return block


def _render_text(lines: Sequence[_Line], width: int) -> Image.Image:
    """Return paragraphs wrapped to ``width`` pixels."""
    wrapped = [
        _Line(part, line.size, line.color)
        for line in lines
        for part in _wrap(to_printable(line.text), line.size, width)
    ]
    block = Image.new("RGB", (width, sum(round(part.size * LEADING) for part in wrapped)), PAPER)
    draw, y = ImageDraw.Draw(block), 0
    for part in wrapped:
        draw.text((0, y), part.text, part.color, ImageFont.load_default(part.size))
        y += round(part.size * LEADING)
    return block


def _wrap(text: str, size: int, width: int) -> list[str]:
    """Return the lines of ``text``; a word wider than the line is cut."""
    font = ImageFont.load_default(size)
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}".strip()
        if font.getlength(joined) <= width:
            lines[-1] = joined
            continue
        while font.getlength(word) > width:
            word = word[:-2] + "…" if len(word) > 2 else ""
        lines = [*lines, word] if lines[-1] else [word]
    return lines


def _stack(parts: Sequence[Image.Image], gap: int = 12) -> Image.Image:
    """Return the parts, left-aligned, one under the other."""
    height = sum(part.height for part in parts) + gap * (len(parts) - 1)
    column = Image.new("RGB", (CELL, height), PAPER)
    y = 0
    for part in parts:
        column.paste(part, (0, y))
        y += part.height + gap
    return column
