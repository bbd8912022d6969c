"""What a message costs with 1,000, 100,000 and 1,000,000 cases stored, on SQLite and, where there is one, PostgreSQL.

The same 500 cases are open each time; the rest are history: reports, events, letters and deliveries of the last days.
Set BENCH_POSTGRES to the address of a database that may be emptied.
"""

import argparse
import asyncio
import itertools
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import CTE, JSON, String, cast, insert, literal, select, text
from sqlmodel import Session, SQLModel, col, func
from sqlmodel import select as rows

from bot import config
from bot.platforms.console import Console
from bot.stage import HandClock, Stage
from handlers.message import Message, Sender
from storage.chats import Chat, ChatKey
from storage.database import Database
from storage.deliveries import Delivery
from storage.events import Event
from storage.grids import Grid
from storage.outbox import Letter
from storage.people import Address, Person
from storage.reports import Report
from storage.requests import Request

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # a Monday, 10:00 in Shanghai
GROUPS, WORKERS, OPEN = 1_000, 100, 500
EVENTS, LETTERS = 4, 4  # of each case that is over
EACH = 30  # messages of a kind


def community(folder: Path, url: str) -> Path:
    text = [
        f'[community]\nname = "压测社区"\n[database]\nurl = "{url}"\n[media]\nfolder = "{folder / "media"}"',
        "[manners]\nmessages_per_hour = 1000000",
        '[[grids]]\nkey = "root"\nname = "压测社区"\nlevel = "community"',
        '[[duties]]\nkey = "all"\ncategory = "*"\ngrid = "root"\naccept_hours = 4\nfinish_hours = 120',
        '[[people]]\nkey = "chief"\nname = "总网格长"\nroles = [{ rank = "chief", grid = "root" }]',
        'accounts = ["console:main:c"]',
    ]
    for n in range(1, WORKERS + 1):
        text.append(f'[[grids]]\nkey = "g{n}"\nname = "{n}网格"\nlevel = "grid"\nunder = "root"')
        text.append(f'[[people]]\nkey = "w{n}"\nname = "{n}网格员"\naccounts = ["console:main:w{n}"]')
        text.append(f'roles = [{{ rank = "worker", grid = "g{n}" }}]')
    for n in range(1, GROUPS + 1):
        above = f"g{1 + n % WORKERS}"
        text.append(f'[[grids]]\nkey = "b{n}"\nname = "{n}号楼"\nlevel = "building"\nunder = "{above}"')
        text.append(f'place = "{n}号楼"\n[[groups]]\nchat = "console:main:群{n}"\ntitle = "{n}群"\ngrid = "b{n}"')
    path = folder / "config.toml"
    path.write_text("\n".join(text), encoding="utf-8")
    return path


# -- history ----------------------------------------------------------------------------------------------------------


def numbers(count: int) -> CTE:
    """1, 2, … count, made by the database itself."""
    first = select(literal(1).label("i")).cte("n", recursive=True)
    return first.union_all(select(first.c.i + 1).where(first.c.i < count))


