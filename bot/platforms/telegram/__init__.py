"""Telegram: hears by polling or webhook, sends what the courier hands over; over python-telegram-bot.

Redelivery: Telegram keeps an update for 24 hours until it is acknowledged, which happens after the commit.
"""

import asyncio
import logging
import os
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from telegram import (
    Bot,
    BotCommandScope,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
    BotCommandScopeDefault,
)
from telegram.constants import ChatMemberStatus
from telegram.error import ChatMigrated, InvalidToken, TelegramError

from bot.platforms import Observe, Outgoing, Pace, Receive, RetryLater, Undeliverable
from bot.platforms.telegram.fetching import fetched, files_at
from bot.platforms.telegram.parsing import Ears, Move
from bot.platforms.telegram.polling import PAUSES, Handle, Line, endless
from bot.platforms.telegram.refusals import meaning
from bot.platforms.telegram.sending import Pen
from bot.platforms.telegram.transport import Transport
from bot.platforms.telegram.updates import ALLOWED_UPDATES, Press, Update, User, read
from handlers.message import Message, Reaction, Standing

log = logging.getLogger(__name__)

T = TypeVar("T")
os.environ.setdefault("PTB_TIMEDELTA", "1")  # the library's own switch for spans of time in place of bare seconds

BASE_URL = "https://api.telegram.org/bot"
# https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this; a little slower than what is
# allowed, since the network brings calls closer together than they were made.
PACE = Pace(overall_per_second=29.0, chat_per_second=1, group_per_minute=20)
BETWEEN_PARTS = 1.0  # seconds
ADMINISTRATORS = frozenset({ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.OWNER})
SCOPES: dict[str, BotCommandScope] = {"": BotCommandScopeDefault(), "groups": BotCommandScopeAllGroupChats()}
TOAST = 200  # characters beside a pressed button
TOPICS = 10_000  # messages whose topic is remembered
CONNECTIONS = 32

Moved = Callable[[str, str], Awaitable[bool]]
Overhear = Callable[[Message], Awaitable[None]]
Passes = Callable[[Message], bool]


class BadToken(Exception):  # noqa: N818 (what is wrong)
    """Telegram does not know the token."""


@dataclass(frozen=True)
class Webhook:
    """Where Telegram delivers updates, and the word it shows to prove that it is Telegram."""

    url: str
    secret: str = field(repr=False)


