"""The courier: what it does when the platform is slow, refuses for now, refuses for ever, or lost a message."""

import asyncio
from datetime import timedelta

import ahead
import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select
from village import GROUP, MORNING, Village

from bot.courier import GIVE_UP_AFTER, PAUSES, Courier
from bot.platforms import MessageGone, Outgoing, Pace, RetryLater, Undeliverable
from storage.chats import Chat
from storage.database import Database, Seat
from storage.outbox import TEXT_KEPT, Letter, LetterState, Purpose


class Moods:
    """Makes the console raise what the test lists, one per call to a chat, before it behaves again."""

    def __init__(self, village: Village) -> None:
        self.send = village.console.send
        self.errors: dict[str, list[Exception]] = {}
        self.calls: list[Outgoing] = []
        village.console.send = self  # type: ignore[method-assign, assignment]  # the platform's moods are the test

    async def __call__(self, outgoing: Outgoing) -> str | None:
        self.calls.append(outgoing)
        if errors := self.errors.get(outgoing.address):
            raise errors.pop(0)
        return await self.send(outgoing)


@pytest.fixture
def moods(staffed: Village) -> Moods:
    return Moods(staffed)


def _letters(village: Village, purpose: Purpose) -> list[Letter]:
    return village.look(
        lambda s: list(s.exec(select(Letter).where(Letter.purpose == purpose).order_by(col(Letter.id))))
    )


def test_a_429_is_obeyed_and_nothing_overtakes(staffed: Village, moods: Moods) -> None:
    moods.errors["张网格员"] = [RetryLater("429", timedelta(seconds=30))]
    staffed.says("王阿姨", "3号楼电梯又坏了,按了没反应")
    staffed.tells("张网格员", "待办")
    assert staffed.new("张网格员") == []
    staffed.wait(seconds=29)
    assert staffed.new("张网格员") == []
    staffed.wait(seconds=2)
    card, todo = staffed.new("张网格员")
    assert card.startswith("#1 电梯故障")
    assert todo.startswith("1 件")
    assert staffed.new(GROUP)  # the group never waited


def test_a_passing_fault_is_tried_again_with_growing_pauses(staffed: Village, moods: Moods) -> None:
    moods.errors[GROUP] = [ConnectionError("王阿姨的话"), TimeoutError(), OSError()]
    staffed.says("王阿姨", "3号楼电梯又坏了,按了没反应")
    staffed.wait(seconds=sum(pause.total_seconds() for pause in PAUSES[:3]) + 1)
    assert staffed.card(1).startswith("#1")
    assert max(letter.attempts for letter in _letters(staffed, Purpose.NOD) + _letters(staffed, Purpose.CARD)) == 4


def test_after_a_day_of_faults_a_letter_is_given_up_with_its_reason(staffed: Village, moods: Moods) -> None:
    moods.errors["张网格员"] = [TimeoutError() for _ in range(10_000)]
    staffed.says("王阿姨", "3号楼电梯又坏了,按了没反应")
    staffed.wait(hours=GIVE_UP_AFTER.total_seconds() / 3600 + 1)
    first = _letters(staffed, Purpose.WORK)[0]
    assert (first.state, first.reason) == (LetterState.FAILED, "TimeoutError")
    assert any(text.startswith("#1") for text in staffed.new("刘网格员"))  # it went on to the stand-in


def test_an_edit_of_a_vanished_card_is_sent_anew(staffed: Village, moods: Moods) -> None:
    staffed.says("王阿姨", "3号楼电梯又坏了,按了没反应")
    staffed.new(GROUP)
    staffed.wait(seconds=10)
    moods.errors[GROUP] = [MessageGone("message to edit not found")]
    staffed.presses("张网格员", "接单")
    staffed.wait(seconds=10)
    assert "处理中" in staffed.new(GROUP)[-1]


def test_a_vanished_message_needs_no_erasing(staffed: Village, moods: Moods) -> None:
    staffed.says("王阿姨", "3号楼电梯又坏了,按了没反应")
    staffed.wait(seconds=10)
    moods.errors[GROUP] = [MessageGone("message to delete not found")]
    staffed.presses("张网格员", "不是诉求")
    staffed.wait(seconds=10)
    erasing = [letter for letter in _letters(staffed, Purpose.CARD) if letter.erase]
    assert [letter.state for letter in erasing] == [LetterState.SENT]


def test_what_can_never_arrive_ends_with_its_reason(staffed: Village, moods: Moods) -> None:
    moods.errors[GROUP] = [Undeliverable("kicked"), Undeliverable("kicked")]
    staffed.says("王阿姨", "3号楼电梯又坏了,按了没反应")
    assert {letter.reason for letter in _letters(staffed, Purpose.CARD)} == {"kicked"}
    assert staffed.new("张网格员")


