"""Polling: nothing is acknowledged before it is done, a chat keeps its order, and every fault passes."""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fake import TOKEN, FakeTelegram
from street import PATIENCE, SOON, Street
from village import GROUP

from bot.platforms import Pace, Receive
from bot.platforms.telegram import Telegram, polling
from handlers.message import Message
from storage import chats
from storage.chats import ChatKey

LIFT = "3号楼电梯又坏了,按了没反应"
EAST = "东网格群"


@asynccontextmanager
async def hearing(fake: FakeTelegram, receive: Receive) -> AsyncIterator[Telegram]:
    """Only the ear, with what it tells in the test's hands."""
    telegram = Telegram(TOKEN, base_url=fake.base_url, pace=Pace(), pauses=SOON)
    running = asyncio.create_task(telegram.run(receive))
    try:
        yield telegram
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await telegram.close()


async def until(what: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.003)


# -- acknowledged after the commit --------------------------------------------------------------------------------


def test_an_update_is_acknowledged_only_after_the_commit(street: Street) -> None:
    key = ChatKey.parse(street.fake.address(GROUP))
    with street.database.transaction() as session:  # somebody else holds the chat's row
        assert chats.find(session, key, lock=True)
        street.fake.says("王阿姨", GROUP, LIFT)
        polls = len(street.fake.called("getUpdates"))
        street.until(lambda: len(street.fake.called("getUpdates")) > polls + 2)
        assert [update["message"]["text"] for update in street.fake.updates] == [LIFT]
    street.settle()
    assert len(street.cases()) == 1


