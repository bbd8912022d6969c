"""Speaking to the reporters of a case: privately where they can be reached, else by one reply in their group."""

from collections.abc import Sequence

from handlers.desk import Desk
from handlers.message import Button
from handlers.router import undelivered
from nlp.places import building, without_flats
from storage import people, reports
from storage.attachments import Attachment
from storage.chats import Chat
from storage.outbox import Letter, Purpose
from storage.people import Person
from storage.reports import Report
from storage.requests import Request


def tell(
    desk: Desk,
    case: Request,
    purpose: Purpose,
    text: str,
    *,
    card: str | None = None,
    buttons: Sequence[Button] = (),
    files: Sequence[Attachment] = (),
) -> None:
    """One letter per reporter with a private chat; one reply for all others of a group, to the first one's message.

    Who only put a thumb on the card reads on there.

    `files` are shown alone only. `card` makes the letters editable under that name. In a group a delicate case says
    nothing but its number.
    """
    shared: dict[int, Report] = {}
    for voice, person in reports.reporters(desk.session, case.number):
        if voice.silent:
            continue
        if person.unreachable_at is None and people.private_chat(desk.session, voice.person_id):
            key = f"{card}:p{voice.person_id}" if card else None
            _send(desk, case, purpose, text, card_key=key, buttons=buttons, person=person, files=files)
        else:
            shared.setdefault(voice.chat_id, voice)
    for chat_id, voice in shared.items():
        words = for_all(desk, case, text, voice)
        key = f"{card}:c{chat_id}" if card else None
        _send(desk, case, purpose, words, card_key=key, buttons=buttons, voice=voice)


def for_all(desk: Desk, case: Request, text: str, voice: Report) -> str:
    """The words as the chat of a report may read them: in a group no flat, and of a delicate case only its number."""
    if desk.session.get_one(Chat, voice.chat_id).private:
        return text
    if case.delicate:
        return desk.say("delicate.news", number=case.number)
    for place in case.places.split():
        text = text.replace(place, building(place) or "")
    return without_flats(text)


def _send(
    desk: Desk,
    case: Request,
    purpose: Purpose,
    text: str,
    *,
    card_key: str | None,
    buttons: Sequence[Button],
    person: Person | None = None,
    voice: Report | None = None,
    files: Sequence[Attachment] = (),
) -> None:
    desk.write(
        purpose,
        text,
        person_id=person.id if person else None,
        chat_id=voice.chat_id if voice else None,
        reply_to=voice.message if voice else None,
        case=case,
        buttons=buttons,
        card_key=card_key,
        files=files,
        at=desk.house.awake(desk.now),
    )


@undelivered(Purpose.ASK)
@undelivered(Purpose.TELL)
def reporter_unreached(desk: Desk, letter: Letter) -> None:
    """Marks the person; the letter goes out once more as a reply in the group where they reported."""
    if letter.person_id is None or letter.request_id is None:
        return
    person = desk.session.get_one(Person, letter.person_id)
    person.unreachable_at = desk.now
    case = desk.session.get_one(Request, letter.request_id)
    desk.record(case, "unreached", data={"person": person.id, "reason": letter.reason})
    voice = reports.voice_of(desk.session, case.number, desk.id_of(person))
    if voice is None or voice.chat_id == letter.chat_id or not letter.text:
        return
    words = for_all(desk, case, letter.text, voice)
    key = letter.card_key.rsplit(":", 1)[0] + f":c{voice.chat_id}" if letter.card_key else None
    buttons = [Button(*button) for button in letter.buttons]
    _send(desk, case, letter.purpose, words, card_key=key, buttons=buttons, voice=voice)
