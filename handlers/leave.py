"""Leave: whole days in which somebody else does a person's work; the open cases stay with whom they are."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from handlers import posts, succession
from handlers.aside import aside
from handlers.desk import Desk, Sorry
from handlers.message import Button, Reply
from handlers.router import command, job
from nlp.dates import day_of
from storage import leaves, people, requests
from storage.leaves import Leave
from storage.outbox import Purpose
from storage.people import STAFF, Person

CANCEL = "cancel"
LISTED = 20  # numbers of cases in one sentence
_CANCEL = re.compile(rf"{CANCEL} (\d{{1,9}})", re.ASCII)
_SPAN = re.compile(r"(?P<first>.+?)[到至~](?P<last>.+)")


@command("off", ranks=STAFF)
def off(desk: Desk, words: str) -> Reply | None:
    """请假 明天 周五 刘网格员; who leads may name somebody else first; alone it lists one's leaves."""
    if found := _CANCEL.fullmatch(words):
        return aside(desk, _cancel(desk, desk.session.get(Leave, int(found[1]))))
    names, days = _sorted(desk, words)
    person = _whose(desk, names.pop(0)) if names and (len(names) > 1 or not days) else desk.person
    if not days:
        return _listed(desk, person)
    relief = _relief(desk, person, names, days)
    _check(desk, person, relief, days[0], days[-1])
    return aside(desk, _enter(desk, person, relief, days[0], days[-1]))


def _sorted(desk: Desk, words: str) -> tuple[list[str], list[date]]:
    """The names and the one or two days among the words. Sorry for more of either."""
    names: list[str] = []
    days: list[date] = []
    for token in words.split():
        if found := _days(desk, token):
            days += found
        elif token not in {"到", "至", "~", "-"}:
            names.append(token)
    if len(names) > 2 or len(days) > 2 or (len(names) == 2 and not days):
        raise Sorry(desk.say("off.how"))
    return names, days


def _days(desk: Desk, token: str) -> list[date]:
    """明天, or 明天到周五 in one word."""
    if day := day_of(token, _today(desk)):
        return [day]
    span = _SPAN.fullmatch(token)
    both = [day_of(part, _today(desk)) for part in span.groups()] if span else []
    return [day for day in both if day] if all(both) else []


def _today(desk: Desk) -> date:
    return desk.now.astimezone(desk.house.zone).date()


def _whose(desk: Desk, name: str) -> Person:
    person = posts.somebody(desk, name, lambda key: f"/off {key}")
    if not posts.covers(desk, person):
        raise Sorry(desk.say("off.not_yours", name=person.name))
    return person


def _relief(desk: Desk, person: Person, names: Sequence[str], days: Sequence[date]) -> Person:
    """Whom the words name, else the stand-in the file names."""
    if names:
        return posts.somebody(desk, names[0], lambda key: f"/off {posts.handle(person)} {days[0]} {days[-1]} {key}")
    relief = people.by_key(desk.session, person.stand_in_key) if person.stand_in_key else None
    if relief is None:
        raise Sorry(desk.say("off.who"))
    return relief


def _check(desk: Desk, person: Person, relief: Person, first: date, last: date) -> None:
    """Sorry with the one thing that stands against it."""
    session, mine, theirs = desk.session, desk.id_of(person), desk.id_of(relief)
    name = {"name": person.name, "relief": relief.name}
    if first < _today(desk):
        raise Sorry(desk.say("off.past", day=_day(desk, first)))
    if last < first:
        raise Sorry(desk.say("off.backwards", first=_day(desk, first), last=_day(desk, last)))
    if mine == theirs:
        raise Sorry(desk.say("off.oneself"))
    if leave := leaves.away(session, mine, first, last):
        raise Sorry(desk.say("off.already", **name, **_span(desk, leave)))
    if leave := leaves.away(session, theirs, first, last):
        raise Sorry(desk.say("off.relief_away", **name, **_span(desk, leave)))
    if leave := leaves.standing_in(session, mine, first, last):
        other = session.get_one(Person, leave.person_id).name
        raise Sorry(desk.say("off.stands_in", **name, other=other, **_span(desk, leave)))
    if relief.unreachable_at is not None or people.private_chat(session, theirs) is None:
        raise Sorry(desk.say("off.unreachable", **name, bot=desk.house.bot_name))


def _enter(desk: Desk, person: Person, relief: Person, first: date, last: date) -> str:
    leave = Leave(
        person_id=desk.id_of(person),
        relief_id=desk.id_of(relief),
        first_day=first,
        last_day=last,
        begin_at=_midnight(desk, first),
        end_at=_midnight(desk, last + timedelta(days=1)),
        made_by=desk.id_of(desk.person),
        made_at=desk.now,
    )
    desk.session.add(leave)
    desk.session.flush()
    entered = desk.say("off.entered", name=person.name, relief=relief.name, **_span(desk, leave))
    if person.id != desk.person.id:
        told = desk.say("off.told", who=desk.person.name, relief=relief.name, **_span(desk, leave))
        _tell(desk, person, told)
    if leave.begin_at and leave.begin_at <= desk.now:
        begin(desk, leave)
    return entered


