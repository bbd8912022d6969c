"""The notices there are: how far each has come, its receipts, and changing, postponing or taking it back."""

from collections.abc import Sequence
from datetime import timedelta

from handlers import aims, announcing, ballots, notices
from handlers.announcing import step, timed
from handlers.aside import aside
from handlers.desk import Desk, Sorry
from handlers.message import Button, Reply
from handlers.router import command
from storage import notices as rows
from storage import requests, surveys
from storage.follow import FILE
from storage.notices import Notice
from storage.people import CHAIN

LATELY = timedelta(days=14)
CORRIGIBLE = timedelta(hours=48)  # what stands in groups for longer, Telegram lets no bot take away
LONG = timedelta(days=365)  # a survey's result is looked up later, too
SHOWN = 8


@command("notices", ranks=frozenset(CHAIN))
def board(desk: Desk, words: str) -> Reply | None:  # noqa: ARG001 (the interface)
    """What is to come and what was said lately, where the speaker answers for it."""
    return _listed(desk, rows.listed(desk.session, since=desk.now - LATELY), "notices.none", "notices.count")


@command("surveys", ranks=frozenset(CHAIN))
def asked(desk: Desk, words: str) -> Reply | None:  # noqa: ARG001
    """The same of surveys, those of a year."""
    there = rows.listed(desk.session, since=desk.now - LONG)
    return _listed(desk, [one for one in there if one.survey], "surveys.none", "surveys.count")


def _listed(desk: Desk, there: Sequence[Notice], none: str, count: str) -> Reply | None:
    seen = [one for one in there if announcing.may(desk, one)]
    if not seen:
        return aside(desk, desk.say(none))
    lines = [desk.say(count, count=len(seen)), *(_line(desk, one) for one in seen[:SHOWN])]
    buttons = [Button(f"{one.id} {one.title}"[:24], f"/notice show {one.id}") for one in seen[:SHOWN]]
    return aside(desk, "\n".join(lines), buttons)


def _line(desk: Desk, row: Notice) -> str:
    return desk.say("notices.line", number=row.id, title=row.title, state=_state(desk, row))


def _state(desk: Desk, row: Notice) -> str:
    parts = [_went(desk, row)] if row.began_at else []
    if row.next_at:
        parts.append(desk.say("notices.coming", when=desk.say.when(row.due_at or row.next_at, desk.now)))
    if row.withdrawn_at:
        parts.append(desk.say("notices.withdrawn"))
    asked = requests.count_about(desk.session, row.number)
    if row.survey and row.began_at:
        parts += _counted(desk, row)
    if row.received:
        parts.append(desk.say("notices.received", count=row.received))
    if asked:
        parts.append(desk.say("notices.asked", count=asked))
    return " · ".join(parts) or desk.say("notices.cancelled")


def _counted(desk: Desk, row: Notice) -> list[str]:
    """How many have answered; how they did is told once it is closed."""
    survey = surveys.of(desk.session, row)
    count = sum(part.answers for part in surveys.count(desk.session, survey))
    end = [desk.say("surveys.until", when=desk.say.when(row.closes_at, desk.now))] if row.closes_at else []
    return [desk.say("surveys.answered", count=count), *end]


def _went(desk: Desk, row: Notice) -> str:
    """How far the occurrence said last has come."""
    progress = rows.progress(desk.session, row)
    text = desk.say("notices.sent", sent=progress.sent, all=progress.all)
    if progress.failed or progress.uncertain:
        text += desk.say("notices.missed", count=progress.failed + progress.uncertain)
    return text


@step
def show(desk: Desk, row: Notice, words: str) -> Reply:  # noqa: ARG001
    """All there is to one, and what may be done with it."""
    names = []
    if row.next_at:
        names += ["edit", "move", "cancel"] if row.source != FILE else ["move", "cancel"]
    if _stands(desk, row):
        fixed = row.source == FILE or row.survey
        names += [name for name in ("edit", "withdraw") if name not in names and not (name == "edit" and fixed)]
    names += _about_answers(desk, row)
    where = aims.name(desk, rows.targets(desk.session, row))
    text = desk.say("notice.show", number=row.id, where=where, state=_state(desk, row), body=notices.body(desk, row))
    return Reply(text, tuple(Button(desk.say(f"button.notice.{name}"), f"/notice {name} {row.id}") for name in names))


