"""Pictures and other files: sent without a word, added to a case, shown to who may see them."""

from handlers import access, announcing, attached, cards, intake, satisfaction
from handlers.aside import aside
from handlers.beforehand import JOINING
from handlers.desk import Desk, Sorry
from handlers.intake import Told
from handlers.message import Button, Reply
from handlers.router import case_command
from nlp.reader import Reading
from storage import attachments, events, reports
from storage.attachments import Attachment, Keeping
from storage.events import Event
from storage.requests import Request

EVIDENCED = frozenset({"done", "replied", "noted", "outcome"})  # what a worker's next pictures are evidence for
MOST = 50  # files shown at once, the newest
CHOICES = 6


def act(desk: Desk, reading: Reading) -> Reply | None:
    """Talk, with or without files; files without a word belong to what their sender just said, or are asked about."""
    if desk.said.edited:
        return intake.reword(desk, reading)
    alone = desk.here.private and desk.said.attached and not desk.said.text
    if not alone or (reading.is_request and not desk.is_staff):
        return intake.act(desk, reading)
    if desk.is_staff and (draft := announcing.open_draft(desk)):
        return announcing.more_files(desk, draft)
    if desk.is_staff and (event := _just_written(desk)):
        return evidence(desk, event)
    attached.hold(desk)
    return None if desk.early else _which(desk)  # of a burst the first was answered


def _just_written(desk: Desk) -> Event | None:
    person_id = desk.id_of(desk.person)
    last = events.last_by(desk.session, person_id, EVIDENCED | {"undone"}, since=desk.now - JOINING)
    if last is None or last.kind not in EVIDENCED:
        return None
    return last if access.may_work(desk, desk.session.get_one(Request, last.request_id)) else None


def evidence(desk: Desk, event: Event) -> Reply | None:
    """Pictures sent after the words they belong to; of a burst only the first is answered."""
    case = access.case_for(desk, event.request_id, access.may_work)
    more = bool(attachments.of_event(desk.session, event.id))
    attached.keep(desk, case, attached.take(desk), event=event)
    desk.touch(case)
    if event.kind == "done":
        satisfaction.show(desk, case, event)
    return None if more else Reply(desk.say("attach.done", number=case.number), nod=True)


def _which(desk: Desk) -> Reply:
    cases = (access.mine_to_work(desk) if desk.is_staff else access.mine_reported(desk))[:CHOICES]
    buttons = tuple(Button(f"#{case.number} {case.title}", f"/attach {case.number}") for case in cases)
    if not desk.is_staff:
        desk.ask("/report ")
    return Reply(desk.say("attach.which" if buttons else "attach.what"), buttons)


@case_command("attach", access.may_see, hidden=True)
def attach(desk: Desk, case: Request, words: str) -> Reply | None:  # noqa: ARG001 (the interface)
    """The answer to which case the pictures just sent belong to."""
    came = attached.take(desk)
    if not came:
        raise Sorry(desk.say("attach.none"))
    desk.answered()
    if access.may_work(desk, case):
        attached.keep(desk, case, came, event=desk.record(case, "noted"))
    elif case.is_open:
        intake.add_words(desk, case, Told(desk.person, "", desk.said.message, came))
    else:
        raise Sorry(desk.say("illegal.ended", number=case.number))
    return Reply(desk.say("attach.done", number=case.number))


@case_command("photos", access.may_see)
def photos(desk: Desk, case: Request, words: str) -> Reply | None:  # noqa: ARG001
    """Everything to who works on the case; to a reporter their own and the worker's evidence."""
    seen = _seen(desk, case)
    there = [one for one in seen if one.state != Keeping.LOST][-MOST:]
    if not there:
        raise Sorry(desk.say("photos.lost" if seen else "photos.none", number=case.number))
    card = cards.headline(desk, case, public=not access.may_work(desk, case))
    text = desk.say("photos", card=card, counted=attached.counted(desk, seen))
    return aside(desk, text, case=case, files=there)


def _seen(desk: Desk, case: Request) -> list[Attachment]:
    came = attachments.of_case(desk.session, case.number)
    if access.may_work(desk, case):
        return came
    own = {row.id for row in reports.all_of(desk.session, case.number) if row.person_id == desk.person.id}
    shown = {event.id for event in cards.lines(desk, case) if event.kind in {"done", "replied"}}
    return [one for one in came if one.report_id in own or one.event_id in shown]
