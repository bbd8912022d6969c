"""The village: people who talk, a bot that answers, a clock that is set by hand."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.platforms.console import Console, Posted
from bot.play import Play
from bot.stage import HandClock, Stage
from handlers.message import Attached
from storage import people
from storage.chats import ChatKey, found_or_new
from storage.database import Database
from storage.events import Event, history
from storage.follow import CHAT
from storage.requests import Request

T = TypeVar("T")
ZONE = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=ZONE)  # a Monday
GROUP = "3号楼群"


class Village:
    """Everything a test says: `says` in a group, `tells` the bot alone, `presses` a button, `replies` to a message."""

    def __init__(self, settings: Settings, database: Database, runner: asyncio.Runner) -> None:
        self.clock = HandClock(MORNING)
        self.console = Console(self.clock)
        self.database = database
        self.stage = Stage(settings, database, self.clock, lambda _: [self.console])
        self.play = Play(self.stage, self.console)
        self._runner = runner
        self._heard: dict[str, int] = {}
        self.toast: str | None = None
        self.do(self.stage.start())

    def do(self, work: Any) -> Any:
        return self._runner.run(work)

    def restart(self, settings: Settings) -> list[str]:
        """The bot starts again with another configuration; returns what it says of it."""
        self.stage.app.lanes.close()
        self.stage = Stage(settings, self.database, self.clock, lambda _: [self.console])
        self.play = Play(self.stage, self.console)
        said: list[str] = self.do(self.stage.start())
        self.do(self.stage.settle())
        return said

    # -- people -----------------------------------------------------------------------------------------------

    def says(
        self,
        person: str,
        words: str,
        at: str = GROUP,
        *,
        photos: int = 0,
        attached: tuple[Attached, ...] = (),
        to: str | None = None,
        mentioned: bool = False,
    ) -> Posted:
        """In a group; `to` makes it a reply to the newest message there that holds these words."""
        quoted = self.play.newest(at, to) if to else None
        message = self.console.message(
            person, at, words, photos=photos, attached=attached, reply_to=quoted, mentioned=mentioned
        )
        self.toast = self.do(self.stage.hear(message))
        post = self.console.find(at, message.message)
        assert post
        return post

    def tells(self, person: str, words: str, **more: Any) -> list[str]:
        """To the bot alone; returns what it answers there."""
        before = len(self.console.posted.get(person, []))
        self.says(person, words, at=person, **more)
        return [post.text for post in self.console.posted[person][before:] if post.by_us]

    def presses(self, person: str, label: str, about: str | None = None, at: str | None = None) -> str | None:
        """A button of the newest message that has it; returns the toast."""
        post, command = self.play.button(at or person, label, about)
        self.toast = self.do(self.play.press(person, post, command))
        return self.toast

    def wait(self, **spans: float) -> None:
        """Time passes; whatever comes due in it happens at its moment."""
        self.do(self.stage.advance(self.clock.at + timedelta(**spans)))

    def reach(self, *staff: str) -> None:
        """As if each of them had once written /start, only quicker."""

        def open_chats(session: Session) -> None:
            for name in staff:
                key = ChatKey("console", "main", name)
                chat = found_or_new(session, key, title=name, private=True, source=CHAT)
                found = people.at_address(session, "console", "main", name)
                assert found
                found[1].chat_id, found[1].seen_at = chat.id, self.clock.at

        self.look(open_chats)

    # -- what they see ----------------------------------------------------------------------------------------

    def sees(self, chat: str) -> list[Posted]:
        """The bot's messages in a chat that are still there."""
        return [post for post in self.console.posted.get(chat, []) if post.by_us and not post.erased]

    def card(self, number: int, at: str = GROUP) -> str:
        """The newest text there about a case."""
        return next(post.text for post in reversed(self.sees(at)) if post.text.startswith(f"#{number} "))

    def buttons(self, chat: str, about: str | None = None) -> list[str]:
        """The labels under the newest message of the bot there."""
        posts = [post for post in self.sees(chat) if about is None or about in post.text]
        return [label for label, _ in posts[-1].buttons]

    def new(self, chat: str) -> list[str]:
        """What the bot said there since this was last asked."""
        texts = [post.text for post in self.console.posted.get(chat, []) if post.by_us]
        since = self._heard.get(chat, 0)
        self._heard[chat] = len(texts)
        return texts[since:]

    # -- what is kept -----------------------------------------------------------------------------------------

    def look(self, work: Callable[[Session], T]) -> T:
        with self.database.transaction() as session:
            return work(session)

    def case(self, number: int = 1) -> Request:
        return self.look(lambda session: session.get_one(Request, number))

    def history(self, number: int = 1) -> list[str]:
        return [event.kind for event in self.events(number)]

    def events(self, number: int = 1) -> list[Event]:
        return self.look(lambda session: history(session, number))
