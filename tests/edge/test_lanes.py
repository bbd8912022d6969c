"""Lanes: order, batches in one commit, what fails alone, what is tried again."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlmodel import Session, col, select

from bot.lanes import ATTEMPTS, Lanes
from storage.database import Database
from storage.texts import Text


class Deadlock(Exception):  # noqa: N818 (what happened)
    sqlstate = "40P01"


def _write(words: str) -> Any:
    def work(session: Session) -> str:
        session.add(Text(body=words, digest=words))
        session.flush()
        return words

    return work


def _kept(database: Database) -> list[str | None]:
    with database.transaction() as session:
        return list(session.exec(select(Text.body).order_by(col(Text.id))))


@pytest.fixture
def lanes(database: Database) -> Iterator[Lanes]:
    lanes = Lanes(database, 1)
    yield lanes
    lanes.close()


@pytest.fixture
def gate(lanes: Lanes) -> Iterator[threading.Event]:
    """Holds the lane until it is set, so that what is submitted meanwhile becomes one batch."""
    event = threading.Event()
    lanes.submit("any", lambda _: event.wait(10))
    yield event
    event.set()


def test_work_runs_in_the_order_it_was_submitted(lanes: Lanes, database: Database) -> None:
    futures = [lanes.submit("3号楼群", _write(str(n))) for n in range(50)]
    assert [future.result(10) for future in futures] == [str(n) for n in range(50)]
    assert _kept(database) == [str(n) for n in range(50)]


def test_one_failing_message_takes_none_of_its_batch_with_it(
    lanes: Lanes, database: Database, gate: threading.Event
) -> None:
    def raises(session: Session) -> None:
        session.add(Text(body="half", digest="half"))
        session.flush()
        raise LookupError("nobody")

    before, bad, after = (lanes.submit("any", work) for work in (_write("早"), raises, _write("晚")))
    gate.set()
    with pytest.raises(LookupError):
        bad.result(10)
    assert (before.result(10), after.result(10)) == ("早", "晚")
    assert _kept(database) == ["早", "晚"]


def test_when_the_database_errs_each_message_of_the_batch_runs_alone(
    lanes: Lanes, database: Database, gate: threading.Event
) -> None:
    runs: list[str] = []

    def counted(words: str) -> Any:
        def work(session: Session) -> None:
            runs.append(words)
            _write(words)(session)

        return work

    def twice(session: Session) -> None:
        session.add(Text(id=7, body="a", digest="a"))
        session.flush()
        session.expunge_all()
        session.add(Text(id=7, body="b", digest="b"))
        session.flush()

    good, bad = lanes.submit("any", counted("好")), lanes.submit("any", twice)
    gate.set()
    with pytest.raises(IntegrityError):
        bad.result(10)
    good.result(10)
    assert runs == ["好", "好"]  # once in the batch that was rolled back, once alone
    assert _kept(database) == ["好"]


def test_a_deadlock_is_tried_again_and_then_told(lanes: Lanes) -> None:
    tries: list[int] = []

    def deadlocks(until: int) -> Any:
        def work(_: Session) -> int:
            tries.append(1)
            if len(tries) < until:
                raise DBAPIError("update", {}, Deadlock())
            return len(tries)

        return work

    assert lanes.submit("any", deadlocks(3)).result(10) == 3
    tries.clear()
    with pytest.raises(DBAPIError):
        lanes.submit("any", deadlocks(99)).result(10)
    assert len(tries) == 1 + ATTEMPTS


def test_an_error_that_will_not_pass_is_told_at_once(lanes: Lanes) -> None:
    tries: list[int] = []

    def broken(_: Session) -> None:
        tries.append(1)
        raise OperationalError("select", {}, Exception("no such table"))

    with pytest.raises(OperationalError):
        lanes.submit("any", broken).result(10)
    assert len(tries) == 2  # in its batch, then alone


def test_closing_finishes_what_was_submitted(database: Database) -> None:
    lanes = Lanes(database, 3)
    futures = [lanes.submit(n, _write(str(n))) for n in range(20)]
    lanes.close()
    assert sorted(future.result(0) for future in futures) == sorted(str(n) for n in range(20))


def test_what_was_called_off_while_it_waited_is_not_done(
    lanes: Lanes, database: Database, gate: threading.Event
) -> None:
    called_off, kept = lanes.submit("any", _write("算了")), lanes.submit("any", _write("要"))
    called_off.cancel()
    gate.set()
    assert kept.result(10) == "要"
    assert _kept(database) == ["要"]
