"""Numbers as people type them before 号楼, 单元, 层: 3, 03, 十二, 五零一, A, 丙, and lists and ranges of them."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

HAN: Final = "零〇一二三四五六七八九十百"
NUMBER: Final = rf"(?:\d{{1,2}}|[{HAN}]{{1,3}})"
NAME: Final = rf"(?:{NUMBER}|[A-Za-z]\d?|[甲乙丙丁戊])"
LIST: Final = rf"{NAME}(?: ?(?:号楼|[栋幢#])? ?[、,/和跟与及到至~—\-] ?{NAME}){{0,12}}"

_DIGITS: Final = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0}
_TENS: Final = {"十": 10, "百": 100}
_PIECE: Final = re.compile(rf"({NAME})|([、,/和跟与及到至~—\-])")
_WIDEST_RANGE: Final = 40  # "1到400栋" is no list of places


def number(text: str) -> str:
    """三 → 3, 十二 → 12, 五零一 → 501, 03 → 3; letters stay, in capitals."""
    if text.isdecimal():
        return str(int(text))
    if not set(text) <= set(HAN):
        return text.upper()
    if not set(text) & set(_TENS):
        return str(int("".join(str(_DIGITS[char]) for char in text)))
    total, digit = 0, 0
    for char in text:
        if char in _TENS:
            total += (digit or 1) * _TENS[char]
            digit = 0
        else:
            digit = _DIGITS[char]
    return str(total + digit)


def expand(many: str) -> tuple[str, ...]:
    """5到8 → 5 6 7 8; 1、2和3 → 1 2 3."""
    names: list[str] = []
    joints: list[str] = []
    for name, joint in _PIECE.findall(many):
        if name and set(name) <= set(HAN[2:11]) and len(name) > 1 and "十" not in name:
            joints += "、" * (len(name) - 1)  # 二三楼 is two floors
            names += map(number, name)
        elif name:
            names.append(number(name))
        else:
            joints.append(joint)
    found = [names[0]]
    for (before, after), joint in zip(pairwise(names), joints, strict=True):
        found += _between(before, after) if joint in "到至~—-" else ()
        found.append(after)
    return tuple(dict.fromkeys(found))


def _between(first: str, last: str) -> Iterator[str]:
    if first.isdecimal() and last.isdecimal() and int(last) - int(first) <= _WIDEST_RANGE:
        yield from map(str, range(int(first) + 1, int(last)))
