"""Charts: put down as text, drawn as a picture a phone can show."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot import drawing
from bot.drawing import FILL, INNER, SMALL, WIDTH, picture
from handlers.chart import Bar, Chart, Section

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=60)
BARS = st.builds(Bar, TEXT, TEXT, st.none() | st.floats(0, 3))
CHARTS = st.builds(
    Chart, TEXT, TEXT, st.lists(st.builds(Section, TEXT, st.lists(BARS, max_size=4).map(tuple)), max_size=3).map(tuple),
    TEXT,
)  # fmt: skip


def blue(chart: Chart) -> int:
    """How many pixels are those of a bar."""
    image = Image.open(BytesIO(picture(chart)))
    red, green, rest = (int(FILL[at : at + 2], 16) for at in (1, 3, 5))
    return sum(count for count, colour in image.getcolors(1 << 24) or [] if colour == (red, green, rest))


def one_bar(share: float | None) -> Chart:
    return Chart("问", "柳树村社区", (Section("回答", (Bar("满意", "3", share),)),))


@given(CHARTS)
def test_a_chart_is_the_same_after_it_was_put_down(chart: Chart) -> None:
    assert Chart.of_text(chart.to_text()) == chart


@given(CHARTS)
def test_whatever_it_says_it_can_be_drawn_and_sent(chart: Chart) -> None:
    image = Image.open(BytesIO(picture(chart)))
    assert image.width == WIDTH
    assert image.width + image.height <= 10_000  # https://core.telegram.org/bots/api#sendphoto
    assert image.height <= 20 * image.width


def test_a_bar_is_as_long_as_its_share() -> None:
    whole = blue(one_bar(1.0))
    assert whole > 10_000
    assert blue(one_bar(0.5)) == pytest.approx(whole / 2, rel=0.02)
    assert blue(one_bar(7.5)) == whole
    assert blue(one_bar(0.0)) == blue(one_bar(None)) == 0


@given(TEXT)
def test_no_line_is_wider_than_the_picture(text: str) -> None:
    lines = drawing._wrapped(text, SMALL)
    assert all(drawing._font(SMALL).getlength(line) <= INNER or len(line) == 1 for line in lines)
    assert "".join(lines) == "".join(drawing._printable(line) for line in text.splitlines())


@given(TEXT, st.integers(60, 400))
def test_a_label_that_is_too_long_is_cut(text: str, width: int) -> None:
    cut = drawing._short(text, SMALL, width)
    assert cut == drawing._printable(text) or (cut.endswith("…") and drawing._font(SMALL).getlength(cut) <= width)


def test_the_font_has_the_characters_of_the_trade() -> None:
    """A character the font does not have is drawn as an empty box, like this private one."""
    box = drawing._font(SMALL).getmask("\ue000")
    for char in "网格员楼栋幢物业满意基本不参与作答户人%():·–…亍堃犇":
        assert bytes(drawing._font(SMALL).getmask(char)) != bytes(box), char