def fill(session: Session, cases: int) -> None:
    """Cases that are over, spread evenly over groups, workers, residents and two years."""
    chat = session.exec(rows(func.min(Chat.id)).where(col(Chat.private).is_(False))).one()
    grid = session.exec(rows(Grid.id).where(Grid.key == "b1")).one() or 0
    worker = session.exec(rows(Person.id).where(Person.key == "w1")).one() or 0
    started = NOW - timedelta(days=730)
    of_console = {"platform": "console", "account": "main"}
    residents = max(1, cases // 10)
    n = numbers(residents)
    person = n.c.i + 100_000
    put(session, n, Person, id=person, name="居民", source="chat", gone=False)
    put(session, n, Address, person_id=person, user="r" + cast(n.c.i, String), **of_console)
    n = numbers(cases)
    group, lead, key = chat + n.c.i % GROUPS, worker + n.c.i % WORKERS, cast(n.c.i, String)
    put(
        session, n, Request, id=n.c.i, state="closed", kind="report", category="facility", department="城乡建设",
        title="电梯故障", urgent=False, places="", grid_id=grid + n.c.i % GROUPS, chat_id=group, lead_person_id=lead,
        outcome="solved", reopened=0, dispatches=1, raised=0, urged=0, opened_at=started, done_at=started,
        ended_at=started,
    )  # fmt: skip
    put(
        session, n, Report, request_id=n.c.i, person_id=100_001 + n.c.i % residents, chat_id=group,
        message="h" + key, at=started, first=True, silent=False,
    )  # fmt: skip
    for number in range(1, EVENTS + 1):
        put(
            session, n, Event, request_id=n.c.i, number=number, at=started, kind="replied", actor_id=lead, data="{}",
            undo="{}", hash="",
        )  # fmt: skip
    for number in range(1, LETTERS + 1):
        put(
            session, n, Letter, purpose="card" if number < 3 else "work", urgency=1, chat_id=group, request_id=n.c.i,
            card_key=f"old{number}:" + key, buttons="[]", files="[]", erase=False, pin=False, spoken=number == 1,
            state="sent", created_at=started, not_before=started, sent_at=started, attempts=1,
            message=f"o{number}-" + key, **of_console,
        )  # fmt: skip
    put(session, n, Delivery, delivery="h" + key, at=NOW, forget_at=NOW + timedelta(days=8), **of_console)


def put(session: Session, n: CTE, table: type[SQLModel], **values: Any) -> None:
    """One row for each number, by one statement; JSON columns take their text."""
    target = table.__table__  # type: ignore[attr-defined]
    made = []
    for name, value in values.items():
        column = target.c[name]
        is_text = isinstance(value, str)
        given = value if hasattr(value, "label") else literal(value, String() if is_text else column.type)
        made.append((cast(given, column.type) if isinstance(column.type, JSON) else given).label(name))
    session.connection().execute(insert(target).from_select(list(values), select(*made).select_from(n)))


# -- what is measured -------------------------------------------------------------------------------------------------


class Town:
    """The whole bot on a console that shows nothing, with a clock set by hand."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.numbers = itertools.count(1)

    def message(self, person: str, where: str, words: str) -> Message:
        number = str(next(self.numbers))
        key = ChatKey("console", "main", where)
        return Message(
            key, where, where == person, Sender(person, person), f"d{number}", f"m{number}", self.stage.clock.at, words
        )

    async def takes(self, person: str, where: str, words: str) -> float:
        """Milliseconds until a message is handled and what it leads to is sent."""
        message = self.message(person, where, words)
        begin = time.perf_counter()
        await self.stage.app.receive(message)
        for courier in self.stage.app.couriers:
            await courier.step()
        return 1000 * (time.perf_counter() - begin)


async def measure(town: Town) -> dict[str, float]:
    """The median of each kind, in milliseconds."""
    first = await open_cases(town)
    kinds: dict[str, Callable[[int], Awaitable[float]]] = {
        "a request": lambda k: town.takes(f"n{k}", f"群{1 + k}", f"{1 + k}号楼路灯坏了,黑咕隆咚的"),
        "me too": lambda k: town.takes(f"m{k}", f"群{1 + k}", f"我家也是 {first + k}"),
        "take": lambda k: town.takes(worker(k), worker(k), f"接单 {first + k}"),
        "reply": lambda k: town.takes(worker(k), worker(k), f"回复 {first + k} 三点到"),
        "done": lambda k: town.takes(worker(k), worker(k), f"办结 {first + k} 换好了"),
        "undo": lambda k: town.takes(worker(k), worker(k), "撤销"),
        "status": lambda k: town.takes(worker(k), worker(k), f"进度 {first + k}"),
        "to do": lambda k: town.takes(worker(k), worker(k), "待办"),
        "urge": lambda k: town.takes(f"a{k}", f"群{1 + k}", f"催办 {first + k}"),
        "a tick": lambda _: timed(town.stage.app.tick),
        "the snapshot": lambda _: timed(town.stage.app.refresh),
    }
    return {name: statistics.median([await run(k) for k in range(EACH)]) for name, run in kinds.items()}


def worker(k: int) -> str:
    return f"w{1 + (1 + k) % WORKERS}"


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    begin = time.perf_counter()
    await work()
    return 1000 * (time.perf_counter() - begin)


async def open_cases(town: Town) -> int:
    """OPEN cases, one a group and worker in turn; everybody who works here has said hello. Returns the first number."""
    for n in range(1, WORKERS + 1):
        await town.takes(f"w{n}", f"w{n}", "/start")
    for k in range(OPEN):
        await town.takes(f"a{k}", f"群{1 + k}", f"{1 + k}号楼电梯坏了,按了没反应")
    with town.stage.app.database.transaction() as session:
        return session.exec(rows(func.min(Request.id)).where(Request.state == "dispatched")).one()


@contextmanager
def empty(url: str) -> Iterator[Database]:
    database = Database(url)
    if not database.is_sqlite:
        with database.engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    try:
        yield database
    finally:
        database.close()


async def run(url: str, folder: Path, cases: int) -> dict[str, float]:
    with empty(url) as database:
        settings = config.load(community(folder, url))
        clock = HandClock(NOW)
        stage = Stage(settings, database, clock, lambda clock: [Console(clock)])
        await stage.start()
        with database.transaction() as session:
            fill(session, cases)
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not database.is_sqlite:
                for table in (Request, Report, Event, Letter, Person, Address):
                    last = select(func.max(table.id)).scalar_subquery()
                    sequence = func.pg_get_serial_sequence(table.__tablename__, "id")
                    connection.execute(select(func.setval(sequence, last)))
            connection.execute(text("ANALYZE"))
        try:
            return await measure(Town(stage))
        finally:
            stage.app.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, nargs="*", default=[1_000, 100_000, 1_000_000])
    chosen = parser.parse_args()
    kinds = {"SQLite": ""} | ({"PostgreSQL": os.environ["BENCH_POSTGRES"]} if "BENCH_POSTGRES" in os.environ else {})
    for name, address in kinds.items():
        results = []
        for cases in chosen.cases:
            with tempfile.TemporaryDirectory() as folder:
                url = address or f"sqlite:///{Path(folder) / 'bench.db'}"
                results.append(asyncio.run(run(url, Path(folder), cases)))
        print(f"{name}: median ms with {', '.join(f'{cases:,}' for cases in chosen.cases)} cases stored; last ÷ first")
        for kind in results[0]:
            each = "  ".join(f"{result[kind]:8.2f}" for result in results)
            print(f"  {kind:13} {each}   {results[-1][kind] / results[0][kind]:5.2f}")


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    main()
