"""The words the reader knows, loaded from the data files beside this one."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

ROLES: Final = ("objects", "troubles", "signs", "urgent", "asks")


@dataclass(frozen=True, slots=True)
class Alarm:
    """A sign of danger whose words vary too much; tried only where one of `words` was found."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Topic:
    """A second-level subject. A word may carry a weight of its own: `电梯:1.5`."""

    title: str
    objects: tuple[str, ...] = ()  # things; no request by themselves
    troubles: tuple[str, ...] = ()  # what can be wrong with exactly these things
    signs: tuple[str, ...] = ()  # phrases that are a request by themselves
    urgent: tuple[str, ...] = ()  # signs of danger to life or property now
    asks: tuple[str, ...] = ()  # things people come to ask about
    alarms: tuple[Alarm, ...] = ()
    kind: str | None = None  # what its signs are, when not a report
    department: str | None = None  # when not the category's


@dataclass(frozen=True, slots=True)
class Category:
    key: str
    label: str
    department: str
    topics: tuple[Topic, ...] = ()
    examples: tuple[str, ...] = ()  # requests of this category
    negatives: tuple[str, ...] = ()  # the same words, no request


@dataclass(frozen=True, slots=True)
class Signal:
    """A group of words that speak for or against a request, whatever its subject."""

    name: str
    weight: float
    words: tuple[str, ...] = ()
    patterns: tuple[re.Pattern[str], ...] = ()
    not_after: tuple[str, ...] = ()  # directly behind one of these its words mean nothing: 没修好
    not_before: tuple[str, ...] = ()  # directly before one of these neither: 修好了吗
    gate: tuple[str, ...] = ()  # its patterns are tried only where one of these was found; empty: always
    lifted_by: frozenset[str] = frozenset()  # says nothing beside one of these roles or categories

    def stands(self, folded: str, start: int, end: int) -> bool:
        return not (folded.endswith(self.not_after, 0, start) or folded.startswith(self.not_before, end))


def load(name: str) -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8"))


def _topic(table: Mapping[str, Any]) -> Topic:
    words = {role: tuple(str(table.get(role, "")).split()) for role in ROLES}
    alarms = tuple(Alarm(tuple(gate.split()), re.compile(pattern)) for gate, pattern in table.get("alarms", ()))
    return Topic(table["title"], **words, alarms=alarms, kind=table.get("kind"), department=table.get("department"))


def _category(key: str, table: Mapping[str, Any]) -> Category:
    return Category(
        key,
        table["label"],
        table["department"],
        tuple(map(_topic, table["topics"])),
        tuple(table["examples"]),
        tuple(table["negatives"]),
    )


def categories() -> dict[str, Category]:
    return {key: _category(key, table) for key, table in load("categories").items()}


def _signal(name: str, table: Mapping[str, Any]) -> Signal:
    return Signal(
        name,
        float(table["weight"]),
        (*table.get("words", "").split(), *_combined(table.get("combined", ()))),
        tuple(map(re.compile, table.get("patterns", ()))),
        tuple(table.get("not_after", "").split()),
        tuple(table.get("not_before", "").split()),
        tuple(table.get("gate", "").split()),
        frozenset(table.get("lifted_by", ())),
    )


def _combined(lists: Iterable[Sequence[str]]) -> Iterator[str]:
    """Every word of the first list with every word of the second, and so on; ~ is nothing."""
    for parts in lists:
        yield from ("".join(each).replace("~", "") for each in product(*map(str.split, parts)))


def signals() -> dict[str, Signal]:
    return {name: _signal(name, table) for name, table in load("signals").items()}


def weighed(word: str) -> tuple[str, float]:
    """`电梯:1.5` is the word 电梯 with weight 1.5; 0 means the weight of its role."""
    text, _, weight = word.partition(":")
    return text, float(weight or 0)
