"""All words in one Aho–Corasick automaton: one pass over a message finds every one of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from ahocorasick_rs import AhoCorasick

from nlp.spelling import fold, slips

# Found wherever they stand: nothing hides them, and they hide nothing.
MARKS: Final = frozenset({"danger", "place", "alarm", "gate"})

_MATCHES: Final = 1500  # no message of people holds more words

Match = tuple[int, int, int]  # index of a spelling, start, end


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
    kept: list[Match] = field(default_factory=list)  # the matches behind them

    def marked(self, role: str) -> set[int]:
        return {word.index for word in self.marks if word.role == role}


class Automaton:
    """`worth` says what the words of one spelling could add to a subject at most, and which flags they raise."""

    def __init__(self, words: Iterable[Word], worth: Callable[[Sequence[Word]], tuple[float, int]]) -> None:
        meanings: dict[str, list[Word]] = {}
        for word in words:
            for spelling in _spellings(fold(word.text)):
                meanings.setdefault(spelling, []).append(word)
        self._words = [tuple(word for word in found if word.role not in MARKS) for found in meanings.values()]
        self._marks = [tuple(word for word in found if word.role in MARKS) for found in meanings.values()]
        self._worth = [worth(found) for found in meanings.values()]
        self._matcher = AhoCorasick(list(meanings))

    def matches(self, folded: str) -> list[Match]:
        return self._matcher.find_matches_as_indexes(folded, overlapping=True)[:_MATCHES]

    def glance(self, matches: Iterable[Match]) -> tuple[float, int]:
        """The most that could be said of a subject, and all flags: most talk is never looked at closer."""
        reach, flags, worth = 0.0, 0, self._worth
        for index, _, _ in matches:
            weight, flag = worth[index]
            reach += weight
            flags |= flag
        return reach, flags

    def sort(self, matches: list[Match]) -> Found:
        """Every word that is not part of a longer one, by position, and all marks."""
        found = Found()
        reached = 0
        for index, start, end in sorted(matches, key=_longest_first):
            if self._marks[index]:
                found.marks.update(self._marks[index])
                found.kept.append((index, start, end))
            elif end > reached:
                found.kept.append((index, start, end))
            if end > reached and self._words[index]:
                found.hits.append(Hit(start, end, self._words[index]))
                reached = end
        return found


def _longest_first(match: Match) -> tuple[int, int]:
    return match[1], -match[2]


def _spellings(word: str) -> set[str]:
    return {word} | {word.replace(right, wrong) for wrong, right in slips() if right in word}
