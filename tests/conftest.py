"""What every test stands on: no network, an empty database of each kind at hand, and the village."""

import asyncio
import os
import shutil
import socket
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, MetaData, make_url, text
from sqlmodel import SQLModel
from village import Village

from bot import config
from bot.config import MediaSettings, Settings
from storage import tables
from storage.database import Database

assert tables  # fills the metadata
POSTGRES = os.environ.get("GRIDBOT_TEST_POSTGRES")
BACKENDS = ["sqlite", "postgres"] if POSTGRES else ["sqlite"]


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that opens a connection anywhere but on this machine fails."""
    connect = socket.socket.connect

    def only_here(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"the network is not for tests: {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", only_here)


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_the_disk() -> Iterator[None]:
    """No test pulls the plug: killed processes lose nothing that was handed to the system."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("storage.database.SYNCHRONOUS", "OFF")
        yield


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the schema, made once; every test works on its own copy."""
    path = tmp_path_factory.mktemp("schema") / "migrated.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


def _of_worker(url: URL) -> URL:
    """Tests that run side by side have a database each, made here: "test" becomes "test_gw0"."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        return url
    name = f"{url.database}_{worker}"
    server = Database(url.render_as_string(hide_password=False))
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}).scalar():
            connection.execute(text(f'CREATE DATABASE "{name}"'))
    server.close()
    return url.set(database=name)


@cache
def _postgres() -> str:
    """The test database, its schema made anew once per run."""
    assert POSTGRES
    url = _of_worker(make_url(POSTGRES)).update_query_dict({"options": "-c synchronous_commit=off"})
    address = url.render_as_string(hide_password=False)
    database = Database(address)
    with database.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    database.migrate()
    database.close()
    return address


@cache
def _empty(tables: MetaData) -> str:
    """One statement of PostgreSQL that empties every table; quicker than TRUNCATE, which waits for the disk."""
    lines = [f'DELETE FROM "{table}";' for table in reversed(tables.sorted_tables)]
    lines += [
        f"PERFORM setval(pg_get_serial_sequence('\"{table}\"', 'id'), 1, false);"
        for table in tables.sorted_tables
        if "id" in table.c
    ]
    return f"DO $$ BEGIN {' '.join(lines)} END $$"


@cache
def _engine(url: str) -> Database:
    """One engine for all tests of a process: it knows every statement it has once compiled."""
    return Database(url)


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, migrated: Path) -> str:
    """An empty, migrated database."""
    if request.param == "postgres":
        with _engine(_postgres()).engine.begin() as connection:
            connection.exec_driver_sql(_empty(SQLModel.metadata))
        return _postgres()
    path = migrated.with_name("gridbot.db")
    for left in path.parent.glob(f"{path.name}*"):
        left.unlink()
    shutil.copy(migrated, path)
    return f"sqlite:///{path}"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = _engine(url)
    yield database
    database.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    village = config.load(Path(__file__).parent / "village.toml")
    return village.model_copy(update={"media": MediaSettings(folder=tmp_path / "media")})


@pytest.fixture
def village(settings: Settings, database: Database) -> Iterator[Village]:
    with asyncio.Runner() as runner:
        village = Village(settings, database, runner)
        yield village
        village.stage.app.lanes.close()


@pytest.fixture
def staffed(village: Village) -> Village:
    """The same village with everybody who works there reachable alone."""
    village.reach("张网格员", "刘网格员", "李网格长", "王总网格长", "赵主任", "孙经理", "马班长")
    return village
