"""What is over and may be forgotten: cases long ended, people none of whose cases is left."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, update
from sqlmodel import Session, col, or_, select

from storage.chats import Chat
from storage.events import Event
from storage.outbox import Card, Letter, LetterState
from storage.people import Address, Person, Role
from storage.questions import OpenQuestion
from storage.reports import Report
from storage.requests import Request
from storage.texts import Text


def cases_over(session: Session, before: datetime, *, limit: int) -> Sequence[Request]:
    """Cases that ended before a moment and whose words are still there, the oldest first; locked."""
    return session.exec(
        select(Request)
        .where(col(Request.forgotten_at).is_(None), col(Request.ended_at) <= before)
        .order_by(col(Request.ended_at), col(Request.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def blank_words(session: Session, number: int, *, limit: int) -> int:
    """Blanks what residents reported and workers wrote about a case; the digests stay, so its history holds."""
    said = select(Report.text_id).where(Report.request_id == number)
    written = select(Event.text_id).where(Event.request_id == number)
    mine = or_(col(Text.id).in_(said), col(Text.id).in_(written))
    ids = session.exec(select(Text.id).where(mine, col(Text.body).is_not(None)).limit(limit)).all()
    session.execute(update(Text).where(col(Text.id).in_(ids)).values(body=None))
    return len(ids)


def delete_letters(session: Session, number: int, *, limit: int) -> int:
    """Deletes the letters of a case: to whom the bot said when that something happened."""
    mine = (Letter.request_id == number, Letter.state != LetterState.SENDING)
    ids = session.exec(select(Letter.id).where(*mine).limit(limit)).all()
    session.execute(delete(Letter).where(col(Letter.id).in_(ids)))
    return len(ids)


def delete_cards(session: Session, number: int) -> None:
    session.execute(delete(Card).where(col(Card.request_id) == number))


def people_over(session: Session, before: datetime, *, limit: int) -> Sequence[Person]:
    """Residents with no case, post or open question left, who last wrote to the bot before a moment; locked.

    Asked twice: somebody may have reported between the look and the lock.
    """
    found = session.exec(
        select(Person).where(*_over(before)).order_by(col(Person.id)).limit(limit).with_for_update(skip_locked=True)
    ).all()
    still = set(session.exec(select(Person.id).where(*_over(before), col(Person.id).in_([one.id for one in found]))))
    return [one for one in found if one.id in still]


def _over(before: datetime) -> list[ColumnElement[bool]]:
    address = col(Address.person_id) == Person.id
    reported = exists().where(
        col(Report.person_id) == Person.id, col(Report.request_id) == Request.id, col(Request.forgotten_at).is_(None)
    )
    leads = exists().where(col(Request.lead_person_id) == Person.id, col(Request.forgotten_at).is_(None))
    return [
        col(Person.key).is_(None),
        exists().where(address),  # who has none is forgotten already
        ~exists().where(address, col(Address.seen_at) > before),
        ~exists().where(col(Role.person_id) == Person.id, col(Role.gone).is_(False)),
        ~reported,
        ~leads,
        ~exists().where(col(OpenQuestion.person_id) == Person.id),
    ]


def forget(session: Session, person: Person, *, at: datetime) -> None:
    """Takes away who a person was and how they are reached. The row stays: histories point to it."""
    for address in session.exec(select(Address).where(Address.person_id == person.id)).all():
        chat = session.get(Chat, address.chat_id) if address.chat_id else None
        if chat and chat.private:
            chat.address, chat.title, chat.shut_at = f"gone:{chat.id}", "", at
        session.delete(address)
    person.name, person.flat, person.phone = "", None, None
    session.flush()
