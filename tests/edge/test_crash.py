"""The process is killed at every database statement and every call to the platform, and started again:
effects exactly once, letters at least once and only the interrupted one twice."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from crash_child import KILLED, Death, Paper, live
from sqlalchemy import text
from sqlmodel import Session, SQLModel, col, select
from village import MORNING

from bot.config import Settings
from handlers.message import Message, Sender
from storage import events
from storage.chats import Chat, ChatKey
from storage.database import Database
from storage.deliveries import Delivery
from storage.outbox import Letter, LetterState
from storage.reports import Report
from storage.requests import Request

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
MOST = 400  # statements; a message that needs more is a mistake of its own


def _said(person: str, chat: str, words: str, number: int, minute: int) -> Message:
    key = ChatKey("console", "main", chat)
    at = MORNING + timedelta(minutes=minute)
    return Message(key, chat, chat == person, Sender(person, person), f"d{number}", f"m{number}", at, words)


HISTORY = [
    _said("张网格员", "张网格员", "/start", 1, 0),
    _said("王阿姨", "3号楼群", "3号楼电梯又坏了,按了没反应", 2, 1),
    _said("张网格员", "张网格员", "办结 换了主板", 3, 5),
]


class World:
    """A database and a paper, thrown away and made anew for every death."""

    def __init__(self, database: Database, settings: Settings, paper: Path) -> None:
        self.database = database
        self.settings = settings
        self.paper = Paper(paper)

    def clear(self) -> None:
        with self.database.engine.begin() as connection:
            for table in reversed(SQLModel.metadata.sorted_tables):
                connection.execute(table.delete())
            if not self.database.is_sqlite:
                connection.execute(text("ALTER SEQUENCE request_id_seq RESTART"))
        self.paper.path.unlink(missing_ok=True)

    def live(self, death: Death) -> int:
        """One life in a forked process; returns its exit code."""
        self.database.close()  # a connection is of one process
        child = os.fork()
        if child == 0:
            code = 1
            try:
                live(self.settings, self.database, self.paper, HISTORY, MORNING, death)
                code = 0
            finally:
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture
def world(database: Database, settings: Settings, tmp_path: Path) -> Iterator[World]:
    world = World(database, settings, tmp_path / "paper.jsonl")
    world.clear()
    yield world
    world.clear()


def _interrupted(world: World) -> Counter[tuple[object, ...]]:
    """The letters that were on their way when the process died: only they may arrive twice."""
    with world.database.transaction() as session:
        rows = session.exec(
            select(Chat.address, Letter.text, Letter.reaction)
            .join(Chat, col(Chat.id) == Letter.chat_id)
            .where(Letter.state == LetterState.SENDING)
        ).all()
    return Counter(tuple(row) for row in rows)


def _is_whole(world: World, interrupted: Counter[tuple[object, ...]]) -> None:
    """One case, one report, one delivery a message, an unbroken history; only interrupted letters arrived twice."""
    with world.database.transaction() as session:
        case = session.exec(select(Request)).one()
        assert case.state == "done"
        assert len(session.exec(select(Report)).all()) == 1
        assert [d.delivery for d in session.exec(select(Delivery).order_by(col(Delivery.delivery)))] == [
            "d1",
            "d2",
            "d3",
        ]
        history = [event.kind for event in events.history(session, case.number)]
        assert history == ["registered", "dispatched", "done"]
        assert events.first_break(session, case.number) is None
        assert not _unsent(session)
        rows = session.exec(
            select(Chat.address, Letter.text, Letter.reaction)
            .join(Chat, col(Chat.id) == Letter.chat_id)
            .where(Letter.state == LetterState.SENT)
        ).all()
    meant = Counter(tuple(row) for row in rows)
    arrived = Counter((line["chat"], line["text"], line["reaction"]) for line in world.paper.lines("letter"))
    assert meant <= arrived
    assert arrived - meant <= interrupted
    assert any("解决了吗" in str(text) for _, text, _ in arrived)


def _unsent(session: Session) -> list[Letter]:
    return list(session.exec(select(Letter).where(Letter.state.in_([LetterState.WAITING, LetterState.SENDING]))))


@pytest.mark.parametrize("where", ["statement", "before call", "after call"])
def test_killed_anywhere_it_comes_back_whole(world: World, where: str) -> None:
    live(
        world.settings, world.database, world.paper, HISTORY, MORNING, Death("never")
    )  # children inherit what it warmed
    for number in range(1, MOST):
        world.clear()
        code = world.live(Death(where, number))
        interrupted = _interrupted(world)
        if code == 0:
            break
        assert code == KILLED, f"{where} {number}"
        assert world.live(Death("never")) == 0, f"{where} {number}"
        _is_whole(world, interrupted)
    else:
        pytest.fail(f"not done after {MOST} {where}s")
    _is_whole(world, interrupted)
    assert number > 3
