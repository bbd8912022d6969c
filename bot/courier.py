"""The courier of one account: sends its outbox in order per chat, at the platform's pace; retries, or gives back."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlmodel import Session

from bot.pacer import MINUTE, Pacer
from bot.platforms import File, MessageGone, Outgoing, Platform, RetryLater, Stopped, Undeliverable
from bot.store import Store
from storage import attachments, outbox, people
from storage.chats import Chat
from storage.database import Seat
from storage.outbox import Arrival, Card, Letter, LetterState, Urgency

log = logging.getLogger(__name__)

T = TypeVar("T")


class Submit(Protocol):
    """`soon`: before what waits for its turn under other keys."""

    def __call__(self, key: Any, work: Callable[[Session], T], *, soon: bool) -> "Future[T]": ...


GiveBack = Callable[[Session, Letter], None]

AT_ONCE = 32  # chats served side by side
AHEAD = 4  # letters taken before the pace lets them leave; what is taken is uncertain if the bot is killed
PAUSES = tuple(timedelta(seconds=s) for s in (1, 5, 30, 120, 600))  # between tries the platform gave no time for
GIVE_UP_AFTER = timedelta(hours=24)
FINISH = 5.0  # seconds for the calls under way when the bot stops
FETCHING = timedelta(seconds=3)  # between two looks for a file that is on its way
WAIT_FOR_FILES = timedelta(minutes=1)  # then the letter leaves without it
OUT = (OperationalError, InterfaceError)  # what a database that is out raises
SCAN = 1.0  # seconds: the safety net under the wake-ups
APART = 0.02  # seconds between two looks into the outbox: in a rush one look gathers what several messages wrote


class Taken(NamedTuple):
    """A letter that is now `sending`, and what to do on the platform."""

    letter_id: int
    out: Outgoing
    chat_id: int
    urgency: Urgency


class Courier:
    def __init__(
        self,
        platform: Platform,
        seat: Seat,
        submit: Submit,
        give_back: GiveBack,
        now: Callable[[], datetime],
        *,
        store: Store,
    ) -> None:
        self.platform = platform
        self.store = store
        self.wake = asyncio.Event()
        self._seat = seat
        self._submit = submit
        self._give_back = give_back
        self._now = now
        self._held: dict[int, tuple[datetime, datetime]] = {}  # chats: since and until when
        self._pacer = Pacer(platform.pace)
        self._arrived: list[Arrival] = []  # sent, and not noted yet: noted together with the next claim

    async def recover(self) -> None:
        """After a stop: decides about what was being sent, and keeps to the pace of what left before it.

        Only in the process that sends for this account.
        """
        await self._note()
        at = self._now()
        sent = await self._do(
            lambda session: outbox.lately(session, *self._account, since=at - timedelta(seconds=MINUTE))
        )
        self._pacer.seed(
            (address, private, max(0.0, (at - (left or at)).total_seconds())) for address, private, left in sent
        )
        uncertain = await self._do(self._recover)
        if uncertain:
            log.warning("%s letters of %s were interrupted and wait for a decision", uncertain, self._account)

    def _recover(self, session: Session) -> int:
        """How many letters are uncertain; one of each notice goes back, so that somebody is asked about them all."""
        uncertain = outbox.recover(session, *self._account, at=self._now())
        for letter in {letter.notice_id: letter for letter in uncertain}.values():
            self._give_back(session, letter)
        return len(uncertain)

    async def run(self) -> None:
        """Sends for ever, while no other process does. A chat whose platform is slow keeps only itself waiting."""
        while True:
            try:
                while not await asyncio.to_thread(self._seat.take):  # noqa: ASYNC110 (another process has it: no event)
                    await asyncio.sleep(SCAN)
                await self.recover()
                await self._send_while_seated()
            finally:
                await asyncio.to_thread(self._seat.leave)

    async def _send_while_seated(self) -> None:
        under_way: set[asyncio.Task[None]] = set()
        clock, looked = asyncio.get_running_loop().time, -APART
        taking: asyncio.Future[tuple[int, list[Taken]]] | None = None
        async with asyncio.TaskGroup() as group:
            try:
                while await asyncio.to_thread(self._still_seated):
                    await asyncio.sleep(max(0.0, looked + APART - clock()))
                    looked = clock()
                    self.wake.clear()
                    taking = asyncio.ensure_future(self._take(self._room(len(under_way))))
                    try:
                        returned, claimed = await asyncio.shield(taking)
                    except OUT as error:  # what is under way must not be cut off by it, or it would be sent again
                        log.warning("the database gives no letters out", extra={"error": type(error).__name__})
                        return
                    for taken in claimed:
                        task = group.create_task(self._send(taken))
                        under_way.add(task)
                        task.add_done_callback(under_way.discard)
                        task.add_done_callback(lambda _: self.wake.set())
                    taking = None
                    if not returned and not claimed:
                        with contextlib.suppress(TimeoutError):
                            async with asyncio.timeout(SCAN):  # wait_for may swallow a cancellation before Python 3.12
                                await self.wake.wait()
            except asyncio.CancelledError:
                if taking:
                    await asyncio.gather(*(self._put_back(one.letter_id) for one in (await taking)[1]))
                if under_way:  # a call that was cut off would be made again at the next start
                    await asyncio.wait(under_way, timeout=FINISH)
                await self._note()
                raise

    def _still_seated(self) -> bool:
        """A connection that was cut has lost the seat, however it says so; what is under way goes on."""
        try:
            return self._seat.take()
        except SQLAlchemyError:
            return False

    async def step(self) -> int:
        """Sends what may leave now, at most one letter per chat, and waits for it; returns how many were dealt with."""
        returned, claimed = await self._take(AT_ONCE)
        await asyncio.gather(*map(self._send, claimed))
        await self._note()
        return returned + len(claimed)

    async def _take(self, room: int) -> tuple[int, list[Taken]]:
        """Notes what was sent; how many letters came back undeliverable, and those that are now `sending`."""
        noted, self._arrived = self._arrived, []
        try:
            return await self._do(partial(self._route_and_claim, room, noted))
        except Exception:
            self._arrived = noted + self._arrived  # it was sent all the same
            raise

    async def _note(self) -> None:
        if self._arrived:
            await self._take(0)

    def _route_and_claim(self, room: int, arrived: list[Arrival], session: Session) -> tuple[int, list[Taken]]:
        outbox.arrived(session, arrived)
        if not room:
            return 0, []
        returned = self._route(session)
        refused, claimed = self._claim(room, session)
        return returned + refused, claimed

    @property
    def _account(self) -> tuple[str, str]:
        return self.platform.name, self.platform.account

    async def _do(self, work: Callable[[Session], T]) -> T:
        result: T = await asyncio.wrap_future(self._submit(("courier", *self._account), work, soon=True))
        return result

    def _route(self, session: Session) -> int:
        stuck = outbox.route(session, at=self._now(), limit=AT_ONCE * 4)
        for letter in stuck:
            self._give_back(session, letter)
        return len(stuck)

    def _claim(self, room: int, session: Session) -> tuple[int, list[Taken]]:
        """How many came back since the bot is kept out of their chat, and those to send."""
        at = self._now()
        # A clock that was put back would keep them for hours.
        self._held = {chat: span for chat, span in self._held.items() if span[0] <= at < span[1]}
        rows = outbox.claim(session, *self._account, at=at, limit=room, held=self._held)
        shut = [letter for letter, chat, _ in rows if chat.shut_at]
        for letter in shut:
            self._failed(letter.id or 0, "the bot is kept out of the chat", session)
        return len(shut), [
            Taken(letter.id or 0, outgoing(letter, chat, card, files), chat.id or 0, letter.urgency)
            for letter, chat, card in rows
            if chat.shut_at is None and (files := self._files(session, letter)) is not None
        ]

    def _files(self, session: Session, letter: Letter) -> tuple[File, ...] | None:
        """None: a file is still being fetched, and the letter waits a little for it."""
        if not letter.files:
            return ()
        at = self._now()
        files = [self.store.file(one, *self._account) for one in attachments.chosen(session, letter.files)]
        if None in files and at - letter.created_at < WAIT_FOR_FILES:
            outbox.again(letter, at=at + FETCHING)
            return None
        return tuple(file for file in files if file)

    def _room(self, under_way: int) -> int:
        """How many letters may be taken: few ahead of the pace, so that what is more urgent overtakes the rest."""
        ahead = AHEAD - self._pacer.waiting if self.platform.pace.overall_per_second else AT_ONCE
        return max(0, min(AT_ONCE - under_way, ahead))

    async def _send(self, taken: Taken) -> None:
        letter_id, out, chat_id, urgency = taken
        try:
            await self._pacer.turn(out, urgency)
            if self._pacer.waiting < AHEAD:
                self.wake.set()
        except asyncio.CancelledError:  # the call was not made, so nothing is uncertain
            await self._put_back(letter_id)
            raise
        try:
            message = await self.platform.send(out)
        except RetryLater as later:
            await self._settle(partial(self._later, letter_id, chat_id, later.after, str(later)))
        except MessageGone:
            await self._settle(partial(self._anew, letter_id))
        except Undeliverable as never:
            stopped = isinstance(never, Stopped) and out.private
            await self._settle(partial(self._failed, letter_id, str(never), stopped=stopped))
        except Exception as error:  # noqa: BLE001 (a platform's surprise is a passing fault until the tries run out)
            kind = type(error).__name__
            log.warning("sending failed", extra={"letter": letter_id, "error": kind})
            await self._settle(partial(self._later, letter_id, chat_id, None, kind, odd=not isinstance(error, OSError)))
        else:
            shown, *also = (message or out.edits or "").split(" ")
            self._arrived.append(Arrival(letter_id, shown or None, self._now(), " ".join(also)))

    async def _settle(self, work: Callable[[Session], None]) -> None:
        """What became of a letter, however long the database is out: forgotten, it would be sent again."""
        while True:
            try:
                await self._do(work)
            except OUT as error:
                log.warning("what became of a letter waits", extra={"error": type(error).__name__})
                await asyncio.sleep(SCAN)
            else:
                return

    async def _put_back(self, letter_id: int) -> None:
        await self._do(lambda session: outbox.again(session.get_one(Letter, letter_id), at=self._now()))

    def _later(
        self, letter_id: int, chat_id: int, after: timedelta | None, reason: str, session: Session, *, odd: bool = False
    ) -> None:
        """Back into the outbox; the chat waits with it, so that nothing overtakes.

        What is `odd` is no fault of the network but the letter's own: it may not keep its chat waiting for a day.
        """
        letter = session.get_one(Letter, letter_id)
        if letter.attempts >= len(PAUSES) and (odd or self._now() - letter.created_at > GIVE_UP_AFTER):
            self._failed(letter_id, reason, session)
            return
        since = self._now()
        until = since + (after or PAUSES[min(letter.attempts, len(PAUSES)) - 1])
        outbox.again(letter, at=until)
        self._held[chat_id] = since, until

    def _anew(self, letter_id: int, session: Session) -> None:
        letter = session.get_one(Letter, letter_id)
        if letter.card_key:
            outbox.forget_card(session, letter.card_key)
        if letter.erase or letter.pin:
            letter.state = LetterState.SENT
        else:
            outbox.again(letter, at=self._now())

    def _failed(self, letter_id: int, reason: str, session: Session, *, stopped: bool = False) -> None:
        """Whatever the letter was: of somebody who stopped the bot or is gone nothing more is hoped."""
        letter = session.get_one(Letter, letter_id)
        outbox.failed(letter, reason)
        if stopped and letter.chat_id:
            people.lost(session, letter.chat_id, at=self._now())
        self._give_back(session, letter)


def outgoing(letter: Letter, chat: Chat, card: Card | None, files: tuple[File, ...] = ()) -> Outgoing:
    """A letter as one thing to do on the platform: an edit where its card already stands."""
    return Outgoing(
        address=chat.address,
        private=chat.private,
        text=letter.text,
        buttons=tuple((label, command) for label, command in letter.buttons),
        reply_to=letter.reply_to,
        reaction=letter.reaction,
        edits=card.message if card else None,
        also=tuple(card.also.split()) if card else (),
        erase=letter.erase,
        pin=letter.pin,
        files=files,
    )
