"""Numbers that belong to a person, hidden before anything is stored.

A phone keeps its first three and last two digits (138******12), an identity card its first three and last one, a
bank card its last four: enough to recognise one's own, too little to use.
"""

import re
from typing import Final

_MOBILE: Final = r"(?:\+?86[- ]?)?(?P<mobile>1[3-9]\d[- ]?\d{4}[- ]?\d{4})"
_LANDLINE: Final = (
    r"(?P<landline>0\d{2,3}[- ]\d{7,8}|\(0\d{2,3}\)\d{7,8}|(?<=[电话机打])[2-8]\d{6,7}|[48]00-?\d{3}-?\d{4})"
)
_IDENTITY: Final = r"(?P<identity>[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx])"
_OLD_IDENTITY: Final = r"(?P<old>[1-9]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3})"
_BANK: Final = r"(?P<bank>[3-6]\d{3}(?:[- ]?\d{4}){2,3}(?:[- ]?\d{1,4})?)"
_NUMBERS: Final = re.compile(
    rf"(?<![\d.*])(?:{_IDENTITY}|{_OLD_IDENTITY}|{_MOBILE}|{_LANDLINE}|{_BANK})(?![\d*]|\.\d)", re.ASCII
)
_KEPT: Final = {"mobile": (3, 2), "landline": (3, 2), "identity": (3, 1), "old": (3, 1), "bank": (0, 4)}
_BANK_DIGITS: Final = range(16, 20)


def mask(text: str) -> str:
    """The text with phone, identity-card and bank-card numbers hidden; masking twice changes nothing more."""
    return _NUMBERS.sub(_hide, text)


def _hide(match: re.Match[str]) -> str:
    kind = match.lastgroup or ""
    number = match[kind]
    if kind == "bank" and sum(map(str.isdigit, number)) not in _BANK_DIGITS:
        return match[0]
    first, last = _KEPT[kind]
    digits = re.sub(r"\D", "", number)
    end = number[-last:] if kind == "identity" else digits[-last:]
    middle = len(digits) - first - last + (number[-1] in "Xx")
    return match[0].replace(number, digits[:first] + "*" * middle + end)
