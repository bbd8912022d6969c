"""What Telegram shows beside messages, kept in step: command menus by role, a word where the bot cannot hear."""

import asyncio
import contextlib
import logging

from telegram.error import TelegramError

from bot.app import REFRESH, App
from bot.platforms.telegram import Telegram
from handlers import deafness
from handlers.known import KnownChat
from handlers.message import Reaction, Standing
from handlers.router import COMMANDS
from storage.chats import ChatKey, Mode
from storage.people import STAFF

log = logging.getLogger(__name__)

TRY_AGAIN = 60.0  # seconds: who never wrote to the bot has no menu to set
LOOK_AGAIN = 600.0  # seconds between two looks at a group that could not be heard
LONGEST = 256  # characters of a description https://core.telegram.org/bots/api#botcommand

Menu = tuple[tuple[str, str], ...]  # command, description


class Upkeep:
    def __init__(self, app: App, telegram: Telegram) -> None:
        self._app = app
        self._telegram = telegram
        self._menus: dict[str, Menu] = {}  # as they were set, by the scope's address
        self._former: set[tuple[str, str, str]] = set()
        self._rest: dict[str, float] = {}  # seconds of the loop's clock until something is tried again
        self._heard: set[ChatKey] = set()
        self._wake = asyncio.Event()

    async def run(self) -> None:
        while True:
            self._wake.clear()
            await self.step()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REFRESH):
                    await self._wake.wait()

    async def observe(self, event: Standing | Reaction) -> None:
        """Between Telegram and the app: where the bot's rights in a chat changed, it is looked at anew."""
        await self._app.observe(event)
        if isinstance(event, Standing):
            if not event.private and event.chat not in self._app.known.chats:
                log.warning(
                    "nobody bound the group %s, so the bot neither hears nor speaks there: say /bindgroup and its grid "
                    "there, or add it to [[groups]]",
                    ":".join(event.chat),
                )
            self._heard.discard(event.chat)
            self._rest.pop(event.chat.address, None)
            self._wake.set()

    async def step(self) -> None:
        """Sets what changed since the last time."""
        wanted = self._wanted()
        self._remember_former()
        for address in [*self._menus.keys() - wanted.keys(), *wanted]:
            if self._menus.get(address) != wanted.get(address) and not self._resting(address):
                await self._set(address, wanted.get(address))
        for key, chat in list(self._app.known.chats.items()):
            if self._to_ask(key, chat):
                await self._ask(key)

    # -- menus ----------------------------------------------------------------------------------------------------

    def _wanted(self) -> dict[str, Menu]:
        """Everybody's menu, the groups', and one for each person who works here."""
        staff = {
            user: self._menu(staff=True)
            for (platform, account, user), ranks in self._app.known.staff.items()
            if (platform, account) == (self._telegram.name, self._telegram.account) and ranks & STAFF
        }
        return {"": self._menu(staff=False), "groups": self._menu(staff=False), **staff}

    def _remember_former(self) -> None:
        """Who left may still see the menu an earlier process set: it is taken away once."""
        for platform, account, user in self._app.known.former - self._former:
            if (platform, account) == (self._telegram.name, self._telegram.account):
                self._menus.setdefault(user, ())
        self._former = set(self._app.known.former)

    def _menu(self, *, staff: bool) -> Menu:
        shown = (name for name, one in COMMANDS.items() if not one.hidden and (staff or not one.for_staff))
        return tuple((name, self._app.say(f"command.{name}.help")[:LONGEST]) for name in shown)

    async def _set(self, address: str, menu: Menu | None) -> None:
        try:
            await self._telegram.set_menu(address, menu)
        except TelegramError as error:
            log.info("a menu could not be set", extra={"error": type(error).__name__})
            self._try_later(address, TRY_AGAIN)
            return
        if menu is None:
            del self._menus[address]
        else:
            self._menus[address] = menu

    # -- ears -----------------------------------------------------------------------------------------------------

    def _to_ask(self, key: ChatKey, chat: KnownChat) -> bool:
        ours = key[:2] == (self._telegram.name, self._telegram.account)
        listens = chat.mode == Mode.LISTEN and not chat.of_unit
        return ours and listens and key not in self._heard and not self._resting(key.address)

    async def _ask(self, key: ChatKey) -> None:
        try:
            hears = await self._telegram.hears(key.address)
        except TelegramError as error:
            log.warning(
                "the group %s cannot be reached: is the bot a member of it?", key.address,
                extra={"error": type(error).__name__},
            )  # fmt: skip
            self._try_later(key.address, LOOK_AGAIN)
            return
        await self._app.at_desk(key, deafness.hears_again if hears else deafness.deaf)
        if hears:
            self._heard.add(key)
        else:
            log.warning("the bot cannot hear the group %s: it must be administrator there", key.address)
            self._try_later(key.address, LOOK_AGAIN)

    def _resting(self, what: str) -> bool:
        return asyncio.get_running_loop().time() < self._rest.get(what, 0)

    def _try_later(self, what: str, seconds: float) -> None:
        self._rest[what] = asyncio.get_running_loop().time() + seconds
