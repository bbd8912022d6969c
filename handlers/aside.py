"""What is personal does not stand in a group: the answer goes to the private chat."""

from collections.abc import Sequence

from handlers.desk import Desk, Sorry
from handlers.message import Button, Reply
from storage import people
from storage.attachments import Attachment
from storage.outbox import Purpose
from storage.requests import Request

CASE, OWN = "c", "w"  # what a code of /start brings back: a case by its number, one's own cases


def among_residents(desk: Desk) -> bool:
    """Whether neighbours read along here."""
    return not desk.here.private and not desk.here.of_unit


def can_be_alone(desk: Desk) -> bool:
    """Whether the speaker can be reached alone."""
    person = desk.met
    return (
        person is not None
        and person.unreachable_at is None
        and people.private_chat(desk.session, desk.id_of(person)) is not None
    )


def must_be_alone(desk: Desk, case: Request | None = None) -> None:
    """Sorry, with how to write first, where neighbours read along and the speaker cannot be reached alone."""
    if among_residents(desk) and not can_be_alone(desk):
        raise Sorry(_write_first(desk, case))


def _write_first(desk: Desk, case: Request | None) -> str:
    """With a link, if the platform has one, that opens the private chat and brings the answer there."""
    link = desk.link(f"{CASE}{case.number}" if case else OWN)
    return desk.say("aside.open", link=link) if link else desk.say("aside.write_first")


def aside(
    desk: Desk,
    text: str,
    buttons: Sequence[Button] = (),
    *,
    case: Request | None = None,
    files: Sequence[Attachment] = (),
) -> Reply | None:
    """Answers here if nobody reads along, else alone; who cannot be reached alone is asked to write there first.

    A reply to an answer about a case needs no number.
    """
    if not among_residents(desk):
        if case is None:
            return Reply(text, tuple(buttons))
        desk.answer(text, case, buttons, files)
        return None
    must_be_alone(desk, case)
    desk.write(Purpose.ANSWER, text, person_id=desk.person.id, buttons=buttons, case=case, files=files)
    return Reply(desk.say("aside.sent"), nod=True)
