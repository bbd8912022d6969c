"""Danger to life, from a list a person can read; decided before and apart from everything else."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from nlp.lexicon import load

Grade = Literal["sure", "possible"]


@dataclass(frozen=True, slots=True)
class Danger:
    key: str
    label: str
    grade: Grade
    call: str  # whose number: lift, fire, gas, medical, police, electric


@dataclass(frozen=True, slots=True)
class Rule:
    danger: Danger
    triggers: tuple[str, ...]
    words: re.Pattern[str]  # the triggers: what a guard must touch
    said: re.Pattern[str]
    unless: re.Pattern[str]
    categories: tuple[str, ...]  # of the case: the first, unless the words speak for another of them
    title: str
    examples: tuple[str, ...]
    counters: tuple[str, ...]


def _rule(table: dict[str, Any]) -> Rule:
    triggers = sorted(table["triggers"].split(), key=len, reverse=True)
    return Rule(
        Danger(table["key"], table["label"], table["grade"], table["call"]),
        tuple(triggers),
        re.compile("|".join(map(re.escape, triggers))),
        re.compile("|".join(table["patterns"])),
        re.compile("|".join(table["unless"])),
        tuple(table["category"].split()),
        table["title"],
        tuple(table["examples"]),
        tuple(table["counters"]),
    )


_DATA: Final = load("danger")
RULES: Final = tuple(_rule(table) for table in _DATA["danger"])  # the sure ones first
BY_KEY: Final = {rule.danger.key: rule for rule in RULES}
HELP: Final = {table["key"] for table in _DATA["danger"] if table.get("help")}  # somebody needs help
_DENIED: Final = re.compile("|".join(_DATA["denied"]))
_BEFORE: Final = re.compile("|".join(_DATA["before"]))
_AFTER: Final = re.compile("|".join(_DATA["after"]))
_DOUBT: Final = re.compile("|".join(_DATA["doubt"]))
_OVER: Final = re.compile("|".join(_DATA["over"]))
_FRAME: Final = re.compile("|".join(_DATA["frame"]))
_CRY: Final = re.compile("|".join(_DATA["cry"]))
_CLAUSE_END: Final = re.compile(r"[,。!?;\n~… ]")
_CLOSE: Final = 8  # characters after the danger's own word within which a guard still touches it
_CLAUSE: Final = 40  # characters before it that are searched for the beginning of its clause
_MATCHES: Final = 6  # places at which one rule is tried: whoever is in danger says so early


def speaks(folded: str, triggered: Iterable[int]) -> Danger | None:
    """The gravest danger of the rules whose triggers were found (their indices in RULES)."""
    spoken = [danger for index in sorted(triggered) for danger in _spoken(RULES[index], folded)]
    return min(spoken, key=lambda danger: danger.grade == "possible", default=None)


def _spoken(rule: Rule, folded: str) -> Iterator[Danger]:
    """Sure in a clause that nothing speaks against; a doubt elsewhere in the message leaves it possible."""
    for match, _ in zip(rule.said.finditer(folded), range(_MATCHES), strict=False):
        if _guarded(rule, folded, match):
            continue
        if framed(folded):
            return
        cries = _CRY.search(folded)
        near = _DOUBT.search(folded, max(0, match.start() - _CLOSE), match.end() + _CLOSE)
        doubtful = _FRAME.search(folded) or _OVER.search(folded) or (near and not cries)
        yield replace(rule.danger, grade="possible") if doubtful else rule.danger


def framed(folded: str) -> bool:
    """Whether the whole message is a drill, the news or a story, and nobody in it cries for help."""
    return bool(_FRAME.search(folded) and not _CRY.search(folded))


def hushed(folded: str, start: int, end: int) -> bool:
    """Whether a guard silences a word of danger that stands there."""
    first, last = _clause(folded, start, end)
    return _silenced(folded, first, start, end, last)


def _guarded(rule: Rule, folded: str, match: re.Match[str]) -> bool:
    """Whether a guard touches every word of danger in what was said."""
    spots = list(rule.words.finditer(folded, *match.span())) or [match]
    return all(_touched(rule, folded, spot.start(), spot.end()) for spot in spots)


def _touched(rule: Rule, folded: str, start: int, end: int) -> bool:
    first, last = _clause(folded, start, end)
    return bool(rule.unless.search(folded, first, last)) or _silenced(folded, first, start, end, last)


def _silenced(folded: str, first: int, start: int, end: int, last: int) -> bool:
    near = min(last, end + _CLOSE)
    return bool(
        _DENIED.search(folded, first, near)
        or _BEFORE.search(folded, first, start)
        or _AFTER.search(folded, start, near)
    )


def _clause(folded: str, start: int, end: int) -> tuple[int, int]:
    begin = max(0, start - _CLAUSE)
    first = max((each.end() for each in _CLAUSE_END.finditer(folded, begin, start)), default=begin)
    cut = _CLAUSE_END.search(folded, end, end + _CLAUSE)
    return first, cut.start() if cut else min(len(folded), end + _CLAUSE)
