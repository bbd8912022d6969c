"""The stage: the whole bot with a clock that is set by hand, for the demo, the replay of logs and the tests."""

from collections.abc import Callable
from datetime import datetime

from bot.app import App
from bot.config import Settings
from bot.courier import Courier
from bot.fetcher import Fetcher
from bot.platforms import Platform
from bot.store import Store
from handlers.message import Message
from storage.database import Database


class HandClock:
    """A clock that shows what it was set to."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


class Stage:
    """Messages come in one at a time; between two of them every timer and letter fires at its own moment."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: HandClock,
        platforms: Callable[[HandClock], list[Platform]],
        store: Store | None = None,
    ) -> None:
        self.clock = clock
        self.app = App(settings, database, platforms(clock), clock, store)

    async def start(self) -> list[str]:
        """Starts the bot as its only process; returns the configuration's conflicts as sentences."""
        conflicts = await self.app.start()
        for courier in self.app.couriers:
            await courier.recover()
        return conflicts

    async def hear(self, message: Message) -> str | None:
        """Hands one message over and lets everything it causes happen; returns the toast of a pressed button."""
        await self.advance(message.at)
        toast = await self.app.receive(message)
        await self.settle()
        return toast

    async def advance(self, to: datetime) -> None:
        """Moves the clock to `to`, stopping wherever something is due; a clock never goes back."""
        while (due := await self.app.next_due(self.clock.at)) and due <= to:
            self.clock.at = due
            await self.settle()
        self.clock.at = max(self.clock.at, to)
        await self.settle()

    async def settle(self) -> int:
        """Runs what is due now, timers and letters, until nothing is left; returns how much it was."""
        done = 0
        carriers: list[Fetcher | Courier] = [*self.app.fetchers, *self.app.couriers]
        while ran := await self.app.tick() + sum([await carrier.step() for carrier in carriers]):
            done += ran
        return done
