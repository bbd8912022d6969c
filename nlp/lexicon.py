"""The words the reader knows, loaded from the data files beside this one."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROLES: Final = ("objects", "troubles", "signs", "urgent", "asks")


@dataclass(frozen=True, slots=True)
class Topic:
    """A second-level subject. A word may carry a weight of its own: `电梯:1.5`."""

    title: str
    objects: tuple[str, ...] = ()  # things; no request by themselves
    troubles: tuple[str, ...] = ()  # what can be wrong with exactly these things
    signs: tuple[str, ...] = ()  # phrases that are a request by themselves
    urgent: tuple[str, ...] = ()  # signs of danger to life or property now
    asks: tuple[str, ...] = ()  # things people come to ask about
    alarms: tuple[re.Pattern[str], ...] = ()  # the same as patterns, where the words vary too much
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
    patterns: tuple[re.Pattern[str], ...] = field(default=())


def load(name: str) -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8"))


def _topic(table: Mapping[str, Any]) -> Topic:
    words = {role: tuple(str(table.get(role, "")).split()) for role in ROLES}
    alarms = tuple(map(re.compile, table.get("alarms", ())))
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


def signals() -> dict[str, Signal]:
    return {
        name: Signal(
            name,
            float(table["weight"]),
            tuple(table.get("words", "").split()),
            tuple(re.compile(pattern) for pattern in table.get("patterns", ())),
        )
        for name, table in load("signals").items()
        if isinstance(table, dict)
    }


def weighed(word: str) -> tuple[str, float]:
    """`电梯:1.5` is the word 电梯 with weight 1.5; 0 means the weight of its role."""
    text, _, weight = word.partition(":")
    return text, float(weight or 0)
