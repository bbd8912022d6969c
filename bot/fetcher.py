"""The fetcher of one account: brings in what belongs to a case, like a courier in the other direction."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar

from sqlmodel import Session

from bot.cleaning import Unreadable
from bot.platforms import RetryLater, TooLarge, Undeliverable
from bot.store import Store
from storage import attachments
from storage.attachments import Attachment, Keeping, Loss
from storage.database import Seat

log = logging.getLogger(__name__)

T = TypeVar("T")
Submit = Callable[[Any, Callable[[Session], T]], "Future[T]"]
Report = Callable[[Session, Attachment], None]  # tells the core of what was lost

AT_ONCE = 4  # files side by side: each may be 20 MB in memory
SCAN = 2.0  # seconds: the safety net under the wake-ups


class Source(Protocol):
    """Where files come from: a platform, or the bot's own drawing."""

    name: str
    account: str

    async def fetch(self, file: str) -> bytes:
        """RetryLater, TooLarge, or Undeliverable where it is gone."""


class Fetcher:
    def __init__(
        self,
        source: Source,
        seat: Seat,
        submit: Submit[Any],
        report: Report,
        now: Callable[[], datetime],
        *,
        store: Store,
    ) -> None:
        self.source = source
        self.wake = asyncio.Event()
        self._store = store
        self._seat = seat
        self._submit = submit
        self._report = report
        self._now = now

    async def run(self) -> None:
        """For ever, while no other process does."""
        while True:
            try:
                while not await asyncio.to_thread(self._seat.take):  # noqa: ASYNC110 (another process has it: no event)
                    await asyncio.sleep(SCAN)
                await asyncio.to_thread(self._store.tidy)
                while await asyncio.to_thread(self._seat.take):
                    self.wake.clear()
                    if not await self.step():
                        with contextlib.suppress(TimeoutError):
                            async with asyncio.timeout(SCAN):
                                await self.wake.wait()
            finally:
                await asyncio.to_thread(self._seat.leave)

    async def step(self) -> int:
        """Fetches what is due, and takes away what is to be forgotten; returns how many there were."""
        due = await self._do(self._due)
        await asyncio.gather(*(self._fetch(one) for one in due if one.state == Keeping.WANTED))
        for one in due:
            if one.state == Keeping.ERASED:
                await self._do(partial(self._take_away, one.id or 0))
        return len(due)

    def _due(self, session: Session) -> list[Attachment]:
        account = self.source.name, self.source.account
        return attachments.due(session, *account, at=self._now(), limit=AT_ONCE)

    async def _fetch(self, one: Attachment) -> None:
        try:
            content = await self.source.fetch(one.file)
            kept = await asyncio.to_thread(self._store.keep, content)
        except TooLarge:
            await self._do(partial(self._lost, one.id or 0, Loss.TOO_LARGE))
        except Undeliverable:
            await self._do(partial(self._lost, one.id or 0, Loss.GONE))
        except Unreadable:
            await self._do(partial(self._lost, one.id or 0, Loss.UNREADABLE))
        except Exception as error:  # noqa: BLE001 (the platform, the network, the disk: it may pass)
            if not isinstance(error, RetryLater):
                log.warning("fetching failed", extra={"attachment": one.id, "error": type(error).__name__})
            await self._do(partial(self._later, one.id or 0))
        else:
            await self._do(partial(self._stored, one.id or 0, kept.digest, kept.mime, kept.size))
            if not self._store.path(kept.digest, kept.mime).exists():  # the last case that had it let go of it just now
                await asyncio.to_thread(self._store.keep, content)

    async def _do(self, work: Callable[[Session], T]) -> T:
        key = ("fetcher", self.source.name, self.source.account)
        result: T = await asyncio.wrap_future(self._submit(key, work))
        return result

    def _stored(self, attachment_id: int, digest: str, mime: str, size: int, session: Session) -> None:
        attachments.stored(attachments.lock(session, attachment_id), digest, mime, size, at=self._now())

    def _later(self, attachment_id: int, session: Session) -> None:
        one = attachments.lock(session, attachment_id)
        if not attachments.later(one, at=self._now()):
            self._lose(session, one, Loss.GONE)

    def _lost(self, attachment_id: int, reason: Loss, session: Session) -> None:
        self._lose(session, attachments.lock(session, attachment_id), reason)

    def _lose(self, session: Session, one: Attachment, reason: Loss) -> None:
        if one.state == Keeping.ERASED:
            attachments.taken_away(one)
            return
        attachments.lost(one, reason)
        self._report(session, one)

    def _take_away(self, attachment_id: int, session: Session) -> None:
        one = attachments.lock(session, attachment_id)
        digest, mime = one.digest, one.mime
        attachments.taken_away(one)
        session.flush()
        if digest and mime and not attachments.is_held(session, digest):
            self._store.forget(digest, mime)
