"""Reads one message: is it a request, of which kind and category, how urgent, where."""

import math
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from nlp import danger, learnt, lexicon, linear, places
from nlp.automaton import Automaton, Found, Hit, Match, Word
from nlp.danger import Danger
from nlp.delicacy import delicate
from nlp.glance import PLACED, Glance
from nlp.judgement import BASE, PIECE, Judgement, judge
from nlp.kinds import asked_kind, other_kind
from nlp.learnt import LATER, LEXICON, LONG, NO_LESSONS, REQUEST, URGENT, Lessons, Weights
from nlp.lexicon import Category, Topic
from nlp.spelling import fold
from nlp.words import cutter, edges, plain_words

READ: Final = 2000  # characters; what a person means stands at the beginning
SURE: Final = 0.0  # the natural logarithm of the odds that it is a request; register without asking
GREY: Final = -0.4  # from here on a message is worth one small question
# A few words that are clear by the lexicon ("停电了") hold too few pieces to be sure of: they are worth the question.
BRIEF: Final = 10  # characters, not counting the numbers of a flat before them
_NUMBERS: Final = "0123456789-# "
_CLEAR: Final = 2.4  # points of the lexicon
_LIKELY: Final = 1.8  # points of the lexicon, from which on its words are looked at twice
_DANGEROUS: Final = 1.5  # what a sure danger comes to, whatever else was said
_PRIVATE: Final = 0.6  # who writes to the bot alone wants something
_ADDRESSED: Final = 0.8
_WORKER: Final = -4.0
_LOUD: Final = 1000.0  # a trigger of danger passes the first look, whatever stands beside it
WINDOW: Final = 30  # minutes; later nobody knows what a fragment belongs to
_FRAGMENT: Final = 36  # characters; who writes more tells a story of their own
_URGENT: Final = 0.0  # the same logarithm, that somebody or something is in danger now
_TOLD: Final = 3  # pieces named for a category
_HITS: Final = 100  # a person says what is the matter within the first hundred words
_SHORT: Final = 2  # characters; longer words hardly arise by chance from the ends of two others


@dataclass(frozen=True, slots=True)
class Context:
    """What is known besides the text; everything is optional."""

    worker: bool = False  # the speaker works for the community: own notices and answers are no requests
    private: bool = False  # a 1:1 chat with the bot
    addressed: bool = False  # @bot, or a reply to the bot
    open_category: str | None = None  # of the sender's recent open case in this chat
    open_since: float = 0.0  # minutes since they spoke of it
    talk_category: str | None = None  # of the case anybody in this chat spoke of last
    talk_since: float = 0.0  # minutes


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
    ambiguous: tuple[str, ...] = ()  # of the places those that could be read another way
    delicate: str | None = None  # why not on a public card: person flat shop family illness minor poverty
    score: float = 0.0
    why: tuple[str, ...] = ()  # the words that decided, most weighty first
    title: str | None = None  # of the second-level topic
    fragment: bool = False  # a piece of the case that was being spoken of


NOWHERE: Final = Context()
NOTHING: Final = Reading(is_request=False, unsure=False, kind="chat")


