"""An open question of the bot: the next thing this person says in this chat completes the command it holds."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, Session, select

from storage.database import UTCTime
from storage.rows import Row


class OpenQuestion(Row, table=True):
    """At most one per person and chat. `command` is a prefix: the answer is put behind it."""

    __table_args__ = (UniqueConstraint("chat_id", "person_id"),)

    id: int | None = Field(default=None, primary_key=True)
    chat_id: int = Field(foreign_key="chat.id")
    person_id: int = Field(foreign_key="person.id")
    command: str
    expires_at: datetime = Field(sa_type=UTCTime, index=True)


def find(session: Session, chat_id: int, person_id: int, *, at: datetime) -> OpenQuestion | None:
    return session.exec(
        select(OpenQuestion).where(
            OpenQuestion.chat_id == chat_id, OpenQuestion.person_id == person_id, OpenQuestion.expires_at > at
        )
    ).one_or_none()


def ask(session: Session, chat_id: int, person_id: int, command: str, *, expires_at: datetime) -> None:
    """Opens a question; an older one of the same person in the same chat is forgotten."""
    close(session, chat_id, person_id)
    session.add(OpenQuestion(chat_id=chat_id, person_id=person_id, command=command, expires_at=expires_at))


def close(session: Session, chat_id: int, person_id: int) -> None:
    for question in session.exec(
        select(OpenQuestion).where(OpenQuestion.chat_id == chat_id, OpenQuestion.person_id == person_id)
    ):
        session.delete(question)
    session.flush()
