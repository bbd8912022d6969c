"""The clock: APScheduler wakes the jobs; what is due stands in the database, so a missed wake-up loses nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

EVERY = 1  # seconds


def now() -> datetime:
    """The time on the wall."""
    return datetime.now(UTC)


async def ring(tick: Callable[[], Awaitable[object]]) -> None:
    """Calls `tick` every second until cancelled; a slow one is never joined by a second."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(tick, "interval", seconds=EVERY, max_instances=1, coalesce=True, misfire_grace_time=60)
    scheduler.start()
    try:
        await asyncio.Event().wait()
    finally:
        scheduler.shutdown(wait=False)