def _midnight(desk: Desk, day: date) -> datetime:
    return datetime.combine(day, time(), desk.house.zone)


def _day(desk: Desk, day: date) -> str:
    return desk.say.day(_midnight(desk, day))


def _span(desk: Desk, leave: Leave) -> dict[str, str]:
    days = dict.fromkeys(_day(desk, day) for day in (leave.first_day, leave.last_day))
    return {"days": "—".join(days)}


def _listed(desk: Desk, person: Person) -> Reply | None:
    there = leaves.ahead(desk.session, desk.id_of(person))
    if not there:
        return aside(desk, desk.say("off.none", name=person.name))
    lines = [desk.say("off.count", name=person.name)]
    buttons = []
    for leave in there:
        relief = desk.session.get_one(Person, leave.relief_id).name
        lines.append(desk.say("off.line", relief=relief, **_span(desk, leave)))
        buttons.append(Button(desk.say("off.cancel", **_span(desk, leave)), f"/off {CANCEL} {leave.id}"))
    return aside(desk, "\n".join(lines), buttons)


# -- its beginning and its end ------------------------------------------------------------------------------------


@job(Leave.begin_at)
def begin(desk: Desk, leave: Leave) -> None:
    """The relief acts from now on, and hears once what is open; a leave that was slept through begins no more."""
    leave.begin_at = None
    if leave.end_at is None or leave.end_at <= desk.now:
        leave.end_at = None
        return
    person = desk.session.get_one(Person, leave.person_id)
    relief = desk.session.get_one(Person, leave.relief_id)
    person.relief_id = relief.id
    desk.roles_changed()
    cases = _open_of(desk, person)
    text = desk.say("off.begins", name=person.name, last=_day(desk, leave.last_day))
    _tell(desk, relief, text + _numbers(desk, person, cases), todo=False, cases=cases)


@job(Leave.end_at)
def end(desk: Desk, leave: Leave) -> None:
    """Both hear it, unless another leave follows; what the relief was given goes to who answers for it."""
    leave.end_at = None
    person = desk.session.get_one(Person, leave.person_id)
    relief = desk.session.get_one(Person, leave.relief_id)
    desk.session.flush()
    after = leaves.running(desk.session, leave.person_id)  # began at this very moment
    person.relief_id = after.relief_id if after else None
    desk.roles_changed()
    back = sorted(succession.left_behind(desk.session, relief))
    moved = [number for number in back if succession.hand_over(desk, number)]
    went = desk.say("off.returned", count=len(moved), numbers=_short(moved)) if moved else ""
    if after is None or after.relief_id != relief.id:
        _tell(desk, relief, desk.say("off.ends.relief", name=person.name) + went)
    if after is None:
        open_now = _numbers(desk, person, _open_of(desk, person))
        _tell(desk, person, desk.say("off.ends", relief=relief.name) + open_now)


def _cancel(desk: Desk, leave: Leave | None) -> str:
    person = desk.session.get_one(Person, leave.person_id) if leave else None
    if leave is None or person is None or leave.end_at is None:
        raise Sorry(desk.say("off.over"))
    if desk.person.id not in {leave.person_id, leave.made_by} and not posts.covers(desk, person):
        raise Sorry(desk.say("off.not_yours", name=person.name))
    text = desk.say("off.cancelled", name=person.name, **_span(desk, leave))
    _call_off(desk, leave)
    return text


def _call_off(desk: Desk, leave: Leave) -> None:
    runs, leave.cancelled_at = leave.runs, desk.now
    if runs:
        end(desk, leave)
    leave.begin_at = leave.end_at = None


def call_off_all(desk: Desk, person: Person) -> None:
    """Who works here no more neither takes leave nor stands in for anybody."""
    for leave in leaves.of_either(desk.session, person):
        _call_off(desk, leave)


def _open_of(desk: Desk, person: Person) -> list[int]:
    return sorted(case.number for case in requests.led_by(desk.session, desk.id_of(person), []))


def _numbers(desk: Desk, person: Person, cases: list[int]) -> str:
    if not cases:
        return ""
    return desk.say("off.open", name=person.name, count=len(cases), numbers=_short(cases))


def _short(numbers: list[int]) -> str:
    shown = " ".join(f"#{number}" for number in numbers[:LISTED])
    return f"{shown} …" if len(numbers) > LISTED else shown


def _tell(desk: Desk, person: Person, text: str, *, todo: bool = True, cases: Sequence[int] = ()) -> None:
    """In daytime; with a button for each of the first cases, or for one's own list."""
    buttons = [Button(f"#{number}", f"/status {number}") for number in cases[: posts.CHOICES]]
    if todo:
        buttons.append(Button(desk.say("button.todo"), "/todo"))
    if people.private_chat(desk.session, desk.id_of(person)):
        at = desk.house.awake(desk.now)
        desk.write(Purpose.TELL, text, person_id=person.id, buttons=buttons, at=at)
