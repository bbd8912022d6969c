"""A Bot API that enforces Telegram's limits, in a process of its own: beyond them it answers 429, and sends nothing.

30 messages a second overall, one a second for each chat, 20 a minute for each group.
https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
"""

import asyncio
import contextlib
import json
import multiprocessing
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from fake_api import ME, Json, said
from fake_api import _Connection as Plain

OVERALL, CHAT, GROUP = (30, 1.0), (1, 1.0), (20, 60.0)  # how many in how many seconds
ASKS_EVERY = 5.0  # seconds between two questions of a person while the broadcast is under way
LINGER = 0.2  # seconds a poll is held open


@dataclass
class Sent:
    """What became of a broadcast, by the fake's own clock (seconds)."""

    groups: Counter[int] = field(default_factory=Counter)  # messages each got
    first: float = 0.0
    last: float = 0.0
    refusals: list[float] = field(default_factory=list)  # when there was a 429
    waits: list[float] = field(default_factory=list)  # from a person's question to its answer


class Refused(Exception):  # noqa: N818 (what happened)
    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too Many Requests: retry after {retry_after}")
        self.retry_after = retry_after


class LimitedApi:
    """`person` says /start at once and asks something now and then as soon as groups get messages."""

    def __init__(self, person: int, question: str) -> None:
        self.sent = Sent()
        self._person = person
        self._question = question
        self._asked = 0.0
        self._update = self._acknowledged = 0
        self._answered = True
        self._lately: dict[int, deque[float]] = defaultdict(deque)
        self._message = 0

    async def answer(self, method: str, parameters: dict[str, str]) -> Any:
        if method == "getupdates":
            return await self._poll(int(parameters.get("offset") or 0))
        if method == "getme":
            return ME
        if method == "getchatmember":
            return {"status": "administrator", "user": ME}
        if not method.startswith("send"):
            return True
        chat, now = int(parameters["chat_id"]), time.perf_counter()
        self._check(chat, now)
        if chat < 0:
            self.sent.groups[chat] += 1
            self.sent.first = self.sent.first or now
            self.sent.last = now
        elif not self._answered:
            self._answered = True
            self.sent.waits.append(now - self._asked)
        self._message += 1
        place = {"id": chat, "type": "private" if chat > 0 else "supergroup", "title": "群"}
        return {"message_id": self._message, "date": int(time.time()), "chat": place, "from": ME, "text": "."}

    def _check(self, chat: int, now: float) -> None:
        rules = [(0, *OVERALL), (chat, *CHAT)] + ([(chat, *GROUP)] if chat < 0 else [])
        for key, most, span in rules:
            lately = [at for at in self._lately[key] if now - at < span]
            if len(lately) >= most:
                self.sent.refusals.append(now)
                raise Refused(int(span - (now - lately[-most])) + 1)
        for key in (0, chat):
            self._lately[key].append(now)
            while now - self._lately[key][0] > GROUP[1]:
                self._lately[key].popleft()

    async def _poll(self, offset: int) -> list[Json]:
        if self._update == 0:
            self._update = 1
            return [said(1, self._person, self._person, "/start")]
        now = time.perf_counter()
        self._acknowledged = max(self._acknowledged, offset - 1)
        if self._acknowledged == self._update and self.sent.first and now - self._asked > ASKS_EVERY:
            self._update += 1
            self._asked, self._answered = now, False
            return [said(self._update, self._person, self._person, self._question)]
        await asyncio.sleep(LINGER)
        return []


class _Connection(Plain):
    async def _reply(self, method: str, parameters: dict[str, str]) -> None:
        try:
            result: Json = {"ok": True, "result": await self._api.answer(method, parameters)}
            status = "200 OK"
        except Refused as refused:
            status = "429 Too Many Requests"
            result = {
                "ok": False, "error_code": 429, "description": str(refused),
                "parameters": {"retry_after": refused.retry_after},
            }  # fmt: skip
        payload = json.dumps(result, ensure_ascii=False).encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n"
        self._transport.write(head.encode() + payload)


def _serve(pipe: Connection, person: int, question: str) -> None:
    async def serve() -> None:
        api = LimitedApi(person, question)
        server = await asyncio.get_running_loop().create_server(lambda: _Connection(api), "127.0.0.1", 0)  # type: ignore[arg-type]
        pipe.send(server.sockets[0].getsockname()[1])
        while True:
            await asyncio.to_thread(pipe.recv)
            pipe.send(api.sent)

    asyncio.run(serve())


class Served:
    """The base URL for the library, and what was sent so far."""

    def __init__(self, base_url: str, pipe: Connection) -> None:
        self.base_url = base_url
        self._pipe = pipe

    def look(self) -> Sent:
        self._pipe.send("look")
        sent: Sent = self._pipe.recv()
        return sent


@contextlib.contextmanager
def served(person: int, question: str) -> Iterator[Served]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, person, question), daemon=True)
    process.start()
    try:
        yield Served(f"http://127.0.0.1:{ours.recv()}/bot", ours)
    finally:
        process.kill()
        process.join()
