"""Text and buttons as Telegram counts them: in UTF-16 code units, in columns of a telephone."""

import re
from collections.abc import Sequence
from unicodedata import east_asian_width

from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import MessageLimit

LONGEST = int(MessageLimit.MAX_TEXT_LENGTH)  # of a message
CAPTION = int(MessageLimit.CAPTION_LENGTH)  # of the words under a file
ROW = 34  # columns of a row of buttons on a telephone; a Chinese character takes two
MARGIN = 4  # columns a button needs beside its label
ROW_BUTTONS = 3
_ENDS = re.compile(r"(?<=[。!?!?…;;])|(?<=\n)")


def parts(text: str, longest: int = LONGEST) -> list[str]:
    """The text in pieces no longer than allowed, cut at the last end of a sentence, else of a word, else anywhere.

    Characters are counted as Telegram does, in UTF-16 code units: an emoji is two.
    """
    pieces: list[str] = []
    text = text.strip()
    while units(text) > longest:
        room = _fitting(text, longest)
        ends = [found.end() for found in _ENDS.finditer(text, 0, room) if text[: found.end()].strip()]
        cut = ends[-1] if ends else text.rfind(" ", 1, room)
        cut = cut if cut > 0 else room
        pieces.append(text[:cut].strip())
        text = text[cut:].strip()
    return [*pieces, text] if text else pieces


def units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def shortened(text: str, longest: int) -> str:
    """What one message or caption holds of it."""
    return text if units(text) <= longest else text[: _fitting(text, longest - 1)] + "…"


def _fitting(text: str, longest: int) -> int:
    """How many characters fit."""
    units = 0
    for place, character in enumerate(text):
        units += 1 + (character > "\uffff")
        if units > longest:
            return place
    return len(text)


def keyboard(buttons: Sequence[tuple[str, str]]) -> InlineKeyboardMarkup | None:
    """Rows of at most three, fewer where the labels are long."""
    rows: list[list[InlineKeyboardButton]] = []
    room = 0
    for label, command in buttons:
        width = MARGIN + sum(1 + (east_asian_width(character) in "WF") for character in label)
        if not rows or width > room or len(rows[-1]) == ROW_BUTTONS:
            rows.append([])
            room = ROW
        rows[-1].append(InlineKeyboardButton(label, callback_data=command))
        room -= width
    return InlineKeyboardMarkup(rows) if rows else None
