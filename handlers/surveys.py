"""The office's side of a survey: it is written like a notice, closes by itself or early, and has a result."""

from datetime import timedelta
from typing import NamedTuple

from handlers import aims, announcing, ballots, chart, noticeboard
from handlers.announcing import preview, step
from handlers.aside import aside
from handlers.chart import Bar, Chart, Section
from handlers.composing import options as options_of
from handlers.desk import Desk, Sorry
from handlers.message import Button, Reply
from handlers.router import command, job
from nlp import moments
from storage import attachments, people, surveys
from storage import notices as rows
from storage.attachments import Attachment
from storage.grids import Grid
from storage.notices import Notice
from storage.outbox import Purpose
from storage.people import CHAIN
from storage.requests import Satisfaction
from storage.surveys import FEWEST, Survey

OPEN = (timedelta(minutes=10), timedelta(days=30))  # the shortest and the longest
TOLD = 12  # grids that a text names
SHOWN = 30  # grids that a picture shows


@command("survey", ranks=frozenset(CHAIN))
def survey(desk: Desk, words: str) -> Reply | None:
    """ "调查" begins one; with words behind it these are what it asks."""
    if not desk.here.private:
        return aside(desk, desk.say("survey.alone"))
    return announcing.begin(desk, words, survey=True)


# -- while it is written ----------------------------------------------------------------------------------------------


@step
def options(desk: Desk, row: Notice, words: str) -> Reply | None:
    """What can be answered."""
    survey = _unasked(desk, row)
    if not words:
        desk.ask(f"/notice options {row.id} ")
        return Reply(desk.say("survey.which"))
    survey.options = options_of(desk, words)
    desk.answered()
    return _seen(desk, row)


@step
def until(desk: Desk, row: Notice, words: str) -> Reply | None:
    """How long, or until when."""
    survey = _unasked(desk, row)
    if not words:
        desk.ask(f"/notice until {row.id} ")
        return Reply(desk.say("survey.how_long"))
    lasting = moments.duration(words)
    local = desk.now.astimezone(desk.house.zone)
    moment = None if lasting else moments.moment(words, local.replace(tzinfo=None))
    end = moment.replace(tzinfo=desk.house.zone) if moment else None
    span = lasting or (end - desk.now if end else None)
    if span is None or not OPEN[0] <= span <= OPEN[1]:
        raise Sorry(desk.say("survey.no_span", words=words[:20]))
    survey.until = end
    if lasting:
        survey.open_minutes = round(lasting / timedelta(minutes=1))
    if row.next_at:
        announcing.lasts(desk, row, row.next_at)
    desk.answered()
    return _seen(desk, row)


def _unasked(desk: Desk, row: Notice) -> Survey:
    """A draft, or one that waits for its time. Sorry for anything else."""
    if not row.survey:
        raise Sorry(desk.say("notice.none"))
    if row.began_at or not (row.draft or row.next_at):
        raise Sorry(desk.say("survey.asked"))
    return surveys.of(desk.session, row)


def _seen(desk: Desk, row: Notice) -> Reply | None:
    if not row.draft:
        return noticeboard.show(desk, row, "")
    preview(desk, row)
    return None


# -- its end ----------------------------------------------------------------------------------------------------------


@job(Notice.closes_at)
def close_in_time(desk: Desk, row: Notice) -> None:
    ballots.end(desk, row)
    _tell_maker(desk, row)


@step
def close(desk: Desk, row: Notice, words: str) -> Reply | None:
    """Before its time; asked once whether that is meant."""
    if row.closes_at is None:
        raise Sorry(desk.say("survey.not_open"))
    if words != "yes":
        count = sum(part.answers for part in surveys.count(desk.session, surveys.of(desk.session, row)))
        button = Button(desk.say("button.notice.sure_close"), f"/notice close {row.id} yes")
        return Reply(desk.say("survey.close", title=row.title, count=count), (button,))
    ballots.end(desk, row)
    if row.made_by != desk.person.id:
        _tell_maker(desk, row)
    return result(desk, row, "")


def _tell_maker(desk: Desk, row: Notice) -> None:
    if row.made_by and people.private_chat(desk.session, row.made_by):
        desk.write(
            Purpose.TELL, _told(desk, row), person_id=row.made_by, buttons=_share(desk, row),
            files=[_picture(desk, row)], at=desk.house.awake(desk.now),
        )  # fmt: skip


@step
def result(desk: Desk, row: Notice, words: str) -> Reply | None:  # noqa: ARG001 (the interface)
    if not (row.survey and surveys.of(desk.session, row).closed_at):
        raise Sorry(desk.say("survey.not_closed"))
    desk.write(
        Purpose.ANSWER, _told(desk, row), chat_id=desk.chat_id, buttons=_share(desk, row), files=[_picture(desk, row)]
    )
    return None


@step
def share(desk: Desk, row: Notice, words: str) -> Reply | None:  # noqa: ARG001
    """A notice with the result and its picture, to the groups that were asked, if its preview is confirmed."""
    if not _share(desk, row):
        raise Sorry(desk.say("survey.not_closed"))
    found = _result(desk, row)
    text = desk.say("survey.shared", question=row.text, lines="\n".join(_split(desk, found)), count=sum(found.counts))
    grid = desk.session.get_one(Grid, row.grid_id)
    new = announcing.draft(desk, grid, text=text, targets=row.targets)
    new.files = [chart.draw(desk, _chart(desk, row, found), notice=new.number).id or 0]
    preview(desk, new)
    return None


