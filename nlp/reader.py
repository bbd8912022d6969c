"""Reads one message: is it a request, of which kind and category, how urgent, where."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from nlp import danger, lexicon, linear, places
from nlp.automaton import Automaton, Found, Hit, Word
from nlp.danger import Danger
from nlp.delicacy import delicate
from nlp.glance import ALARMING, GREY, PLACED, REMARKABLE, Glance
from nlp.judgement import BASE, Judgement, judge
from nlp.kinds import asked_kind, other_kind
from nlp.lexicon import Category, Topic
from nlp.spelling import fold
from nlp.words import cutter, edges

READ: Final = 2000  # characters; what a person means stands at the beginning
SURE: Final = 2.4  # register without asking
_PRIVATE: Final = 0.6  # who writes to the bot alone wants something
_ADDRESSED: Final = 0.8
_WORKER: Final = -4.0
_STEEPNESS: Final = 1.5
_FRAGMENT: Final = 30  # characters; a longer message speaks for itself
_FRAGMENT_SCORE: Final = 0.75
_NO_FRAGMENT: Final = frozenset({
    "solved", "thanks", "answer", "notice", "ad", "neighbour", "elsewhere", "joke", "bystander", "homely", "negation",
})  # fmt: skip
_HITS: Final = 100  # a person says what is the matter within the first hundred words
_SHORT: Final = 2  # characters; longer words hardly arise by chance from the ends of two others


@dataclass(frozen=True, slots=True)
class Context:
    """What is known besides the text; everything is optional."""

    worker: bool = False  # the speaker works for the community: own notices and answers are no requests
    private: bool = False  # a 1:1 chat with the bot
    addressed: bool = False  # @bot, or a reply to the bot
    open_category: str | None = None  # of the sender's recent open case in this chat
    talk_category: str | None = None  # of the case the group is talking of just now


@dataclass(frozen=True, slots=True)
class Reading:
    is_request: bool  # sure enough to register without asking
    unsure: bool  # worth one small question; never together with is_request
    kind: str  # report help consult suggest urge | praise chat ad rumor
    category: str | None = None  # for requests and unsure
    department: str | None = None  # with category
    urgent: bool = False
    danger: Danger | None = None
    places: tuple[str, ...] = ()
    delicate: str | None = None  # why not on a public card: person flat shop family illness minor poverty
    score: float = 0.0
    why: tuple[str, ...] = ()  # the words that decided, most weighty first
    title: str | None = None  # of the second-level topic


NOWHERE: Final = Context()
NOTHING: Final = Reading(is_request=False, unsure=False, kind="chat")


class Reader:
    """Knows the words of one community; reads its messages, each by itself."""

    def __init__(self, place_names: Iterable[str] = (), categories: Iterable[Category] = ()) -> None:
        self._names = tuple(dict.fromkeys(name for name in place_names if name.strip()))
        self.categories: Mapping[str, Category] = lexicon.categories() | {each.key: each for each in categories}
        self._signals = lexicon.signals()
        self._alarms = [
            (alarm, category.key, index)
            for category in self.categories.values()
            for index, topic in enumerate(category.topics)
            for alarm in topic.alarms
        ]
        self._glance = Glance(self._signals, self.categories)
        self._automaton = Automaton(self._words(), self._glance.worth)

    def _words(self) -> Iterator[Word]:
        for category in self.categories.values():
            for index, topic in enumerate(category.topics):
                for role, base in BASE.items():
                    for text, weight in map(lexicon.weighed, getattr(topic, role)):
                        yield Word(text, role, weight or base, category.key, index)
        for signal in self._signals.values():
            yield from (Word(text, signal.name, signal.weight) for text in signal.words)
            yield from (Word(text, "gate", category=signal.name) for text in signal.gate)
        for index, rule in enumerate(danger.RULES):
            yield from (Word(text, "danger", index=index) for text in rule.triggers)
        for index, (alarm, _, _) in enumerate(self._alarms):
            yield from (Word(text, "alarm", BASE["urgent"], index=index) for text in alarm.words)
        yield from (Word(text, "place") for text in (*places.CUES, *self._names))

    def read(self, text: str, context: Context = NOWHERE, *, curious: bool = True) -> Reading:
        """Who is not `curious` does not ask what mere talk is about: most messages are that, and looking costs."""
        text = text[:READ]
        folded = fold(text)
        matches = self._automaton.matches(folded)
        reach, flags = self._automaton.glance(matches)
        asks = _spoken_to(context) or self._glance.may_ask(reach, flags)
        if not (asks or flags & (REMARKABLE if curious else ALARMING)):
            return NOTHING
        found = self._automaton.sort(matches)
        asks = _spoken_to(context) or (asks and self._glance.may_ask(*self._automaton.glance(found.kept)))
        alarm = danger.speaks(folded, found.marked("danger"))
        speaks = asks or alarm is not None
        spots = places.find(text, self._names) if (speaks or curious) and found.marked("place") else ()
        return self._weigh(folded, found, context, alarm, spots) if speaks else _talk(found, spots)

    def _weigh(
        self, folded: str, found: Found, context: Context, alarm: Danger | None, spots: tuple[str, ...]
    ) -> Reading:
        lift = _lift(context) + (PLACED if spots else 0.0)
        judgement = self._judge(folded, found, lift, thorough=context.open_category is not None)
        if spots and judgement.category:
            judgement.add("place", "place", PLACED)
        _apply(context, judgement)
        if alarm:
            _sound(alarm, judgement)
        if not alarm and _is_fragment(folded, judgement, spots, context):
            return self._fragment(judgement, spots, context)
        return self._conclude(judgement, alarm, spots)

    def _judge(self, folded: str, found: Found, lift: float, *, thorough: bool) -> Judgement:
        hits, alarms = found.hits[:_HITS], [self._alarms[index] for index in found.marked("alarm")]
        gates = {word.category for word in found.marks if word.role == "gate"}
        judgement = judge(folded, hits, self._signals, alarms, gates=gates, thorough=thorough)
        if judgement.raw + lift < GREY:
            return judgement
        return judge(folded, list(self._whole(folded, hits)), self._signals, alarms, gates=gates)

    def _whole(self, folded: str, hits: Iterable[Hit]) -> Iterator[Hit]:
        """The hits that are no accident of two neighbouring words (the 水电 in 风水电影)."""
        bounds = edges(cutter(self._names)(folded))
        for hit in hits:
            straddles = hit.start not in bounds and hit.end not in bounds and hit.end - hit.start <= _SHORT
            if not straddles:
                yield hit

    def _fragment(self, judgement: Judgement, spots: tuple[str, ...], context: Context) -> Reading:
        """A piece of the sender's open case: 在3号楼, [图片], 对就是那个."""
        category = context.open_category or ""
        return Reading(
            is_request=True,
            unsure=False,
            kind="consult" if "question" in judgement.roles else "report",
            category=category,
            department=self._department(category, None),
            urgent=judgement.urgent,
            places=spots,
            score=_FRAGMENT_SCORE,
            why=("open case", *judgement.why),
        )

    def _conclude(self, judgement: Judgement, alarm: Danger | None, spots: tuple[str, ...]) -> Reading:
        sure, unsure = judgement.raw >= SURE, GREY <= judgement.raw < SURE
        reading = Reading(
            is_request=sure,
            unsure=unsure,
            kind=other_kind(judgement.roles),
            danger=alarm,
            places=spots,
            score=_score(judgement.raw),
            why=judgement.why,
        )
        if not (sure or unsure):
            return reading
        category = judgement.category or "other"
        topic = self._topic(judgement)
        return replace(
            reading,
            kind="help" if alarm and alarm.key in danger.HELP else asked_kind(judgement, topic),
            category=category,
            department=self._department(category, topic),
            urgent=judgement.urgent,
            delicate=delicate(category, spots, judgement),
            title=_title(topic, alarm, category),
        )

    def _topic(self, judgement: Judgement) -> Topic | None:
        if judgement.category is None or judgement.topic is None:
            return None
        topics = self.categories[judgement.category].topics
        return topics[judgement.topic] if topics else None

    def _department(self, category: str, topic: Topic | None) -> str | None:
        if topic and topic.department:
            return topic.department
        return self.categories[category].department if category in self.categories else None

    @staticmethod
    def department_of(text: str) -> str:
        """Which of seven departments a formal petition is for, by weights learnt from the titles of many."""
        model = linear.load("departments")
        scores = model.scores(fold(text[:READ]))
        return model.classes[scores.index(max(scores))]

    def rank(self, text: str) -> list[str]:
        """The categories a message may be of, the likeliest first, whether or not it is a request."""
        folded = fold(text[:READ])
        found = self._automaton.sort(self._automaton.matches(folded))
        ranked = self._judge(folded, found, 0.0, thorough=True).ranked
        return [*ranked, *({"other"} - {*ranked})]

    def warm(self) -> None:
        """Loads the segmenter; for a thread of its own at the start, else the first request waits for it."""
        cutter(self._names)("")

    def category_label(self, key: str) -> str:
        return self.categories[key].label if key in self.categories else key

    def find_category(self, words: str) -> str | None:
        """By key (facility), by label (公共设施), or by a word of the lexicon (电梯)."""
        wanted = fold(words).strip()
        named = {each.key: each.key for each in self.categories.values()} | {
            each.label: each.key for each in self.categories.values()
        }
        if wanted in named:
            return named[wanted]
        found = self._automaton.sort(self._automaton.matches(wanted))
        return judge(wanted, found.hits, self._signals).category

    def subject(self, reading: Reading, text: str) -> str:
        """A short title for the card, from the lexicon only, never the resident's words."""
        title = reading.title or self.read(text).title
        return title or self.category_label(reading.category or "other")


