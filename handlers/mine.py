"""One's own cases: listing them, looking at one, withdrawing, undoing one's last move."""

from datetime import timedelta

from handlers import access, cards
from handlers.desk import Desk, Sorry
from handlers.message import Button, Reply
from handlers.router import case_command, command
from storage import events, outbox, reports, requests
from storage.events import Event
from storage.outbox import Purpose
from storage.people import STAFF
from storage.requests import Request, State
from storage.texts import Text

LATELY = timedelta(days=30)
UNDO_WITHIN = timedelta(minutes=10)
UNDOABLE = frozenset({"accepted", "done", "transferred", "reclassed", "withdrawn", "outcome"})
TOLD = frozenset({
    "registered", "dispatched", "transferred", "accepted", "replied", "done", "outcome", "reopened", "raised", "withdrawn",
    "closed_by_tap", "closed_by_silence", "false_alarm", "undone",
})  # fmt: skip
INTERNAL = frozenset(
    {"noted", "reclassed", "reminded", "urged", "joined", "added", "unreached", "nobody_reached", "chain_ended"}
)


@command("my")
def my(desk: Desk, words: str) -> Reply:  # noqa: ARG001 (the interface)
    cases = reports.cases_of(desk.session, desk.id_of(desk.person), since=desk.now - LATELY)
    if not cases:
        return Reply(desk.say("my.none"))
    return Reply("\n".join([desk.say("my.count", count=len(cases)), *(_line(desk, case) for case in cases[:10])]))


@command("todo", ranks=STAFF)
def todo(desk: Desk, words: str) -> Reply:  # noqa: ARG001
    cases = access.mine_to_work(desk)
    if not cases:
        return Reply(desk.say("todo.none"))
    lines = [desk.say("todo.count", count=len(cases)), *(_line(desk, case) for case in cases[:20])]
    buttons = [Button(f"#{case.number} {case.title}"[:24], f"/status {case.number}") for case in cases[:8]]
    return Reply("\n".join(lines), tuple(buttons))


def _line(desk: Desk, case: Request) -> str:
    late = case.finish_by is not None and case.is_open and case.finish_by < desk.now
    mark = desk.say("mark.urgent" if case.urgent and case.is_open else "mark.late" if late else "mark.plain")
    return f"{mark} {cards.headline(desk, case, public=False)} — {cards.status(desk, case)}"


@case_command("status", access.may_see)
def status(desk: Desk, case: Request, words: str) -> Reply:  # noqa: ARG001
    """Where it stands and how it came there; internal lines only for those who work on it."""
    staff = access.may_work(desk, case)
    lines = [cards.headline(desk, case, public=False), cards.status(desk, case)]
    for event in events.history(desk.session, case.number):
        if event.kind in TOLD or (staff and event.kind in INTERNAL):
            lines.append(_history_line(desk, event, with_words=staff or event.kind == "replied"))
    buttons = cards.working_buttons(desk, case) if staff else cards.own_buttons(desk, case)
    return Reply("\n".join(lines), tuple(buttons))


def _history_line(desk: Desk, event: Event, *, with_words: bool) -> str:
    body = desk.session.get_one(Text, event.text_id).body if event.text_id and with_words else None
    words = desk.say("history.words", words=body) if body else ""
    return desk.say(
        "history.line",
        at=desk.say.past(event.at, desk.now),
        who=desk.name_of(event.actor_id),
        what=desk.say(f"event.{event.kind}"),
        words=words,
    )


@case_command("cancel", access.is_reporter)
def cancel(desk: Desk, case: Request, words: str) -> Reply:
    """The reporter takes back their voice; the last voice takes the case with it."""
    if not case.is_open:
        raise Sorry(desk.say("illegal.ended", number=case.number))
    voices = reports.voices(desk.session, case.number)
    if len(voices) > 1 and (own := reports.voice_of(desk.session, case.number, desk.id_of(desk.person))):
        own.gone_at = desk.now
        desk.session.add(own)
        desk.record(case, "voice_withdrawn", data={"person": own.person_id})
        return Reply(desk.say("cancel.voice", number=case.number, count=len(voices) - 1), nod=True)
    desk.move(case, State.WITHDRAWN, "withdrawn", text=words or None, ended_at=desk.now, remind_at=None, raise_at=None)
    cards.tell_lead(desk, case, desk.say("lead.withdrawn", card=cards.headline(desk, case, public=False)))
    return Reply(desk.say("cancel.done", number=case.number), nod=True)


@command("undo")
def undo(desk: Desk, words: str) -> Reply:  # noqa: ARG001
    """One's last move, within ten minutes, if nothing happened to the case since."""
    event = events.last_by(desk.session, desk.id_of(desk.person), UNDOABLE, since=desk.now - UNDO_WITHIN)
    if event is None:
        raise Sorry(desk.say("undo.nothing"))
    case = requests.lock(desk.session, event.request_id)
    latest = events.latest(desk.session, event.request_id)
    if case is None or latest is None or latest.number != event.number:
        raise Sorry(desk.say("undo.moved_on", number=event.request_id))
    _call_back(desk, case)
    desk.touched[case.number] = case
    requests.take_back(desk.session, case, event, actor_id=desk.id_of(desk.person), at=desk.now)
    what = desk.say(f"event.{event.kind}")
    return Reply(desk.say("undo.done", number=case.number, what=what, status=cards.status(desk, case)), nod=True)


def _call_back(desk: Desk, case: Request) -> None:
    """Questions to reporters that stand on what is undone: dropped if they wait, taken away if they were sent."""
    outbox.drop(desk.session, request_id=case.number, purpose=Purpose.ASK)
    for letter in outbox.cards_of(desk.session, case.number, Purpose.ASK):
        if letter.card_key and letter.chat_id is not None:
            desk.erase(letter.card_key, letter.chat_id)


@case_command("why", access.may_work)
def why(desk: Desk, case: Request, words: str) -> Reply:  # noqa: ARG001
    """The words that decided, as the reader gave them."""
    first = next(iter(events.history(desk.session, case.number)))
    reasons = "\n".join(f"· {reason}" for reason in first.data.get("why", [])) or desk.say("why.said_so")
    label = desk.reader.category_label(case.category)
    return Reply(desk.say("why", number=case.number, kind=desk.say(f"kind.{case.kind}"), label=label, reasons=reasons))
