"""Telegram: hears by polling, sends what the courier hands over; over python-telegram-bot's types and methods.

Redelivery: Telegram keeps an update for 24 hours until it is acknowledged, which happens after the commit.
"""

import asyncio
import json
import logging
import os
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from telegram import Bot
from telegram.error import ChatMigrated, InvalidToken, TelegramError
from telegram.request import HTTPXRequest

from bot.platforms import Outgoing, Pace, Receive, RetryLater, Undeliverable
from bot.platforms.telegram.parsing import Ears, Move, Press, Update, User
from bot.platforms.telegram.polling import PAUSES, Line, endless
from bot.platforms.telegram.sending import Pen, meaning

log = logging.getLogger(__name__)
os.environ.setdefault("PTB_TIMEDELTA", "1")  # the library's own switch for spans of time in place of bare seconds

BASE_URL = "https://api.telegram.org/bot"
# https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this; a little slower than what is
# allowed, since the network brings calls closer together than they were made.
PACE = Pace(overall_per_second=29.5, chat_per_second=1, group_per_minute=20)
BETWEEN_PARTS = 1.0  # seconds
TOAST = 200  # characters beside a pressed button
TOPICS = 10_000  # messages whose topic is remembered
CONNECTIONS = 32

Moved = Callable[[str, str], Awaitable[bool]]


class BadToken(Exception):  # noqa: N818 (what is wrong)
    """Telegram does not know the token."""


class Telegram:
    """One bot account. `moved` is told when a group becomes a supergroup and so changes its address."""

    name = "telegram"

    def __init__(
        self,
        token: str,
        *,
        base_url: str = BASE_URL,
        account: str = "main",
        pace: Pace = PACE,
        between_parts: float = BETWEEN_PARTS,
        pauses: Sequence[float] = PAUSES,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        for chatty in ("httpx", "httpcore", "telegram"):  # they log addresses, which hold the token, and texts
            logging.getLogger(chatty).setLevel(logging.WARNING)
        self.account = account
        self.pace = pace
        self.moved: Moved | None = None
        self.me: User | None = None
        self._token = token
        self._pauses = pauses
        self._now = now
        self._requests = [_Request(CONNECTIONS, pool_timeout=10, read_timeout=20) for _ in ("sends", "polls")]
        self._bot = Bot(token, base_url, request=self._requests[0], get_updates_request=self._requests[1])
        self._pen = Pen(self._bot, lambda: asyncio.sleep(between_parts), self._topic)
        self._topics: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._toasts: set[asyncio.Task[None]] = set()

    # -- starting -------------------------------------------------------------------------------------------------

    async def greet(self) -> User:
        """Learns who we are. BadToken; TelegramError while Telegram cannot be reached."""
        if self.me is None:
            try:
                me = await self._bot.get_me()
            except InvalidToken:
                raise BadToken("Telegram does not know this token") from None
            self.me = User(id=me.id, is_bot=True, first_name=me.first_name, username=me.username or "")
        return self.me

    async def close(self) -> None:
        """Finishes the toasts and hangs up."""
        if self._toasts:
            await asyncio.wait(self._toasts, timeout=BETWEEN_PARTS)
        for request in self._requests:
            await request.shutdown()

    # -- hearing --------------------------------------------------------------------------------------------------

    async def run(self, receive: Receive) -> None:
        """Hears for ever; an update is acknowledged once `receive` has returned for it."""
        ears = Ears(await self._greet_at_last(), self.account)

        async def handle(update: Update) -> None:
            heard = ears.hear(update, self._now())
            toast = None
            if isinstance(heard, Move):
                await self._move(heard.old, heard.new)
            elif heard is not None:
                self._remember_topic(update)
                toast = await receive(heard)
            if update.callback_query:  # always, or the button keeps turning
                self._answer(update.callback_query, toast)

        await Line(self._bot, handle, self._pauses).listen()

    async def _greet_at_last(self) -> User:
        pauses = endless(self._pauses)
        while True:
            try:
                return await self.greet()
            except (TelegramError, BadToken) as error:
                pause = next(pauses)
                log.warning("Telegram did not say who we are (%s); next try in %g s", type(error).__name__, pause)
                await asyncio.sleep(pause)

    def _answer(self, press: Press, toast: str | None) -> None:
        """Beside the chat's order: nobody waits for a toast."""

        async def answer() -> None:
            try:
                await self._bot.answer_callback_query(press.id, toast[:TOAST] if toast else None)
            except TelegramError as error:  # one may be answered for some seconds only
                log.info("a press could not be answered", extra={"error": type(error).__name__})

        task = asyncio.create_task(answer())
        self._toasts.add(task)
        task.add_done_callback(self._toasts.discard)

    def _remember_topic(self, update: Update) -> None:
        """So that an answer stays in its topic even where the message it replies to is gone."""
        post = update.message or (update.callback_query and update.callback_query.message)
        if post and post.is_topic_message and post.message_thread_id:
            self._topics[str(post.chat.id), str(post.message_id)] = post.message_thread_id
            if len(self._topics) > TOPICS:
                self._topics.popitem(last=False)

    def _topic(self, address: str, message: str) -> int | None:
        return self._topics.get((address, message))

    async def _move(self, old: str, new: str) -> bool:
        """Whether the letters follow."""
        log.warning("the group %s is now %s: write that into the configuration", old, new)
        return await self.moved(old, new) if self.moved else False

    # -- sending --------------------------------------------------------------------------------------------------

    async def send(self, outgoing: Outgoing) -> str | None:
        try:
            return await self._pen.write(outgoing)
        except ChatMigrated as migrated:
            new = str(migrated.new_chat_id)
            if await self._move(outgoing.address, new):
                raise RetryLater("the group has moved") from None
            raise Undeliverable(f"the group is now {new}") from None
        except TelegramError as error:
            raise meaning(error) from None  # its cause may quote the address of the call, and so the token


class _Request(HTTPXRequest):
    """The library's transport, which would log an answer it cannot read with everything people said in it."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = json.loads(payload)
        except ValueError:
            raise TelegramError("Invalid server response") from None
        return answer
