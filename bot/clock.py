"""The clock: wakes the jobs every second; what is due stands in the database, so a missed wake-up loses nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

EVERY = 1  # seconds


def now() -> datetime:
    """The time on the wall."""
    return datetime.now(UTC)


async def ring(tick: Callable[[], Awaitable[object]]) -> None:
    """Calls `tick` until cancelled; a slow one is never joined by a second.

    By the event loop's clock, not a scheduler's: that would wait for hours once the clock on the wall was put back.
    """
    while True:
        await asyncio.sleep(EVERY)
        await tick()
