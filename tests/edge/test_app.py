"""The way of a message through the edge: once, whole, and without its words in any log."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select
from village import GROUP, Village

from bot.app import PAUSES, supervised
from handlers import router
from handlers.desk import Desk
from handlers.message import Reply
from storage.chats import Mode, find
from storage.deliveries import Delivery
from storage.requests import Request

LIFT = "3号楼电梯又坏了,按了没反应"


def test_a_message_delivered_twice_is_handled_once(staffed: Village) -> None:
    message = staffed.console.message("王阿姨", GROUP, LIFT)
    staffed.do(staffed.stage.hear(message))
    staffed.do(staffed.stage.hear(message))
    assert len(staffed.look(lambda s: s.exec(select(Request)).all())) == 1
    assert len(staffed.new(GROUP)) == 1


@pytest.fixture
def raising(staffed: Village, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """待办 raises while there are errors in the list."""
    errors = ["王阿姨的手机 13812345678"] * 2

    def todo(desk: Desk, words: str) -> Reply:
        if errors:
            raise RuntimeError(errors.pop())
        return Reply("好的")

    command = router.COMMANDS["todo"]
    monkeypatch.setitem(router.COMMANDS, "todo", router.Command(**{**command.__dict__, "run": todo}))
    return errors


def test_a_handler_that_raises_once_is_tried_again(staffed: Village, raising: list[str]) -> None:
    raising.pop()
    assert staffed.tells("张网格员", "待办") == ["好的"]


def test_a_handler_that_raises_twice_is_noted_and_the_sender_hears_one_sentence(
    staffed: Village, raising: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert "没处理成" in staffed.tells("张网格员", "待办")[0]
    failed = staffed.look(lambda s: s.exec(select(Delivery).where(Delivery.failure == "RuntimeError")).all())
    assert len(failed) == 1
    assert staffed.tells("张网格员", "待办") == ["好的"]
    assert "13812345678" not in caplog.text
    assert "RuntimeError" in caplog.text


def test_a_database_error_never_shows_what_it_could_not_store(
    staffed: Village, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def twice(desk: Desk, words: str) -> Reply:
        for _ in range(2):
            desk.session.add(Delivery(platform=words, account="", delivery="", at=desk.now, forget_at=desk.now))
            desk.session.flush()
            desk.session.expunge_all()
        return Reply("")

    command = router.COMMANDS["todo"]
    monkeypatch.setitem(router.COMMANDS, "todo", router.Command(**{**command.__dict__, "run": twice}))
    assert "没处理成" in staffed.tells("张网格员", "待办 王阿姨的秘密")[0]
    assert "秘密" not in caplog.text


def test_a_job_that_raises_rests_and_is_tried_again(
    staffed: Village, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[timedelta] = []
    secret = "".join(["王阿姨的", "秘密"])  # in two pieces: a traceback shows the line that raised
    reminder = next(job for job in router.JOBS if job.name == "remind")

    def remind(desk: Desk, case: Request) -> None:
        ran.append(desk.now - case.opened_at)
        raise RuntimeError(secret)

    jobs = [router.Job(**{**job.__dict__, "run": remind}) if job is reminder else job for job in router.JOBS]
    monkeypatch.setattr(router, "JOBS", jobs)
    staffed.says("王阿姨", LIFT)
    staffed.wait(hours=3)
    staffed.wait(minutes=9)
    assert len(ran) == 1
    staffed.wait(minutes=2)
    assert len(ran) == 2
    assert "秘密" not in caplog.text


def test_a_loop_that_fails_resumes_and_never_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    rounds = iter([OSError("weg"), OSError("weg"), None])

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async def loop() -> None:
        if error := next(rounds):
            raise error

    monkeypatch.setattr(asyncio, "sleep", sleep)
    logging.getLogger("bot.app").setLevel(logging.CRITICAL)
    asyncio.run(supervised("courier", loop))
    logging.getLogger("bot.app").setLevel(logging.NOTSET)
    assert pauses == [1, 2]


def test_a_loop_that_ran_well_for_a_while_resumes_soon(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pauses: list[float] = []
    clock = [0.0]
    lives = iter([0, 0, 0, 0, 0, 0, PAUSES[-1], PAUSES[-1] + 1, 0, None])  # seconds until it fails

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async def loop() -> None:
        if (life := next(lives)) is not None:
            clock[0] += life
            raise OSError("weg")

    async def run() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(asyncio.get_running_loop(), "time", lambda: clock[0])
            patch.setattr(asyncio, "sleep", sleep)
            await supervised("courier", loop)

    asyncio.run(run())
    assert pauses == [1, 2, 5, 15, 60, 60, 60, 1, 2]
    assert caplog.text.count("courier failed") == len(pauses)


def test_everything_runs_side_by_side_until_it_is_cancelled(staffed: Village) -> None:
    """The real loops: the clock rings, the courier sends, the snapshot stays fresh."""

    async def a_while() -> None:
        running = asyncio.create_task(staffed.stage.app.run())
        await staffed.stage.app.receive(staffed.console.message("王阿姨", GROUP, LIFT))
        async with asyncio.timeout(10):
            while not staffed.sees(GROUP):
                await asyncio.to_thread(lambda: None)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    staffed.do(a_while())
    assert staffed.card(1).startswith("#1 电梯故障")


def test_what_another_process_changed_is_known_after_a_refresh(staffed: Village) -> None:
    def switch_off(session) -> None:  # type: ignore[no-untyped-def]
        chat = find(session, staffed.console.message("x", GROUP, "").chat)
        chat.mode = Mode.OFF

    staffed.look(switch_off)
    staffed.do(staffed.stage.app.refresh())
    staffed.says("王阿姨", LIFT)
    assert staffed.new(GROUP) == []


def test_characters_no_database_keeps_are_left_out(staffed: Village) -> None:
    message = staffed.console.message("王阿姨", GROUP, "3号楼电梯又坏了\0,按了没反应")
    named = replace(message, sender=replace(message.sender, name="王\0阿姨"))
    staffed.do(staffed.stage.hear(named))
    assert staffed.case().title == "电梯故障"
