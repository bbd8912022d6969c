"""Learning from use: corrections become lessons that a person can read, each tried on every example before it counts.

A correction is how the reader saw a message, what a person said it is, and the dictionary's words in it without their
order: neither the text nor who wrote it. A lesson is one more weight of one word, tried as if the word stood once.
A community's own categories are taught by their keywords alone, and a lesson in force stays until somebody declines it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nlp.labelled import Labelled
from nlp.learnt import REQUEST, Lessons
from nlp.lexicon import Category, weighed
from nlp.reader import SURE, Reader
from nlp.spelling import fold

LEAST: Final = 3  # corrections that must agree
STEPS: Final = (0.6, 1.2, 1.8, 2.4, 3.0)  # what may be added for or against a request
ENOUGH: Final = 2.4  # what a community's own word may get at once, on top of what a word of the lexicon counts
SHIFTS: Final = (*STEPS, 4.2, 6.0)  # and for a category: others stand farther above it
AT_ONCE: Final = 12  # lessons proposed; nobody reads a longer list
_TRIED: Final = 60

Key = tuple[str, str]  # a word, and the column its weight counts in


@dataclass(frozen=True, slots=True)
class Correction:
    """`stand` is Reader.stand without any lesson. Without `category` nobody said which it is."""

    words: frozenset[str]
    stand: Mapping[str, float]
    request: bool
    category: str | None = None
    text: str = ""  # of a shipped example only

    def holds(self, word: str) -> bool:
        return word in self.words or word in self.text


@dataclass(frozen=True, slots=True)
class Lesson:
    """`weight` is what this community adds to the word. What it would change: of the corrections, of the examples."""

    word: str
    column: str
    weight: float
    seen: int  # corrections that ask for it
    better: int
    worse: int
    examples_better: int
    examples_worse: tuple[str, ...]  # what the shipped examples say, to be read

    @property
    def key(self) -> Key:
        return self.word, self.column

    @property
    def harmless(self) -> bool:
        return not self.worse and not self.examples_worse


def propose(
    corrections: Sequence[Correction],
    examples: Iterable[Labelled],
    reader: Reader,
    lessons: Lessons,
    declined: Iterable[Key] = (),
) -> list[Lesson]:
    """What to learn beside the present `lessons`, the most asked for first. `reader` has no lessons."""
    school = _School(corrections, examples, reader, dict(lessons))
    found: list[Lesson] = []
    tried: set[Key] = {*lessons, *declined}
    bound = len(tried) + _TRIED
    while len(found) < AT_ONCE and len(tried) < bound and (wish := school.wish(tried)):
        tried.add(wish.key)
        if lesson := school.best(wish):
            school.lessons[lesson.key] = lesson.weight
            found.append(lesson)
    return found


def from_examples(categories: Iterable[Category], reader: Reader) -> dict[Key, float]:
    """What a community's own categories teach at once: their words count as much as their examples need to be heard."""
    found: dict[Key, float] = {}
    for category in categories:
        words = [fold(weighed(word)[0]) for topic in category.topics for word in topic.signs]
        for example in map(fold, category.examples):
            word = max((word for word in words if word in example), key=len, default=None)
            missing = SURE - reader.stand(example)[REQUEST]
            if word and missing >= 0:
                found[word, REQUEST] = max(found.get((word, REQUEST), 0.0), min(missing + STEPS[0], ENOUGH))
    return found


@dataclass(frozen=True, slots=True)
class _Wish:
    word: str
    column: str
    sign: int
    seen: int

    @property
    def key(self) -> Key:
        return self.word, self.column


@dataclass(frozen=True, slots=True)
class _Trial:
    """One weight tried on all that holds the word."""

    weight: float
    better: int
    worse: int
    examples_better: int
    examples_worse: tuple[str, ...]

    @property
    def worth(self) -> int:
        """A shipped example was read by more people than one correction."""
        return self.better - self.worse + self.examples_better - 2 * len(self.examples_worse)


class _School:
    def __init__(
        self,
        corrections: Sequence[Correction],
        examples: Iterable[Labelled],
        reader: Reader,
        lessons: dict[Key, float],
    ) -> None:
        self._corrections = corrections
        self._examples = [(fold(one.text), one) for one in examples if not one.later]
        self._reader = reader
        self._read: dict[str, Correction] = {}
        self.lessons = lessons

    def wish(self, tried: set[Key]) -> _Wish | None:
        """What most of the corrections still read wrongly ask for."""
        counts: Counter[tuple[str, str, int]] = Counter()
        for one in self._corrections:
            if asked := _asked(one, self._sums(one, self.lessons)):
                counts.update((word, *asked) for word in one.words)
        wishes = [_Wish(*asked, seen) for asked, seen in counts.items() if seen >= LEAST and asked[:2] not in tried]
        return min(wishes, key=lambda wish: (-wish.seen, -len(wish.word), wish.word, wish.column), default=None)

    def best(self, wish: _Wish) -> Lesson | None:
        """The smallest weight that does the most good; None if none does enough."""
        mine = [one for one in self._corrections if one.holds(wish.word)]
        shipped = [self._shipped(folded, one) for folded, one in self._examples if wish.word in folded]
        steps = STEPS if wish.column == REQUEST else SHIFTS
        trials = [self._try(wish, wish.sign * step, mine, shipped) for step in steps]
        trial = max(trials, key=lambda trial: trial.worth)
        if trial.worth <= 0 or 2 * trial.better < LEAST:
            return None
        return Lesson(
            wish.word, wish.column, trial.weight, wish.seen, trial.better, trial.worse,
            trial.examples_better, trial.examples_worse,
        )  # fmt: skip

    def _try(self, wish: _Wish, weight: float, mine: Sequence[Correction], shipped: Sequence[Correction]) -> _Trial:
        after = {**self.lessons, wish.key: weight}
        changes, shown = list(self._changes(mine, after)), list(self._changes(shipped, after))
        worse = tuple(one.text for one, good in shown if not good)
        good = sum(good for _, good in changes)
        return _Trial(weight, good, len(changes) - good, len(shown) - len(worse), worse)

    def _changes(self, those: Iterable[Correction], after: Lessons) -> Iterator[tuple[Correction, bool]]:
        """Those that would be read otherwise, and whether rightly then."""
        for one in those:
            now = _asked(one, self._sums(one, after)) is None
            if now != (_asked(one, self._sums(one, self.lessons)) is None):
                yield one, now

    def _shipped(self, folded: str, one: Labelled) -> Correction:
        if one.id not in self._read:
            stand = self._reader.stand(one.text)
            self._read[one.id] = Correction(frozenset(), stand, one.is_request, one.category, folded)
        return self._read[one.id]

    @staticmethod
    def _sums(one: Correction, lessons: Lessons) -> dict[str, float]:
        sums = dict(one.stand)
        for (word, column), weight in lessons.items():
            if one.holds(word):
                sums[column] = sums.get(column, 0.0) + weight
        return sums


def _asked(one: Correction, sums: Mapping[str, float]) -> tuple[str, int] | None:
    """The column that ought to be more or less; None if it is read rightly."""
    if (sums[REQUEST] >= SURE) != one.request:
        return REQUEST, 1 if one.request else -1
    if not one.request or one.category is None:
        return None
    if one.category not in one.stand:  # nothing is learnt about it
        return None
    first = max((key for key in sums if key != REQUEST), key=lambda key: sums[key])
    return None if first == one.category else (one.category, 1)
