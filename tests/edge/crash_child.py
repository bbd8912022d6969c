"""One life of the bot in a process of its own, which dies where it is told to: the child of test_crash.py."""

import asyncio
import itertools
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from bot.config import Settings
from bot.platforms import Outgoing, Pace, Receive, Undeliverable
from bot.stage import HandClock, Stage
from handlers.message import Message
from storage.database import Database

KILLED = 9


@dataclass(frozen=True)
class Death:
    """Where to die: at the n-th database statement, or before or after the n-th call to the platform takes effect."""

    where: str  # "statement", "before call", "after call" or "never"
    number: int = 0


class Paper:
    """What survives every crash: which messages were acknowledged to the platform, which letters it received."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, line: dict[str, object]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def lines(self, what: str) -> list[dict[str, object]]:
        if not self.path.exists():
            return []
        lines = [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]
        return [line for line in lines if line["what"] == what]


class FilePlatform:
    """Receives letters onto paper."""

    name = "console"
    account = "main"
    pace = Pace()
    has_files = False

    def __init__(self, paper: Paper, mark: Callable[[str], None]) -> None:
        self.paper = paper
        self.mark = mark

    async def fetch(self, file: str) -> bytes:  # noqa: ARG002 (the interface)
        raise Undeliverable("there are no files here")

    def link(self, code: str) -> None:
        """No address opens a chat here."""

    async def run(self, receive: Receive) -> None:
        """Messages come from the test."""

    async def send(self, outgoing: Outgoing) -> str | None:
        self.mark("before call")
        number = len(self.paper.lines("letter")) + 1
        self.paper.write({
            "what": "letter", "chat": outgoing.address, "text": outgoing.text, "edits": outgoing.edits,
            "reaction": outgoing.reaction, "reply_to": outgoing.reply_to,
        })  # fmt: skip
        self.mark("after call")
        return outgoing.edits or (None if outgoing.reaction else f"p{number}")


def live(
    settings: Settings, database: Database, paper: Paper, messages: list[Message], at: datetime, death: Death
) -> None:
    """Starts the bot, hands it what is not acknowledged yet, and lets the next minute happen."""
    counts = {place: itertools.count(1) for place in ("statement", "before call", "after call")}
    armed = False

    def mark(place: str) -> None:
        if armed and death.where == place and next(counts[place]) == death.number:
            os._exit(KILLED)

    @event.listens_for(Engine, "before_cursor_execute")
    def statement(connection: Connection, *call: object) -> None:
        # Dying at a read is dying at the next write: nothing durable lies between. So writes and their commits count.
        if str(call[1]).split(maxsplit=1)[0] in {"INSERT", "UPDATE", "DELETE"}:
            connection.info["wrote"] = True
            mark("statement")

    @event.listens_for(Engine, "commit")
    def commit(connection: Connection) -> None:
        if connection.info.pop("wrote", False):
            mark("statement")

    async def life() -> None:
        nonlocal armed
        stage = Stage(settings, database, HandClock(at), lambda _: [FilePlatform(paper, mark)])
        await stage.start()
        armed = True
        for message in messages:
            if message.delivery not in {line["delivery"] for line in paper.lines("acknowledged")}:
                await stage.hear(message)
                paper.write({"what": "acknowledged", "delivery": message.delivery})
        await stage.advance(messages[-1].at + timedelta(minutes=1))
        stage.app.close()

    try:
        asyncio.run(life())
    finally:
        event.remove(Engine, "before_cursor_execute", statement)
        event.remove(Engine, "commit", commit)
