"""Notices: to every group of a grid, in chunks, once for what was missed, and never after they left the file."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select
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


def test_one_that_is_pinned_stays_on_top_where_it_arrived(village: Village, settings: Settings) -> None:
    pinned = settings.notices[0].model_copy(update={"pin": True})
    village.restart(settings.model_copy(update={"notices": (pinned,)}))
    village.console.blocked.add(EAST)
    village.wait(hours=7, minutes=1)
    assert [(post.text, post.pinned) for post in village.sees(GROUP)] == [(TEXT, True)]
    village.wait(days=7)
    assert [(post.text, post.pinned) for post in village.sees(GROUP)] == [(TEXT, True), (TEXT, True)]
    letters = village.look(
        lambda session: [row.state.value for row in session.exec(select(Letter).order_by(Letter.id))]
    )
    assert letters == ["sent", "sent", "failed", "dropped"] * 2


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_many_groups_are_written_to_in_chunks(village: Village, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(notices, "CHUNK", chunk)
    village.wait(hours=7)
    assert village.new(GROUP) == [TEXT]
    assert village.new(EAST) == [TEXT]
    village.wait(days=7)
    assert village.new(GROUP) == [TEXT]


def test_what_was_missed_comes_once(village: Village) -> None:
    """The bot was off for a month: the clock jumps over four Mondays, the last of them yesterday."""
    village.clock.at += timedelta(days=29)
    village.wait(minutes=1)
    assert village.new(GROUP) == [f"(原定12月21日(周一) 16:00)\n{TEXT}"]


def test_what_has_outlived_itself_is_not_said(village: Village) -> None:
    village.clock.at += timedelta(days=30)
    village.wait(days=4)
    assert village.new(GROUP) == []
    village.wait(days=2)
    assert village.new(GROUP) == [TEXT]


def _night(settings: Settings, **more: Any) -> Settings:
    """Said at three in the morning."""
    notice = settings.notices[0].model_copy(update={"schedule": "2026-11-24 03:00", **more})
    return settings.model_copy(update={"notices": (notice,)})


def test_what_comes_due_at_night_waits_for_the_morning_and_is_not_late(village: Village, settings: Settings) -> None:
    village.restart(_night(settings))
    village.wait(hours=22)
    assert village.new(GROUP) == []
    village.wait(minutes=30)
    assert village.new(GROUP) == [TEXT]


def test_what_is_urgent_does_not_wait(village: Village, settings: Settings) -> None:
    village.restart(_night(settings, urgent=True))
    village.wait(hours=18, minutes=1)
    assert village.new(GROUP) == [TEXT]


def test_without_receipts_it_has_no_buttons(village: Village, settings: Settings) -> None:
    village.restart(_night(settings, urgent=True, receipts=False))
    village.wait(hours=19)
    assert village.buttons(GROUP) == []


def test_a_group_the_bot_was_put_out_of_gets_none(village: Village) -> None:
    def shut(session: Session) -> None:
        session.exec(select(Chat).where(Chat.title == EAST)).one().shut_at = village.clock.at

    village.look(shut)
    village.wait(hours=7)
    assert village.new(GROUP) == [TEXT]
    assert village.look(lambda session: len(session.exec(select(Letter)).all())) == 1


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