def _spoken_to(context: Context) -> bool:
    return context.private or context.addressed or context.open_category is not None


def _sound(alarm: Danger, judgement: Judgement) -> None:
    """A sure danger is an urgent request whatever else was said."""
    if alarm.grade != "sure":
        return
    judgement.add(alarm.label, "danger", max(SURE + 1.0 - judgement.raw, 0.0))
    categories = danger.BY_KEY[alarm.key].categories
    if judgement.category not in categories:
        judgement.category, judgement.topic = categories[0], None
    judgement.urgent = True


def _title(topic: Topic | None, alarm: Danger | None, category: str) -> str | None:
    if alarm and category == danger.BY_KEY[alarm.key].categories[0]:
        return danger.BY_KEY[alarm.key].title
    return topic.title if topic else None


def _talk(found: Found, spots: tuple[str, ...]) -> Reading:
    kind = other_kind({word.role for hit in found.hits for word in hit.words})
    return Reading(is_request=False, unsure=False, kind=kind, places=spots)


def _lift(context: Context) -> float:
    return _PRIVATE * context.private + _ADDRESSED * context.addressed


def _apply(context: Context, judgement: Judgement) -> None:
    shares = (("private", _PRIVATE * context.private), ("addressed", _ADDRESSED * context.addressed))
    for name, weight in (*shares, ("worker", _WORKER * context.worker)):
        if weight and (judgement.raw or context.addressed):
            judgement.add(name, "context", weight)


def _is_fragment(folded: str, judgement: Judgement, spots: tuple[str, ...], context: Context) -> bool:
    if not context.open_category or context.worker or judgement.raw >= SURE or len(folded) > _FRAGMENT:
        return False
    speaks = bool(spots) or "fragment" in judgement.roles
    return speaks and not judgement.roles & _NO_FRAGMENT


def _score(raw: float) -> float:
    """Between 0 and 1, rising with the sum; 0.5 lies in the middle of the grey band."""
    return 1 / (1 + math.exp(-_STEEPNESS * (raw - (SURE + GREY) / 2)))
