"""Draws charts as pictures, with the Chinese font that comes with the installation."""

import asyncio
from functools import cache
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageFont
from pylopdf_fonts_zh_cn import sans_path

from handlers.chart import DRAWN, Bar, Chart, Section

# Pixels. A phone shows a picture of this width as it is.
WIDTH: Final = 1080
MARGIN: Final = 56
INNER: Final = WIDTH - 2 * MARGIN
LABEL: Final = 250  # of a bar's label, beside the bar
VALUE: Final = 270  # of what stands behind a bar
BAR: Final = 34
GAP: Final = 26
BIG, MIDDLE, SMALL = 46, 32, 26
LEADING: Final = 1.4  # of a line's height

PAPER, INK, GREY, TRACK, FILL = "#ffffff", "#1c2733", "#5c6b7a", "#e8edf2", "#1f6fb2"


class Drawer:
    """A source of files, like a platform: `file` is the text of a chart."""

    name, account = DRAWN

    async def fetch(self, file: str) -> bytes:
        return await asyncio.to_thread(picture, Chart.of_text(file))


def picture(chart: Chart) -> bytes:
    """As PNG."""
    title, lead, foot = _wrapped(chart.title, BIG), _wrapped(chart.lead, SMALL), _wrapped(chart.foot, SMALL)
    height = 2 * MARGIN + GAP // 2 + _height(title, BIG) + _height(lead, SMALL) + sum(map(_height_of, chart.sections))
    height += GAP + _height(foot, SMALL) if foot else 0
    image = Image.new("RGB", (WIDTH, height), PAPER)
    draw = ImageDraw.Draw(image)
    y = _write(draw, MARGIN, title, BIG, INK)
    y = _write(draw, y + GAP // 2, lead, SMALL, GREY)
    for section in chart.sections:
        y = _section(draw, y, section)
    if foot:
        _write(draw, y + GAP, foot, SMALL, GREY)
    out = BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(sans_path(), size, layout_engine=ImageFont.Layout.BASIC)  # the same on every system


def _line(size: int) -> int:
    return round(size * LEADING)


def _height(lines: list[str], size: int) -> int:
    return len(lines) * _line(size)


def _height_of(section: Section) -> int:
    return 2 * GAP + _line(MIDDLE) + len(section.bars) * (BAR + GAP)


def _wrapped(text: str, size: int, width: int = INNER) -> list[str]:
    """Broken where the line is full, as Chinese is; the text's own breaks stay."""
    lines = []
    for paragraph in filter(None, text.splitlines()):
        line = ""
        for char in _printable(paragraph):
            if line and _font(size).getlength(line + char) > width:
                lines.append(line)
                line = ""
            line += char
        lines.append(line)
    return lines


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def _short(text: str, size: int, width: int) -> str:
    """In one line, cut where it is too long."""
    text = _printable(text)
    if _font(size).getlength(text) <= width:
        return text
    while text and _font(size).getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text}…"


def _write(draw: ImageDraw.ImageDraw, y: int, lines: list[str], size: int, ink: str) -> int:
    for line in lines:
        draw.text((MARGIN, y), line, ink, _font(size))
        y += _line(size)
    return y


def _section(draw: ImageDraw.ImageDraw, y: int, section: Section) -> int:
    y = _write(draw, y + 2 * GAP, [section.title], MIDDLE, INK)
    for bar in section.bars:
        _bar(draw, y + GAP, bar)
        y += BAR + GAP
    return y


def _bar(draw: ImageDraw.ImageDraw, y: int, bar: Bar) -> None:
    middle, left, right = y + BAR // 2, MARGIN + LABEL, WIDTH - MARGIN - VALUE
    draw.text((MARGIN, middle), _short(bar.label, SMALL, LABEL - GAP), INK, _font(SMALL), anchor="lm")
    draw.text((right + GAP, middle), _short(bar.value, SMALL, VALUE - GAP), INK, _font(SMALL), anchor="lm")
    if bar.share is None:
        return
    draw.rounded_rectangle((left, y, right, y + BAR), BAR // 4, TRACK)
    filled = round((right - left) * min(1.0, bar.share))
    if filled:
        draw.rounded_rectangle((left, y, left + filled, y + BAR), min(BAR // 4, filled // 2), FILL)