def test_a_slow_chat_keeps_only_itself_waiting(staffed: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.courier.FINISH", 0)
    never, send = asyncio.Event(), staffed.console.send

    async def slow(outgoing: Outgoing) -> str | None:
        if outgoing.address == GROUP:
            await never.wait()
        return await send(outgoing)

    staffed.console.send = slow  # type: ignore[method-assign]
    courier = staffed.stage.app.couriers[0]

    async def run_a_while() -> None:
        running = asyncio.create_task(courier.run())
        await staffed.stage.app.receive(staffed.console.message("王阿姨", GROUP, "3号楼电梯又坏了,按了没反应"))
        async with asyncio.timeout(10):
            while not any("#1" in post.text for post in staffed.sees("张网格员")):
                await asyncio.to_thread(lambda: None)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    staffed.do(run_a_while())
    assert staffed.new("张网格员")
    assert not staffed.sees(GROUP)


def test_after_a_stop_interrupted_letters_go_again_but_notices_wait_for_a_decision(staffed: Village) -> None:
    def interrupt(session: object) -> None:
        chat = session.exec(select(Chat).where(Chat.address == GROUP)).one()  # type: ignore[attr-defined]
        for purpose in (Purpose.CARD, Purpose.NOTICE):
            session.add(  # type: ignore[attr-defined]
                Letter(
                    purpose=purpose, chat_id=chat.id, platform="console", account="main", text=purpose,
                    state=LetterState.SENDING, created_at=MORNING, not_before=MORNING, blank_at=MORNING + TEXT_KEPT,
                )
            )  # fmt: skip

    staffed.look(interrupt)
    staffed.do(staffed.stage.app.couriers[0].recover())
    staffed.wait(seconds=1)
    assert staffed.new(GROUP) == ["card"]
    assert [letter.state for letter in _letters(staffed, Purpose.NOTICE)] == [LetterState.UNCERTAIN]


def test_a_restart_does_not_outrun_the_platform(staffed: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    """What left in the minute before the stop counts: 19 messages here, and one that nobody knows of."""
    monkeypatch.setattr(staffed.console, "pace", Pace(overall_per_second=1, chat_per_second=1, group_per_minute=20))
    seconds = [*range(5, 24), 120]

    def before(session: Session) -> None:
        chat = session.exec(select(Chat).where(Chat.address == GROUP)).one()
        for ago in [*seconds, None]:
            session.add(
                Letter(
                    purpose=Purpose.TELL, chat_id=chat.id, platform="console", account="main", text="话",
                    state=LetterState.SENDING if ago is None else LetterState.SENT, blank_at=MORNING + TEXT_KEPT,
                    sent_at=None if ago is None else MORNING - timedelta(seconds=ago),
                    created_at=MORNING - timedelta(minutes=3), not_before=MORNING - timedelta(minutes=3),
                )
            )  # fmt: skip

    app = staffed.stage.app
    courier = Courier(
        staffed.console, Seat(staffed.database, "x"), app.lanes.submit, app._give_back, staffed.clock, store=app.store
    )

    async def start_anew() -> float:
        await courier.recover()
        return asyncio.get_running_loop().time()

    async def left(out: Outgoing) -> float:
        await courier._pacer.turn(out)
        return asyncio.get_running_loop().time()

    staffed.look(before)
    started = staffed.do(start_anew())
    overall = ahead.run(left(Outgoing("王阿姨", private=True)), at=started)
    group = ahead.run(left(Outgoing(GROUP, private=False)), at=overall)
    assert overall - started == pytest.approx(1, abs=0.1)  # the one nobody knows of may have left just now
    assert group - started == pytest.approx(60 - max(ago for ago in seconds if ago < 60), abs=0.1)


class Server:
    """As much of PostgreSQL as a seat asks for, for machines that have none."""

    is_sqlite = False

    def __init__(self) -> None:
        self.engine = self
        self.holder: Server | None = None
        self.closed = 0
        self.broken = False

    def connect(self) -> "Server":
        return self

    def execution_options(self, **_: object) -> "Server":
        return self

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        """What looked only holds no seat."""

    def execute(self, *_: object) -> "Server":
        self.free = self.holder is not None  # asked whether anybody has it
        return self

    def exec_driver_sql(self, statement: str, _: object = None) -> "Server":
        if self.broken:
            raise DBAPIError(statement, {}, ConnectionError("gone"))
        self.free = statement == "SELECT 1" or self.holder is None
        self.holder = self.holder or self
        return self

    def scalar_one(self) -> bool:
        return self.free

    def invalidate(self) -> None:
        self.holder, self.broken = None, False

    def close(self) -> None:
        self.closed += 1


def test_a_seat_is_taken_once_and_given_back_with_its_connection() -> None:
    server = Server()
    first, second = (Seat(server, "courier:x") for _ in range(2))  # type: ignore[arg-type]
    assert not second.is_taken()
    assert [first.take(), first.take(), second.take()] == [True, True, False]
    assert second.is_taken()
    assert server.closed == 1  # what came too late holds no connection
    server.broken = True
    assert not first.take()  # the connection is lost, and the seat with it
    assert second.take()
    second.leave()
    assert first.take()


def test_a_courier_that_lost_its_seat_takes_it_again_and_goes_on(staffed: Village) -> None:
    takes = iter([True, True, False])  # taken, looked at once more, lost with its connection
    left = []

    class Chair(Seat):
        def take(self) -> bool:
            return next(takes, True)

        def leave(self) -> None:
            left.append(self)

    async def run() -> None:
        app = staffed.stage.app
        courier = Courier(
            staffed.console, Chair(staffed.database, "x"), app.lanes.submit, app._give_back, app.now, store=app.store
        )
        running = asyncio.create_task(courier.run())
        async with asyncio.timeout(10):
            while not left:
                courier.wake.set()
                await asyncio.to_thread(lambda: None)
            await app.receive(staffed.console.message("王阿姨", GROUP, "3号楼电梯又坏了,按了没反应"))
            while not staffed.sees(GROUP):
                assert not running.done()
                await asyncio.to_thread(lambda: None)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    staffed.do(run())
    assert len(left) == 2  # when it was lost, and at the end


def test_only_one_process_sends_for_an_account(url: str) -> None:
    one, other = Database(url), Database(url)
    first, second = Seat(one, "courier:x"), Seat(other, "courier:x")
    assert first.take()
    assert first.take()
    assert second.take() is one.is_sqlite  # SQLite has one process
    first.leave()
    first.leave()
    assert second.take()
    second.leave()
    one.close()
    other.close()
