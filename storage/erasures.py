"""The ledger of what was deleted: when, what class, how many, by which rule; never what it said."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, col, select

from storage.database import UTCTime, words
from storage.rows import Row


class Erased(StrEnum):
    """The classes of what is kept only for a while."""

    DELIVERIES = "delivery ids"
    LETTERS = "words of letters"
    WORDS = "words of cases"
    FILES = "files of cases"
    SENT = "letters of cases"
    PEOPLE = "people"


class Erasure(Row, table=True):
    """One line per day (the community's), class and rule."""

    day: date = Field(primary_key=True)
    what: Erased = Field(primary_key=True, sa_type=words(Erased))
    rule: str = Field(primary_key=True)
    how_many: int
    last_at: datetime = Field(sa_type=UTCTime)


def note(session: Session, what: Erased, rule: str, how_many: int, *, day: date, at: datetime) -> None:
    """Adds to the day's line, in the transaction that deletes; nothing for nothing."""
    if not how_many:
        return
    on_sqlite = session.connection().dialect.name == "sqlite"
    insert = (sqlite.insert if on_sqlite else postgresql.insert)(Erasure)
    line = insert.values(day=day, what=what, rule=rule, how_many=how_many, last_at=at)
    session.connection().execute(
        line.on_conflict_do_update(
            index_elements=["day", "what", "rule"],
            set_={"how_many": col(Erasure.how_many) + line.excluded.how_many, "last_at": line.excluded.last_at},
        )
    )


def lines(session: Session) -> Sequence[Erasure]:
    """The whole ledger, the oldest day first."""
    return session.exec(select(Erasure).order_by(col(Erasure.day), col(Erasure.what), col(Erasure.rule))).all()