class Reader:
    """Knows the words of one community; reads its messages, each by itself."""

    def __init__(
        self,
        place_names: Iterable[str] = (),
        categories: Iterable[Category] = (),
        weights: Weights | None = None,
        lessons: Lessons = NO_LESSONS,
    ) -> None:
        self._names = tuple(dict.fromkeys(name for name in place_names if name.strip()))
        self.categories: Mapping[str, Category] = lexicon.categories() | {each.key: each for each in categories}
        untaught = learnt.load() if weights is None else weights
        self._weights = untaught.taught(lessons)
        self.base = self  # the same without lessons
        self._signals = lexicon.signals()
        self._alarms = [
            (alarm, category.key, index)
            for category in self.categories.values()
            for index, topic in enumerate(category.topics)
            for alarm in topic.alarms
        ]
        self._glance = Glance(self._signals, self.categories)
        self._automaton = Automaton(self._words(), self._glance.worth, self._weights.rows, _LOUD)
        self._begin = self._weights.begin[0] if self._weights.begin else 0.0

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

    def taught(self, lessons: Lessons) -> "Reader":
        """The same with these lessons and no other."""
        if self.base is not self:
            return self.base.taught(lessons)
        if not lessons:
            return self
        reader = Reader(self._names, self.categories.values(), self._weights, lessons)
        reader.base = self
        return reader

    @property
    def version(self) -> str:
        """Of all that lessons stand upon: weights, words and how they are weighed."""
        known = f"{self._weights.version} {LEXICON} {self._automaton.fingerprint}"
        return f"{zlib.crc32(known.encode()):08x}"

    def words(self, text: str) -> frozenset[str]:
        """The dictionary's words in a text. What it takes for somebody's name is one only if the lexicon has it too."""
        found = plain_words(self._names)(fold(text[:READ]))
        return frozenset(word for word, is_name in found.items() if not is_name or self._has(word))

    def _has(self, word: str) -> bool:
        hits = self._automaton.sort(self._automaton.matches(word)).hits
        return [(hit.start, hit.end) for hit in hits] == [(0, len(word))]

    def read(self, text: str, context: Context = NOWHERE, *, curious: bool = True) -> Reading:
        """Who is not `curious` does not ask what mere talk is about: most messages are that, and looking costs."""
        text = text[:READ]
        folded = fold(text)
        matches = self._automaton.matches(folded)
        hasty = not curious and not _nearby(context)
        if hasty and self._is_talk(folded, matches, context, loud=True):
            return NOTHING
        dangers = self._automaton.dangers(matches)
        alarm = danger.speaks(folded, dangers) if dangers else None
        hasty = hasty and alarm is None
        if hasty and dangers and self._is_talk(folded, matches, context):
            return NOTHING
        found = self._automaton.sort(matches)
        spots = places.find(text, self._names) if found.marked("place") else ()
        judgement = self._judge(folded, found, PLACED if spots else 0.0)
        if spots and judgement.category:
            judgement.add("place", "place", PLACED)
        if hasty and self._is_talk(folded, matches, context, points=judgement.raw):
            return NOTHING
        grey = _grey(folded, judgement.raw)
        sums = self._hear(judgement, matches, len(folded))
        _apply(context, judgement)
        if alarm:
            _sound(alarm, judgement)
        category = None if alarm else self._continued(judgement, sums, len(folded), context)
        if category:
            reading = self._fragment(judgement, category, sums, spots)
        else:
            reading = self._explained(self._conclude(judgement, sums, alarm, spots, grey), judgement, matches)
        doubtful = places.ambiguous(text, self._names) if spots and "-" in folded else ()
        return replace(reading, ambiguous=doubtful) if doubtful else reading

    def _explained(self, reading: Reading, judgement: Judgement, matches: Iterable[Match]) -> Reading:
        """Where no word of the lexicon names the category, the pieces that speak for it most."""
        if reading.category in {None, judgement.category} or reading.category not in self._weights.columns:
            return reading
        column = self._weights.columns.index(reading.category)
        found = self._automaton.pieces(matches)
        pieces = sorted(
            {(row[column], piece) for piece, row in found if piece.isalpha() and len(piece) > 1}, reverse=True
        )
        spoke = tuple(f"{piece}→{reading.category} {weight:+.1f}" for weight, piece in pieces[:_TOLD] if weight > 0)
        return replace(reading, why=(*reading.why[:_TOLD], *spoke, *reading.why[_TOLD:]))

    def _is_talk(
        self,
        folded: str,
        matches: Sequence[Match],
        context: Context,
        *,
        loud: bool = False,
        points: float | None = None,
    ) -> bool:
        """Whether the lexicon's points, at most or as they are, leave it below what is worth a question.

        `loud`: not if there is any trigger of danger.
        """
        sound = self._automaton.sound(matches, len(folded), loud=loud) + self._begin
        if context.private or context.addressed:
            sound += _lift(context)
        if points is None:
            if sound + LEXICON * learnt.MOST < GREY:
                return True
            points = self._glance.most(*self._automaton.glance(matches))
        return sound + LEXICON * max(learnt.LEAST, min(points, learnt.MOST)) < _grey(folded, points)

    def _hear(self, judgement: Judgement, matches: Iterable[Match], length: int) -> dict[str, float]:
        """Adds what the pieces say to what the words said; the sums of all that was learnt."""
        judgement.temper(LEXICON, learnt.LEAST, learnt.MOST)
        pieces = self._automaton.pieces(matches)
        sums = self._weights.sums([row for _, row in pieces], length)
        share = min(1.0, LONG / max(length, 1))
        judgement.shares += [(row[0] * share, f"{piece}→{PIECE}") for piece, row in pieces if row[0]]
        judgement.raw += sums.get(REQUEST, 0.0)
        return sums

    def _continued(self, judgement: Judgement, sums: Mapping[str, float], length: int, context: Context) -> str | None:
        """The category of the case that a fragment belongs to: in 3号楼, [图片], 对就是那个."""
        if not _nearby(context) or context.worker or judgement.raw >= SURE or not sums or length > _FRAGMENT:
            return None
        own = context.open_since if context.open_category else None
        talk = context.talk_since if context.talk_category else own
        around = sum(self._weights.nearness.get(name, 0.0) for name in learnt.near(own, talk, length))
        if sums[LATER] + self._weights.nearness[learnt.SAID] * judgement.raw + around < 0:
            return None
        mine = own is not None and own <= WINDOW
        judgement.shares.append((around, "open case" if mine else "talk of a case"))
        return context.open_category if mine else context.talk_category

    def _judge(self, folded: str, found: Found, lift: float) -> Judgement:
        """What the lexicon says of it."""
        hits, alarms = found.hits[:_HITS], [self._alarms[index] for index in found.marked("alarm")]
        gates = {word.category for word in found.marks if word.role == "gate"}
        judgement = judge(folded, hits, self._signals, alarms, gates=gates)
        if judgement.raw + lift < _LIKELY:
            return judgement
        whole = list(self._whole(folded, hits))
        return judgement if len(whole) == len(hits) else judge(folded, whole, self._signals, alarms, gates=gates)

    def _whole(self, folded: str, hits: Iterable[Hit]) -> Iterator[Hit]:
        """The hits that are no accident of two neighbouring words (the 水电 in 风水电影)."""
        bounds = edges(cutter(self._names)(folded))
        for hit in hits:
            straddles = hit.start not in bounds and hit.end not in bounds and hit.end - hit.start <= _SHORT
            if not straddles:
                yield hit

    def _fragment(
        self, judgement: Judgement, category: str, sums: Mapping[str, float], spots: tuple[str, ...]
    ) -> Reading:
        return Reading(
            is_request=True,
            unsure=False,
            kind=_kind("consult" if "question" in judgement.roles else "report", sums),
            category=category,
            department=self._department(category, None),
            urgent=judgement.urgent,
            places=spots,
            score=_score(SURE),
            why=judgement.why,
            fragment=True,
        )

    def _conclude(
        self,
        judgement: Judgement,
        sums: Mapping[str, float],
        alarm: Danger | None,
        spots: tuple[str, ...],
        grey: float,
    ) -> Reading:
        sure, unsure = judgement.raw >= SURE, grey <= judgement.raw < SURE
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
        named = judgement.category
        category = self._ranked(judgement, sums)[0]
        if alarm and alarm.grade == "sure" and named:
            category = named
        topic = self._topic(judgement) if category == named else None
        return replace(
            reading,
            kind="help" if alarm and alarm.key in danger.HELP else _kind(asked_kind(judgement, topic), sums),
            category=category,
            department=self._department(category, topic),
            urgent=judgement.urgent or sums.get(URGENT, -math.inf) >= _URGENT,
            delicate=delicate(category, spots, judgement),
            title=_title(topic, alarm, category),
        )

    def _ranked(self, judgement: Judgement, sums: Mapping[str, float]) -> list[str]:
        """The categories, the likeliest first."""
        likely = self._likely(judgement, sums)
        return sorted(likely, key=lambda key: -likely[key]) or ["other"]

    def _likely(self, judgement: Judgement, sums: Mapping[str, float]) -> dict[str, float]:
        """How much speaks for each category. A community's own goes by its words alone, and these decide."""
        said = dict(zip(judgement.ranked, learnt.NAMED, strict=False))
        likely = {key: sums[key] + said.get(key, 0.0) for key in self.categories if key in sums}
        own = [key for key in judgement.ranked if key not in sums]
        first = max(likely.values(), default=0.0)
        return likely | {key: first + len(own) - place for place, key in enumerate(own)}

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
        judgement, sums = self.weigh(text)
        return self._ranked(judgement, sums)

    def weigh(self, text: str) -> tuple[Judgement, dict[str, float]]:
        """What the lexicon says of a message, and what was learnt; for fitting and for measuring."""
        folded = fold(text[:READ])
        matches = self._automaton.matches(folded)
        spots = places.find(text[:READ], self._names)
        judgement = self._judge(folded, self._automaton.sort(matches), PLACED if spots else 0.0)
        if spots and judgement.category:
            judgement.add("place", "place", PLACED)
        return judgement, self._weights.sums((row for _, row in self._automaton.pieces(matches)), len(folded))

    def stand(self, text: str) -> dict[str, float]:
        """How a message stands by itself: how much speaks for a request, and for each category."""
        judgement, sums = self.weigh(text)
        judgement.temper(LEXICON, learnt.LEAST, learnt.MOST)
        return {**self._likely(judgement, sums), REQUEST: judgement.raw + sums.get(REQUEST, 0.0)}

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


