"""The append-only history of a case: who, when, what, why; each entry carries the hash of the one before."""

import json
from collections.abc import Collection
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import JSON, Column, Field, Session, col, select

from storage.database import UTCTime
from storage.rows import Row, store
from storage.texts import Text, keep


class Event(Row, table=True):
    """`data` holds ids and codes, never free text; `undo` the columns as they were before."""

    __table_args__ = (UniqueConstraint("request_id", "number"), Index("ix_event_actor_id_id", "actor_id", "id"))

    id: int | None = Field(default=None, primary_key=True)
    request_id: int = Field(foreign_key="request.id")
    number: int
    at: datetime = Field(sa_type=UTCTime)
    kind: str
    actor_id: int | None = Field(default=None, foreign_key="person.id")  # None: the clock
    data: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    undo: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    text_id: int | None = Field(default=None, foreign_key="text.id")
    hash: str

    def sealed(self, previous: str, text_digest: str) -> str:
        """SHA-256 over the entry before and everything in this one, the text by its own digest."""
        content = [
            previous, self.request_id, self.number, self.at.astimezone(UTC).isoformat(), self.kind, self.actor_id,
            self.data, self.undo, text_digest,
        ]  # fmt: skip
        return sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def append(
    session: Session,
    request_id: int,
    kind: str,
    *,
    at: datetime,
    actor_id: int | None,
    data: dict[str, Any],
    undo: dict[str, Any],
    text: str | None,
    last: Event | None,
) -> Event:
    """Adds the entry after `last`. The caller holds the case's row lock, so numbers neither collide nor skip."""
    kept = keep(session, text) if text else None
    event = Event(
        request_id=request_id,
        number=last.number + 1 if last else 1,
        at=at,
        kind=kind,
        actor_id=actor_id,
        data=data,
        undo=undo,
        text_id=kept.id if kept else None,
        hash="",
    )
    event.hash = event.sealed(last.hash if last else "", kept.digest if kept else "")
    return store(session, event)


def latest(session: Session, request_id: int) -> Event | None:
    return session.exec(
        select(Event).where(Event.request_id == request_id).order_by(col(Event.number).desc()).limit(1)
    ).first()


def history(session: Session, request_id: int) -> list[Event]:
    return list(session.exec(select(Event).where(Event.request_id == request_id).order_by(col(Event.number))))


def first_break(session: Session, request_id: int) -> int | None:
    """The number of the first entry that was changed, removed or reordered; None if the chain holds.

    Entries cut off at the end leave no trace here: nothing after them remembers their hash.
    """
    previous = ""
    for expected, event in enumerate(history(session, request_id), start=1):
        text = session.get_one(Text, event.text_id) if event.text_id else None
        seal = event.sealed(previous, text.digest if text else "")
        if event.number != expected or event.hash != seal or (text and not text.intact):
            return expected
        previous = event.hash
    return None


def last_by(session: Session, actor_id: int, kinds: Collection[str], *, since: datetime) -> Event | None:
    """A person's latest entry of some kinds, over all cases."""
    return session.exec(
        select(Event)
        .where(Event.actor_id == actor_id, col(Event.kind).in_(kinds), col(Event.at) > since)
        .order_by(col(Event.id).desc())
        .limit(1)
    ).first()