def _share(desk: Desk, row: Notice) -> tuple[Button, ...]:
    """Of a few answers there is nothing to share."""
    survey = surveys.of(desk.session, row) if row.survey else None
    few = survey is None or not survey.closed_at or sum(_result(desk, row).counts) < FEWEST
    return () if few else (Button(desk.say("button.notice.share"), f"/notice share {row.id}"),)


# -- its result -------------------------------------------------------------------------------------------------------


class Taken(NamedTuple):
    """How a grid took part; `counts` where its split may be told. `households`: None where nobody has counted."""

    grid: Grid
    answers: int
    households: int | None
    counts: tuple[int, ...] | None

    @property
    def rate(self) -> float | None:
        return self.answers / self.households if self.households else None


class Result(NamedTuple):
    """How many chose each option, and the grids, the keenest first."""

    options: list[str]
    counts: tuple[int, ...]
    taken: list[Taken]


def _result(desk: Desk, row: Notice) -> Result:
    survey = surveys.of(desk.session, row)
    parts = surveys.count(desk.session, survey)
    by_grid = surveys.rolled_up(desk.session, parts, rows.targets(desk.session, row))
    apart = surveys.told_apart(part for _, part in by_grid)
    taken = [
        Taken(
            grid, part.answers, surveys.households(desk.session, grid), part.counts if part.grid_id in apart else None
        )
        for grid, part in by_grid
    ]
    taken.sort(key=lambda one: (-(one.rate or 0), -one.answers, one.grid.path))
    return Result(survey.options, surveys.total(parts, len(survey.options)), taken)


def _told(desk: Desk, row: Notice) -> str:
    found = _result(desk, row)
    lines = [desk.say("survey.told", title=row.title, count=sum(found.counts)), *_split(desk, found)]
    lines.append(desk.say("survey.by_grid"))
    for one in found.taken[:TOLD]:
        split = ""
        if one.counts and len(found.taken) > 1:
            pairs = zip(found.options, one.counts, strict=True)
            split = "".join(desk.say("survey.pair", option=option, count=count) for option, count in pairs)
        lines.append(desk.say("survey.grid", grid=one.grid.name, took=_took(desk, one), split=split))
    lines += _more(desk, found, TOLD)
    if len(found.taken) > 1 and any(one.answers and one.counts is None for one in found.taken):
        lines.append(desk.say("survey.hidden", fewest=FEWEST))
    return "\n".join(lines)


def _split(desk: Desk, found: Result) -> list[str]:
    if sum(found.counts) < FEWEST:
        return [desk.say("survey.few", fewest=FEWEST)]
    rate = _satisfied(desk, found)
    return [*ballots.split(desk, found.options, found.counts), *([rate] if rate else [])]


def _satisfied(desk: Desk, found: Result) -> str:
    """The share of 满意 and 基本满意, where these were the options."""
    moods = [desk.say(f"button.rate.{mood}") for mood in Satisfaction]
    if found.options != moods:
        return ""
    content = sum(
        found.counts[moods.index(desk.say(f"button.rate.{mood}"))] for mood in (Satisfaction.GOOD, Satisfaction.FAIR)
    )
    return desk.say("survey.satisfied", percent=ballots.percent(content, sum(found.counts)))


def _took(desk: Desk, one: Taken) -> str:
    if not one.households:
        return desk.say("survey.took", count=one.answers)
    percent = f"{100 * one.answers / one.households:.1f}"  # of a few hundred households the first answers count, too
    return desk.say("survey.took_of", count=one.answers, households=one.households, percent=percent)


def _more(desk: Desk, found: Result, most: int) -> list[str]:
    rest = found.taken[most:]
    return [desk.say("survey.more", grids=len(rest), count=sum(one.answers for one in rest))] if rest else []


def _picture(desk: Desk, row: Notice) -> Attachment:
    """Drawn once; every letter about the result brings the same."""
    there = [one for one in attachments.of_notice(desk.session, row.number) if one.platform == chart.DRAWN[0]]
    return there[0] if there else chart.draw(desk, _chart(desk, row, _result(desk, row)), notice=row.number)


def _chart(desk: Desk, row: Notice, found: Result) -> Chart:
    """What everybody may see: all answers together, and how many of each grid."""
    whole, survey = sum(found.counts), surveys.of(desk.session, row)
    assert row.began_at
    assert survey.closed_at
    lead = desk.say(
        "survey.lead", community=desk.house.community, where=aims.name(desk, rows.targets(desk.session, row)),
        begin=desk.say.day(row.began_at), end=desk.say.day(survey.closed_at), count=whole,
    )  # fmt: skip
    sections = []
    if whole >= FEWEST:
        bars = [
            Bar(option, ballots.share(desk, count, whole), count / whole)
            for option, count in zip(found.options, found.counts, strict=True)
        ]
        sections.append(Section(_satisfied(desk, found) or desk.say("survey.answers"), tuple(bars)))
    grids = [Bar(one.grid.name, _took(desk, one), one.rate) for one in found.taken[:SHOWN]]
    sections.append(Section(desk.say("survey.by_grid"), tuple(grids)))
    few = [] if whole >= FEWEST else [desk.say("survey.few", fewest=FEWEST)]
    return Chart(row.text, lead, tuple(sections), "\n".join([*few, *_more(desk, found, SHOWN)]))
