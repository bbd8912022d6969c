"""The first look at a message: how much could its words say for a request? Most talk is never looked at closer."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from nlp.automaton import Word
from nlp.judgement import ASKED
from nlp.lexicon import Category, Signal

PLACED: Final = 0.4  # what a place adds to a subject
_AMISS: Final = 1.7  # the most that troubles add to their thing
_FAINT: Final = 1.3  # the same of single characters, as a share of the thing

_PLACE, _ASKS, _THING = (1 << bit for bit in range(3))
_BASE: Final = 3  # the flags above, then one per signal, one per topic for its things, one for its troubles
_FLAGS: Final = {
    "place": _PLACE, "asks": _ASKS | _THING, "objects": _THING, "signs": _THING, "urgent": _THING, "alarm": _THING,
}  # fmt: skip
_APART: Final = frozenset({"soft", "trouble"})  # counted with the thing they stand beside


class Glance:
    """Never says less than the judgement would: every share is taken at its most."""

    def __init__(self, signals: Mapping[str, Signal], categories: Mapping[str, Category]) -> None:
        self._signals = {name: (1 << (_BASE + bit), max(signals[name].weight, 0.0)) for bit, name in enumerate(signals)}
        topics = [(each.key, index) for each in categories.values() for index in range(len(each.topics))]
        first = _BASE + len(signals)
        self._things = {topic: 1 << (first + bit) for bit, topic in enumerate(topics)}
        self._shift = len(topics)
        self._all = (1 << len(signals)) - 1
        self._mine = ((1 << len(topics)) - 1) << first
        self._soft, self._trouble = self._signals["soft"][0], self._signals["trouble"][0]
        self._most = lru_cache(maxsize=4096)(self._sum)

    def worth(self, words: Iterable[Word]) -> tuple[float, int]:
        """What the words of one spelling add to a subject at most, and the flags they raise."""
        best: dict[str, float] = {}
        flags = 0
        for word in words:
            flags |= _FLAGS.get(word.role, 0) | self._flag(word)
            if _FLAGS.get(word.role, 0) & _THING:
                best[word.role] = max(best.get(word.role, 0.0), word.weight)
        return sum(best.values()), flags

    def _flag(self, word: Word) -> int:
        if word.role == "troubles":
            return self._things[word.category, word.index] << self._shift
        if word.role == "gate":
            return self._signals[word.category][0]
        signal = self._signals.get(word.role)
        return signal[0] if signal else self._things.get((word.category, word.index), 0)

    def most(self, reach: float, flags: int) -> float:
        """What the lexicon's judgement could come to at most."""
        general = self._most(flags >> _BASE & self._all)
        amiss = flags & self._trouble or flags & self._mine & flags >> self._shift
        if not flags & _THING:
            return general + (_AMISS if amiss else 0.0)
        if amiss:
            reach += _AMISS
        elif flags & self._soft:
            reach += _FAINT * min(reach, 1.0)
        if flags & _ASKS:
            reach += ASKED
        return reach + general + (PLACED if flags & _PLACE else 0.0)

    def _sum(self, spoken: int) -> float:
        flags = spoken << _BASE
        return sum(weight for name, (bit, weight) in self._signals.items() if flags & bit and name not in _APART)
