"""Ship a hundred emoji: ``python -m export.make_emoji_sample --font NotoColorEmoji.ttf``.

Drawn from Google's Noto Color Emoji (Debian: ``apt-get install fonts-noto-color-emoji``), 28 x 28
in grey, white on black as the garments are. Faces, animals and food: no clothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from export.make_fashion_sample import write_sample

DEBIAN_FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
SIZE = 109  # pixels: the only size that the font's pictures come in
SIDE, MARGIN = 28, 1
FACES, ANIMALS, FOOD = range(0x1F600, 0x1F628), range(0x1F400, 0x1F428), range(0x1F345, 0x1F359)
CREDIT = {
    "name": "100 emoji: faces, animals, food, in grey at 28 x 28",
    "credit": "Google, Noto Color Emoji",
    "licence": "Apache-2.0 (artwork), OFL-1.1 (font)",
    "source": "https://github.com/googlefonts/noto-emoji",
}


def draw(character: str, font: ImageFont.FreeTypeFont) -> Image.Image:
    """Return one emoji, white on black as Fashion-MNIST, (28, 28) grey."""
    canvas = Image.new("RGBA", (160, 160), (0, 0, 0, 255))
    ImageDraw.Draw(canvas).text((12, 12), character, font=font, embedded_color=True)
    grey = canvas.convert("L")
    box = grey.getbbox()
    assert box is not None  # the font draws something for each of them
    side = SIDE - 2 * MARGIN
    part = grey.crop(box)
    part.thumbnail((side, side), Image.Resampling.LANCZOS)
    picture = Image.new("L", (SIDE, SIDE))
    picture.paste(part, ((SIDE - part.width) // 2, (SIDE - part.height) // 2))
    return picture


def main() -> None:
    """Write the emoji and their credit."""
    parser = argparse.ArgumentParser(prog="python -m export.make_emoji_sample", description=__doc__)
    parser.add_argument("--font", type=Path, default=DEBIAN_FONT)
    font = ImageFont.truetype(str(parser.parse_args().font), SIZE)
    codes = [*FACES, *ANIMALS, *FOOD]
    pixels = np.stack([np.asarray(draw(chr(code), font)) for code in codes])
    write_sample("emoji", CREDIT, pixels, codes=np.array(codes, np.uint32))


if __name__ == "__main__":
    main()
