"""The bell between processes on one PostgreSQL: NOTIFY after a commit, LISTEN on a connection of its own."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

from psycopg import AsyncConnection
from sqlalchemy import text

from storage.database import Database

CHANNEL = "gridbot"
LETTERS = "letters"  # wait in the outbox
NEWS = "news"  # the snapshot of what is known is old
APART = 0.05  # seconds between two rings: what comes in between is one
KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}  # a dead connection is noticed


class Bell:
    """Rings in every other process; on SQLite there is none. It may be missed: the scans are the safety net."""

    def __init__(self, database: Database, heard: Callable[[str], None]) -> None:
        self._database = database
        self._heard = heard
        self._us = uuid4().hex
        self._words: set[str] = set()
        self._pulled = asyncio.Event()

    def ring(self, word: str) -> None:
        """After a commit, from the event loop; told soon, beside whatever goes on."""
        if not self._database.is_sqlite:
            self._words.add(word)
            self._pulled.set()

    async def tell(self) -> None:
        """Rings for ever."""
        while True:
            await self._pulled.wait()
            self._pulled.clear()
            words, self._words = self._words, set()
            await asyncio.to_thread(self._notify, words)
            await asyncio.sleep(APART)

    def _notify(self, words: set[str]) -> None:
        with self._database.engine.begin() as connection:
            for word in words:
                connection.execute(
                    text("SELECT pg_notify(:channel, :word)"), {"channel": CHANNEL, "word": f"{self._us} {word}"}
                )

    async def listen(self) -> None:
        """Hears for ever, and first of all what was rung while nobody listened. OperationalError when it is cut off."""
        url = self._database.url
        _, where = self._database.engine.dialect.create_connect_args(url)
        async with await AsyncConnection.connect(**{**KEEPALIVE, **where}, autocommit=True) as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            for word in (LETTERS, NEWS):
                self._heard(word)
            async for rung in connection.notifies():
                sender, _, word = rung.payload.partition(" ")
                if sender != self._us:
                    self._heard(word)