class Telegram:
    """One bot account; without a webhook it polls. `moved` is told when a group becomes a supergroup, `observe` of
    being let in or kept out, and of reactions, `overhear` of messages whose turn does not come; `passes` says at once
    whether a message is nothing to the bot.
    """

    name = "telegram"
    has_files = True

    def __init__(
        self,
        token: str,
        *,
        base_url: str = BASE_URL,
        account: str = "main",
        webhook: Webhook | None = None,
        pace: Pace = PACE,
        between_parts: float = BETWEEN_PARTS,
        pauses: Sequence[float] = PAUSES,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        for chatty in ("aiohttp", "telegram"):  # they log addresses, which hold the token, and texts
            logging.getLogger(chatty).setLevel(logging.WARNING)
        self.account = account
        self.webhook = webhook
        self.pace = pace
        self.moved: Moved | None = None
        self.observe: Observe | None = None
        self.overhear: Overhear | None = None
        self.passes: Passes | None = None
        self.me: User | None = None
        self._handle: Handle | None = None  # while it runs
        self._pauses = pauses
        self._now = now
        self._requests = [Transport(CONNECTIONS) for _ in ("sends", "polls")]
        self._bot = Bot(
            token, base_url, files_at(base_url), request=self._requests[0], get_updates_request=self._requests[1]
        )
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
            self.me = User(id=me.id, is_bot=True, first_name=me.first_name, username=me.username or "",
                can_read_all_group_messages=bool(me.can_read_all_group_messages))  # fmt: skip
        return self.me

    # -- what stands beside messages ------------------------------------------------------------------------------

    async def hears(self, address: str) -> bool:
        """Whether a group's talk comes here: privacy mode is off, or the bot is administrator. TelegramError."""
        me = await self._bot.get_me()
        if me.can_read_all_group_messages:
            return True
        return (await self._bot.get_chat_member(int(address), me.id)).status in ADMINISTRATORS

    def link(self, code: str) -> str | None:
        """https://core.telegram.org/bots/features#deep-linking. None until we know who we are."""
        return f"https://t.me/{self.me.username}?start={code}" if self.me and self.me.username else None

    async def set_menu(self, address: str, commands: Sequence[tuple[str, str]] | None) -> None:
        """The commands shown to a person, to everybody ("") or in all groups ("groups"); None: as everybody's."""
        scope = SCOPES.get(address) or BotCommandScopeChat(int(address))
        if commands is None:
            await self._bot.delete_my_commands(scope)
        else:
            await self._bot.set_my_commands(commands, scope)

    async def close(self) -> None:
        """Finishes the toasts and hangs up."""
        if self._toasts:
            await asyncio.wait(self._toasts, timeout=BETWEEN_PARTS)
        for request in self._requests:
            await request.shutdown()

    # -- hearing --------------------------------------------------------------------------------------------------

    async def run(self, receive: Receive) -> None:
        """Hears for ever; an update is acknowledged once `receive` has returned for it."""
        ears = Ears(await self._at_last("say who we are", self.greet), self.account)
        self._handle = partial(self._hear, ears, receive)
        try:
            if self.webhook:
                await self._at_last("take the webhook", partial(self._set_webhook, self.webhook))
                await asyncio.Event().wait()
            else:
                overhear, idle = partial(self._overhear, ears), partial(self._is_idle, ears)
                await Line(self._bot, self._handle, self._pauses, overhear, idle).listen()
        finally:
            self._handle = None

    async def deliver(self, raw: dict[str, Any]) -> bool:
        """One update of the webhook. False: it could not be committed, Telegram must send it again."""
        update = read(raw)
        if update is None:
            return True
        if self._handle is None:
            return False
        try:
            await self._handle(update)
        except Exception as error:  # noqa: BLE001 (nothing may acknowledge an update but its commit)
            kind = type(error).__name__
            log.error("an update could not be handled", extra={"update": update.update_id, "error": kind})  # noqa: TRY400
            return False
        return True

    async def _hear(self, ears: Ears, receive: Receive, update: Update) -> None:
        try:
            heard = ears.hear(update, self._now())
        except Exception as error:  # noqa: BLE001 (asked for again it would be no clearer)
            extra = {"update": update.update_id, "error": type(error).__name__}
            log.error("an update could not be read", extra=extra)  # noqa: TRY400 (no text in logs)
            heard = None
        toast = None
        if isinstance(heard, Move):
            await self._move(heard.old, heard.new)
        elif isinstance(heard, Standing | Reaction):
            await self._observe(heard)
        elif heard is not None:
            self._remember_topic(update)
            toast = await receive(heard)
        if update.callback_query:  # always, or the button keeps turning
            self._answer(update.callback_query, toast)

    def _is_idle(self, ears: Ears, update: Update) -> bool:
        """Whether nothing is to be done about it; what cannot be told so fast takes the long way."""
        if update.message is None or self.passes is None:
            return False
        try:
            heard = ears.posted(update, update.message)
            return isinstance(heard, Message) and self.passes(heard)
        except Exception:  # noqa: BLE001 (the long way says what is wrong)
            return False

    async def _overhear(self, ears: Ears, update: Update) -> None:
        heard = ears.hear(update, self._now())
        if isinstance(heard, Message) and self.overhear:
            await self.overhear(heard)

    async def _observe(self, event: Standing | Reaction) -> None:
        if isinstance(event, Standing) and not event.private and event.was_here != event.is_here:
            what = "added to" if event.is_here else "put out of"
            log.warning("the bot was %s the group %s", what, ":".join(event.chat))
        if self.observe:
            await self.observe(event)

    async def _set_webhook(self, webhook: Webhook) -> None:
        await self._bot.set_webhook(webhook.url, secret_token=webhook.secret, allowed_updates=list(ALLOWED_UPDATES))

    async def _at_last(self, what: str, ask: Callable[[], Awaitable[T]]) -> T:
        pauses = endless(self._pauses)
        while True:
            try:
                return await ask()
            except (TelegramError, BadToken) as error:
                pause = next(pauses)
                log.warning("Telegram did not %s (%s); next try in %g s", what, type(error).__name__, pause)
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
        post = update.post
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

    async def fetch(self, file: str) -> bytes:
        try:
            return await fetched(self._bot, file)
        except TelegramError as error:
            raise meaning(error) from None
