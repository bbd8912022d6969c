"""One's own cases: listing them, looking at one, withdrawing, undoing one's last move."""

from datetime import timedelta

from handlers import access, cards, danger, satisfaction, succession
from handlers.aside import among_residents, aside
from handlers.desk import Desk, Sorry
from handlers.message import Button, Reply
from handlers.router import case_command, command
from handlers.work import still_open
from nlp.masks import mask
from storage import corrections, events, reports, requests
from storage.events import Event
from storage.people import STAFF, Person
from storage.requests import Request, State

LATELY = timedelta(days=30)
UNDO_WITHIN = timedelta(minutes=10)
UNDOABLE = frozenset({"accepted", "done", "transferred", "reclassed", "withdrawn", "outcome"})
FINAL = frozenset({"mistaken", "false_alarm", "replied", "noted", "voice_withdrawn"})
TOLD = frozenset({
    "registered", "dispatched", "transferred", "accepted", "replied", "done", "outcome", "reopened", "raised",
    "withdrawn", "closed_by_tap", "closed_by_silence", "false_alarm", "undone", "handed_over",
})  # fmt: skip
TOLD_WORDS = frozenset({"replied", "done", "outcome"})  # said to the reporters in the first place
INTERNAL = frozenset({
    "noted", "reclassed", "reminded", "urged", "joined", "added", "reworded", "unreached", "nobody_reached",
    "chain_ended",
})  # fmt: skip


@command("my")
def my(desk: Desk, words: str) -> Reply | None:  # noqa: ARG001 (the interface)
    cases = reports.cases_of(desk.session, desk.id_of(desk.person), since=desk.now - LATELY)
    if not cases:
        return aside(desk, desk.say("my.none"))
    return aside(desk, "\n".join([desk.say("my.count", count=len(cases)), *(_line(desk, case) for case in cases[:10])]))


@command("todo", ranks=STAFF)
def todo(desk: Desk, words: str) -> Reply | None:  # noqa: ARG001
    cases = access.mine_to_work(desk)
    if not cases:
        return aside(desk, desk.say("todo.none"))
    lines = [desk.say("todo.count", count=len(cases)), *(_line(desk, case) for case in cases[:20])]
    buttons = [Button(f"#{case.number} {case.title}"[:24], f"/status {case.number}") for case in cases[:8]]
    return aside(desk, "\n".join(lines), buttons)


def _line(desk: Desk, case: Request) -> str:
    late = case.finish_by is not None and case.is_open and case.finish_by < desk.now
    mark = desk.say("mark.urgent" if case.urgent and case.is_open else "mark.late" if late else "mark.plain")
    return f"{mark} {cards.headline(desk, case, public=not _knows_place(desk, case))} — {cards.status(desk, case)}"


def _knows_place(desk: Desk, case: Request) -> bool:
    """Staff, and who named it: to any other voice a flat is a neighbour's."""
    return access.may_work(desk, case) or reports.all_of(desk.session, case.number)[0].person_id == desk.person.id


@case_command("status", access.anyone)
def status(desk: Desk, case: Request, words: str) -> Reply | None:  # noqa: ARG001
    """Where it stands and how it came there. Among residents what the card says; internal lines only for staff."""
    if among_residents(desk) and not case.delicate:
        return Reply(cards.public_text(desk, case), about=case.number)
    staff = access.may_work(desk, case)
    lines = [cards.headline(desk, case, public=not _knows_place(desk, case)), cards.status(desk, case)]
    lines += [
        _history_line(desk, event, staff=staff)
        for event in desk.history(case)
        if event.kind in TOLD or (staff and event.kind in INTERNAL)
    ]
    buttons = cards.working_buttons(desk, case) if staff else cards.own_buttons(desk, case)
    return aside(desk, "\n".join(lines), buttons, case=case)


def _history_line(desk: Desk, event: Event, *, staff: bool) -> str:
    body = cards.said(desk, event) if staff or event.kind in TOLD_WORDS else None
    return desk.say(
        "history.line",
        at=desk.say.past(event.at, desk.now),
        who=_who(desk, event, staff=staff),
        what=desk.say(f"event.{event.kind}"),
        words=desk.say("history.words", words=body) if body else "",
    )


