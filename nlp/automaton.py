"""All words in one Aho–Corasick automaton: one pass over a message finds every one of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from ahocorasick_rs import AhoCorasick

from nlp.spelling import fold, slips

MARKS: Final = frozenset({"danger", "place"})  # found wherever they stand; they hide nothing and nothing hides them


@dataclass(frozen=True, slots=True)
class Word:
    """One meaning of one word."""

    text: str
    role: str  # objects, troubles, signs, urgent, asks; the name of a signal; or a mark
    weight: float = 0.0
    category: str = ""
    index: int = 0  # of the topic in its category, of the rule in the danger list


@dataclass(frozen=True, slots=True)
class Hit:
    start: int
    end: int
    words: tuple[Word, ...]


@dataclass(slots=True)
class Found:
    hits: list[Hit] = field(default_factory=list)
    marks: set[Word] = field(default_factory=set)


class Automaton:
    def __init__(self, words: Iterable[Word]) -> None:
        meanings: dict[str, list[Word]] = {}
        for word in words:
            for spelling in _spellings(fold(word.text)):
                meanings.setdefault(spelling, []).append(word)
        self._words = [tuple(word for word in found if word.role not in MARKS) for found in meanings.values()]
        self._marks = [tuple(word for word in found if word.role in MARKS) for found in meanings.values()]
        self._matcher = AhoCorasick(list(meanings))

    def find(self, folded: str) -> Found:
        """Every word that is not part of a longer one, by position, and all marks."""
        found = Found()
        matches = self._matcher.find_matches_as_indexes(folded, overlapping=True)
        matches.sort(key=_longest_first)
        reached = 0
        for index, start, end in matches:
            found.marks.update(self._marks[index])
            if end > reached and self._words[index]:
                found.hits.append(Hit(start, end, self._words[index]))
                reached = end
        return found


def _longest_first(match: tuple[int, int, int]) -> tuple[int, int]:
    return match[1], -match[2]


def _spellings(word: str) -> set[str]:
    return {word} | {word.replace(right, wrong) for wrong, right in slips() if right in word}
