"""A leave (请假): from one day to another, both whole, somebody else does a person's work."""

from datetime import date, datetime

from sqlmodel import Field, Session, col, select

from storage.database import UTCTime
from storage.people import Person
from storage.rows import Row


class Leave(Row, table=True):
    """While it runs, `Person.relief_id` names who acts; two timers set and clear that."""

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    relief_id: int = Field(foreign_key="person.id", index=True)
    first_day: date
    last_day: date
    begin_at: datetime | None = Field(default=None, sa_type=UTCTime, index=True)
    end_at: datetime | None = Field(default=None, sa_type=UTCTime, index=True)
    made_by: int = Field(foreign_key="person.id")
    made_at: datetime = Field(sa_type=UTCTime)
    cancelled_at: datetime | None = Field(default=None, sa_type=UTCTime)

    @property
    def runs(self) -> bool:
        return self.begin_at is None and self.end_at is not None


def ahead(session: Session, person_id: int) -> list[Leave]:
    """A person's leaves that are not over, the earliest first."""
    query = select(Leave).where(Leave.person_id == person_id, col(Leave.end_at).is_not(None))
    return list(session.exec(query.order_by(col(Leave.first_day), col(Leave.id))))


def running(session: Session, person_id: int) -> Leave | None:
    return next((leave for leave in ahead(session, person_id) if leave.runs), None)


def away(session: Session, person_id: int, first: date, last: date) -> Leave | None:
    """A leave of a person that shares a day with these."""
    return next((leave for leave in ahead(session, person_id) if _meet(leave, first, last)), None)


def standing_in(session: Session, person_id: int, first: date, last: date) -> Leave | None:
    """Somebody's leave on one of these days in which this person does their work."""
    query = select(Leave).where(Leave.relief_id == person_id, col(Leave.end_at).is_not(None))
    found = session.exec(query.order_by(col(Leave.first_day), col(Leave.id)))
    return next((leave for leave in found if _meet(leave, first, last)), None)


def of_either(session: Session, person: Person) -> list[Leave]:
    """The leaves not over that a person takes or stands in for."""
    query = select(Leave).where(
        (col(Leave.person_id) == person.id) | (col(Leave.relief_id) == person.id), col(Leave.end_at).is_not(None)
    )
    return list(session.exec(query.order_by(col(Leave.id))))


def _meet(leave: Leave, first: date, last: date) -> bool:
    return leave.first_day <= last and first <= leave.last_day
