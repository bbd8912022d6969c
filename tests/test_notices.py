"""Notices: to every group of a grid, in chunks, once for what was missed, and never after they left the file."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import col, select
from village import GROUP, Village

from bot.config import Settings
from handlers import notices
from storage.chats import Chat, Mode
from storage.database import Database
from storage.notices import Notice
from storage.outbox import Letter, Purpose

EAST = "东网格群"
TEXT = "冬季用电,人走断电。\n——柳树村社区"


def test_at_its_time_it_stands_in_every_group_of_the_grid(village: Village) -> None:
    village.wait(hours=6, minutes=59)
    assert village.new(GROUP) == []
    village.wait(minutes=1)
    assert village.new(GROUP) == [TEXT]
    assert village.new(EAST) == [TEXT]
    assert village.new("环卫群") == []
    village.wait(days=6)
    assert village.new(GROUP) == []
    village.wait(days=1)
    assert village.new(GROUP) == [TEXT]


def test_a_silenced_group_gets_none(village: Village) -> None:
    village.look(lambda session: setattr(session.exec(select(Chat).where(Chat.title == EAST)).one(), "mode", Mode.OFF))
    village.wait(hours=7)
    assert village.new(GROUP) == [TEXT]
    assert village.new(EAST) == []


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_many_groups_are_written_to_in_chunks(village: Village, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(notices, "CHUNK", chunk)
    village.wait(hours=7)
    assert village.new(GROUP) == [TEXT]
    assert village.new(EAST) == [TEXT]
    village.wait(days=7)
    assert village.new(GROUP) == [TEXT]


def test_what_was_missed_comes_once(village: Village) -> None:
    """The bot was off for a month: the clock jumps over four Mondays."""
    village.clock.at += timedelta(days=29)
    village.wait(minutes=1)
    assert village.new(GROUP) == [TEXT]


def test_one_that_left_the_file_is_cancelled(village: Village, settings: Settings, database: Database) -> None:
    with asyncio.Runner() as runner:
        Village(settings.model_copy(update={"notices": ()}), database, runner).stage.app.lanes.close()
    village.wait(days=8)
    assert village.new(GROUP) == []


def test_one_that_is_said_once_is_said_once(village: Village) -> None:
    village.look(lambda session: setattr(session.exec(select(Notice)).one(), "schedule", "2026-11-23 16:00"))
    village.wait(days=8)
    assert village.new(GROUP) == [TEXT]
    assert village.look(lambda session: session.exec(select(Notice.next_at)).one()) is None


def test_it_leaves_after_what_people_wait_for(village: Village) -> None:
    village.wait(hours=7)
    letters = village.look(
        lambda session: session.exec(select(Letter.urgency).where(col(Letter.purpose) == Purpose.NOTICE)).all()
    )
    assert set(letters) == {2}