def test_what_died_between_commit_and_acknowledgement_comes_again_and_is_handled_once(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed = threading.Event()
    street.stop()
    monkeypatch.setattr(polling, "FINISH", 0.05)
    original = type(street.app).receive

    async def stuck_after(self: Any, message: Message) -> str | None:
        await original(self, message)
        committed.set()
        await asyncio.Event().wait()
        return None

    monkeypatch.setattr(type(street.app), "receive", stuck_after)
    street.start()
    street.fake.says("王阿姨", GROUP, LIFT)
    assert committed.wait(PATIENCE)
    street.stop()
    assert len(street.fake.updates) == 1
    monkeypatch.setattr(type(street.app), "receive", original)
    street.start()
    street.settle()
    assert len(street.cases()) == 1
    assert street.history() == ["registered", "dispatched"]


def test_what_fails_is_tried_again_and_the_other_chats_go_on(fake: FakeTelegram) -> None:
    done: list[str] = []
    broken = [True]

    async def receive(message: Message) -> str | None:
        if broken[0] and message.title == GROUP:
            raise OSError("王阿姨的话")
        done.append(message.text)
        return None

    async def test() -> None:
        async with hearing(fake, receive):
            for number in (1, 2):
                fake.says("王阿姨", GROUP, f"三 {number}")
                fake.says("李明", EAST, f"东 {number}")
            await until(lambda: len(done) == 2)
            assert done == ["东 1", "东 2"]
            fake.says("李明", EAST, "东 3")  # said later than what is stuck
            await until(lambda: len(done) == 3)
            assert len(fake.updates) == 5
            broken[0] = False
            await until(lambda: fake.idle)
            assert done[3:] == ["三 1", "三 2"]

    asyncio.run(test())


def test_a_chat_keeps_its_order_while_others_pass(fake: FakeTelegram) -> None:
    done: list[str] = []
    free = asyncio.Event()

    async def receive(message: Message) -> str | None:
        if message.text == "三 0":
            await free.wait()
        done.append(message.text)
        return None

    async def test() -> None:
        async with hearing(fake, receive):
            for number in range(70):  # more than one answer of Telegram holds
                fake.says("王阿姨", GROUP, f"三 {number}")
                fake.says("李明", EAST, f"东 {number}")
            await until(lambda: len(done) >= 50)
            assert all(text.startswith("东") for text in done)
            free.set()
            await until(lambda: fake.idle)
        assert [text for text in done if text.startswith("三")] == [f"三 {number}" for number in range(70)]
        assert [text for text in done if text.startswith("东")] == [f"东 {number}" for number in range(70)]

    asyncio.run(test())


def test_told_to_stop_it_finishes_what_it_holds_and_acknowledges_that(fake: FakeTelegram) -> None:
    done: list[str] = []
    begun, free = asyncio.Event(), asyncio.Event()

    async def receive(message: Message) -> str | None:
        begun.set()
        await free.wait()
        done.append(message.text)
        return None

    async def test() -> None:
        telegram = Telegram(TOKEN, base_url=fake.base_url, pauses=SOON)
        running = asyncio.create_task(telegram.run(receive))
        fake.says("王阿姨", GROUP, "一")
        fake.says("王阿姨", GROUP, "二")
        await begun.wait()
        running.cancel()
        asyncio.get_running_loop().call_soon(free.set)
        await asyncio.gather(running, return_exceptions=True)
        await telegram.close()
        assert done == ["一"]
        assert [update["message"]["text"] for update in fake.updates] == ["二"]

    asyncio.run(test())


# -- presses ------------------------------------------------------------------------------------------------------


def test_every_press_is_answered_also_one_nobody_understands(street: Street) -> None:
    street.says("王阿姨", LIFT)
    assert street.presses("张网格员", "接单") == "已接单 #1 电梯故障 · 3号楼"
    street.fake.sees("张网格员")[-1].buttons = [[{"text": "旧", "callback_data": "forgotten"}]]
    assert street.presses("张网格员", "旧") is None
    assert street.fake.idle


def test_an_answer_that_comes_too_late_is_let_go(street: Street) -> None:
    street.says("王阿姨", LIFT)
    street.fake.fails("answerCallbackQuery", 400, "Bad Request: query is too old and response timeout expired")
    street.fake.presses("张网格员", "接单")
    street.until(lambda: street.fake.called("answerCallbackQuery"))
    street.fake.presses_open.clear()
    street.settle()
    assert "accepted" in street.history()


# -- faults -------------------------------------------------------------------------------------------------------


@pytest.fixture
def heard(fake: FakeTelegram) -> Callable[..., list[str]]:
    """Runs the ear through a fault, then says something, and returns what was heard."""

    def run(fault: Callable[[], object]) -> list[str]:
        words: list[str] = []

        async def receive(message: Message) -> str | None:
            words.append(message.text)
            return None

        async def test() -> None:
            fault()
            async with hearing(fake, receive):
                await until(lambda: fake.called("getUpdates"))
                fake.says("王阿姨", GROUP, "听到了吗")
                await until(lambda: fake.idle and words)

        asyncio.run(test())
        return words

    return run


def test_a_second_poller_is_named_and_waited_out(
    fake: FakeTelegram, heard: Callable[..., list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    conflict = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    assert heard(lambda: fake.fails("getUpdates", 409, conflict, times=3)) == ["听到了吗"]
    assert "another program polls with this token" in caplog.text


def test_a_forgotten_webhook_is_taken_down(fake: FakeTelegram, heard: Callable[..., list[str]]) -> None:
    def set_one() -> None:
        fake.webhook = "https://old.example/hook"

    assert heard(set_one) == ["听到了吗"]
    assert fake.webhook == ""


def test_network_loss_5xx_and_429_pass(fake: FakeTelegram, heard: Callable[..., list[str]]) -> None:
    def storm() -> None:
        fake.drops("getMe", times=2)
        fake.fails("getUpdates", 502, times=2)
        fake.drops("getUpdates", times=2)
        fake.fails("getUpdates", 500, "Internal Server Error")

    assert heard(storm) == ["听到了吗"]


def test_an_answer_lost_on_the_way_is_asked_for_again(fake: FakeTelegram, heard: Callable[..., list[str]]) -> None:
    assert heard(lambda: fake.drops("getUpdates", done=True)) == ["听到了吗"]


def test_a_token_that_is_refused_is_waited_for_without_being_shown(
    fake: FakeTelegram, heard: Callable[..., list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    assert heard(lambda: fake.fails("getUpdates", 401, "Unauthorized", times=2)) == ["听到了吗"]
    assert "Telegram refuses the token" in caplog.text
    assert TOKEN not in caplog.text


def test_an_update_nobody_can_read_is_named_by_its_fields_and_passed_over(
    fake: FakeTelegram, heard: Callable[..., list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    odd = {"message_id": "王阿姨的秘密", "date": 1, "chat": {"id": 1, "type": "private"}}
    assert heard(lambda: fake.updates_with("message", odd)) == ["听到了吗"]
    assert caplog.records[[r.message for r in caplog.records].index("an update could not be read")].fields == [
        "message.message_id"
    ]
    assert "秘密" not in caplog.text


def test_an_answer_that_is_no_json_shows_nobodys_words(
    fake: FakeTelegram,
    heard: Callable[..., list[str]],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    garbled = iter([True])
    answer = FakeTelegram.answer

    def cut(self: FakeTelegram, token: str, method: str, parameters: dict[str, Any]) -> Any:
        if method == "getUpdates" and next(garbled, False):
            return {"ok": True, "result": ["王阿姨的秘密"], "cut": True}
        return answer(self, token, method, parameters)

    monkeypatch.setattr(FakeTelegram, "answer", cut)
    assert heard(lambda: None) == ["听到了吗"]
    assert "秘密" not in caplog.text


def test_after_an_idle_week_the_numbers_may_begin_lower(fake: FakeTelegram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "LINGER", 0)
    words: list[str] = []

    async def receive(message: Message) -> str | None:
        words.append(message.text)
        return None

    async def test() -> None:
        async with hearing(fake, receive):
            fake.says("王阿姨", GROUP, "一")
            await until(lambda: fake.idle and words)
            polls = len(fake.called("getUpdates"))
            await until(lambda: len(fake.called("getUpdates")) > polls + 2)
            fake._update_id = 7
            fake.says("王阿姨", GROUP, "二")
            await until(lambda: fake.idle and len(words) == 2)

    asyncio.run(test())
    assert words == ["一", "二"]


def test_the_library_logs_neither_calls_nor_texts(street: Street, caplog: pytest.LogCaptureFixture) -> None:
    street.says("王阿姨", LIFT)
    chatty = [record for record in caplog.records if record.name.split(".")[0] in {"aiohttp", "httpx", "telegram"}]
    assert [record for record in chatty if record.levelno < logging.WARNING] == []
    assert LIFT not in caplog.text
