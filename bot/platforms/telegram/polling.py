"""Long polling: updates in, in order per chat, acknowledged only when everything below them is done."""

import asyncio
import contextlib
import logging
import warnings
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from itertools import chain, repeat
from typing import Any

from telegram import Bot
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.warnings import PTBUserWarning

from bot.platforms.telegram.updates import ALLOWED_UPDATES, Update, read

log = logging.getLogger(__name__)

AT_ONCE = 100  # updates not acknowledged yet: the most Telegram hands out
LINGER = 50  # seconds Telegram may hold a poll open
SLACK = 10  # seconds it may answer late
LOOK_AGAIN = (0.1, 2.0)  # seconds, from and to: how long to wait for slow chats before asking for other chats' updates
BREATH = 25  # updates looked at before others have their turn
FINISH = 5.0  # seconds for what is being handled when the bot stops
ACKNOWLEDGE = 2.0  # seconds for telling Telegram so
TURN = 2.0  # seconds an update may wait for its chat's turn before a danger in it is looked for
PAUSES = (1.0, 2.0, 5.0, 15.0, 60.0)  # seconds between tries

# The raw answer is wanted: building the library's objects costs more than reading the ordinary chatter.
warnings.filterwarnings("ignore", r"Please use 'Bot\.getUpdates'", PTBUserWarning)

Handle = Callable[[Update], Awaitable[None]]
Idle = Callable[[Update], bool]


