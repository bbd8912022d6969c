"""Corrections and lessons: what people said the reader got wrong, and what was learnt from it here."""

import random
from collections.abc import Collection, Sequence
from datetime import date
from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import JSON, Column, Field, Session, col, delete, select

from storage.database import words
from storage.rows import Row, store


class Correction(Row, table=True):
    """A message as words without their order, how it stood, and what a person said it is: neither text nor person.

    `request_id` is there only until the night, so that who undoes a correction takes it back; `month` is its first day.
    """

    id: int | None = Field(default=None, primary_key=True)
    month: date
    words: list[str] = Field(sa_column=Column(JSON, nullable=False))
    stand: dict[str, float] = Field(sa_column=Column(JSON, nullable=False))
    request: bool
    category: str | None = None
    version: str  # of the weights it stood by
    request_id: int | None = Field(default=None, foreign_key="request.id", index=True)


class LessonState(StrEnum):
    PROPOSED = "proposed"
    APPLIED = "applied"
    DECLINED = "declined"  # not proposed again


class Lesson(Row, table=True):
    """One more weight of a word for a request or a category. What it was found to change stands beside it."""

    __table_args__ = (UniqueConstraint("word", "target"), {"sqlite_autoincrement": True})  # no number comes twice

    id: int | None = Field(default=None, primary_key=True)
    word: str
    target: str  # "request" or the key of a category
    weight: float
    seen: int
    better: int
    worse: int
    state: LessonState = Field(sa_type=words(LessonState))


def note(session: Session, correction: Correction) -> None:
    """In the place of what was said of the same case before."""
    if correction.request_id is not None:
        take_back(session, correction.request_id)
    store(session, correction)


def take_back(session: Session, request_id: int) -> None:
    session.connection().execute(delete(Correction).where(col(Correction.request_id) == request_id))


def grow_anonymous(session: Session) -> None:
    """From now on nothing tells which case they came from, not even their order."""
    those = session.exec(select(Correction).where(col(Correction.request_id).is_not(None))).all()
    values = [one.model_dump(exclude={"id", "request_id"}) for one in those]
    random.shuffle(values)
    for one in those:
        session.delete(one)
    session.flush()
    session.add_all(Correction(**each) for each in values)
    session.flush()


def forget(session: Session, *, before: date, version: str) -> int:
    """Those that are old, or stood by other weights; how many they were."""
    gone = delete(Correction).where((col(Correction.month) < before) | (col(Correction.version) != version))
    return session.connection().execute(gone).rowcount


def kept(session: Session, limit: int) -> Sequence[Correction]:
    """The newest, in the order they came."""
    newest = select(Correction).order_by(col(Correction.id).desc()).limit(limit)
    return list(reversed(session.exec(newest).all()))


def lessons(session: Session, *states: LessonState) -> Sequence[Lesson]:
    return session.exec(select(Lesson).where(col(Lesson.state).in_(states)).order_by(col(Lesson.id))).all()


def in_force(session: Session) -> dict[tuple[str, str], float]:
    """The lessons that count, as the reader takes them."""
    return {(one.word, one.target): one.weight for one in lessons(session, LessonState.APPLIED)}


def find_lesson(session: Session, word: str, target: str) -> Lesson | None:
    return session.exec(select(Lesson).where(Lesson.word == word, Lesson.target == target)).one_or_none()


def keep_proposals(session: Session, those: Collection[tuple[str, str]]) -> None:
    """What is proposed no more is gone."""
    for one in lessons(session, LessonState.PROPOSED):
        if (one.word, one.target) not in those:
            session.delete(one)
    session.flush()


def unlearn(session: Session) -> tuple[int, int]:
    """Forgets everything learnt here: how many lessons, how many corrections."""
    learnt = session.connection().execute(delete(Lesson)).rowcount
    return learnt, session.connection().execute(delete(Correction)).rowcount
