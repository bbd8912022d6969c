"""Something always raises: a message, its hearing, a letter, what comes back, a timer. Everything else goes on."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from readings import LAMP, LIFT, RUBBISH
from sqlmodel import Session, select
from street import Street
from village import GROUP

from bot.platforms.telegram import Telegram
from handlers import router
from handlers.desk import Desk
from handlers.message import Reply
from nlp.reader import Reader
from storage.deliveries import Delivery
from storage.outbox import LetterState, Purpose
from storage.requests import Request

EAST = "东网格群"
SECRET = "13812345678"
BAD = f"待办 我的手机 {SECRET}"


def failures(street: Street) -> list[str]:
    def look(session: Session) -> list[str]:
        return [one.failure for one in session.exec(select(Delivery)) if one.failure]

    return street.look(look)


def kept_nowhere(street: Street, caplog: pytest.LogCaptureFixture) -> bool:
    rows = street.look(lambda session: [one.model_dump_json() for one in session.exec(select(Delivery))])
    return SECRET not in caplog.text and SECRET not in json.dumps(rows)


# -- a message ----------------------------------------------------------------------------------------------------


@pytest.fixture
def bad_todo(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """待办 with certain words."""
    command = router.COMMANDS["todo"]

    def todo(desk: Desk, words: str) -> Reply | None:
        if SECRET in words:
            raise ZeroDivisionError(words)
        return command.run(desk, words)

    monkeypatch.setitem(router.COMMANDS, "todo", router.Command(**{**command.__dict__, "run": todo}))


@pytest.mark.usefixtures("bad_todo")
def test_a_message_that_always_raises_is_noted_and_its_sender_hears_one_sentence(
    street: Street, caplog: pytest.LogCaptureFixture
) -> None:
    fake = street.fake
    before = len(fake.texts("张网格员"))
    fake.tells("张网格员", BAD)
    update = dict(fake.updates[-1])
    fake.tells("张网格员", "待办")
    street.settle()
    fake.again(update)
    street.settle()
    answers = fake.texts("张网格员")[before:]
    assert len(answers) == 2
    assert "没处理成" in answers[0]
    assert failures(street) == ["ZeroDivisionError"]
    assert not fake.updates
    street.says("王阿姨", LIFT)
    assert street.newest("张网格员", "#1 电梯故障")
    assert kept_nowhere(street, caplog)


def test_in_a_group_too_the_chat_goes_on(
    street: Street, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    act = router.Router.act

    def raises(self: router.Router, desk: Desk, heard: router.Heard) -> Reply | None:
        if desk.said.text == LIFT:
            raise ZeroDivisionError(desk.said.text + SECRET)
        return act(self, desk, heard)

    monkeypatch.setattr(router.Router, "act", raises)
    street.says("王阿姨", LIFT)
    street.says("陈姐", LAMP)
    assert [text for text in street.fake.texts(GROUP) if "没处理成" in text] == [street.fake.texts(GROUP)[0]]
    assert [case.title for case in street.cases()] == ["路灯不亮"]
    assert failures(street) == ["ZeroDivisionError"]
    assert kept_nowhere(street, caplog)


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader chokes on certain words, before anything is at the desk."""
    read = Reader.read

    def chokes(self: Reader, text: str, *context: Any, **more: Any) -> Any:
        if SECRET in text:
            raise RecursionError(text)
        return read(self, text, *context, **more)

    monkeypatch.setattr(Reader, "read", chokes)


@pytest.mark.usefixtures("deaf")
def test_a_message_nobody_can_even_hear_is_noted_and_the_chat_goes_on(
    street: Street, caplog: pytest.LogCaptureFixture
) -> None:
    street.says("路人", f"打我电话 {SECRET}")
    street.says("王阿姨", LIFT)
    assert street.fake.texts(GROUP) == [street.card()]  # not said to us: nobody waits for an answer
    answers = street.tells("王阿姨", f"打我电话 {SECRET}")
    assert len(answers) == 1
    assert "没处理成" in answers[0]
    assert failures(street) == ["RecursionError", "RecursionError"]
    assert kept_nowhere(street, caplog)


