"""A database of every earlier migration, with a community's rows in it, comes up unharmed; the bot goes on with it."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, MetaData, Table, func, inspect, select
from sqlmodel import SQLModel
from village import GROUP, Village

from bot.config import Settings
from storage.database import Database, alembic_config, revisions
from storage.events import Event, first_break
from storage.people import Person
from storage.reports import count_voices
from storage.texts import _digest
from tests.storage.test_migrations import empty

assert empty
EARLIER = revisions()[:0:-1]  # the oldest first, without the newest
AT = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)  # half an hour before the village's morning
LATER = datetime(2026, 11, 30, 0, 30, tzinfo=UTC)
WORDS = "3号楼电梯又坏了,按了没反应"

# A community in the middle of its day, as every migration so far could have kept it: what a revision has no column for
# is left out, and a column that came later and is not named here gets what its type calls nothing.
ROWS: dict[str, list[dict[str, Any]]] = {
    "grid": [
        {"id": 1, "key": "village", "name": "柳树村社区", "level": "community", "path": "village/"},
        {"id": 2, "key": "east", "name": "东网格", "level": "grid", "path": "village/east/"},
        {"id": 3, "key": "b3", "name": "3号楼", "level": "building", "path": "village/east/b3/", "place": "3号楼"},
    ],
    "person": [
        {"id": 1, "key": "zhang", "name": "张网格员", "phone": "6600-0002"},
        {"id": 2, "name": "王阿姨", "flat": "2-501", "source": "chat"},
        {"id": 3, "name": "陈姐", "source": "chat"},
    ],
    "text": [{"id": 1, "body": WORDS, "digest": _digest(WORDS)}, {"id": 2, "body": None, "digest": _digest("x")}],
    "chat": [
        {"id": 1, "address": GROUP, "title": GROUP, "grid_id": 3},
        {"id": 2, "address": "张网格员", "title": "张网格员", "private": True, "source": "chat"},
        {"id": 3, "address": "王阿姨", "title": "王阿姨", "private": True, "source": "chat"},
    ],
    "unit": [{"id": 1, "key": "wuye", "name": "柳树物业", "aliases": ["物业"]}],
    "address": [
        {"id": 1, "person_id": 1, "user": "张网格员", "chat_id": 2, "seen_at": AT},
        {"id": 2, "person_id": 2, "user": "王阿姨", "chat_id": 3, "seen_at": AT},
        {"id": 3, "person_id": 3, "user": "陈姐"},
    ],
    "role": [{"id": 1, "key": "zhang:worker:east", "person_id": 1, "rank": "worker", "grid_id": 2}],
    "duty": [{"id": 1, "key": "all", "category": "*", "grid_id": 1, "accept_hours": 4.0, "finish_hours": 120.0}],
    "notice": [{"id": 1, "key": "old", "grid_id": 1, "schedule": "0 9 * * mon", "text": "用电安全", "next_at": LATER}],
    "request": [
        {
            "id": 1, "state": "accepted", "kind": "report", "category": "facility", "title": "电梯故障",
            "places": "3号楼", "grid_id": 3, "chat_id": 1, "lead_person_id": 1, "dispatches": 1, "opened_at": AT,
            "accepted_at": AT, "finish_by": LATER, "accept_by": AT,
        },
        {
            "id": 2, "state": "closed", "kind": "report", "category": "safety", "title": "楼道堆物", "grid_id": 3,
            "lead_unit_id": 1, "outcome": "solved", "satisfaction": "good", "opened_at": AT, "done_at": AT,
            "ended_at": AT,
        },
    ],
    "report": [
        {
            "id": 1, "request_id": 1, "person_id": 2, "chat_id": 1, "message": "m1", "at": AT, "first": True,
            "text_id": 1, "photos": 2,
        },
        {
            "id": 2, "request_id": 2, "person_id": 3, "chat_id": 1, "message": "m2", "at": AT, "first": True,
            "verdict": "solved", "satisfaction": "good", "answered_at": AT,
        },
    ],
    "event": [],  # sealed below
    "letter": [
        {
            "id": 1, "purpose": "card", "urgency": 1, "chat_id": 1, "request_id": 1, "card_key": "case:1", "text": "#1",
            "buttons": [["我家也是", "/metoo 1"]], "state": "sent", "created_at": AT, "not_before": AT, "sent_at": AT,
            "blank_at": LATER, "attempts": 1, "message": "c1",
        },
        {
            "id": 2, "purpose": "notice", "urgency": 2, "chat_id": 1, "text": "停水", "state": "uncertain",
            "created_at": AT, "not_before": AT, "blank_at": LATER,
        },
    ],
    "card": [{"key": "case:1", "chat_id": 1, "request_id": 1, "message": "c1", "sent_at": AT}],
    "openquestion": [{"id": 1, "chat_id": 3, "person_id": 2, "command": "/more 1 ", "expires_at": LATER}],
    "delivery": [{"delivery": "d1", "at": AT, "forget_at": LATER}],
    "attachment": [
        {
            "id": 7, "request_id": 1, "report_id": 1, "media": "photo", "file": "f", "state": "stored", "digest": "ab",
            "mime": "image/jpeg", "size": 3, "came_at": AT,
        },
    ],
}  # fmt: skip
COMMON = {"platform": "console", "account": "main", "source": "file", "mode": "listen"}
NOTHING: dict[type, Any] = {
    str: "", int: 0, float: 0.0, bool: False, dict: {}, list: [], datetime: AT, date: AT.date(),
}  # fmt: skip


def history() -> list[dict[str, Any]]:
    """The first lines of case 1, sealed as the code seals them."""
    lines, previous = [], ""
    for number, (kind, actor) in enumerate((("registered", 2), ("dispatched", None), ("accepted", 1)), start=1):
        facts = {"request_id": 1, "number": number, "at": AT, "kind": kind, "actor_id": actor, "data": {}, "undo": {}}
        event = Event(**facts, hash="")
        previous = event.sealed(previous, "")
        lines.append({"id": number, **facts, "hash": previous})
    return lines


def _there(connection: Connection) -> MetaData:
    metadata = MetaData()
    metadata.reflect(connection)
    return metadata


def _filled(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in {**COMMON, **row}.items() if name in table.c}
    for column in table.c:
        if column.name not in known and not column.nullable and not column.server_default:
            known[column.name] = [] if column.name in {"buttons", "files"} else NOTHING[column.type.python_type]
    return known


def fill(connection: Connection) -> None:
    """The rows, as the tables of this revision take them."""
    metadata = _there(connection)
    for table in metadata.sorted_tables:
        for row in history() if table.name == "event" else ROWS.get(table.name, []):
            connection.execute(table.insert().values(_filled(table, row)))
    if connection.dialect.name == "postgresql":
        for table in metadata.sorted_tables:
            if "id" in table.c:
                connection.execute(
                    select(
                        func.setval(
                            func.pg_get_serial_sequence(f'"{table.name}"', "id"), func.max(table.c.id) + 1, False
                        )
                    ).where(table.c.id.is_not(None))
                )


def rows(connection: Connection, tables: dict[str, list[str]]) -> dict[str, list[Any]]:
    """What stands in the named columns of the named tables."""
    metadata = _there(connection)
    return {
        name: sorted(
            (dict(row._mapping) for row in connection.execute(select(*(metadata.tables[name].c[c] for c in columns)))),
            key=repr,
        )
        for name, columns in tables.items()
    }


def columns(connection: Connection) -> dict[str, list[str]]:
    look = inspect(connection)
    return {
        table: [column["name"] for column in look.get_columns(table)]
        for table in look.get_table_names()
        if table != "alembic_version"
    }


@pytest.fixture(params=EARLIER)
def older(request: pytest.FixtureRequest, empty: Database) -> Database:
    """A database of an earlier migration, with rows."""
    with empty.engine.begin() as connection:
        command.upgrade(alembic_config(connection), request.param)
    with empty.engine.begin() as connection:
        fill(connection)
    return empty


def test_rows_come_up_unharmed(older: Database) -> None:
    with older.engine.begin() as connection:
        before_columns = columns(connection)
        older_rows = rows(connection, before_columns)
    assert {"request", "report", "letter", "person"} <= before_columns.keys()
    older.migrate()
    with older.engine.begin() as connection:
        now = columns(connection)
        kept = {table: [name for name in names if name in now[table]] for table, names in before_columns.items()}
        after = rows(connection, kept)
    gone = {(table, name) for table, names in before_columns.items() for name in names if name not in kept[table]}
    assert gone <= {("report", "photos")}  # 0004 made attachments of them
    for table, there in older_rows.items():
        expected = sorted(({name: row[name] for name in kept[table]} for row in there), key=repr)
        assert after[table] == expected, table
        assert len(there) >= len(ROWS.get(table, [])), table


def test_the_code_reads_every_row_and_the_history_holds(older: Database) -> None:
    older.migrate()
    with older.transaction() as session:
        for table in SQLModel._sa_registry.mappers:
            found = session.execute(select(table.class_)).scalars().all()
            assert len(found) >= len(ROWS.get(table.local_table.name, []))
        assert first_break(session, 1) is None
        assert session.get_one(Person, 2).flat == "2-501"


def test_the_bot_goes_on_with_it(older: Database, settings: Settings) -> None:
    with asyncio.Runner() as runner:
        village = Village(settings, older, runner)
        village.says("陈姐", "/metoo 1")
        assert village.look(lambda session: count_voices(session, 1)) == 2
        assert "#1 电梯故障 · 3号楼 · 2 户反映 — 处理中" in "".join(village.tells("张网格员", "待办"))
        village.tells("张网格员", "办结 1 换了主板")
        assert village.case(1).state == "done"
        village.says("李明", "5号楼楼道堆满纸箱没人管")
        assert village.case(3).title == "楼道堆物"
        assert village.look(lambda session: first_break(session, 1)) is None
        village.stage.app.lanes.close()
