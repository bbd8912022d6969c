"""A receipt (回执): somebody pressed "received" under a notice. Only how many is told, never who."""

from hashlib import sha256

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, Session, col, delete, select

from storage.rows import Row


class Receipt(Row, table=True):
    """`mark` keeps one person from counting twice; without the notice's salt it leads back to nobody."""

    __table_args__ = (UniqueConstraint("notice_id", "mark"),)

    id: int | None = Field(default=None, primary_key=True)
    notice_id: int = Field(foreign_key="notice.id")
    mark: str


def mark(salt: str, platform: str, account: str, user: str) -> str:
    return sha256("\n".join((salt, platform, account, user)).encode()).hexdigest()


def add(session: Session, notice_id: int, own: str) -> bool:
    """False: this one is counted already. The notice's row must be locked."""
    if session.exec(select(Receipt.id).where(Receipt.notice_id == notice_id, Receipt.mark == own)).first():
        return False
    session.add(Receipt(notice_id=notice_id, mark=own))
    return True


def forget(session: Session, notice_id: int) -> None:
    session.exec(delete(Receipt).where(col(Receipt.notice_id) == notice_id))