def _who(desk: Desk, event: Event, *, staff: bool) -> str:
    """The name behind a line; one resident is not told another's."""
    if event.kind == "dispatched" or event.actor_id is None:
        return desk.house.bot_name
    person = desk.session.get_one(Person, event.actor_id)
    known = staff or person.key is not None or person.id == desk.person.id
    return person.name if known else desk.say("who.resident")


@case_command("cancel", access.is_reporter)
def cancel(desk: Desk, case: Request, words: str) -> Reply:
    """The reporter takes back their voice; the last voice takes the case with it."""
    still_open(desk, case)
    if case.danger and not danger.may_call_off(desk, case):
        raise Sorry(desk.say("danger.too_late", number=case.number))
    others = len(reports.voices(desk.session, case.number)) - 1
    if others:
        own = satisfaction.own_voice(desk, case)
        own.gone_at = desk.now
        desk.session.add(own)
        desk.record(case, "voice_withdrawn", data={"person": own.person_id})
        return Reply(desk.say("cancel.voice", number=case.number, count=others), nod=True)
    text = mask(words) or None
    desk.move(case, State.WITHDRAWN, "withdrawn", text=text, ended_at=desk.now, remind_at=None, raise_at=None)
    cards.tell_lead(desk, case, desk.say("lead.withdrawn", card=cards.headline(desk, case, public=False)))
    return Reply(desk.say("cancel.done", number=case.number), nod=True)


@command("undo")
def undo(desk: Desk, words: str) -> Reply:
    """One's last move, within ten minutes, if nothing happened to the case since."""
    move = _last_move(desk, words)
    if move is None:
        raise Sorry(desk.say("undo.nothing"))
    what = desk.say(f"event.{move.kind}")
    if move.kind in FINAL:
        raise Sorry(desk.say("undo.final", what=what))
    case = requests.lock(desk.session, move.request_id)
    since = [event for event in events.history(desk.session, move.request_id) if event.number > move.number]
    passed_on = move.kind == "reclassed" and [(e.kind, e.actor_id) for e in since] == [("dispatched", move.actor_id)]
    if case is None or (since and not passed_on):
        raise Sorry(desk.say("undo.moved_on", number=move.request_id))
    if move.kind == "done":
        satisfaction.call_back(desk, case)
    for event in reversed([move, *since]):
        desk.take_back(case, event)
    succession.hand_over(desk, case.number)  # whom it goes back to may have left
    if move.kind == "reclassed":
        corrections.take_back(desk.session, case.number)
    if move.kind == "outcome":
        satisfaction.ask(desk, case)
    if move.kind == "withdrawn":
        cards.tell_lead(desk, case, desk.say("lead.back", card=cards.headline(desk, case, public=False)))
    return Reply(desk.say("undo.done", number=case.number, what=what, status=cards.status(desk, case)), nod=True)


def _last_move(desk: Desk, words: str) -> Event | None:
    """The speaker's last move, of the case named or quoted if one is."""
    person, since = desk.id_of(desk.person), desk.now - UNDO_WITHIN
    number = int(digits) if (digits := words.lstrip("#＃")).isdecimal() else None
    if number is None and desk.said.quoted:
        number = access.number_of_card(desk, desk.said.quoted.message)
    if number is None:
        return events.last_by(desk.session, person, UNDOABLE | FINAL, since=since)
    own = [e for e in events.history(desk.session, number) if e.actor_id == person and e.at > since]
    return next((event for event in reversed(own) if event.kind in UNDOABLE | FINAL), None)


@case_command("why", access.may_work)
def why(desk: Desk, case: Request, words: str) -> Reply | None:  # noqa: ARG001
    """The words that decided, as the reader gave them."""
    first = desk.history(case)[0]
    reasons = "\n".join(f"· {reason}" for reason in first.data["why"])
    label = desk.reader.category_label(case.category)
    kind = desk.say(f"kind.{case.kind}")
    return aside(desk, desk.say("why", number=case.number, kind=kind, label=label, reasons=reasons), case=case)