def _about_answers(desk: Desk, row: Notice) -> list[str]:
    if row.closes_at:
        return ["close"]
    if row.survey and row.next_at:
        return ["options", "until"]
    return ["result"] if row.survey and surveys.of(desk.session, row).closed_at else []


def _stands(desk: Desk, row: Notice) -> bool:
    """Whether it can still be changed where it was said."""
    return row.began_at is not None and not row.withdrawn_at and desk.now - row.began_at < CORRIGIBLE


@step
def edit(desk: Desk, row: Notice, words: str) -> Reply:
    """Other words, also where it stands already."""
    if row.draft:
        raise Sorry(desk.say("notice.unfinished"))
    if row.source == FILE:
        raise Sorry(desk.say("notice.of_file"))
    if not (row.next_at or _stands(desk, row)):
        raise Sorry(desk.say("notice.too_old"))
    if row.survey and row.began_at:
        raise Sorry(desk.say("survey.asked"))
    if not words:
        desk.ask(f"/notice edit {row.id} ")
        return Reply(desk.say("notice.what"))
    if len(words) > announcing.LONGEST:
        raise Sorry(desk.say("notice.too_long", count=len(words), most=announcing.LONGEST))
    desk.answered()
    announcing.compose(desk, row, words)
    if _stands(desk, row):
        row.change_at, row.changed_through = desk.now, 0
    return Reply(desk.say("notice.edited", body=notices.body(desk, row)))


@step
def move(desk: Desk, row: Notice, words: str) -> Reply:
    """Another time for what is to come. Of what comes again and again only this once, unless words say how often."""
    if row.next_at is None or row.sent_through:
        raise Sorry(desk.say("notice.gone_out"))
    if not words:
        desk.ask(f"/notice move {row.id} ")
        return Reply(desk.say("notice.when"))
    schedule, when = timed(desk, words, again=not row.survey)
    if row.survey:
        announcing.lasts(desk, row, when)
    desk.answered()
    again = desk.occurrence(row.schedule, row.due_at or desk.now, desk.house.zone)
    if row.source != FILE and (again is None or len(schedule.split()) > 2):
        row.schedule = schedule
    row.due_at = row.next_at = when
    return Reply(desk.say("notice.moved", title=row.title, when=desk.say.when(when, desk.now)))


@step
def cancel(desk: Desk, row: Notice, words: str) -> Reply:  # noqa: ARG001
    """What is to come does not; what the file repeats comes again the time after."""
    if row.next_at is None or row.sent_through:
        raise Sorry(desk.say("notice.gone_out"))
    due = row.due_at or row.next_at
    row.due_at = row.next_at = None
    if row.source == FILE:
        row.due_at = row.next_at = desk.occurrence(row.schedule, max(due, desk.now), desk.house.zone)
    if row.next_at:
        return Reply(desk.say("notice.skipped", title=row.title, when=desk.say.when(row.next_at, desk.now)))
    return Reply(desk.say("notice.cancelled", title=row.title))


@step
def withdraw(desk: Desk, row: Notice, words: str) -> Reply:
    """Takes it away from every group that has it; asked once whether that is meant."""
    if not _stands(desk, row):
        raise Sorry(desk.say("notice.too_old"))
    count = rows.progress(desk.session, row).all
    if words != "yes":
        buttons = (Button(desk.say("button.notice.sure"), f"/notice withdraw {row.id} yes"),)
        return Reply(desk.say("notice.withdraw", title=row.title, count=count), buttons)
    row.withdrawn_at, row.change_at, row.changed_through = desk.now, desk.now, 0
    if row.survey:
        ballots.take_back(desk, row)
    if row.sent_through:  # in the middle of going out
        row.sent_through = 0
        notices.go_on(desk, row)
    return Reply(desk.say("notice.withdrawn", title=row.title, count=count))
