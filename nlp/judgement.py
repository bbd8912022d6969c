"""Adds up what was found in a message: a transparent sum in which every share has a name."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from nlp.automaton import Hit, Word
from nlp.danger import framed, hushed
from nlp.lexicon import Alarm, Signal

BASE: Final = {"objects": 1.0, "troubles": 1.3, "signs": 2.6, "urgent": 2.8, "asks": 1.0}
_QUOTED: Final = 4  # characters of a pattern's match that are named; never the message
_ASKING: Final = frozenset({"question", "wondering", "ask"})
_PARTICLES: Final = ("吗", "不", "没", "么")  # 上班吗 asks by itself
_NEAR: Final = 10  # characters between a thing and its trouble, so that they speak of each other
_SECOND: Final = 0.3  # what a second word of a kind adds, as a share of its weight
_LEAST: Final = 0.3  # below it a topic was hardly named
_SOME: Final = 20  # matches of a signal that are looked at
_SECONDS: Final = 2  # and of an alarm
_ALONE: Final = 0.6  # support without any subject is worth less
_AUDIBLE: Final = 0.05  # what is rounded to nothing is not told
_TOLD: Final = 8  # shares
_SPOKEN: Final = 2  # characters of a piece that says anything to a reader
_DIGIT: Final = re.compile(r"\d")
PIECE: Final = "request"  # the role of what the learnt pieces say
ASKED: Final = 1.2  # a question about something people come to ask about
_MENTIONED: Final = 0.6  # the same thing without a question
_APART: Final = 0.5  # a thing and a trouble that stand far from each other


Raised = tuple[Alarm, str, int]  # an alarm whose words were found, the category and topic it speaks for


@dataclass(frozen=True, slots=True)
class Said:
    """One meaning at its place in the message."""

    word: Word
    start: int
    end: int


@dataclass(slots=True)
class Judgement:
    raw: float = 0.0
    category: str | None = None
    topic: int | None = None  # of the category, if one was named
    ranked: list[str] = field(default_factory=list)  # categories, the one for which the most was said first
    urgent: bool = False
    roles: set[str] = field(default_factory=set)  # of everything that spoke
    shares: list[tuple[float, str]] = field(default_factory=list)

    def add(self, word: str, role: str, weight: float) -> None:
        self.raw += weight
        self.shares.append((weight, f"{word}→{role}"))

    def temper(self, factor: float, least: float, most: float) -> None:
        """Makes points of the lexicon a part of a greater sum."""
        tempered = factor * max(least, min(self.raw, most))
        part = tempered / self.raw if self.raw else 0.0
        self.shares = [(weight * part, name) for weight, name in self.shares]
        self.raw = tempered

    @property
    def why(self) -> tuple[str, ...]:
        """The heaviest shares by their names. They are kept with the case: few, and never the message piece by piece.

        Alike ones are added up; a piece within one that is told already, of one character or with a digit, is not told.
        """
        sums: dict[str, float] = {}
        for weight, name in self.shares:
            sums[name] = sums.get(name, 0.0) + weight
        told: list[str] = []
        words: list[str] = []
        for name, weight in sorted(sums.items(), key=lambda item: -abs(item[1])):
            word, _, role = name.rpartition("→")
            if abs(weight) < _AUDIBLE or len(told) >= _TOLD:
                break
            if role == PIECE and (len(word) < _SPOKEN or _DIGIT.search(word) or any(word in each for each in words)):
                continue
            words.append(word)
            told.append(f"{name} {weight:+.1f}")
        return tuple(told)


def judge(
    folded: str,
    hits: Sequence[Hit],
    signals: Mapping[str, Signal],
    alarms: Iterable[Raised] = (),
    *,
    gates: Set[str] = frozenset(),
) -> Judgement:
    """`gates` are the signals whose gate words were found."""
    said = [Said(word, hit.start, hit.end) for hit in hits for word in hit.words]
    said += _alarmed(folded, alarms)
    said = _earnest(folded, said)
    tried = [each for each in signals.values() if each.patterns and _opened(each, gates)]
    general = _general(folded, said, signals, tried)
    judgement = Judgement()
    _subject([each for each in said if each.word.role in BASE], general, judgement)
    _lift(general, signals, judgement)
    judgement.roles |= general.keys()
    _weigh(general, signals, judgement)
    return judgement


def _lift(general: dict[str, list[Said]], signals: Mapping[str, Signal], judgement: Judgement) -> None:
    """Takes away the guards that something else in the message contradicts."""
    spoken = judgement.roles | general.keys() | {judgement.category}
    for name in [name for name in general if signals[name].lifted_by & spoken]:
        del general[name]


def _earnest(folded: str, said: Sequence[Said]) -> list[Said]:
    """Without the words of danger that a guard silences."""
    urgent = [each for each in said if each.word.role == "urgent"][:_SOME]
    if not urgent:
        return list(said)
    earnest = () if framed(folded) else [each for each in urgent if not hushed(folded, each.start, each.end)]
    return [*(each for each in said if each.word.role != "urgent"), *earnest]


def _alarmed(folded: str, alarms: Iterable[Raised]) -> Iterator[Said]:
    for alarm, category, index in alarms:
        for match in islice(alarm.pattern.finditer(folded), _SECONDS):
            word = Word(match[0][:_QUOTED], "urgent", BASE["urgent"], category, index)
            yield Said(word, match.start(), match.end())


def _general(
    folded: str, said: Iterable[Said], signals: Mapping[str, Signal], tried: Iterable[Signal]
) -> dict[str, list[Said]]:
    """What speaks whatever the subject is, by the name of the signal."""
    found: dict[str, list[Said]] = {}
    for each in said:
        signal = signals.get(each.word.role)
        if signal and signal.stands(folded, each.start, each.end):
            found.setdefault(signal.name, []).append(each)
    for signal in tried:
        for match in islice(_matches(signal, folded), _SOME):
            word = Word(match[0][:_QUOTED], signal.name, signal.weight)
            found.setdefault(signal.name, []).append(Said(word, match.start(), match.end()))
    return found


def _opened(signal: Signal, gates: Set[str]) -> bool:
    return not signal.gate or signal.name in gates


def _matches(signal: Signal, folded: str) -> Iterator[re.Match[str]]:
    return (match for pattern in signal.patterns for match in pattern.finditer(folded))


@dataclass(slots=True)
class _Topic:
    """What was said about one topic."""

    category: str
    index: int
    shares: list[tuple[str, float]]
    roles: set[str]

    @property
    def weight(self) -> float:
        return sum(weight for _, weight in self.shares)


def _subject(said: Sequence[Said], general: Mapping[str, Sequence[Said]], judgement: Judgement) -> None:
    """The category for which the most was said, and its share of the sum."""
    keys = sorted({(each.word.category, each.word.index) for each in said if each.word.role != "troubles"})
    topics = [_topic([each for each in said if (each.word.category, each.word.index) == key], general) for key in keys]
    strengths = {topic.category: _strength(topic.category, topics, said) for topic in topics}
    judgement.ranked = sorted(strengths, key=lambda key: strengths[key], reverse=True)
    best = judgement.ranked[0] if topics else None
    topic = max((each for each in topics if each.category == best), key=lambda each: each.weight, default=None)
    if topic is None or topic.weight < _LEAST:
        for word, weight in _shares(general.get("trouble", ()), _APART):
            judgement.add(word, "trouble", weight)
        return
    judgement.category, judgement.topic = topic.category, topic.index
    judgement.urgent = any(each.word.role == "urgent" for each in said)
    judgement.roles |= topic.roles
    for word, weight in topic.shares:
        judgement.add(word, topic.category, weight)


def _strength(category: str, topics: Iterable[_Topic], said: Iterable[Said]) -> tuple[float, int]:
    """The best topic in full, the others in part; of two equally strong the one named first."""
    weights = sorted((topic.weight for topic in topics if topic.category == category), reverse=True)
    first = min(each.start for each in said if each.word.category == category)
    return weights[0] + _SECOND * sum(weights[1:2]), -first


def _topic(said: Sequence[Said], general: Mapping[str, Sequence[Said]]) -> _Topic:
    by_role = {role: [each for each in said if each.word.role == role] for role in BASE}
    topic = _Topic(said[0].word.category, said[0].word.index, [], {each.word.role for each in said})
    for role in ("urgent", "signs", "objects"):
        topic.shares += _shares(by_role[role], 1.0)
    _add_trouble(topic, by_role, general)
    if by_role["asks"] and not topic.roles & {"signs", "urgent", "trouble"}:
        _add_question(topic, by_role, asking=bool(_ASKING & general.keys()))
    return topic


def _add_trouble(topic: _Topic, by_role: Mapping[str, list[Said]], general: Mapping[str, Sequence[Said]]) -> None:
    things = [*by_role["objects"], *by_role["signs"], *by_role["asks"]]
    if not things:
        return
    spans = {(thing.start, thing.end) for thing in things}  # one word is not a thing and its trouble at once
    amiss = [
        each for each in (*by_role["troubles"], *general.get("trouble", ())) if (each.start, each.end) not in spans
    ]
    close = _shares(_near(amiss, things), 1.0)
    apart = [
        each for each in general.get("soft", ()) if all(_gap(each, thing) >= 0 for thing in things)
    ]  # not the 响 of 音响
    weighty = max((thing.word.weight for thing in by_role["objects"]), default=0.0)
    faint = _shares(_near(apart, by_role["objects"]), min(weighty, 1.0))  # 孩子没 says less than 电梯没
    topic.shares += close or faint or _shares(amiss, _APART)
    topic.roles |= {"trouble"} if amiss else set()


def _add_question(topic: _Topic, by_role: Mapping[str, list[Said]], *, asking: bool) -> None:
    strongest = max(by_role["asks"], key=lambda each: each.word.weight).word
    if asking or strongest.text.endswith(_PARTICLES):
        topic.shares = [*_shares(by_role["asks"], 1.0), ("?", ASKED * min(strongest.weight, 1.0))]
        topic.roles.add("asked")
    elif not by_role["objects"]:
        topic.shares += _shares(by_role["asks"], _MENTIONED)


def _near(said: Iterable[Said], things: Sequence[Said]) -> list[Said]:
    return [each for each in said if any(_gap(each, thing) <= _NEAR for thing in things)]


def _gap(one: Said, other: Said) -> int:
    return max(one.start - other.end, other.start - one.end)


def _shares(said: Sequence[Said], factor: float) -> list[tuple[str, float]]:
    """The weightiest in full, the second in part, no more: length is no proof."""
    if not said:
        return []
    ranked = sorted({each.word.text: each.word.weight for each in said}.items(), key=lambda item: -abs(item[1]))
    parts = zip(ranked, (1.0, _SECOND), strict=False)
    return [(text, weight * factor * part) for (text, weight), part in parts]


def _weigh(general: Mapping[str, Sequence[Said]], signals: Mapping[str, Signal], judgement: Judgement) -> None:
    """What supports a request counts less without a subject; what speaks against it always counts."""
    factor = 1.0 if judgement.category or judgement.roles & {"trouble"} else _ALONE
    for name, said in general.items():
        if name in ("trouble", "soft"):
            continue
        for word, weight in _shares(said, 1.0 if signals[name].weight < 0 else factor):
            judgement.add(word, name, weight)
