"""A report (反映): one message of one person that supports a case; several people may share one case."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam
from sqlmodel import Field, Session, col, func, select

from storage import attachments
from storage.attachments import Attachment
from storage.database import UTCTime, words
from storage.people import Person
from storage.requests import OPEN, Outcome, Request, Satisfaction
from storage.rows import Row
from storage.texts import Text


class Report(Row, table=True):
    """`first` marks the message that brought a person into the case: a voice. The others add to it.

    A `silent` voice was given by a reaction, without a word: it counts, and is asked nothing.
    """

    id: int | None = Field(default=None, primary_key=True)
    request_id: int = Field(foreign_key="request.id", index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    chat_id: int = Field(foreign_key="chat.id")
    message: str  # the platform's message id
    at: datetime = Field(sa_type=UTCTime)
    first: bool
    silent: bool = False
    text_id: int | None = Field(default=None, foreign_key="text.id")
    verdict: Outcome | None = Field(default=None, sa_type=words(Outcome))
    satisfaction: Satisfaction | None = Field(default=None, sa_type=words(Satisfaction))
    answered_at: datetime | None = Field(default=None, sa_type=UTCTime)
    gone_at: datetime | None = Field(default=None, sa_type=UTCTime)  # withdrew


def voices(session: Session, request_id: int) -> list[Report]:
    """One row per reporter, in the order they came; who withdrew is not among them."""
    return list(
        session.exec(
            select(Report)
            .where(Report.request_id == request_id, col(Report.first).is_(True), col(Report.gone_at).is_(None))
            .order_by(col(Report.id))
        )
    )


def voice_of(session: Session, request_id: int, person_id: int) -> Report | None:
    return next((voice for voice in voices(session, request_id) if voice.person_id == person_id), None)


def latest_of(session: Session, request_id: int, person_id: int) -> Report | None:
    """The last message of a person that belongs to a case."""
    mine = (Report.request_id == request_id, Report.person_id == person_id)
    return session.exec(select(Report).where(*mine).order_by(col(Report.id).desc()).limit(1)).first()


def speak_up(session: Session, request_id: int, person_id: int) -> None:
    """Who says something about a case is no silent voice of it any more."""
    voice = voice_of(session, request_id, person_id)
    if voice is not None and voice.silent:
        voice.silent = False
        session.flush()


def first_of(session: Session, request_id: int) -> Report:
    """The message that opened a case."""
    query = select(Report).where(Report.request_id == request_id).order_by(col(Report.id)).limit(1)
    return session.exec(query).one()


def all_of(session: Session, request_id: int) -> list[Report]:
    return list(session.exec(select(Report).where(Report.request_id == request_id).order_by(col(Report.id))))


def first_words(session: Session, request_id: int) -> str | None:
    """What the first reporter wrote; None once it is blanked."""
    return session.exec(
        select(Text.body)
        .join(Report, col(Report.text_id) == Text.id)
        .where(Report.request_id == request_id)
        .order_by(col(Report.id))
        .limit(1)
    ).first()


def cases_of(session: Session, person_id: int, *, since: datetime | None = None) -> list[Request]:
    """The cases a person reported, newest first: the open ones, and with `since` those done after it."""
    alive = col(Request.state).in_(OPEN)
    return list(
        session.exec(
            select(Request)
            .join(Report, col(Report.request_id) == Request.id)
            .where(
                Report.person_id == person_id,
                col(Report.first).is_(True),
                col(Report.gone_at).is_(None),
                alive if since is None else alive | (col(Request.done_at) > since),
            )
            .order_by(col(Request.id).desc())
        )
    )


def of_message(session: Session, chat_id: int, message: str) -> Report | None:
    return session.exec(
        select(Report).where(Report.chat_id == chat_id, Report.message == message).order_by(col(Report.id).desc())
    ).first()


_SPOKEN_OF = (
    select(Request.id)
    .join(Report, col(Report.request_id) == Request.id)
    .where(
        Report.person_id == bindparam("person"),
        Report.chat_id == bindparam("chat"),
        col(Report.at) > bindparam("since"),
        col(Request.state).in_(OPEN),
    )
    .order_by(col(Report.id).desc())
    .limit(1)
)


def recent_case(session: Session, person_id: int, chat_id: int, *, at: datetime, within: timedelta) -> Request | None:
    """The open case this person last wrote about in this chat, if that was a moment ago."""
    session.flush()
    where = {"person": person_id, "chat": chat_id, "since": at - within}
    number = session.connection().execute(_SPOKEN_OF, where).scalar()
    return session.get(Request, number) if number else None


_SIMILAR = (
    select(Request.id)
    .where(
        Request.category == bindparam("category"),
        Request.grid_id == bindparam("grid"),
        col(Request.opened_at) > bindparam("since"),
        col(Request.state).in_(OPEN),
    )
    .order_by(col(Request.id).desc())
)


def similar(session: Session, category: str, grid_id: int, *, since: datetime) -> Sequence[Request]:
    """Open cases of one category in one grid, newest first: what a new report may be another voice of."""
    session.flush()
    where = {"category": category, "grid": grid_id, "since": since}
    numbers = session.connection().execute(_SIMILAR, where).scalars().all()
    return [session.get_one(Request, number) for number in numbers]


def count_voices(session: Session, request_id: int) -> int:
    return session.exec(
        select(func.count())
        .select_from(Report)
        .where(Report.request_id == request_id, col(Report.first).is_(True), col(Report.gone_at).is_(None))
    ).one()


def attached(session: Session, request_id: int) -> list[Attachment]:
    """What came from everybody who still stands behind a case, at first or added later."""
    if not (there := attachments.of_case(session, request_id)):
        return []
    behind = {voice.person_id for voice in voices(session, request_id)}
    came = {report.id for report in all_of(session, request_id) if report.person_id in behind}
    return [one for one in there if one.report_id in came]


def reporters(session: Session, request_id: int) -> list[tuple[Report, Person]]:
    people = [(voice, session.get(Person, voice.person_id)) for voice in voices(session, request_id)]
    return [(voice, person) for voice, person in people if person]


def last_of(session: Session, person_id: int) -> Request | None:
    """The case this person reported last."""
    return session.exec(
        select(Request)
        .join(Report, col(Report.request_id) == Request.id)
        .where(Report.person_id == person_id)
        .order_by(col(Report.id).desc())
        .limit(1)
    ).first()