class Line:
    """The updates of one bot. Telegram keeps what is not acknowledged for 24 hours and sends it again.

    `idle` tells of an update whether it is done with no more than a look: the ordinary chatter needs no task.
    """

    def __init__(
        self,
        bot: Bot,
        handle: Handle,
        pauses: Sequence[float] = PAUSES,
        overhear: Handle | None = None,
        idle: Idle | None = None,
    ) -> None:
        self._bot = bot
        self._handle = handle
        self._overhear = overhear
        self._idle = idle
        self._pauses = pauses
        self._next: int | None = None  # above everything seen; None: from the first that waits
        self._seen: set[int] = set()  # what Telegram shows again because something below it is not done
        self._open: set[int] = set()
        self._chains: dict[int, deque[Update]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._overhearing: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    @property
    def offset(self) -> int | None:
        """The lowest update that is not done: asking for it acknowledges all before it."""
        return min(self._open, default=self._next)

    async def listen(self) -> None:
        """For ever. When cancelled it finishes what is being handled and acknowledges it."""
        try:
            look_again = LOOK_AGAIN[0]
            while True:
                fresh = await self._sort(await self._ask())
                if self._tasks:
                    look_again = LOOK_AGAIN[0] if fresh else min(look_again * 2, LOOK_AGAIN[1])
                    await asyncio.wait(self._tasks, timeout=look_again)
        finally:
            await self._finish()

    # -- asking ---------------------------------------------------------------------------------------------------

    async def _ask(self) -> list[dict[str, Any]]:
        """The updates that wait, sooner or later: whatever fails is tried again."""
        pauses = endless(self._pauses)
        while True:
            try:
                return await self._poll(self.offset, 0 if self._open else LINGER)
            except RetryAfter as wait:
                after = wait.retry_after
                await asyncio.sleep(after.total_seconds() if isinstance(after, timedelta) else after)
            except TelegramError as error:
                pause = next(pauses)
                log.warning("%s; next try in %g s", await self._why(error), pause)
                await asyncio.sleep(pause)

    async def _poll(self, offset: int | None, linger: int) -> list[dict[str, Any]]:
        updates: list[dict[str, Any]] = await self._bot.do_api_request(
            "getUpdates",
            {"offset": offset, "limit": AT_ONCE, "timeout": linger, "allowed_updates": list(ALLOWED_UPDATES)},
            read_timeout=linger + SLACK,
        )
        return updates

    async def _why(self, error: TelegramError) -> str:
        """In a sentence; a webhook that stands in the way is taken down."""
        if isinstance(error, InvalidToken):
            return "Telegram refuses the token"
        if not isinstance(error, Conflict):
            return f"Telegram could not be reached ({type(error).__name__})"
        if "webhook" not in error.message:
            return "another program polls with this token, and Telegram serves only one: stop it"
        with contextlib.suppress(TelegramError):
            await self._bot.delete_webhook()
        return "a webhook was set for this token; it has been taken down"

    # -- sorting --------------------------------------------------------------------------------------------------

    async def _sort(self, raw: list[dict[str, Any]]) -> bool:
        """Every new update joins its chat's chain; returns whether there were any."""
        if not raw and not self._open:
            # All is acknowledged. After an idle week Telegram starts from a random number, perhaps a smaller one.
            self._next = None
            self._seen.clear()
        fresh = {update["update_id"]: update for update in raw if update["update_id"] not in self._seen}
        for place, (number, update) in enumerate(fresh.items()):
            self._seen.add(number)
            self._next = max(number + 1, self._next or 0)
            self._queue(number, update)
            if place % BREATH == BREATH - 1:
                await asyncio.sleep(0)
        lowest = self.offset or 0
        self._seen = {number for number in self._seen if number >= lowest}
        return bool(fresh)

    def _queue(self, number: int, raw: dict[str, Any]) -> None:
        update = read(raw)
        chat = update.place if update else None
        if update is None or chat is None:
            return
        waiting = self._chains.get(chat)
        if waiting is None and self._idle and self._idle(update):
            return
        self._open.add(number)
        if waiting is not None:
            waiting.append(update)
            asyncio.get_running_loop().call_later(TURN, self._lend_an_ear, update)
            return
        self._chains[chat] = deque([update])
        task = asyncio.create_task(self._serve(chat))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- serving --------------------------------------------------------------------------------------------------

    async def _serve(self, chat: int) -> None:
        """One chat's updates, one after the other."""
        waiting = self._chains[chat]
        try:
            while waiting and not self._stopping.is_set():
                if await self._handled(waiting[0]):
                    self._open.discard(waiting.popleft().update_id)
        finally:
            del self._chains[chat]

    async def _handled(self, update: Update) -> bool:
        """What could not be committed stays unacknowledged and is tried again; the chat waits with it."""
        pauses = endless(self._pauses)
        while not self._stopping.is_set():
            try:
                await self._handle(update)
            except Exception as error:  # noqa: BLE001 (nothing may acknowledge an update but its commit)
                pause = next(pauses)
                kind = type(error).__name__
                log.error(  # noqa: TRY400 (an exception's words may be a person's)
                    "an update could not be handled; next try in %g s", pause,
                    extra={"update": update.update_id, "error": kind},
                )  # fmt: skip
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._stopping.wait()
            else:
                return True
        return False

    def _lend_an_ear(self, update: Update) -> None:
        """What stands before it may be stuck, as while the database is out."""
        if self._overhear and update.update_id in self._open and not self._stopping.is_set():
            task = asyncio.create_task(self._overheard(self._overhear, update))
            self._overhearing.add(task)
            task.add_done_callback(self._overhearing.discard)

    @staticmethod
    async def _overheard(overhear: Handle, update: Update) -> None:
        try:
            await overhear(update)
        except Exception as error:  # noqa: BLE001 (its turn will come)
            log.warning("an update could not be overheard", extra={"error": type(error).__name__})

    async def _finish(self) -> None:
        self._stopping.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=FINISH)
        for task in (*self._tasks, *self._overhearing):
            task.cancel()
        if self.offset is not None:
            with contextlib.suppress(TelegramError, TimeoutError):
                async with asyncio.timeout(ACKNOWLEDGE):
                    await self._poll(self.offset, 0)  # acknowledges; what it shows is shown again at the next start


def endless(pauses: Sequence[float]) -> Iterator[float]:
    return chain(pauses, repeat(pauses[-1]))
