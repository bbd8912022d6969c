"""The database is out for minutes: danger is answered from memory, and what was said is done when it is back."""

import gc
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from fake import FakeTelegram
from readings import FIRE, GAS, LAMP, LIFT, TRAPPED, TRAPPED_TOO
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select
from street import Street
from village import GROUP

from bot.platforms.telegram import polling
from storage.database import Database
from storage.deliveries import Delivery
from storage.people import Person
from storage.reports import Report

# psycopg complains of whatever was open on a connection that the server cut.
pytestmark = [
    pytest.mark.filterwarnings("ignore:<psycopg:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
EAST = "东网格群"
LIFT_CALL, GAS_CALL = "6600-0096", "6600-0095"
Outage = Callable[[], AbstractContextManager[None]]


def refusing(*_: Any) -> None:
    raise OperationalError("SELECT", {}, OSError("the database is out"))


def server(database: Database) -> psycopg.Connection[Any]:
    """The same server by another door."""
    url = database.url.set(drivername="postgresql", database="postgres", query={})
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


def cut_connections(database: Database) -> None:
    with server(database) as door:
        door.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database.url.database]
        )


@pytest.fixture
def outage(street: Street, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outage]:
    """PostgreSQL lets nobody in and throws out who is there; of SQLite every statement fails."""
    monkeypatch.setattr("bot.app.PAUSES", (0.05,))
    monkeypatch.setattr("bot.courier.SCAN", 0.05)
    monkeypatch.setattr(polling, "TURN", 0.05)
    database = street.database

    @contextmanager
    def of_postgres() -> Iterator[None]:
        doors = "ALTER DATABASE {} ALLOW_CONNECTIONS {}"
        name = psycopg.sql.Identifier(str(database.url.database))
        with server(database) as door:
            door.execute(psycopg.sql.SQL(doors).format(name, psycopg.sql.SQL("false")))
            cut_connections(database)
            try:
                yield
            finally:
                door.execute(psycopg.sql.SQL(doors).format(name, psycopg.sql.SQL("true")))

    @contextmanager
    def of_sqlite() -> Iterator[None]:
        event.listen(database.engine, "before_cursor_execute", refusing)
        try:
            yield
        finally:
            event.remove(database.engine, "before_cursor_execute", refusing)

    yield of_sqlite if database.is_sqlite else of_postgres
    street.settle()
    gc.collect()


def kept(street: Street, table: Any) -> int:
    def look(session: Session) -> int:
        return len(session.exec(select(table)).all())

    return street.look(look)


def first_words(fake: FakeTelegram, where: str) -> Counter[str]:
    """Which telephone the bot named there, and how often."""
    calls = [call for text in fake.texts(where) for call in (LIFT_CALL, GAS_CALL, "119") if f" {call}" in text]
    return Counter(calls)


def tries(caplog: pytest.LogCaptureFixture) -> int:
    return caplog.text.count("an update could not be handled")


def noticed(caplog: pytest.LogCaptureFixture) -> bool:
    """The courier knows: it asked for letters, or the connection that holds its seat was cut first."""
    return "the database gives no letters out" in caplog.text or "courier failed" in caplog.text


# -- danger -------------------------------------------------------------------------------------------------------


