"""`gridbot status`: what it says on a good day, and what it names when something is wrong; never anybody's words."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from alembic import command
from sqlmodel import Session, col, select
from typer.testing import Result
from village import GROUP, Village

from bot import clock, status
from bot.run import only_one
from storage import attachments, chores, deliveries
from storage.attachments import Attachment, Keeping, Loss
from storage.chats import ChatKey, find
from storage.database import Database, Seat, alembic_config
from storage.notices import Notice
from storage.outbox import Letter, LetterState, Purpose
from storage.people import Person
from tests.operations.conftest import wipe

LIFT = "3号楼电梯又坏了,按了没反应"
TOKEN = "123456:ABC-DEF"
Gridbot = Callable[..., Result]


class Office(NamedTuple):
    village: Village
    gridbot: Gridbot

    def asks(self) -> dict[str, Any]:
        """The answer to a monitor; the exit code is in it."""
        result = self.gridbot("status", "--json")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        found: dict[str, Any] = json.loads(result.output)
        assert found["well"] == (result.exit_code == 0) == (not found["attention"])
        for words in ("电梯", "按了", TOKEN):
            assert words not in result.output
        return found


@pytest.fixture
def office(staffed: Village, gridbot: Gridbot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Office:
    """A good day at eleven: a case, everybody reached, a backup of last night, a bot that runs."""
    monkeypatch.setattr(clock, "now", lambda: staffed.clock.at)
    monkeypatch.setattr(status, "_runs", lambda *_: True)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 0, 5 * 1024**3))
    monkeypatch.setenv("GRIDBOT_PLATFORMS__TELEGRAM__TOKEN", TOKEN)
    staffed.says("王阿姨", LIFT, photos=1)
    everybody(staffed)
    assert gridbot("backup", tmp_path / "backups").exit_code == 0
    staffed.wait(hours=2)
    return Office(staffed, gridbot)


def everybody(village: Village) -> None:
    """Whoever works there has pressed Start."""
    names = village.look(lambda session: session.exec(select(Person.name).where(col(Person.key).is_not(None))).all())
    village.reach(*names)


def test_on_a_good_day_it_is_well(office: Office) -> None:
    found = office.asks()
    assert found["attention"] == []
    assert found["bot"] == "runs"
    assert found["letters"]["waiting"] == 0
    assert found["cases"] == {"open": 1, "late": 0, "not_accepted_in_time": 0}
    assert found["unreached"] == 0
    assert found["last heard"] == {"console:main": 7200}
    assert found["backup"]["ago"] == 7200
    assert found["database"]["migration"] == status.revisions()[0]
    assert (found["not sent"], found["not handled"], found["uncertain"], found["retention"]) == ({}, {}, {}, None)
    text = office.gridbot("status").output
    assert "backup       ago 2 h, file gridbot-" in text
    assert "cases        open 1, late 0, not accepted in time 0" in text
    assert text.endswith("\nwell\n")


def test_letters_that_do_not_leave_are_named_by_their_age(office: Office) -> None:
    def letters(session: Session) -> None:
        for minutes, state in ((40, LetterState.WAITING), (3, LetterState.SENDING), (-60, LetterState.WAITING)):
            at = office.village.clock.at - timedelta(minutes=minutes)
            session.add(Letter(purpose=Purpose.TELL, text=LIFT, created_at=at, not_before=at, state=state))

    office.village.look(letters)
    found = office.asks()
    assert found["letters"] == {"waiting": 2, "oldest": 2400, "for_later": 1}
    assert found["attention"] == ["letters wait since 40 min: nothing gets out"]
    text = office.gridbot("status").output
    assert "\n! letters wait since 40 min: nothing gets out\nnot well\n" in text


def test_what_failed_in_a_day_is_counted_by_its_reason(office: Office) -> None:
    village = office.village

    def fail(session: Session) -> None:
        at = village.clock.at
        for hours, reason in ((1, "blocked"), (2, "blocked"), (3, None), (30, "old")):
            then = at - timedelta(hours=hours)
            facts = {"created_at": then, "not_before": then, "state": LetterState.FAILED}
            session.add(Letter(purpose=Purpose.TELL, text=LIFT, reason=reason, **facts))
            deliveries.note(session, "console", "main", f"f{hours}", at=then, failure="ZeroDivisionError")

    village.look(fail)
    found = office.asks()
    assert found["not sent"] == {"blocked": 2, "unknown": 1}
    assert found["not handled"] == {"ZeroDivisionError": 3}
    assert found["attention"] == [
        "3 messages could not be handled in the last 24 hours (ZeroDivisionError): the log says where"
    ]


def test_an_uncertain_notice_is_named(office: Office) -> None:
    village = office.village

    def doubt(session: Session) -> None:
        chat = find(session, ChatKey("console", "main", GROUP))
        assert chat
        notice = Notice(key="water", grid_id=chat.grid_id, schedule="0 9 * * mon", text=LIFT, source="file")
        session.add(notice)
        session.flush()
        at = village.clock.at
        for text in (LIFT, LIFT, None):
            facts = {"notice_id": notice.id, "chat_id": chat.id, "state": LetterState.UNCERTAIN, "text": text}
            session.add(Letter(purpose=Purpose.NOTICE, created_at=at, not_before=at, **facts))

    village.look(doubt)
    found = office.asks()
    assert found["uncertain"] == {"water": 2}
    assert found["attention"][0].startswith("notice water: nobody knows whether it reached 2 groups")


def test_late_cases_are_counted_and_are_not_the_machines_affair(office: Office) -> None:
    office.village.wait(days=12)
    everybody(office.village)
    found = office.asks()
    assert found["cases"] == {"open": 1, "late": 1, "not_accepted_in_time": 1}
    assert found["attention"] == ["the last backup is 12 days old"]
    assert found["retention"]["ago"] > 0


def test_who_cannot_be_reached_is_named(office: Office) -> None:
    village = office.village

    def stop(session: Session) -> None:
        person = session.exec(select(Person).where(Person.key == "zhang")).one()
        person.unreachable_at = village.clock.at

    village.look(stop)
    found = office.asks()
    assert found["unreached"] == 1
    assert found["attention"] == ["people.zhang: 张网格员 stopped the bot; ask them to unblock it and press Start"]


def test_files_that_do_not_come_are_named(office: Office) -> None:
    village = office.village

    def stuck(session: Session) -> None:
        (one,) = session.exec(select(Attachment)).all()
        facts = {"request_id": 1, "media": one.media, "platform": "telegram", "account": "main", "file": "f"}
        at = village.clock.at - timedelta(hours=3)
        session.add(Attachment(**facts, came_at=at, next_at=village.clock.at))
        for reason in (Loss.TOO_LARGE, Loss.GONE, Loss.GONE):
            session.add(Attachment(**facts, came_at=at, state=Keeping.LOST, reason=reason))
        assert len(attachments.of_case(session, 1)) == 5

    village.look(stuck)
    found = office.asks()
    assert found["files"] == {"wanted": 1, "oldest": 10800, "lost_too_large": 1, "lost_gone": 2}
    assert found["attention"] == ["files of cases could not be fetched since 3 h"]


def test_a_machine_nobody_looks_after_is_told_so(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def forgotten(session: Session) -> None:
        chore = chores.find(session, chores.BACKUP)
        night = chores.find(session, chores.RETENTION)
        assert chore
        assert night
        session.delete(chore)
        night.due_at = office.village.clock.at - timedelta(days=3)

    office.village.look(forgotten)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 0, 300 * 1024**2))
    monkeypatch.setattr(status, "_runs", lambda *_: False)
    attention = office.asks()["attention"]
    assert [sentence.split(" of /")[0] for sentence in attention] == [
        "the bot does not run", "there was never a backup: gridbot backup",
        "what is over was not forgotten since 3 days", "the disk",
    ]  # fmt: skip
    assert attention[-1].endswith("has only 300 MB left")
    monkeypatch.delenv("GRIDBOT_PLATFORMS__TELEGRAM__TOKEN")
    assert office.asks()["attention"][0] == "no platform is configured, so nothing is heard"


def test_it_sees_whether_a_bot_runs(database: Database, url: str) -> None:
    platforms = [("telegram", "main")]
    assert not status._runs(database, platforms)
    bot = Database(url)
    seat = Seat(bot, f"courier:{platforms[0]}")
    with only_one(bot):
        assert seat.take()
        assert status._runs(database, platforms)
    seat.leave()
    assert not status._runs(database, platforms)
    bot.close()


def test_a_database_that_is_behind_or_not_there(
    gridbot: Gridbot, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wipe(database)
    with database.engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0002")
    behind = gridbot("status")
    assert behind.exit_code == 1
    assert (
        f"! the database is at migration 0002, this gridbot at {status.revisions()[0]}: gridbot migrate"
        in behind.output
    )
    wipe(database)
    nothing = gridbot("status").output
    assert ("there is no database yet" in nothing) or ("is at migration None" in nothing)
    gridbot("migrate")
    monkeypatch.setenv("GRIDBOT_DATABASE__URL", "postgresql://127.0.0.1:1/none")
    assert "! the database cannot be asked (OperationalError)" in gridbot("status").output
    (tmp_path / "odd.db").write_text("no database at all", encoding="utf-8")
    monkeypatch.setenv("GRIDBOT_DATABASE__URL", f"sqlite:///{tmp_path / 'odd.db'}")
    assert gridbot("status").exit_code == 1


def test_spans_and_sizes_are_told_in_the_unit_that_says_it() -> None:
    spans = [timedelta(seconds=s) for s in (-3, 0, 119, 120, 7199, 7200, 172799, 172800)]
    assert [status.span_told(span) for span in spans] == [
        "0 s", "0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 days",
    ]  # fmt: skip
    assert [status.bytes_told(size) for size in (1, 2048, 3 * 1024**2, 5 * 1024**3)] == [
        "1 B",
        "2 KB",
        "3 MB",
        "5.0 GB",
    ]
    assert status._told(datetime(2026, 11, 23, tzinfo=UTC)) == "2026-11-23 00:00:00 UTC"


def test_the_ledger_is_printed(office: Office) -> None:
    office.village.tells("张网格员", "不是诉求 1")
    lines = office.gridbot("erased").output.splitlines()
    assert lines[0] == "day,what,how_many,rule"
    assert "2026-11-23,words of cases,1,a worker said it was no request" in lines
