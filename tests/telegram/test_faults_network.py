"""The network is away, or slow, or somebody else listens in our place: nothing is lost, nothing happens twice."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fake import TOKEN
from readings import LAMP, LIFT, RUBBISH, TRAPPED
from sqlmodel import Session, select
from street import PATIENCE, SOON, Street
from village import GROUP

from bot.platforms import Pace
from bot.platforms.telegram import Telegram, polling, transport
from storage.outbox import LetterState
from storage.reports import Report

EAST = "东网格群"
MINUTES = 12  # without a network


def reported(street: Street) -> list[str]:
    """The messages that count as reports."""

    def look(session: Session) -> list[str]:
        return sorted(session.exec(select(Report.message)), key=int)

    return street.look(look)


def about(street: Street, where: str, number: int) -> list[str]:
    return [text for text in street.fake.texts(where) if f"#{number} " in text]


# -- away ---------------------------------------------------------------------------------------------------------


def test_minutes_without_a_network_cost_nothing_but_time(street: Street) -> None:
    fake = street.fake
    said = [street.says("王阿姨", TRAPPED)]
    before = len(fake.texts("张网格员"))
    with fake.out_of_reach():
        said += [fake.says("陈姐", GROUP, LAMP), fake.says("李明", EAST, RUBBISH)]
        fake.tells("张网格员", "待办")
        fake.tells("张网格员", "帮助")
        for _ in range(MINUTES):  # the chain of people goes up, and nobody can be told
            street.clock.at += timedelta(minutes=1)
            street.do(street.app.tick())
            street.until(lambda: not street.due())
        assert max(letter.attempts for letter in street.letters()) >= 3
        assert not about(street, "李网格长", 1)
    street.wait(minutes=20)
    assert len(street.cases()) == 3
    assert reported(street) == [str(post.id) for post in said]
    assert {letter.state for letter in street.letters()} <= {LetterState.SENT, LetterState.DROPPED}
    assert about(street, "李网格长", 1)
    assert [text for text in street.said_besides() if "电梯救援" not in text] == []
    answers = fake.texts("张网格员")[before:]
    todo = next(number for number, text in enumerate(answers) if "件" in text.splitlines()[0] and "#1" in text)
    assert any("/todo" in text or "待办" in text for text in answers[todo + 1 :])


# -- slow ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def impatient(street: Street, monkeypatch: pytest.MonkeyPatch) -> Iterator[Street]:
    """The bot waits for Telegram's answers only for a moment."""
    monkeypatch.setattr(transport, "READ", 0.2)
    yield street
    street.fake.heals()


def test_a_chat_whose_answers_take_long_keeps_only_itself_waiting(street: Street) -> None:
    fake = street.fake
    with fake.hangs("sendMessage", at=GROUP):
        fake.says("王阿姨", GROUP, LIFT)
        street.until(lambda: about(street, "张网格员", 1))
        fake.says("李明", EAST, RUBBISH)
        street.until(lambda: about(street, EAST, 2))
        fake.says("陈姐", GROUP, LAMP)  # heard there, only not answered yet
        fake.presses("张网格员", "接单", about="#1")
        street.until(lambda: not fake.presses_open and len(street.cases()) == 3)
        assert fake.texts(GROUP) == []
    street.wait(minutes=1)
    assert "处理中" in street.card(1)
    assert street.card(3)
    assert street.said_besides() == []


@pytest.mark.parametrize("arrived", [False, True])
def test_a_letter_whose_answer_never_comes_is_sent_again_and_the_case_is_one(impatient: Street, arrived: bool) -> None:
    """Whether it took effect at once, or only when the bot had long given up waiting."""
    street, fake = impatient, impatient.fake
    with fake.hangs("sendMessage", at="张网格员", done=arrived):
        fake.says("王阿姨", GROUP, LIFT)
        street.until(lambda: [one for one in street.letters() if one.attempts and one.state == LetterState.WAITING])
        street.clock.at += timedelta(seconds=2)
        street.loop.call_soon_threadsafe(street.app.wake)
        street.until(lambda: len(about(street, "张网格员", 1)) == 1 + arrived)
    street.until(lambda: len(about(street, "张网格员", 1)) == 2)
    street.settle()
    assert len(street.said_besides()) == 1
    assert len(street.cases()) == 1
    assert street.presses("张网格员", "接单") == "已接单 #1 电梯故障 · 3号楼"
    street.wait(minutes=1)
    assert street.history() == ["registered", "dispatched", "accepted"]
    assert "处理中" in street.card()


def test_a_poll_that_is_not_answered_is_asked_anew_and_nothing_is_heard_twice(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    street.stop()
    monkeypatch.setattr(polling, "LINGER", 0)
    monkeypatch.setattr(polling, "SLACK", 0.2)
    street.start()
    fake = street.fake
    for done in (True, False):
        with fake.hangs("getUpdates", times=3, done=done):
            fake.says("王阿姨", GROUP, LIFT if done else LAMP)
            street.until(lambda: fake.idle)
    street.settle()
    assert [len(about(street, GROUP, number)) for number in (1, 2)] == [1, 1]
    assert len(reported(street)) == len(street.cases()) == 2


# -- somebody else listens ----------------------------------------------------------------------------------------


def test_two_bots_with_one_token_disturb_each_other_and_nothing_happens_twice(
    street: Street, caplog: pytest.LogCaptureFixture
) -> None:
    """As when an old container was forgotten: both poll, both know the one database."""
    fake = street.fake
    second = Telegram(TOKEN, base_url=fake.base_url, pace=Pace(), pauses=SOON, now=street.clock)
    running: list[asyncio.Task[None]] = []
    heard: list[str] = []

    async def receive(message: Any) -> str | None:
        heard.append(message.text)
        return await street.app.receive(message)

    async def begin() -> None:
        running.append(asyncio.create_task(second.run(receive)))

    async def end() -> None:
        running[0].cancel()
        await asyncio.wait(running, timeout=PATIENCE)
        await second.close()

    street.do(begin())
    said = []
    for number in range(12):
        said.append(fake.says(f"居民{number}", GROUP if number % 2 else EAST, LIFT))
        street.until(lambda: fake.idle)
    street.until(lambda: caplog.text.count("another program polls with this token") >= 2)
    street.until(lambda: heard)
    street.do(end())
    street.settle()
    assert reported(street) == [str(post.id) for post in said]
    assert len(street.cases()) == 1
    street.wait(minutes=5)
    assert street.said_besides() == []
    street.says("陈姐", LAMP)
    caplog.clear()
    with fake.changed:
        polls = fake._polls
    street.says("陈姐", RUBBISH)
    street.until(lambda: fake._polls > polls)
    assert "another program" not in caplog.text
    assert len(street.cases()) == 3
