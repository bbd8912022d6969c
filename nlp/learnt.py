"""What labelled messages taught: the weights of short pieces of them, fitted by bench/fit_reader.py.

A piece is one to three characters; ^ and $ are the message's ends. Every occurrence of a piece adds its weights: one
for "this is a request", one for "this belongs to the case being talked of", one for "somebody is in danger", one for
each kind and each category. Nothing is learnt about danger itself: nlp/danger.py decides that by a list.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from nlp.linear import FOLDER, HUNDREDTHS

REQUEST, LATER, URGENT = "request", "later", "urgent"
KINDS: Final = ("report", "help", "consult", "suggest", "urge")
LONG: Final = 60  # characters; a longer message does not count for more

# Chosen on held-out folds of nlp/examples by bench/fit_reader.py.
LEXICON: Final = 0.7  # what one point of the lexicon's judgement adds to a request's sum
LEAST, MOST = -2.0, 4.0  # the points that count
NAMED: Final = (1.8, 0.9, 0.45)  # what the lexicon's first three categories add to theirs
KIND: Final = 1.0  # what the lexicon's kind adds to its own
SAID: Final = "said"  # in the nearness: what a fragment's own sum as a request counts


def framed(folded: str) -> str:
    """The text with its ends marked, as the pieces know them."""
    return f"^{folded}$"


Lessons = Mapping[tuple[str, str], float]  # what this community taught: of a word and a column one more weight
NO_LESSONS: Final[Lessons] = {}


@dataclass(frozen=True, slots=True)
class Weights:
    """`rows` holds for every piece its weight in each of `columns`; `begin` is where each sum begins."""

    columns: tuple[str, ...]
    begin: tuple[float, ...]
    rows: Mapping[str, tuple[float, ...]]
    nearness: Mapping[str, float]  # of what stands around a message, for `later`
    version: str = ""  # changes with the weights

    def sums(self, rows: Iterable[tuple[float, ...]], length: int) -> dict[str, float]:
        """Of all pieces found in a text of so many characters, by column."""
        share = min(1.0, LONG / max(length, 1))
        added = [sum(column) for column in zip(*rows, strict=True)] or [0.0] * len(self.columns)
        return {
            name: begin + share * total
            for name, begin, total in zip(self.columns, self.begin, added, strict=True)
        }  # fmt: skip

    def taught(self, lessons: Lessons) -> "Weights":
        """With the lessons on top. A lesson for a category that has no column is none here."""
        rows = dict(self.rows)
        for (word, name), weight in lessons.items():
            if name in self.columns:
                row = list(rows.get(word) or [0.0] * len(self.columns))
                row[self.columns.index(name)] += weight
                rows[word] = tuple(row)
        return replace(self, rows=rows) if lessons else self


NONE: Final = Weights((), (), {}, {})


def read(lines: Iterable[str], nearness: Iterable[str]) -> Weights:
    """Of the two files: a piece and its weights in hundredths, with tabs between; the head names the columns."""
    lines = list(lines)
    rows = (line.rstrip("\n").split("\t") for line in lines)
    columns = tuple(next(rows)[1:])
    begin = _numbers(next(rows)[1:])
    pieces = {row[0]: _numbers(row[1:]) for row in rows}
    near = {name: int(weight) / HUNDREDTHS for name, weight in (line.rstrip("\n").split("\t") for line in nearness)}
    return Weights(columns, begin, pieces, near, f"{zlib.crc32(''.join(lines).encode()):08x}")


def _numbers(cells: Sequence[str]) -> tuple[float, ...]:
    return tuple(map(_number, cells))


@cache
def _number(cell: str) -> float:
    """Most cells are alike: one object for all of them."""
    return int(cell or 0) / HUNDREDTHS


@cache
def load() -> Weights:
    """The weights that come with the package."""
    with (
        (FOLDER / "messages.tsv").open(encoding="utf-8") as lines,
        (FOLDER / "nearness.tsv").open(encoding="utf-8") as nearness,
    ):
        return read(lines, nearness)


STEPS: Final = (1, 3, 10, 30)  # minutes


def near(own: float | None, talk: float | None, length: int) -> list[str]:
    """What stands around a message, in names: how many minutes ago its sender, and anybody, spoke of a case."""
    mine, ours = f"own:{_step(own)}", f"talk:{_step(talk)}"
    return [mine, ours, f"{mine} {ours}", f"length:{min(length // 4, 8)}"]


def _step(minutes: float | None) -> str:
    return "no" if minutes is None else next((str(step) for step in STEPS if minutes <= step), "more")
