"""Two processes on one PostgreSQL: what one commits the other sends and knows at once; scans take an hour here."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text
from village import GROUP, Village

from bot.app import App
from bot.platforms.console import Console
from storage.chats import ChatKey
from storage.database import Database

LIFT = "3号楼电梯又坏了,按了没反应"
HOUR = 3600.0


@pytest.fixture(autouse=True)
def _no_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    for scan in ("bot.courier.SCAN", "bot.app.REFRESH", "bot.clock.EVERY"):
        monkeypatch.setattr(scan, HOUR)
    monkeypatch.setattr("bot.app.AT_MOST_EVERY", 0)
    monkeypatch.setattr("bot.app.PAUSES", (0,))


async def until(what: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not what():
            await asyncio.to_thread(lambda: None)


def listeners(database: Database) -> list[int]:
    """The server processes that serve a LISTEN."""
    with database.engine.begin() as connection:
        rows = connection.execute(
            text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN gridbot'")
        )
        return [row.pid for row in rows]


@asynccontextmanager
async def another(village: Village) -> AsyncIterator[tuple[App, Console]]:
    """A second process: its courier has the seat, and it listens."""
    console = Console(village.clock)
    database = Database(village.database.url.render_as_string(hide_password=False))
    app = App(village.stage.app.settings, database, [console], village.clock)
    await app.start()
    running = asyncio.create_task(app.run())
    try:
        await until(lambda: database.is_sqlite or listeners(database))
        yield app, console
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        app.close()


@asynccontextmanager
async def telling(village: Village) -> AsyncIterator[None]:
    """Of our own loops only the one that rings."""
    task = asyncio.create_task(village.stage.app.bell.tell())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_a_letter_leaves_by_the_courier_of_another_process_at_once(staffed: Village) -> None:
    async def speak() -> None:
        async with another(staffed) as (_, other), telling(staffed):
            await staffed.stage.app.receive(staffed.console.message("王阿姨", GROUP, LIFT))
            await until(lambda: any(post.text.startswith("#1 ") for post in other.posted.get(GROUP, [])))

    if not staffed.database.is_sqlite:
        staffed.do(speak())
        assert staffed.sees(GROUP) == []


def test_another_process_soon_knows_what_was_learnt(staffed: Village) -> None:
    key = ChatKey("console", "main", GROUP)

    async def speak() -> None:
        async with another(staffed) as (app, _), telling(staffed):
            assert not app.known.spoke_lately(key, staffed.clock.at)
            await staffed.stage.app.receive(staffed.console.message("王阿姨", GROUP, LIFT))
            await until(lambda: app.known.spoke_lately(key, staffed.clock.at))

    if not staffed.database.is_sqlite:
        staffed.do(speak())


def test_a_lost_connection_is_made_again_and_what_was_missed_is_looked_for(
    staffed: Village, caplog: pytest.LogCaptureFixture
) -> None:
    async def speak() -> None:
        async with another(staffed) as (app, other):
            cut = listeners(staffed.database)
            await staffed.stage.app.receive(staffed.console.message("王阿姨", GROUP, LIFT))  # nobody rings
            assert not other.posted
            with staffed.database.engine.begin() as connection:
                for pid in cut:
                    connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            await until(lambda: other.posted.get(GROUP))
            await until(lambda: app.known.spoke_lately(ChatKey("console", "main", GROUP), staffed.clock.at))

    caplog.set_level(logging.ERROR)
    if not staffed.database.is_sqlite:
        staffed.do(speak())
        assert "bell failed" in caplog.text


def test_on_sqlite_nothing_rings(staffed: Village) -> None:
    staffed.stage.app.wake()
    assert bool(staffed.stage.app.bell._words) is not staffed.database.is_sqlite
