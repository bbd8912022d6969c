"""Handling, end to end and durable on SQLite: the whole bot beside the usual plain one, in one run.

The plain bot cuts every message with jieba, looks its words up, and commits each request by itself through SQLModel: a
case, a report, and three letters it then marks as sent. Ours does the same visible work: a reaction, a card, a worker's
message. Both send into memory.
"""

import asyncio
import logging
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import jieba
from sample import REQUESTS, chatter
from sqlalchemy import event
from sqlmodel import Field, Session, SQLModel, create_engine

from bot import config
from bot.app import App
from bot.platforms.console import Console
from nlp.reader import Reader
from storage.database import Database

ROOT = Path(__file__).parent.parent
AT_ONCE = 64  # messages under way, as from many groups
CHATS = ("3号楼群", "5号楼群", "1-2号楼群", "南门微网格群", "北门微网格群")


class PlainCase(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    text: str
    category: str


class PlainLetter(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    case_id: int
    text: str
    sent: bool = False


def plain(lines: list[str], folder: Path) -> float:
    """Messages a second of the usual way: jieba, a keyword dictionary, an ORM session and a commit per step."""
    keywords = {
        word: key for key, c in Reader().categories.items() for t in c.topics for word in (*t.objects, *t.signs)
    }
    engine = create_engine(f"sqlite:///{folder / 'plain.db'}")

    @event.listens_for(engine, "connect")
    def durable(connection, _):  # type: ignore[no-untyped-def]
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    SQLModel.metadata.create_all(engine, tables=[PlainCase.__table__, PlainLetter.__table__])
    start = time.perf_counter()
    for line in lines:
        found = next((keywords[word] for word in jieba.lcut(line) if word in keywords), None)
        if found is None:
            continue
        with Session(engine) as session:
            case = PlainCase(text=line, category=found)
            session.add(case)
            session.commit()
            letters = [
                PlainLetter(case_id=case.id or 0, text=text) for text in ("👀", f"#{case.id}", f"{line} → 网格员")
            ]
            session.add_all(letters)
            session.commit()
            for letter in letters:
                letter.sent = True
            session.commit()
    return len(lines) / (time.perf_counter() - start)


async def ours(lines: list[str], folder: Path) -> tuple[float, float]:
    """Messages and letters a second of the whole bot, every letter sent before the clock stops."""
    settings = config.load(ROOT / "config.example.toml")
    sent = [0]

    def count(what: str, _: object) -> None:
        sent[0] += what in {"sent", "edited", "reacted"}

    console = Console(lambda: datetime.now(tz=UTC), watch=count)
    app = App(settings, Database(f"sqlite:///{folder / 'ours.db'}"), [console], lambda: datetime.now(tz=UTC))
    await app.start()
    await app.receive(console.message("张网格员", "张网格员", "/start"))
    # Nobody says the same twice here: each person reports one thing, so that every request opens a case of its own.
    messages = [console.message(f"居民{n}", CHATS[n % len(CHATS)], line) for n, line in enumerate(lines)]
    room = asyncio.Semaphore(AT_ONCE)

    async def receive(message) -> None:  # type: ignore[no-untyped-def]
        async with room:
            await app.receive(message)

    start = time.perf_counter()
    await asyncio.gather(*(receive(message) for message in messages))
    for courier in app.couriers:
        while await courier.step():
            pass
    took = time.perf_counter() - start
    app.close()
    return len(lines) / took, sent[0] / took


def main() -> None:
    logging.disable(logging.WARNING)
    jieba.setLogLevel(logging.WARNING)
    jieba.initialize()
    for name, lines in (
        ("chat", chatter() * 20),
        ("requests", [f"{n}号楼 {REQUESTS[n % len(REQUESTS)]}" for n in range(300)]),
    ):
        with tempfile.TemporaryDirectory() as folder:
            usual = plain(lines, Path(folder))
            mine, letters = asyncio.run(ours(lines, Path(folder)))
        print(
            f"{name:9} gridbot {mine:9,.0f} messages/s ({letters:,.0f} letters/s)   plain bot {usual:9,.0f} messages/s"
            f"   gridbot ÷ plain {mine / usual:5.2f}"
        )


if __name__ == "__main__":
    main()
