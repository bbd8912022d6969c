"""The clock on the wall is set two hours back, or two days on, while cases are open."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from fake import FakeTelegram
from readings import LAMP, LIFT, RUBBISH, TRAPPED
from sqlmodel import Session, select
from street import Street
from village import GROUP

from bot import clock
from bot.stage import HandClock
from storage.events import Event
from storage.outbox import LetterState
from storage.reports import Report

BACK = timedelta(hours=-2)
ON = timedelta(days=2)


def set_clock(street: Street, by: timedelta) -> None:
    """The machine's; Telegram's own goes right."""
    right = HandClock(street.clock.at)
    street.fake.now = right
    street.clock.at += by
    street.do(street.app.tick())


def happened(street: Street) -> Counter[tuple[int, str]]:
    def look(session: Session) -> Counter[tuple[int, str]]:
        return Counter((event.request_id, event.kind) for event in session.exec(select(Event)))

    return street.look(look)


@pytest.fixture
def street(street: Street) -> Street:
    """At noon: two hours earlier nobody sleeps either."""
    street.wait(hours=3)
    return street


@pytest.fixture
def flaky(street: Street) -> Iterator[FakeTelegram]:
    yield street.fake
    street.fake.heals()


# -- back ---------------------------------------------------------------------------------------------------------


def test_put_back_what_is_said_now_is_answered_now(street: Street, flaky: FakeTelegram) -> None:
    """A chat waited for its next try when the clock was set."""
    flaky.fails("sendMessage", 429, at="张网格员", retry_after=60)
    street.says("王阿姨", LIFT)
    assert street.app.couriers[0]._held
    set_clock(street, BACK)
    street.fake.tells("张网格员", "待办")
    street.until(lambda: [text for text in street.fake.texts("张网格员") if text.startswith("1 件")])
    street.says("陈姐", LAMP)
    assert street.card(2)
    street.until(lambda: "#1 电梯故障" in "".join(street.fake.texts("张网格员")))


def test_put_back_a_letter_that_was_about_to_leave_leaves(street: Street, flaky: FakeTelegram) -> None:
    flaky.fails("sendMessage", 502, times=2)
    street.says("王阿姨", LIFT)
    waiting = [one for one in street.letters() if one.state == LetterState.WAITING and one.attempts]
    assert waiting
    street.stop()
    street.clock.at += BACK
    street.start()  # nobody remembers what was held
    street.until(lambda: [text for text in street.fake.texts(GROUP) if text.startswith("#1")])
    street.until(lambda: "#1 电梯故障" in "".join(street.fake.texts("张网格员")))
    street.settle()
    assert street.said_besides() == []


def test_put_back_a_try_that_fails_still_waits_for_the_next(street: Street, flaky: FakeTelegram) -> None:
    """Or it would be tried a hundred times a second."""
    flaky.fails("sendMessage", 502, at="张网格员", times=3)
    street.says("王阿姨", LIFT)
    set_clock(street, BACK)
    street.until(lambda: [one.attempts for one in street.letters() if one.state == LetterState.WAITING] == [2])
    street.loop.call_soon_threadsafe(street.app.wake)
    street.says("李明", RUBBISH, at="东网格群")
    assert [one.attempts for one in street.letters() if one.state == LetterState.WAITING] == [2]
    street.wait(minutes=1)
    assert street.newest("张网格员", "#1 电梯故障")


def test_put_back_a_card_goes_on_being_renewed(street: Street) -> None:
    street.says("王阿姨", LIFT)
    set_clock(street, BACK)
    street.presses("张网格员", "接单")
    street.settle()
    assert "处理中" in street.card()


def test_put_back_a_group_whose_budget_was_spent_hears_within_the_hour(street: Street) -> None:
    street.app.house = replace(street.app.house, budget=1)
    street.says("王阿姨", LIFT)
    assert street.card()
    set_clock(street, BACK)
    street.says("陈姐", LAMP)
    street.wait(minutes=61)
    assert street.card(2)


def test_put_back_no_timer_runs_twice_and_deadlines_come_when_they_should(street: Street) -> None:
    street.says("王阿姨", TRAPPED)
    street.wait(minutes=11)  # nobody took it: the next one up is told
    before = happened(street)
    assert before[1, "raised"] == 1
    set_clock(street, BACK)
    street.wait(minutes=119)
    assert happened(street) == before
    street.wait(minutes=12)
    assert happened(street)[1, "raised"] >= 2
    assert street.presses("李网格长", "我在路上") is not None
    assert street.said_besides() == street.said_besides()[:1]


def test_put_back_a_message_that_comes_again_is_known(street: Street) -> None:
    street.fake.says("王阿姨", GROUP, LIFT)
    update = dict(street.fake.updates[-1])
    street.settle()
    set_clock(street, BACK)
    street.fake.again(update)
    street.settle()
    set_clock(street, ON)
    street.fake.again(update)
    street.settle()
    assert len(street.cases()) == 1
    assert len(street.look(lambda session: session.exec(select(Report)).all())) == 1


# -- on -----------------------------------------------------------------------------------------------------------


def test_set_on_every_deadline_fires_once(street: Street) -> None:
    street.says("王阿姨", LIFT)
    street.says("陈姐", LAMP)
    letters = {letter.id for letter in street.letters()}
    set_clock(street, ON)
    street.settle()
    for _ in range(3):
        street.do(street.app.tick())
        street.settle()
    since = Counter(
        (letter.purpose, letter.chat_id, letter.text) for letter in street.letters() if letter.id not in letters
    )
    assert since
    assert set(since.values()) == {1}
    counted = happened(street)
    assert {counted[number, kind] for number in (1, 2) for kind in ("registered", "dispatched")} == {1}
    reminded = {kind: times for (_, kind), times in counted.items() if kind not in {"registered", "dispatched"}}
    assert reminded
    assert max(reminded.values()) == 1
    assert street.said_besides() == []


def test_set_on_letters_wait_neither_for_their_pace_nor_for_their_chat(street: Street, flaky: FakeTelegram) -> None:
    flaky.fails("sendMessage", 429, at=GROUP, retry_after=3600)
    street.says("王阿姨", LIFT)
    set_clock(street, ON)
    street.settle()
    assert street.card()
    assert "1 件" in "".join(street.tells("张网格员", "待办"))
    assert not [letter for letter in street.letters() if letter.state == LetterState.FAILED]


# -- the bell of the clock ----------------------------------------------------------------------------------------


def test_the_clock_rings_by_no_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler that asks the wall would now sleep for two hours."""
    monkeypatch.setattr(clock, "EVERY", 0)
    rung: list[int] = []

    async def tick() -> None:
        rung.append(1)

    async def run() -> None:
        ringing = asyncio.create_task(clock.ring(tick))
        while len(rung) < 5:  # noqa: ASYNC110 (it tells in no other way)
            await asyncio.sleep(0)
        ringing.cancel()
        await asyncio.wait({ringing})

    asyncio.run(run())
    assert "apscheduler" not in vars(clock)
