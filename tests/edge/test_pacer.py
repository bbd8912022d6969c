"""The pace of an account: never faster than allowed, as fast as that, the most urgent first."""

import asyncio
from itertools import pairwise

import ahead
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pacer import Pacer
from bot.platforms import Outgoing, Pace
from storage.outbox import Urgency

GROUP = Outgoing("3号楼群", private=False)
ALONE = Outgoing("王阿姨", private=True)
TELEGRAM = Pace(overall_per_second=29.0, chat_per_second=1, group_per_minute=20)


async def one_by_one(pacer: Pacer, calls: list[Outgoing]) -> list[float]:
    """When each may leave, one being asked for after the other."""
    times = []
    for call in calls:
        await pacer.turn(call)
        times.append(round(asyncio.get_running_loop().time(), 3))
    return times


@pytest.mark.parametrize(
    ("pace", "calls", "times"),
    [
        (Pace(overall_per_second=10), [GROUP, ALONE, GROUP], [0, 0.1, 0.2]),
        (Pace(chat_per_second=1), [GROUP, ALONE, GROUP], [0, 0, 1]),
        (Pace(group_per_minute=2), [GROUP, ALONE, GROUP, ALONE, GROUP], [0, 0, 0, 0, 60]),
        (Pace(), [GROUP] * 5, [0] * 5),
    ],
)
def test_the_pace_is_kept_overall_per_chat_and_per_group_and_minute(
    pace: Pace, calls: list[Outgoing], times: list[float]
) -> None:
    assert ahead.run(one_by_one(Pacer(pace), calls)) == times


def test_a_group_that_waits_for_its_minute_keeps_nobody_else_waiting() -> None:
    async def said() -> tuple[float, float]:
        loop, pacer = asyncio.get_running_loop(), Pacer(Pace(10, None, 2))
        await one_by_one(pacer, [GROUP, GROUP])

        async def left(out: Outgoing) -> float:
            await pacer.turn(out)
            return loop.time()

        third, other = await asyncio.gather(left(GROUP), left(ALONE))
        return third, other

    third, other = ahead.run(said())
    assert third == 60
    assert other == pytest.approx(0.2)


def test_who_waits_for_an_answer_overtakes_a_broadcast() -> None:
    async def said() -> list[str]:
        pacer, order = Pacer(Pace(overall_per_second=10)), []

        async def leave(name: str, urgency: Urgency) -> None:
            await pacer.turn(Outgoing(name, private=True), urgency)
            order.append(name)

        broadcasts = [asyncio.create_task(leave(f"群{n}", Urgency.BROADCAST)) for n in range(5)]
        await asyncio.sleep(0.15)
        assert pacer.waiting == 3
        await asyncio.gather(leave("王阿姨", Urgency.PERSON), leave("险情", Urgency.DANGER), *broadcasts)
        return order

    assert ahead.run(said()) == ["群0", "群1", "险情", "王阿姨", "群2", "群3", "群4"]


def test_who_gives_up_waiting_takes_no_place() -> None:
    async def said() -> float:
        pacer = Pacer(Pace(overall_per_second=10))
        await pacer.turn(ALONE)
        tasks = [asyncio.create_task(pacer.turn(Outgoing(str(n), private=True))) for n in range(3)]
        await asyncio.sleep(0)
        for task in tasks[:2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        left = asyncio.get_running_loop().time()
        last = asyncio.create_task(pacer.turn(ALONE))
        await asyncio.sleep(0)
        last.cancel()
        await asyncio.sleep(1)
        assert pacer.waiting == 0
        return left

    assert ahead.run(said()) == pytest.approx(0.1)


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c", "d"]), st.booleans(), st.sampled_from(Urgency)), max_size=80))
def test_whatever_is_asked_for_at_once_no_limit_is_broken(calls: list[tuple[str, bool, Urgency]]) -> None:
    """As a courier asks: of one chat one letter at a time."""

    async def said() -> list[tuple[float, str]]:
        loop, pacer, sent = asyncio.get_running_loop(), Pacer(TELEGRAM), []
        chats: dict[str, asyncio.Lock] = {name: asyncio.Lock() for name, _, _ in calls}

        async def leave(name: str, private: bool, urgency: Urgency) -> None:
            async with chats[name]:
                await pacer.turn(Outgoing(name, private=name in "ab"), urgency)
                sent.append((loop.time(), name))

        await asyncio.gather(*(leave(*call) for call in calls))
        return sent

    sent = ahead.run(said())
    assert len(sent) == len(calls)
    close = 1e-6
    assert all(last - first > 1 - close for (first, _), (last, _) in zip(sent, sent[30:], strict=False))
    for name in {name for _, name in sent}:
        times = [at for at, who in sent if who == name]
        assert all(later - earlier > 1 - close for earlier, later in pairwise(times))
        if name in "cd":
            assert all(last - first > 60 - close for first, last in zip(times, times[20:], strict=False))
