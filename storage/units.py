"""A unit (承办单位): a property company, a department, a vendor; reached in its own chat or through its contacts."""

from typing import ClassVar

from sqlmodel import JSON, Column, Field, Session, col, select

from storage.rows import Row


class Unit(Row, table=True):
    KEPT: ClassVar[bool] = True  # read once per transaction

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    name: str
    aliases: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    chat_id: int | None = Field(default=None, foreign_key="chat.id")
    phone: str | None = None
    source: str
    gone: bool = False


def all_units(session: Session) -> list[Unit]:
    return list(session.exec(select(Unit).where(col(Unit.gone).is_(False)).order_by(col(Unit.id))))


def named(session: Session, word: str) -> Unit | None:
    """The unit a person means by `word`: its key, its name or one of its aliases, exactly."""
    for unit in all_units(session):
        if word in {unit.key, unit.name, *unit.aliases}:
            return unit
    return None
