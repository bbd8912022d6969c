"""The village on Telegram: the real app with its real loops, over the real library, against the fake Bot API."""

import asyncio
import re
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from fake import TOKEN, FakeTelegram, Posted
from shelf import Thing
from sqlmodel import Session, col, select
from village import GROUP, MORNING

from bot import http
from bot.app import App
from bot.config import Settings
from bot.platforms import Pace
from bot.platforms.telegram import Telegram, Webhook
from bot.stage import HandClock
from storage.chats import ChatKey
from storage.database import Database
from storage.events import history
from storage.outbox import Letter
from storage.requests import Request

T = TypeVar("T")
VILLAGE = Path(__file__).parents[1] / "village.toml"
STAFF = ("张网格员", "刘网格员", "李网格长", "王总网格长", "赵主任", "孙经理", "马班长")
PATIENCE = 20.0  # seconds until a test gives up; nothing is ever awaited for its own sake
SECRET = "a-word_only-telegram-knows"
SOON = (0.02, 0.05)


def village_on_telegram(fake: FakeTelegram) -> str:
    """The village's configuration with everybody's Telegram address."""
    text = VILLAGE.read_text(encoding="utf-8")
    return re.sub(r'"console:main:([^"]+)"', lambda found: f'"{fake.address(found[1])}"', text)


class Street:
    def __init__(self, settings: Settings, database: Database, fake: FakeTelegram, *, by_webhook: bool = False) -> None:
        self.fake = fake
        self.database = database
        self.clock = HandClock(MORNING)
        fake.now = self.clock
        self.settings = settings
        self.by_webhook = by_webhook
        self.well = True
        self.url = ""
        self.problem: BaseException | None = None
        self.start()

    def start(self) -> None:
        """A life of the bot, in a thread of its own."""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), daemon=True)
        self._thread.start()
        assert self._ready.wait(PATIENCE)
        assert self.problem is None, self.problem

    async def _live(self) -> None:
        telegram = Telegram(
            TOKEN, base_url=self.fake.base_url, pace=Pace(), between_parts=0, pauses=SOON, now=self.clock
        )
        self.telegram = telegram
        self.app = App(self.settings, self.database, [telegram], self.clock)

        async def moved(old: str, new: str) -> bool:
            return await self.app.move(ChatKey("telegram", "main", old), ChatKey("telegram", "main", new))

        telegram.moved = moved
        telegram.observe = self.app.observe
        telegram.overhear = self.app.overhear
        telegram.passes = self.app.passes
        try:
            await self.app.start()
            self.loop = asyncio.get_running_loop()
            serving = await self._open_door() if self.by_webhook else None
            self._task = asyncio.create_task(self.app.run())
        except BaseException as error:
            self.problem = error
            raise
        finally:
            self._ready.set()
        await asyncio.gather(self._task, return_exceptions=True)
        if serving:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
        self.app.lanes.close()
        await telegram.close()

    async def _open_door(self) -> asyncio.Task[None]:
        async def ready() -> bool:
            return self.well

        async def measure() -> dict[str, float]:
            return {"letters_waiting": 3}

        hook = http.Hook("/telegram", SECRET, self.telegram.deliver)
        server = http.Server(http.site([hook], ready, measure), "127.0.0.1", 0)
        serving = asyncio.create_task(server.until_cancelled())
        while not server.started:  # noqa: ASYNC110 (uvicorn tells it in no other way)
            await asyncio.sleep(0)
        self.url = f"http://127.0.0.1:{server.port}"
        self.telegram.webhook = Webhook(f"{self.url}/telegram", SECRET)
        return serving

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    # -- waiting ----------------------------------------------------------------------------------------------

    def until(self, what: Callable[[], Any]) -> Any:
        """Returns as soon as it is true; fails after a long while."""
        deadline = time.monotonic() + PATIENCE
        while not (result := what()):
            assert time.monotonic() < deadline, "it never came true"
            time.sleep(0.003)
        return result

    def settle(self) -> None:
        """Everything said is handled and acknowledged, everything due is sent."""
        self.loop.call_soon_threadsafe(self.app.wake)
        self.until(lambda: self.fake.idle and not self.due() and self.fake.idle)

    def due(self) -> list[Letter]:
        """What should leave now; a chat whose platform asked for patience keeps all its letters."""

        def letters(session: Session) -> list[Letter]:
            return list(session.exec(select(Letter).where(col(Letter.state).in_(["waiting", "sending"]))))

        rows, now = self.look(letters), self.clock.at
        held = {row.chat_id for row in rows if row.attempts and row.not_before > now}
        return [row for row in rows if row.state == "sending" or (row.not_before <= now and row.chat_id not in held)]

    def wait(self, **spans: float) -> None:
        """Time passes; whatever comes due in it happens at its moment."""
        to = self.clock.at + timedelta(**spans)
        while (due := self.do(self.app.next_due(self.clock.at))) and due <= to:
            self._at(due)
        self._at(to)

    def _at(self, moment: Any) -> None:
        self.clock.at = moment
        self.do(self.app.tick())
        self.settle()

    def do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    # -- people -----------------------------------------------------------------------------------------------

    def says(self, person: str, text: str, at: str = GROUP, **more: Any) -> Posted:
        post = self.fake.says(person, at, text, **more)
        self.settle()
        return post

    def album(self, person: str, things: Sequence[Thing | bytes], at: str = GROUP, **more: Any) -> list[Posted]:
        posts = self.fake.album(person, at, things, **more)
        self.settle()
        return posts

    def edits(self, post: Posted, text: str) -> None:
        self.fake.edits(post, text)
        self.settle()

    def tells(self, person: str, text: str, **more: Any) -> list[str]:
        """To the bot alone; returns what it answers there."""
        before = len(self.fake.sees(person))
        self.fake.tells(person, text, **more)
        self.settle()
        return self.fake.texts(person)[before:]

    def presses(self, person: str, label: str, *, at: str | None = None, about: str = "") -> str | None:
        """Returns the toast."""
        press = self.fake.presses(person, label, at=at, about=about)
        self.settle()
        return self.fake.toasts[press]

    def newest(self, where: str, about: str) -> Posted:
        return next(post for post in reversed(self.fake.sees(where)) if about in post.text)

    def card(self, number: int = 1, at: str = GROUP) -> str:
        return self.newest(at, f"#{number} ").text

    # -- what is kept -----------------------------------------------------------------------------------------

    def look(self, work: Callable[[Session], T]) -> T:
        with self.database.transaction() as session:
            return work(session)

    def cases(self) -> list[Request]:
        return self.look(lambda session: list(session.exec(select(Request).order_by(col(Request.id)))))

    def letters(self) -> list[Letter]:
        return self.look(lambda session: list(session.exec(select(Letter).order_by(col(Letter.id)))))

    def said_besides(self) -> list[str]:
        """What the bot said that is no letter's only message: the first words in a danger, and what it said twice."""
        messages = {letter.message for letter in self.letters()}
        posts = [post for chat in self.fake.posted for post in self.fake.posted[chat] if post.by_us]
        return [post.text for post in posts if str(post.id) not in messages]

    def history(self, number: int = 1) -> list[str]:
        return [event.kind for event in self.look(lambda session: history(session, number))]
