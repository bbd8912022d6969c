"""All words and pieces in one Aho–Corasick automaton: one pass over a message finds every one of them."""

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ahocorasick_rs import AhoCorasick

from nlp.learnt import LONG, framed
from nlp.spelling import fold, slips

# Found wherever they stand: nothing hides them, and they hide nothing.
MARKS: Final = frozenset({"danger", "place", "alarm", "gate"})

Match = tuple[int, int, int]  # index of a spelling, start, end; in the text with its ends marked
Row = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """One meaning of one word."""

    text: str
    role: str  # objects, troubles, signs, urgent, asks; the name of a signal; or a mark
    weight: float = 0.0
    category: str = ""
    index: int = 0  # of the topic in its category, of the rule in the danger list, of the alarm, of the signal


@dataclass(frozen=True, slots=True)
class Hit:
    start: int
    end: int
    words: tuple[Word, ...]


@dataclass(slots=True)
class Found:
    hits: list[Hit] = field(default_factory=list)
    marks: set[Word] = field(default_factory=set)

    def marked(self, role: str) -> set[int]:
        return {word.index for word in self.marks if word.role == role}


class Automaton:
    """`worth` says what the words of one spelling could add to a subject at most, and which flags they raise.

    `pieces` are weighed apart; the first weight of each says how much it sounds like a request.
    """

    def __init__(
        self,
        words: Iterable[Word],
        worth: Callable[[Sequence[Word]], tuple[float, int]],
        pieces: Mapping[str, Row],
        loud: float,
    ) -> None:
        meanings: dict[str, list[Word]] = {}
        for word in words:
            for spelling in _spellings(fold(word.text)):
                meanings.setdefault(spelling, []).append(word)
        self._spellings = [*meanings, *(piece for piece in pieces if piece not in meanings)]
        found = [meanings.get(spelling, []) for spelling in self._spellings]
        self._words = [tuple(word for word in each if word.role not in MARKS) for each in found]
        self._marks = [tuple(word for word in each if word.role in MARKS) for each in found]
        self._worth = [worth(each) for each in found]
        self._pieces = [pieces.get(spelling) for spelling in self._spellings]
        self._sound = [piece[0] if piece else 0.0 for piece in self._pieces]
        self._dangers = [tuple(word.index for word in each if word.role == "danger") for each in self._marks]
        self._loud = [each + loud * bool(danger) for each, danger in zip(self._sound, self._dangers, strict=True)]
        self._find = AhoCorasick(self._spellings).find_matches_as_indexes

    @property
    def fingerprint(self) -> int:
        """Of the words and what they mean."""
        return zlib.crc32(repr(self._words).encode(), zlib.crc32("\n".join(self._spellings).encode()))

    def matches(self, folded: str) -> list[Match]:
        return self._find(framed(folded), overlapping=True)

    def sound(self, matches: Iterable[Match], length: int, *, loud: bool = False) -> float:
        """How much the pieces sound like a request; `loud`: a trigger of danger is louder than anything else."""
        weights = self._loud if loud else self._sound
        total = 0.0
        for index, _, _ in matches:  # faster than a sum of a list
            total += weights[index]
        return total if length <= LONG else total * LONG / length

    def dangers(self, matches: Iterable[Match]) -> set[int]:
        """The rules of danger that a trigger was found of."""
        dangers = self._dangers
        return {rule for index, _, _ in matches for rule in dangers[index]}

    def pieces(self, matches: Iterable[Match]) -> list[tuple[str, Row]]:
        found = ((self._spellings[index], self._pieces[index]) for index, _, _ in matches)
        return [(spelling, row) for spelling, row in found if row is not None]

    def glance(self, matches: Iterable[Match]) -> tuple[float, int]:
        """The most that could be said of a subject, and all flags: most talk is never looked at closer."""
        reach, flags, worth = 0.0, 0, self._worth
        for index, _, _ in matches:
            weight, flag = worth[index]
            reach += weight
            flags |= flag
        return reach, flags

    def sort(self, matches: Iterable[Match]) -> Found:
        """Every word that is not part of a longer one, by position, and all marks."""
        found = Found()
        reached = 0
        told = [
            (start - 1, end - 1, index) for index, start, end in matches if self._words[index] or self._marks[index]
        ]
        for start, end, index in sorted(told, key=_longest_first):
            found.marks.update(self._marks[index])
            if end > reached and self._words[index]:
                found.hits.append(Hit(start, end, self._words[index]))
                reached = end
        return found


def _longest_first(told: tuple[int, int, int]) -> tuple[int, int]:
    return told[0], -told[1]


def _spellings(word: str) -> set[str]:
    return {word} | {word.replace(right, wrong) for wrong, right in slips() if right in word}
