"""The pace of one account: fixed intervals overall and per chat, so many a minute per group; the most urgent first."""

import asyncio
import heapq
import itertools
from collections import defaultdict, deque
from collections.abc import Iterable

from bot.platforms import Outgoing, Pace
from storage.outbox import Urgency

SLACK = 0.002  # seconds
MINUTE = 60.0  # seconds; the longest span a platform counts in


class Pacer:
    """Seconds of the event loop's clock. What waits for its own chat takes no other's place."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._interval = 1 / pace.overall_per_second if pace.overall_per_second else 0.0
        self._next = 0.0
        self._queue: list[tuple[Urgency, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._timer: asyncio.TimerHandle | None = None
        self._chats: dict[str, float] = {}
        self._groups: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=pace.group_per_minute))

    @property
    def waiting(self) -> int:
        """How many could be called at once, but for the pace overall."""
        return len(self._queue)

    def seed(self, sent: Iterable[tuple[str, bool, float]]) -> None:
        """Counts calls made before: address, whether private, and how many seconds ago; the earliest first."""
        now = asyncio.get_running_loop().time()
        for address, private, ago in sent:
            self._take_place(Outgoing(address, private), now - ago)
            self._next = now - ago + self._interval

    async def turn(self, out: Outgoing, urgency: Urgency = Urgency.PERSON) -> None:
        """Returns when this call may be made, its place being taken. One chat waits for one turn at a time."""
        now = asyncio.get_running_loop().time()
        if (at := self._chat_free_at(out, now)) > now:
            await asyncio.sleep(at - now)
        if self._interval:
            await self._overall(urgency)
        self._take_place(out, asyncio.get_running_loop().time())

    def _chat_free_at(self, out: Outgoing, now: float) -> float:
        at = self._chats.get(out.address, now)
        minute = self._minute(out)
        if minute is not None and len(minute) == self._pace.group_per_minute:
            at = max(at, minute[0] + MINUTE)
        return at

    def _minute(self, out: Outgoing) -> deque[float] | None:
        return self._groups[out.address] if self._pace.group_per_minute and not out.private else None

    def _take_place(self, out: Outgoing, at: float) -> None:
        if self._pace.chat_per_second:
            self._chats[out.address] = at + 1 / self._pace.chat_per_second
        minute = self._minute(out)
        if minute is not None:
            minute.append(at)

    async def _overall(self, urgency: Urgency) -> None:
        loop = asyncio.get_running_loop()
        if not self._queue and loop.time() >= self._next:
            self._took_turn(loop.time())
            return
        turn: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._queue, (urgency, next(self._numbers), turn))
        self._wait_for_next(loop)
        await turn

    def _wait_for_next(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is None and self._queue:
            self._timer = loop.call_at(self._next, self._give_turn, loop)

    def _give_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        """To the most urgent that still waits; who was cancelled waits no more."""
        self._timer = None
        waiting = (turn for _, _, turn in iter(self._pop, None) if not turn.done())
        if turn := next(waiting, None):
            turn.set_result(None)
            self._took_turn(loop.time())
        self._wait_for_next(loop)

    def _pop(self) -> tuple[Urgency, int, asyncio.Future[None]] | None:
        return heapq.heappop(self._queue) if self._queue else None

    def _took_turn(self, now: float) -> None:
        """What a timer was late is made up for, but for more than SLACK two calls would come too close together."""
        self._next = max(self._next, now - SLACK) + self._interval
