"""The database as a file, and back: SQLite's online backup, PostgreSQL's own programs; one moment, while a bot runs."""

import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, column, create_engine, func, inspect, select, table, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from storage.database import Database

VERSION = "alembic_version"
BUSY = 30.0  # seconds
LOOKS, PAUSE = 12, 0.25  # seconds between looks whether another program still uses the database


class DumpFailed(Exception):  # noqa: N818 (the sentence the operator reads)
    """Why the database could not be copied, or not be brought back."""


@dataclass(frozen=True)
class Taken:
    """What was in the database at the moment of the copy. `files`: digest and type of what cases have stored."""

    revision: str
    rows: dict[str, int]
    files: list[tuple[str, str]]
    place: str = ""


def take(database: Database, to: Path) -> Taken:
    """Copies the database to a file that is not there yet. DumpFailed."""
    try:
        return _take_sqlite(database, to) if database.is_sqlite else _take_postgres(database, to)
    except SQLAlchemyError as error:
        raise DumpFailed(f"the database cannot be read ({type(error).__name__})") from None


def sqlite_file(database: Database) -> Path:
    name = str(database.url.database or "")
    if name in {"", ":memory:"}:
        raise DumpFailed("a database in memory has no backup")
    return Path(name)


def _take_sqlite(database: Database, to: Path) -> Taken:
    file = sqlite_file(database)
    if not file.exists():
        raise DumpFailed(f"there is no database at {file}")
    try:
        with (
            closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=rw", uri=True, timeout=BUSY)) as source,
            closing(sqlite3.connect(to)) as copy,
        ):
            source.backup(copy)  # in one step: one moment, and the bot goes on writing
            copy.execute("PRAGMA journal_mode=DELETE")
            copy.execute("VACUUM")  # without the pages of what was deleted
    except sqlite3.Error as error:
        raise DumpFailed(f"{file} cannot be copied ({error})") from None
    return look_into(to)


def look_into(file: Path) -> Taken:
    """What a copy of an SQLite database holds, if it is sound. DumpFailed."""
    engine = create_engine(f"sqlite:///{file}", poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            if connection.exec_driver_sql("PRAGMA integrity_check").scalars().all() != ["ok"]:
                raise DumpFailed(f"{file.name} is damaged: PRAGMA integrity_check says so")
            return _look(connection)
    except SQLAlchemyError:
        raise DumpFailed(f"{file.name} is no database that can be read") from None
    finally:
        engine.dispose()


def _look(connection: Connection) -> Taken:
    tables = inspect(connection).get_table_names()
    if VERSION not in tables:
        raise DumpFailed("this database is not gridbot's: it has no migrations")
    rows = {name: count(connection, name) for name in sorted(tables)}
    revision = str(connection.execute(select(column("version_num")).select_from(table(VERSION))).scalar_one())
    stored = (
        "SELECT DISTINCT digest, mime FROM attachment WHERE state = 'stored' AND digest IS NOT NULL ORDER BY digest"
    )
    files = [(digest, mime) for digest, mime in connection.execute(text(stored))] if "attachment" in tables else []
    return Taken(revision, rows, files)


def count(connection: Connection, name: str) -> int:
    return connection.execute(select(func.count()).select_from(table(name))).scalar_one()


# -- PostgreSQL ---------------------------------------------------------------------------------------------------


def _take_postgres(database: Database, to: Path) -> Taken:
    """Counts and copy see the same moment: pg_dump reads in the snapshot of our transaction."""
    connect = database.engine.connect().execution_options(isolation_level="REPEATABLE READ")
    with connect as connection:
        taken = _look(connection)
        place = connection.execute(text("SELECT current_schema()")).scalar_one()
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        tables = [f'--table="{place}"."{name}"' for name in taken.rows]
        options = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={to}"]
        _postgres(database, "pg_dump", [*options, *tables])
    return Taken(taken.revision, taken.rows, taken.files, place)


def _place(database: Database) -> str:
    with database.engine.connect() as connection:
        return str(connection.execute(select(func.current_schema())).scalar_one())


def bring_postgres(database: Database, dump: Path, taken: Taken, *, instead_of: Collection[str]) -> None:
    """Puts the tables of a dump in the place of ours, all or nothing: one transaction, and what came is counted in it.

    DumpFailed; then nothing has changed.
    """
    if (here := _place(database)) != taken.place:
        raise DumpFailed(f"this backup is of the schema {taken.place}, and database.url leads to {here}")
    before, body, after = (dump.with_name(f"{name}.sql") for name in ("before", "body", "after"))
    _program("pg_restore", ["--no-owner", "--no-privileges", "--exit-on-error", f"--file={body}", str(dump)], {})
    drops = [f'DROP TABLE IF EXISTS "{taken.place}"."{name}" CASCADE;' for name in {*instead_of, *taken.rows}]
    before.write_text(
        "\n".join(["SET lock_timeout = '10s';", "SET client_min_messages = error;", *drops]), encoding="utf-8"
    )
    counted = [
        f'ASSERT (SELECT count(*) FROM "{taken.place}"."{name}") = {rows};'  # noqa: S608 (names are words)
        for name, rows in taken.rows.items()
    ]
    after.write_text("\n".join(["DO $$ BEGIN", *counted, "END $$;"]), encoding="utf-8")
    # Only the code of an error: its words would quote rows.
    quiet = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=sqlstate"]
    _postgres(database, "psql", [*quiet, *(f"--file={file}" for file in (before, body, after))])


def _postgres(database: Database, program: str, arguments: Sequence[str]) -> None:
    """The password goes by the environment: arguments can be seen by everybody on the machine."""
    _, parts = database.engine.dialect.create_connect_args(database.url)
    password = parts.pop("password", None)
    parts.pop("context", None)  # psycopg's own, nothing libpq knows
    secret = {"PGPASSWORD": str(password)} if password else {}
    _program(program, ["--no-password", f"--dbname={make_conninfo(**parts)}", *arguments], secret)


def _program(name: str, arguments: Sequence[str], secret: dict[str, str]) -> None:
    if shutil.which(name) is None:
        raise DumpFailed(f"{name} is not installed here; it is one of PostgreSQL's client programs")
    environment = {**os.environ, "LC_ALL": "C", "PGCONNECT_TIMEOUT": "10", **secret}
    command = [name, *arguments]
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        why = next((line for line in said if "ERROR" in line), said[0])
        for word in secret.values():
            why = why.replace(word, "***")
        raise DumpFailed(f"{name} failed: {why}")


@contextmanager
def alone_on(database: Database) -> Iterator[None]:
    """DumpFailed while anybody else is connected to this PostgreSQL database; one who was stopped may be leaving."""
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'"
    )
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for _ in range(LOOKS):
            if not (there := connection.execute(text(others)).scalar_one()):
                break
            time.sleep(PAUSE)
        else:
            raise DumpFailed(f"{there} other connections use this database: stop gridbot on every machine first")
        yield
