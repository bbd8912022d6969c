"""`gridbot evaluate`: how well the reader reads labelled messages, each task with its own figure and interval."""

import csv
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from handlers.beforehand import JOINING
from nlp.labelled import Labelled, Unusable, messages
from nlp.likeness import groups
from nlp.places import building, near
from nlp.reader import NOWHERE, Context, Reader, Reading

Z = 1.96  # of a 95 % interval
RECALL = 0.75  # at which false catches are counted
CODES = re.compile(r"[A-Z]\d*[市县区]|西地省")  # stand for names in the titles of petitions
RARE = 0.01  # the share of requests in real groups
STAFF = re.compile(
    "网格员|物业|物管|管家|社区|居委|村委|社工|换热站|热力小|环卫|园林|宿管|楼管|后勤|民政|保安"
)  # in a name
WORST = 12  # errors shown of each kind


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# -- figures ----------------------------------------------------------------------------------------------------------


def wilson(count: int, whole: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    if not whole:
        return 0.0, 1.0
    share, spread = count / whole, Z * Z / whole
    middle = (share + spread / 2) / (1 + spread)
    half = Z * math.sqrt(share * (1 - share) / whole + spread / whole / 4) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


class Hits(NamedTuple):
    """What was caught rightly, caught wrongly, and missed."""

    right: int
    wrong: int
    missed: int

    @property
    def f1(self) -> float:
        return 2 * self.right / ((2 * self.right + self.wrong + self.missed) or 1)

    @property
    def f1_interval(self) -> tuple[float, float]:
        """F1 = 2J / (1 + J), where J, what was rightly caught of all that was caught or missed, is a share."""
        low, high = wilson(self.right, sum(self))
        return 2 * low / (1 + low), 2 * high / (1 + high)

    def __str__(self) -> str:
        precision = share(self.right, self.right + self.wrong)
        recall = share(self.right, self.right + self.missed)
        low, high = self.f1_interval
        return f"precision {precision}  recall {recall}  F1 {self.f1:.3f} [{low:.3f}–{high:.3f}]"


def share(count: int, whole: int) -> str:
    """ "0.850 [0.790–0.897] (102/120)"."""
    low, high = wilson(count, whole)
    return f"{count / whole if whole else 0:.3f} [{low:.3f}–{high:.3f}] ({count}/{whole})"


def hits(rows: Iterable[tuple[bool, bool]]) -> Hits:
    """Of pairs of what it is and what it was taken for."""
    counts = Counter(rows)
    return Hits(counts[True, True], counts[False, True], counts[True, False])


def macro_f1(pairs: Sequence[tuple[str, str | None]]) -> float:
    """The mean of the F1 of every class that occurs."""
    classes = sorted({true for true, _ in pairs})
    return sum(hits((true == one, taken == one) for true, taken in pairs).f1 for one in classes) / (len(classes) or 1)


class Point(NamedTuple):
    """At one threshold of the score."""

    recall: float
    false: float  # catches per 1,000 that are none
    precision: float  # were requests as rare as RARE


def at_recall(scored: Sequence[tuple[float, bool]], wanted: float) -> Point | None:
    """The strictest threshold that still finds so many."""
    whole, rest = sum(true for _, true in scored), sum(not true for _, true in scored)
    right = wrong = 0
    ordered = sorted(scored, key=lambda one: -one[0])
    for place, (score, true) in enumerate(ordered):
        right, wrong = right + true, wrong + (not true)
        tied = place + 1 < len(ordered) and ordered[place + 1][0] == score
        if whole and rest and not tied and right / whole >= wanted:
            recall, false = right / whole, wrong / rest
            return Point(recall, 1000 * false, recall * RARE / (recall * RARE + false * (1 - RARE)))
    return None


# -- reading ----------------------------------------------------------------------------------------------------------


class Talk:
    """What is known of a group as its messages come in, taking every earlier message for what it is.

    A bot knows by their role who works there; here the name tells it.
    """

    def __init__(self) -> None:
        self._own: dict[tuple[str, str], Labelled] = {}
        self._group: dict[str, Labelled] = {}

    def context(self, one: Labelled) -> Context:
        own, talk = self._own.get((one.group, one.sender)), self._group.get(one.group)
        return Context(
            worker=bool(STAFF.search(one.sender)),
            open_category=own.category if own else None,
            open_since=_minutes(own, one),
            talk_category=talk.category if talk else None,
            talk_since=_minutes(talk, one),
        )

    def note(self, one: Labelled) -> None:
        if one.case and one.category:
            self._own[one.group, one.sender] = self._group[one.group] = one


def _minutes(earlier: Labelled | None, later: Labelled) -> float:
    return (later.at - earlier.at).total_seconds() / 60 if earlier else 0.0


def in_talk(rows: Iterable[Labelled], reader: Reader) -> Iterator[tuple[Labelled, Reading]]:
    talk = Talk()
    for one in rows:
        yield one, reader.read(one.text, talk.context(one))
        talk.note(one)


def caught(reading: Reading) -> bool:
    return reading.is_request


# -- what is printed --------------------------------------------------------------------------------------------------


def of_file(path: Path, reader: Reader) -> Iterator[str]:
    """Raises Unusable for what is neither."""
    yield f"== {path.name}"
    if path.suffix != ".csv":
        yield from of_messages(messages(path), reader)
        return
    rows = table(path)
    columns = rows[0].keys() if rows else set()
    if {"title", "department"} <= columns:
        yield from of_titles([(row["title"], row["department"]) for row in rows], reader)
    elif {"title", "issue"} <= columns:
        yield from of_issues([(row["title"], row["issue"]) for row in rows])
    elif "text" in columns:
        yield from of_talk([row["text"] for row in rows], reader)
    else:
        raise Unusable(f"{path}: no columns title and department, title and issue, or text")


def of_messages(rows: Sequence[Labelled], reader: Reader) -> Iterator[str]:
    """A line for each figure, and the worst mistakes."""
    read = read_all(rows, reader)
    yield from figures(read)
    yield from _worst(read.alone)


Pairs = Sequence[tuple[Labelled, Reading]]


@dataclass(frozen=True, slots=True)
class Read:
    """Messages and what the reader made of them: first and single ones by themselves, whole days in their talk."""

    alone: Pairs = field(default_factory=list)
    days: Pairs = field(default_factory=list)
    ranked: Sequence[tuple[str, list[str]]] = field(default_factory=list)  # the category, and those it may be

    def __add__(self, other: "Read") -> "Read":
        return Read([*self.alone, *other.alone], [*self.days, *other.days], [*self.ranked, *other.ranked])


def read_all(rows: Sequence[Labelled], reader: Reader) -> Read:
    days = {one.group for one in rows if one.case}
    return Read(
        [(one, reader.read(one.text, NOWHERE)) for one in rows if not one.later],
        [pair for pair in in_talk(rows, reader) if pair[0].group in days],
        [(one.category or "", reader.rank(one.text)) for one in rows if one.is_request and not one.later],
    )


def figures(read: Read) -> Iterator[str]:
    yield f"{len(read.alone)} first or single messages, {sum(one.is_request for one, _ in read.alone)} requests"
    yield from _requests(read.alone, {one.group for one, _ in read.days})
    yield from _fragments(read.days)
    yield from _same_cases(read.days)
    yield from _categories(read.ranked)
    yield from _others(read.alone)


def _requests(alone: Pairs, days: set[str]) -> Iterator[str]:
    yield f"a request      {hits((one.is_request, caught(reading)) for one, reading in alone)}"
    clear = [(one.is_request, caught(reading)) for one, reading in alone if not one.doubtful]
    yield f"  not doubtful {hits(clear)}"
    either = hits((one.is_request, caught(reading) or reading.unsure) for one, reading in alone)
    yield f"  or asked     {either}"
    of_days = [(reading.score, one.is_request) for one, reading in alone if one.group in days]
    for wanted in (RECALL, 0.85):
        if point := at_recall(of_days, wanted):
            yield (
                f"whole days     at recall {point.recall:.2f}: {point.false:.1f} false catches per 1,000 non-requests;"
                f" precision at 1 % requests {point.precision:.2f}"
            )


def _fragments(days: Pairs) -> Iterator[str]:
    pairs = [(one.later, caught(reading)) for one, reading in days if one.later or not one.is_request]
    if any(later for later, _ in pairs):
        yield f"later message  {hits(pairs)}"


def _same_cases(days: Pairs) -> Iterator[str]:
    """Of two requests of one day: are they one case? Taken for one as the bot joins them (handlers/intake.py)."""
    asked: dict[str, list[tuple[Labelled, int]]] = {}
    talk: dict[str, list[tuple[Labelled, Reading]]] = {}
    for one, reading in days:
        if not (one.is_request and one.case):
            continue
        earlier = talk.setdefault(one.group, [])
        joined = next((at for at, pair in reversed(list(enumerate(earlier))) if _joins(pair, (one, reading))), None)
        earlier.append((one, reading))
        mine = asked.setdefault(one.group, [])
        mine.append((one, len(earlier) - 1 if joined is None else mine[joined][1]))
    pairs = [(a[0].case == b[0].case, a[1] == b[1]) for group in asked.values() for a, b in combinations(group, 2)]
    if pairs:
        yield f"same case      {hits(pairs)}"


def _joins(earlier: tuple[Labelled, Reading], later: tuple[Labelled, Reading]) -> bool:
    """The same person a moment ago with no other building, or anybody about the same matter at the same place."""
    (one, before), (other, after) = earlier, later
    here = not before.places or not any(map(building, after.places)) or near(before.places, after.places)
    if one.sender == other.sender and _minutes(one, other) < JOINING / timedelta(minutes=1):
        return here and (after.fragment or after.category in {None, before.category})
    same = (after.category, after.title) == (before.category, before.title) and after.category is not None
    return same and near(before.places, after.places)


def _categories(ranked: Sequence[tuple[str, list[str]]]) -> Iterator[str]:
    if not ranked:
        return
    pairs = [(true, taken[0]) for true, taken in ranked]
    right = sum(true == taken for true, taken in pairs)
    second = sum(true in taken[:2] for true, taken in ranked)
    first, either = share(right, len(pairs)), share(second, len(pairs))
    yield f"category       accuracy {first}  top-2 {either}  macro-F1 {macro_f1(pairs):.3f}"
    yield f"  confused     {_confused(pairs)}"


def _confused(pairs: Iterable[tuple[str, str | None]]) -> str:
    counts = Counter((true, taken) for true, taken in pairs if true != taken)
    return ", ".join(f"{true}→{taken} {count}" for (true, taken), count in counts.most_common(WORST)) or "none"


def _others(alone: Pairs) -> Iterator[str]:
    asked = [(one.kind, reading.kind) for one, reading in alone if one.is_request and caught(reading)]
    if asked:
        right = sum(true == taken for true, taken in asked)
        yield f"kind, if caught {share(right, len(asked))}"
        yield f"  confused     {_confused(asked)}"
    yield f"urgent         {hits((one.urgent, caught(reading) and reading.urgent) for one, reading in alone)}"
    named = [(set(one.places), set(reading.places)) for one, reading in alone]
    places = Hits(
        sum(len(true & found) for true, found in named),
        sum(len(found - true) for true, found in named),
        sum(len(true - found) for true, found in named),
    )
    yield f"places         {places}"


def _worst(alone: Pairs) -> Iterator[str]:
    """The surest mistakes."""
    missed = sorted((pair for pair in alone if pair[0].is_request and not caught(pair[1])), key=_score)
    wrong = sorted((pair for pair in alone if not pair[0].is_request and caught(pair[1])), key=_score, reverse=True)
    for title, pairs in (("missed", missed), ("caught wrongly", wrong)):
        for one, reading in pairs[:WORST]:
            yield f"  {title} {reading.score:.2f} {one.id} {one.text!r} {' '.join(reading.why[:4])}"


def _score(pair: tuple[Labelled, Reading]) -> float:
    return pair[1].score


def of_titles(rows: Sequence[tuple[str, str]], reader: Reader) -> Iterator[str]:
    pairs = [(true, reader.department_of(CODES.sub("", title))) for title, true in rows]
    right = sum(true == taken for true, taken in pairs)
    yield f"{len(rows)} titles"
    yield f"department     accuracy {share(right, len(pairs))}  macro-F1 {macro_f1(pairs):.3f}"
    yield f"  confused     {_confused(pairs)}"


def of_issues(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Each marked issue against the group that holds most of it, with what else was caught."""
    texts = [title for title, _ in rows]
    found = groups(texts)
    yield f"{len(rows)} titles in {len(found)} groups, the largest of {max(map(len, found))}"
    for issue in sorted({issue for _, issue in rows if issue}):
        mine = {at for at, (_, named) in enumerate(rows) if named == issue}
        best = max(found, key=lambda group: len(mine & set(group)))
        right = len(mine & set(best))
        yield f"issue {issue}: precision {share(right, len(best))}  recall {share(right, len(mine))}"
        yield from (f"  also caught  {texts[at]}" for at in best if at not in mine)


def of_talk(lines: Sequence[str], reader: Reader) -> Iterator[str]:
    """Talk in which nothing is asked: whatever is caught is wrong."""
    readings = [(line, reader.read(line)) for line in lines]
    sure = [line for line, reading in readings if reading.is_request]
    yield f"{len(lines)} lines of talk"
    yield f"caught wrongly {share(len(sure), len(lines))}"
    yield f"asked about    {share(sum(reading.unsure for _, reading in readings), len(lines))}"
    for grade in ("sure", "possible"):
        alarms = [line for line, reading in readings if reading.danger and reading.danger.grade == grade]
        yield f"{grade + ' danger':15}{len(alarms)}"
        yield from (f"  {grade} {line!r}" for line in alarms[:WORST])
    yield from (f"  caught {line!r}" for line in sure[:WORST])
