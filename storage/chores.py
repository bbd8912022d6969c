"""Chores: what is done beside the talk (retention and learning every night, backups), and when it was last done."""

from datetime import datetime

from sqlmodel import Field, Session

from storage.database import UTCTime
from storage.rows import Row

RETENTION = "retention"
LEARNING = "learning"
BACKUP = "backup"
RESTORE = "restore"


class Chore(Row, table=True):
    """`due_at` is the timer of what the bot does itself; what an operator does has none. `told`: the archive's name."""

    key: str = Field(primary_key=True)
    due_at: datetime | None = Field(default=None, sa_type=UTCTime, index=True)
    done_at: datetime | None = Field(default=None, sa_type=UTCTime)
    told: str = ""


def find(session: Session, key: str) -> Chore | None:
    return session.get(Chore, key)


def plan(session: Session, key: str, *, due_at: datetime) -> None:
    """Puts a chore on the list; one that is there keeps its time."""
    if session.get(Chore, key) is None:
        session.add(Chore(key=key, due_at=due_at))
        session.flush()


def done(session: Session, key: str, *, at: datetime, told: str = "") -> None:
    chore = session.get(Chore, key) or Chore(key=key)
    chore.done_at, chore.told = at, told
    session.add(chore)
    session.flush()
