"""Danger to life, from a list a person can read; decided before and apart from everything else."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
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
    said: re.Pattern[str]
    unless: re.Pattern[str]
    examples: tuple[str, ...]
    counters: tuple[str, ...]


def _rule(table: dict[str, Any]) -> Rule:
    return Rule(
        Danger(table["key"], table["label"], table["grade"], table["call"]),
        tuple(table["triggers"].split()),
        re.compile("|".join(table["patterns"])),
        re.compile("|".join(table["unless"])),
        tuple(table["examples"]),
        tuple(table["counters"]),
    )


_DATA: Final = load("danger")
RULES: Final = tuple(_rule(table) for table in _DATA["danger"])  # the sure ones first
CATEGORIES: Final = {table["key"]: str(table["category"]) for table in _DATA["danger"]}
HELP: Final = {table["key"] for table in _DATA["danger"] if table.get("help")}  # somebody needs help
_GUARDS: Final = re.compile("|".join(_DATA["guards"]))
_SENTENCE: Final = re.compile(r"[^。!;\n]+[。!;\n]*")


def speaks(folded: str, triggered: Iterable[int]) -> Danger | None:
    """The gravest danger of the rules whose triggers were found (their indices in RULES)."""
    rules = [RULES[index] for index in sorted(triggered)]
    if not any(rule.said.search(folded) for rule in rules):
        return None
    sentences = [match[0] for match in _SENTENCE.finditer(folded) if not _GUARDS.search(match[0])]
    return next((rule.danger for rule in rules if any(_says(rule, sentence) for sentence in sentences)), None)


def _says(rule: Rule, sentence: str) -> bool:
    return bool(rule.said.search(sentence)) and not rule.unless.search(sentence)