def test_danger_is_answered_once_though_it_is_tried_again_and_again(
    street: Street, outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    fake = street.fake
    caplog.set_level(logging.WARNING)
    with outage():
        fake.says("王阿姨", GROUP, TRAPPED)
        street.until(lambda: first_words(fake, GROUP))
        fake.says("路人", GROUP, TRAPPED_TOO)
        fake.says("陈姐", GROUP, GAS)  # she stands in line behind what cannot be done
        street.until(lambda: first_words(fake, GROUP)[GAS_CALL])
        fake.says("李明", EAST, FIRE)
        street.until(lambda: first_words(fake, EAST))
        before = tries(caplog)
        street.until(lambda: tries(caplog) >= before + 6)
        assert len(fake.updates) == 4
    street.settle()
    assert first_words(fake, GROUP) == {LIFT_CALL: 1, GAS_CALL: 1}
    assert first_words(fake, EAST) == {"119": 1}
    assert sorted(str(case.danger) for case in street.cases()) == ["fire", "gas", "lift"]
    assert kept(street, Report) == 4
    assert street.newest("张网格员", "电梯困人")


def test_danger_that_telegram_did_not_take_either_is_said_when_it_does(
    street: Street, outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    """Both are out; Telegram is back first."""
    fake = street.fake
    fake.fails("sendMessage", 502, at=GROUP, times=3)
    with outage():
        fake.says("王阿姨", GROUP, TRAPPED)
        street.until(lambda: first_words(fake, GROUP))
    street.settle()
    street.wait(minutes=1)
    assert first_words(fake, GROUP) == {LIFT_CALL: 1}
    assert len(street.cases()) == 1


class TestByWebhook:
    @pytest.fixture
    def by_webhook(self) -> bool:
        return True

    def test_danger_is_answered_once_though_telegram_calls_again_and_again(
        self, street: Street, outage: Outage
    ) -> None:
        fake = street.fake
        with outage():
            fake.says("王阿姨", GROUP, TRAPPED)
            street.until(lambda: fake.webhook_answers.count(503) > 5)
            assert first_words(fake, GROUP) == {LIFT_CALL: 1}
            fake.says("李明", EAST, "今天天气真好")
            street.until(lambda: len(fake.updates) == 1)  # chatter needs no database
        street.settle()
        assert first_words(fake, GROUP) == {LIFT_CALL: 1}
        assert len(street.cases()) == kept(street, Report) == 1


# -- the rest -----------------------------------------------------------------------------------------------------


def test_when_it_is_back_everything_is_done_once_and_in_order(
    street: Street, outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    fake = street.fake
    street.says("王阿姨", LIFT)
    street.wait(minutes=1)
    with outage():
        fake.presses("张网格员", "接单")
        fake.tells("张网格员", "办结 1 换了主板")
        fake.says("陈姐", GROUP, LAMP)
        street.clock.at += timedelta(hours=5)
        before = tries(caplog)
        street.until(lambda: tries(caplog) >= before + 6)
        assert fake.presses_open
    street.settle()
    street.wait(minutes=5)
    assert street.history()[:4] == ["registered", "dispatched", "accepted", "done"]
    assert [case.title for case in street.cases()] == ["电梯故障", "路灯不亮"]
    assert not [text for where in (GROUP, "张网格员") for text in fake.texts(where) if "没处理成" in text]
    assert street.said_besides() == []


def test_chatter_does_not_pile_up(street: Street, outage: Outage, caplog: pytest.LogCaptureFixture) -> None:
    fake = street.fake
    deliveries, people = kept(street, Delivery), kept(street, Person)
    with outage():
        for number in range(120):
            fake.says(f"居民{number}", EAST, f"今天吃什么 {number}")
        street.until(lambda: not fake.updates)  # acknowledged all the same
        fake.says("王阿姨", GROUP, LIFT)
        for number in range(40):
            fake.says(f"居民{number}", EAST if number % 2 else GROUP, f"早 {number}")
        before = tries(caplog)
        street.until(lambda: tries(caplog) >= before + 3)
    street.settle()
    assert kept(street, Delivery) == deliveries + 1
    assert kept(street, Person) == people + 1


def test_a_letter_that_left_while_it_was_out_is_known_to_have_left(
    street: Street, outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    fake = street.fake
    with ExitStack() as hanging:
        hanging.enter_context(fake.hangs("sendMessage", at="张网格员"))
        fake.says("王阿姨", GROUP, LIFT)
        street.until(lambda: [one for one in fake.called("sendMessage") if "#1" in one["text"]] and not fake.updates)
        street.until(lambda: [text for text in fake.texts(GROUP) if text.startswith("#1")])
        with outage():
            hanging.close()
            street.until(lambda: [text for text in fake.texts("张网格员") if text.startswith("#1")])
            street.until(lambda: noticed(caplog))
    street.settle()
    street.wait(minutes=1)
    assert street.said_besides() == []
    assert not [letter for letter in street.letters() if letter.attempts > 1]


@pytest.mark.parametrize("statements", range(1, 11))
def test_however_short_it_is_nothing_is_given_up(street: Street, statements: int) -> None:
    """It may come back between any two tries."""
    left = list(range(statements))

    def refuse(*_: Any) -> None:
        if left and threading.current_thread().name.startswith("lane"):
            left.pop()
            refusing()

    event.listen(street.database.engine, "before_cursor_execute", refuse)
    street.fake.says("王阿姨", GROUP, LIFT)
    street.until(lambda: not left)
    event.remove(street.database.engine, "before_cursor_execute", refuse)
    street.settle()
    assert street.card()
    assert len(street.cases()) == 1
    assert not [text for text in street.fake.texts(GROUP) if "没处理成" in text]


def test_every_connection_is_cut_again_and_again(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    if street.database.is_sqlite:
        pytest.skip("SQLite has no connections to cut")
    monkeypatch.setattr("bot.app.PAUSES", (0.05,))
    fake = street.fake
    said = []
    for number in range(20):
        said.append(fake.says(f"居民{number}", GROUP if number % 2 else EAST, LIFT if number % 2 else GAS))
        if number % 4 == 1:
            cut_connections(street.database)
    street.settle()
    street.wait(minutes=5)
    assert kept(street, Report) == len(said)
    assert sorted(case.title for case in street.cases()) == ["燃气问题", "电梯故障"]
    assert first_words(fake, EAST) == {GAS_CALL: 1}
    assert not [text for text in fake.texts(GROUP) if "没处理成" in text]
    assert street.presses("张网格员", "接单", about="电梯故障") is not None
    gc.collect()
    assert "accepted" in street.history(next(case.number for case in street.cases() if case.title == "电梯故障"))