def _grey(folded: str, points: float) -> float:
    """From where on a message is worth a question; a few clear words are, however little else is said."""
    if points < _CLEAR or (len(folded) > BRIEF and len(folded.lstrip(_NUMBERS)) > BRIEF):
        return GREY
    return GREY - LEXICON * (learnt.MOST - min(points, learnt.MOST))


def _nearby(context: Context) -> bool:
    """Whether a case was spoken of so lately that this may belong to it."""
    mine = context.open_category is not None and context.open_since <= WINDOW
    return mine or (context.talk_category is not None and context.talk_since <= WINDOW)


def _kind(words: str, sums: Mapping[str, float]) -> str:
    """The kind by the lexicon's words, unless the pieces speak louder for another."""
    return max(learnt.KINDS, key=lambda kind: sums.get(kind, 0.0) + (learnt.KIND if kind == words else 0.0))


def _sound(alarm: Danger, judgement: Judgement) -> None:
    """A sure danger is an urgent request whatever else was said."""
    if alarm.grade != "sure":
        return
    judgement.add(alarm.label, "danger", max(_DANGEROUS - judgement.raw, 0.0))
    categories = danger.BY_KEY[alarm.key].categories
    if judgement.category not in categories:
        judgement.category, judgement.topic = categories[0], None
    judgement.urgent = True


def _title(topic: Topic | None, alarm: Danger | None, category: str) -> str | None:
    if alarm and category == danger.BY_KEY[alarm.key].categories[0]:
        return danger.BY_KEY[alarm.key].title
    return topic.title if topic else None


def _lift(context: Context) -> float:
    return _PRIVATE * context.private + _ADDRESSED * context.addressed


def _apply(context: Context, judgement: Judgement) -> None:
    shares = (("private", _PRIVATE * context.private), ("addressed", _ADDRESSED * context.addressed))
    for name, weight in (*shares, ("worker", _WORKER * context.worker)):
        if weight and (judgement.raw or context.addressed):
            judgement.add(name, "context", weight)


def _score(raw: float) -> float:
    """The probability that it is a request, as far as the examples tell."""
    return 1 / (1 + math.exp(-max(min(raw, 30.0), -30.0)))
