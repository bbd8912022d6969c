"""The office's machine: its configuration names the database of the test, and `gridbot` is typed on it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import SQLModel, select
from typer.testing import CliRunner, Result

from bot.cli import app
from storage.database import Database

VILLAGE = (Path(__file__).parents[1] / "village.toml").read_text(encoding="utf-8")
CLOUD = "2026-11-23 01:00:00"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> Path:
    """config.toml of the village in a folder of its own; the database and the media folder by the environment."""
    file = tmp_path / "config.toml"
    file.write_text(VILLAGE, encoding="utf-8")
    monkeypatch.setenv("GRIDBOT_DATABASE__URL", url)
    monkeypatch.setenv("GRIDBOT_MEDIA__FOLDER", str(tmp_path / "media"))
    return file


@pytest.fixture
def gridbot(config: Path, database: Database) -> Callable[..., Result]:
    """Types a command; the test's own connections are out of the way first."""

    def typed(*words: object) -> Result:
        database.close()
        return CliRunner().invoke(app, [*map(str, words), "-c", str(config)])

    return typed


def state(database: Database) -> dict[str, list[Any]]:
    """Every row of every table, but for the chores."""
    with database.transaction() as session:
        tables = [table for table in SQLModel.metadata.sorted_tables if table.name != "chore"]
        found = {table.name: sorted(map(repr, session.execute(select(table)))) for table in tables}
    database.close()
    return found


def wipe(database: Database) -> None:
    """As on a new machine."""
    database.close()
    if database.is_sqlite:
        for end in ("", "-wal", "-shm"):
            Path(f"{database.url.database}{end}").unlink(missing_ok=True)
        return
    with database.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    database.close()
