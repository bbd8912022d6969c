"""The migrations make exactly the tables the code describes, from nothing, as often as one likes."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Table, inspect, text
from sqlalchemy.engine import make_url
from sqlmodel import SQLModel

from storage import tables
from storage.database import Database, alembic_config


@pytest.fixture
def empty(url: str, tmp_path: Path) -> Iterator[Database]:
    """A database of either kind with nothing in it: a file, or a schema of its own beside the tests' one."""
    place = make_url(url)
    if place.get_backend_name() == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
        yield database
        database.close()
        return
    beside = Database(url)
    with beside.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA IF EXISTS empty CASCADE"))
        connection.execute(text("CREATE SCHEMA empty"))
    database = Database(
        place.update_query_dict({"options": "-csearch_path=empty"}).render_as_string(hide_password=False)
    )
    yield database
    database.close()
    with beside.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA empty CASCADE"))
    beside.close()


def there(database: Database) -> set[str]:
    with database.engine.connect() as connection:
        return set(inspect(connection).get_table_names())


def differences(database: Database) -> list[object]:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, SQLModel.metadata))


def test_from_nothing_the_migrations_make_the_tables_of_the_code(empty: Database) -> None:
    assert there(empty) == set()
    assert len(differences(empty)) >= len(SQLModel.metadata.tables)  # the comparison does see what is missing
    empty.migrate()
    assert there(empty) == {*SQLModel.metadata.tables, "alembic_version"}
    assert differences(empty) == []


def test_migrating_twice_changes_nothing(empty: Database) -> None:
    empty.migrate()
    with empty.engine.begin() as connection:
        connection.execute(text("INSERT INTO text (body, digest) VALUES ('电梯坏了', 'd')"))
    empty.migrate()
    with empty.engine.connect() as connection:
        assert connection.execute(text("SELECT body FROM text")).scalars().all() == ["电梯坏了"]


def test_the_way_down_ends_where_it_began(empty: Database) -> None:
    empty.migrate()
    with empty.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "base")
    assert there(empty) == {"alembic_version"}
    empty.migrate()
    assert differences(empty) == []


def test_every_table_of_the_code_is_one_the_migrations_know_of() -> None:
    assert {table.name for module in tables.TABLES for table in _tables_of(module)} == set(SQLModel.metadata.tables)


def _tables_of(module: ModuleType) -> Iterator[Table]:
    for value in vars(module).values():
        if getattr(value, "__module__", None) == module.__name__ and hasattr(value, "__table__"):
            yield value.__table__


def test_photos_that_were_only_counted_stay_counted(empty: Database) -> None:
    with empty.engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0003")
        for table, row in {
            "grid": "id, key, name, level, path, source, gone) VALUES (1, 'g', 'g', 'grid', 'g/', 'file', false",
            "person": "id, name, source, gone) VALUES (1, '王阿姨', 'chat', false",
            "chat": "id, platform, account, address, title, private, mode, of_unit, source) "
            "VALUES (1, 'telegram', 'main', '-1', '3号楼群', false, 'listen', false, 'file'",
            "request": "id, state, kind, category, department, title, urgent, places, grid_id, lead_person_id, "
            "reopened, dispatches, raised, urged, opened_at) "
            "VALUES (1, 'dispatched', 'report', 'facility', '', '电梯故障', false, '', 1, 1, 0, 1, 0, 0, "
            "'2026-11-23 01:00:00'",
            "report": "id, request_id, person_id, chat_id, message, at, first, silent, photos) "
            "VALUES (1, 1, 1, 1, '7', '2026-11-23 01:00:00', true, false, 2",
        }.items():
            connection.execute(text(f"INSERT INTO {table} ({row})"))
    empty.migrate()
    with empty.engine.connect() as connection:
        rows = connection.execute(text("SELECT report_id, media, state, reason, platform FROM attachment")).all()
        assert [tuple(row) for row in rows] == [(1, "photo", "lost", "not_kept", "telegram")] * 2
    with empty.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0003")
    with empty.engine.connect() as connection:
        assert connection.execute(text("SELECT photos FROM report")).scalar_one() == 2
