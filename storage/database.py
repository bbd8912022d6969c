"""The database: engine, transactions, aware-UTC time column, migrations. SQLite and PostgreSQL alike."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import DateTime, Dialect, Engine, Enum, create_engine, event, text
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator
from sqlmodel import Session, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# PostgreSQL: serialization_failure, deadlock_detected (https://www.postgresql.org/docs/current/errcodes-appendix.html)
RETRY_STATES = frozenset({"40001", "40P01"})
ALONE = "SELECT pg_advisory_xact_lock(7266)"  # of several processes that start at once, one at a time prepares
SYNCHRONOUS = "FULL"  # SQLite: a commit is on the disk when it returns
PRAGMAS = (
    "journal_mode=WAL",
    "foreign_keys=ON",
    "busy_timeout=30000",
    "secure_delete=ON",  # what is erased is overwritten in the file, not just let go
)


class UTCTime(TypeDecorator[datetime]):
    """Aware UTC in Python whatever the database gives back; a naive time is a programming error."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive time {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (the interface)
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def words(kind: type[StrEnum]) -> Any:
    """The column type of a StrEnum: its words as plain text, so that a new one needs no migration."""
    return Enum(kind, native_enum=False, values_callable=lambda members: [m.value for m in members], length=16)


class Database:
    """One engine. `url` is SQLAlchemy's; `postgresql://` means psycopg."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        if parsed.drivername in {"postgresql", "postgres"}:
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.url = parsed
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.engine = (
            _sqlite(parsed) if self.is_sqlite else create_engine(parsed, pool_pre_ping=True, hide_parameters=True)
        )

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One message, one transaction: commits at the end, rolls back if anything raised."""
        kept: list[object] = []  # a session forgets what nobody holds, and would ask again

        def keep(_: Session, row: object) -> None:
            if getattr(row, "KEPT", False):
                kept.append(row)

        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            event.listen(session, "loaded_as_persistent", keep)
            yield session

    def migrate(self) -> None:
        """Brings the schema to the newest version; safe to run when it is there already."""
        with self.engine.begin() as connection:
            if not self.is_sqlite:
                connection.exec_driver_sql(ALONE)
            command.upgrade(alembic_config(connection), "head")

    def close(self) -> None:
        self.engine.dispose()


class Seat:
    """A place only one process may take at a time, for as long as it lives: PostgreSQL's advisory lock.

    On SQLite there is one process, and its seat is always free.
    """

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._key = int.from_bytes(sha256(name.encode()).digest()[:8], "big", signed=True)
        self._connection: Connection | None = None

    def is_taken(self) -> bool:
        """Whether any process has it now; on SQLite nobody can say."""
        place = {"high": (self._key >> 32) & 0xFFFFFFFF, "low": self._key & 0xFFFFFFFF}
        query = text(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted "
            "AND classid = :high AND objid = :low AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        with self._database.engine.connect() as connection:
            return bool(connection.execute(query, place).scalar_one())

    def take(self) -> bool:
        """Whether the seat is ours; looks again each time, since a lost connection gives it up."""
        if self._database.is_sqlite:
            return True
        if self._connection is not None:
            try:
                self._connection.exec_driver_sql("SELECT 1")
            except DBAPIError:
                self.leave()
                return False
            return True
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if connection.exec_driver_sql("SELECT pg_try_advisory_lock(%(key)s)", {"key": self._key}).scalar_one():
            self._connection = connection
            return True
        connection.close()
        return False

    def leave(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(DBAPIError):  # at once; a closed connection gives it back only when the server notices
                connection.exec_driver_sql("SELECT pg_advisory_unlock(%(key)s)", {"key": self._key})
            connection.invalidate()  # closed for good, not returned to the pool
            connection.close()


def worth_another_try(error: DBAPIError) -> bool:
    """Whether running the whole message again may succeed: a deadlock or a serialisation failure."""
    return getattr(error.orig, "sqlstate", None) in RETRY_STATES or "database is locked" in str(error.orig)


MIGRATIONS = Path(__file__).parent / "migrations"


def revisions() -> list[str]:
    """The migrations this code knows, the newest first."""
    return [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]


def alembic_config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _sqlite(url: Any) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 30}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: ConnectionPoolEntry) -> None:  # noqa: ARG001 (the event's signature)
        # The driver's own transaction handling makes RELEASE of a savepoint commit; ours begins and ends explicitly.
        connection.isolation_level = None
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(f"PRAGMA synchronous={SYNCHRONOUS}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A reader that later writes would fail with "locked"; taking the writer's place at once waits instead.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