def test_even_if_the_one_sentence_raises_the_offset_moves_on(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    def raises(desk: Desk, reply: Reply | None, **_: Any) -> str | None:
        if desk.said.text == LIFT:
            raise ZeroDivisionError
        return None

    monkeypatch.setattr("bot.app.answering.answer", raises)
    street.says("王阿姨", LIFT)
    street.says("陈姐", LAMP)
    assert failures(street) == ["ZeroDivisionError"]
    assert [case.title for case in street.cases()] == ["路灯不亮"]


def test_an_update_with_an_impossible_date_is_passed_over(street: Street, caplog: pytest.LogCaptureFixture) -> None:
    street.says("王阿姨", LIFT, date=10**17)
    street.says("陈姐", LAMP)
    assert [case.title for case in street.cases()] == ["路灯不亮"]
    assert "an update could not be read" in caplog.text


def test_a_danger_without_words_still_opens_its_case(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    def raises(*_: Any) -> str:
        raise KeyError(SECRET)

    monkeypatch.setattr("bot.app.FirstWords.__call__", raises)
    street.says("王阿姨", "有人被困在3号楼电梯里了!")
    assert street.history()[0] == "registered"
    assert street.newest("张网格员", "#1")


# -- a letter -----------------------------------------------------------------------------------------------------


@pytest.fixture
def unsendable(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Makes every try to send certain words to somebody raise what nobody thought of."""

    def certain(where: str, words: str) -> None:
        send = Telegram.send

        async def raises(self: Telegram, outgoing: Any) -> str | None:
            if outgoing.address == where and words in (outgoing.text or ""):
                raise AssertionError(outgoing.text + SECRET)
            return await send(self, outgoing)

        monkeypatch.setattr(Telegram, "send", raises)

    return certain


def test_a_letter_that_can_never_be_sent_ends_and_its_chat_goes_on(
    street: Street, unsendable: Callable[[str, str], None], caplog: pytest.LogCaptureFixture
) -> None:
    unsendable(str(street.fake.id("张网格员")), "电梯故障")
    street.says("王阿姨", LIFT)
    street.says("李明", RUBBISH, at=EAST)
    assert street.card()  # other chats never waited
    assert street.card(2, EAST)
    street.wait(minutes=5)
    [failed] = [letter for letter in street.letters() if letter.state == LetterState.FAILED]
    assert (failed.purpose, failed.reason) == (Purpose.WORK, "AssertionError")
    assert street.newest("刘网格员", "#1 电梯故障")  # it went on to the stand-in
    assert street.tells("张网格员", "帮助")
    assert kept_nowhere(street, caplog)


def test_what_raises_when_a_letter_comes_back_keeps_no_other_letter(
    street: Street, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def raises(desk: Desk, letter: Any) -> None:
        raise LookupError(SECRET)

    monkeypatch.setitem(router.UNDELIVERED, Purpose.WORK, raises)
    street.fake.stands("张网格员", "张网格员", "member")
    street.fake.blocked.add(street.fake.id("张网格员"))
    street.says("王阿姨", LIFT)
    street.says("陈姐", LAMP)
    assert street.card(1)
    assert street.card(2)
    failed = [letter.reason for letter in street.letters() if letter.state == LetterState.FAILED]
    assert failed == ["Forbidden: bot was blocked by the user"] * 2
    assert "courier failed" not in caplog.text
    assert kept_nowhere(street, caplog)


# -- a timer ------------------------------------------------------------------------------------------------------


def test_a_timer_that_always_raises_keeps_no_other_timer(
    street: Street, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    reminder = next(job for job in router.JOBS if job.name == "remind")
    ran: list[int] = []

    def remind(desk: Desk, case: Request) -> None:
        if case.number == 1:
            ran.append(case.number)
            raise ArithmeticError(SECRET)
        reminder.run(desk, case)

    jobs = [router.Job(**{**job.__dict__, "run": remind}) if job is reminder else job for job in router.JOBS]
    monkeypatch.setattr(router, "JOBS", jobs)
    street.says("王阿姨", LIFT)
    street.says("陈姐", LAMP)
    street.clock.at += timedelta(hours=5)
    street.do(street.app.tick())
    street.settle()
    assert ran
    assert "reminded" in street.history(2)
    assert "reminded" not in street.history(1)
    assert street.tells("张网格员", "待办")
    assert kept_nowhere(street, caplog)
