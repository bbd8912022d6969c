"""One spelling for one word: full-width signs, capitals, traditional characters and common slips."""

import tomllib
from pathlib import Path
from typing import Final

_DATA: Final = tomllib.loads((Path(__file__).parent / "spelling.toml").read_text(encoding="utf-8"))
_WIDE: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_LONE: Final = dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)  # halves of characters; no matcher takes them
_CHARS: Final = (
    _WIDE | _LONE | {ord(old): ord(new) for old, new in zip(_DATA["traditional"], _DATA["simplified"], strict=True)}
)
_LOWER: Final = _CHARS | {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_LOWER_WIDE: Final = {code: code - 0xFEE0 + 32 for code in range(0xFF21, 0xFF3B)}
_FOLD: Final = _LOWER | _LOWER_WIDE
_SLIPS: Final = tuple((wrong, right) for right, wrongs in _DATA["slips"].items() for wrong in wrongs.split())


def plain(text: str) -> str:
    """The text with ASCII signs and simplified characters; every character keeps its position."""
    return text if text.isascii() else text.translate(_CHARS)


def fold(text: str) -> str:
    """As `plain`, in lower case."""
    return text.translate(_FOLD)


def slips() -> tuple[tuple[str, str], ...]:
    """Pairs of a slip (a homophone, a wrong key) and the word that was meant; both equally long."""
    return _SLIPS
