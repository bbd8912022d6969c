"""A chat: a group bound to a grid or a unit, or a private conversation."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, NamedTuple

from sqlalchemy import UniqueConstraint, bindparam
from sqlmodel import Field, Session, select

from storage.database import UTCTime, words
from storage.rows import Row


class ChatKey(NamedTuple):
    """A platform's chat ids are only unique within one account of that platform."""

    platform: str
    account: str
    address: str

    @classmethod
    def parse(cls, text: str) -> "ChatKey":
        """Reads "platform:account:chat id"; the id may contain colons. ValueError on anything else."""
        parts = text.split(":", 2)
        if len(parts) != 3 or not all(parts):
            raise ValueError(f"not of the form platform:account:id: {text}")
        return cls(*parts)


class Mode(StrEnum):
    LISTEN = "listen"
    ADDRESSED = "addressed"  # hears commands, replies to the bot and mentions only
    OFF = "off"


class Chat(Row, table=True):
    __table_args__ = (UniqueConstraint("platform", "account", "address"),)

    KEPT: ClassVar[bool] = True  # read once per transaction

    id: int | None = Field(default=None, primary_key=True)
    platform: str
    account: str
    address: str
    title: str = ""
    private: bool
    grid_id: int | None = Field(default=None, foreign_key="grid.id")  # a residents' group
    of_unit: bool = False  # a unit's own chat
    mode: Mode = Field(default=Mode.LISTEN, sa_type=words(Mode))
    shut_at: datetime | None = Field(default=None, sa_type=UTCTime)  # since then the bot is kept out
    source: str

    @property
    def key(self) -> ChatKey:
        return ChatKey(self.platform, self.account, self.address)


_BY_KEY = select(Chat).where(
    Chat.platform == bindparam("platform"),
    Chat.account == bindparam("account"),
    Chat.address == bindparam("address"),
)
_LOCKED = _BY_KEY.with_for_update().execution_options(populate_existing=True)


def find(session: Session, key: ChatKey, *, lock: bool = False) -> Chat | None:
    """The chat, its row locked if asked: what one chat says is handled one at a time, in every process."""
    return session.exec(_LOCKED if lock else _BY_KEY, params=key._asdict()).one_or_none()


def found_or_new(session: Session, key: ChatKey, *, title: str, private: bool, source: str) -> Chat:
    chat = find(session, key)
    if chat is None:
        chat = Chat(**key._asdict(), title=title, private=private, source=source)
        session.add(chat)
        session.flush()
    return chat


def move(session: Session, old: ChatKey, new: ChatKey, *, source: str) -> Chat | None:
    """Gives a chat its new address; None if there is none to move, or somebody else's chat has the address.

    `source` keeps a file that still names the old address from taking the chat away.
    """
    chat = find(session, old, lock=True)
    if chat is None or find(session, new) is not None:
        return None
    chat.address, chat.source, chat.shut_at = new.address, source, None
    session.flush()
    return chat
