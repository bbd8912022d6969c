"""What both databases promise: all or nothing, aware UTC, and a second try where it may help."""

import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError
from sqlmodel import col, select

from storage import database as database_module
from storage import deliveries, texts
from storage.database import Database, worth_another_try
from storage.deliveries import Delivery
from storage.people import Person
from storage.texts import Text
from tests.storage.town import AT

IN_USE = database_module.SYNCHRONOUS  # read before the tests turn it off


@pytest.fixture
def sqlite(tmp_path: Path, migrated: Path) -> Iterator[Database]:
    shutil.copy(migrated, tmp_path / "alone.db")
    database = Database(f"sqlite:///{tmp_path / 'alone.db'}")
    yield database
    database.close()


def bodies(database: Database) -> list[str | None]:
    with database.transaction() as session:
        return list(session.exec(select(Text.body).order_by(col(Text.id))))


# -- all or nothing ---------------------------------------------------------------------------------------------------


def test_a_transaction_that_ends_well_stays(database: Database) -> None:
    with database.transaction() as session, session.begin_nested():
        texts.keep(session, "3号楼电梯坏了")
    assert bodies(database) == ["3号楼电梯坏了"]


def test_a_transaction_that_fails_leaves_nothing_though_its_savepoints_were_released(database: Database) -> None:
    def fails() -> None:
        with database.transaction() as session:
            with session.begin_nested():
                texts.keep(session, "第一条")
            with session.begin_nested():
                texts.keep(session, "第二条")
            raise ConnectionError("the cable")

    with pytest.raises(ConnectionError):
        fails()
    assert bodies(database) == []


def test_a_savepoint_that_fails_takes_only_its_own_with_it(database: Database) -> None:
    def fails() -> None:
        with session.begin_nested():
            texts.keep(session, "第二条")
            raise ConnectionError("the cable")

    with database.transaction() as session:
        with session.begin_nested():
            texts.keep(session, "第一条")
        with pytest.raises(ConnectionError):
            fails()
        texts.keep(session, "第三条")
    assert bodies(database) == ["第一条", "第三条"]


# -- SQLite -----------------------------------------------------------------------------------------------------------


def test_every_sqlite_connection_is_durable_and_checks_its_references(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.database.SYNCHRONOUS", IN_USE)
    full, on = 2, 1
    with sqlite.engine.connect() as one, Database(str(sqlite.url)).engine.connect() as other:
        for connection in (one, other):
            raw = connection.connection.driver_connection
            assert raw

            def pragma(name: str, raw: sqlite3.Connection = raw) -> object:
                return raw.execute(f"PRAGMA {name}").fetchone()[0]

            assert pragma("journal_mode") == "wal"
            assert pragma("synchronous") == full
            assert pragma("foreign_keys") == on
            assert pragma("busy_timeout") == 30_000
        other.engine.dispose()


def test_a_transaction_on_sqlite_takes_the_writers_place_at_once(sqlite: Database) -> None:
    impatient = sqlite3.connect(str(sqlite.url.database), timeout=0)
    with sqlite.transaction() as session:
        session.exec(select(Text)).all()  # it has only read so far
        with pytest.raises(sqlite3.OperationalError, match="database is locked") as refused:
            impatient.execute("BEGIN IMMEDIATE")
        assert worth_another_try(OperationalError("BEGIN IMMEDIATE", {}, refused.value))
    impatient.execute("BEGIN IMMEDIATE")
    impatient.close()


# -- time -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=ZoneInfo("Asia/Shanghai")),
        datetime(2026, 11, 22, 20, 0, 0, 123456, tzinfo=timezone(timedelta(hours=-5))),
        datetime(2026, 11, 23, 1, 0, 0, 123456, tzinfo=UTC),
    ],
)
def test_a_time_of_any_zone_comes_back_as_the_same_moment_in_utc(database: Database, said: datetime) -> None:
    with database.transaction() as session:
        deliveries.note(session, "console", "main", "1", at=said)
    with database.transaction() as session:
        kept = session.get_one(Delivery, ("console", "main", "1")).at
        found = session.exec(select(Delivery.delivery).where(Delivery.at == said)).all()
    assert kept == said
    assert kept.tzinfo is UTC
    assert found == ["1"]


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    naive = AT.replace(tzinfo=None)
    with pytest.raises(StatementError, match="naive time"), database.transaction() as session:
        deliveries.note(session, "console", "main", "1", at=naive)


def test_no_time_stays_no_time(database: Database) -> None:
    with database.transaction() as session:
        session.add(Person(name="王阿姨", source="chat"))
    with database.transaction() as session:
        assert session.exec(select(Person.unreachable_at)).all() == [None]


# -- another try ------------------------------------------------------------------------------------------------------


class FromPostgres(Exception):  # noqa: N818 (what the driver raises, cut down to the part that is read)
    def __init__(self, sqlstate: str) -> None:
        super().__init__("refused")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("cause", "worth"),
    [
        (FromPostgres("40001"), True),  # serialization_failure
        (FromPostgres("40P01"), True),  # deadlock_detected
        (FromPostgres("23505"), False),  # unique_violation
        (sqlite3.OperationalError("database is locked"), True),
        (sqlite3.OperationalError("no such table: text"), False),
    ],
)
def test_only_what_may_pass_by_itself_is_worth_another_try(cause: Exception, worth: bool) -> None:
    assert worth_another_try(DBAPIError("SELECT 1", {}, cause)) is worth


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_to_write_postgresql_means_psycopg(scheme: str) -> None:
    database = Database(f"{scheme}://127.0.0.1/gridbot")
    assert database.url.drivername == "postgresql+psycopg"
    assert not database.is_sqlite


def test_processes_that_start_at_once_prepare_one_after_the_other(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def listen(_: object, cursor: object, statement: str, *more: object) -> None:
        said.append(statement)

    monkeypatch.setattr("storage.database.ALONE", "SELECT 'alone'")  # as PostgreSQL would be asked
    monkeypatch.setattr(database, "is_sqlite", False)
    event.listen(database.engine, "before_cursor_execute", listen)
    database.migrate()
    event.remove(database.engine, "before_cursor_execute", listen)
    assert said.index("SELECT 'alone'") < next(n for n, statement in enumerate(said) if "alembic" in statement)


# -- deliveries -------------------------------------------------------------------------------------------------------


def test_a_delivery_is_known_by_platform_account_and_id_for_eight_days(database: Database) -> None:
    with database.transaction() as session:
        deliveries.note(session, "telegram", "bot", "77", at=AT)
        deliveries.note(session, "telegram", "bot", "78", at=AT, failure="KeyError")
    with database.transaction() as session:
        assert deliveries.seen(session, "telegram", "bot", "77")
        for other in (("telegram", "bot", "79"), ("telegram", "other", "77"), ("wecom", "bot", "77")):
            assert not deliveries.seen(session, *other)
        first, second = session.exec(select(Delivery).order_by(col(Delivery.delivery)))
        assert (first.failure, second.failure) == (None, "KeyError")
        assert first.forget_at == AT + timedelta(days=8)
