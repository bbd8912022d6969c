"""A Bot API as fast as Python can be one, in a process of its own: it hands out updates and notes when calls arrive.

It enforces nothing (`tests/telegram/fake.py` does): throughput is measured with every limit off.
"""

import asyncio
import contextlib
import json
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import parse_qsl

ME = {"id": 100, "is_bot": True, "first_name": "小格", "username": "bench_bot", "can_read_all_group_messages": True}
AT_ONCE = 100  # updates per call, as Telegram
WARM_UP = 5.0  # seconds after the first poll until a paced run begins: the bot is up, its dictionary loaded
QUIET = 0.5  # seconds without a call after the greetings
LINGER = 0.05  # seconds a poll is held open when nothing waits; short, so that the end is seen at once

Json = dict[str, Any]


def said(number: int, chat: int, user: int, text: str) -> Json:
    """An update: somebody says something in a group, or alone where chat and user are the same."""
    place = {"id": chat, "type": "private", "first_name": f"居民{user}"}
    if chat < 0:
        place = {"id": chat, "type": "supergroup", "title": f"{-chat}群"}
    author = {"id": user, "is_bot": False, "first_name": f"居民{user}"}
    post = {"message_id": number, "date": int(time.time()), "chat": place, "from": author, "text": text}
    return {"update_id": number, "message": post}


@dataclass
class Log:
    """What the bot did, by the fake's own clock (seconds)."""

    began: float = 0.0
    ended: float = 0.0
    calls: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)  # from an update being there to the first call about its chat
    first_call: float = 0.0


class FakeApi:
    """Hands out `updates`, `per_second` of them if given; done once all are acknowledged and `sends` calls made.

    The first of them, `greetings`, come beforehand; what they lead to does not count.
    """

    def __init__(self, updates: list[Json], greetings: int, sends: int, per_second: float | None) -> None:
        self.updates = updates
        self.greetings = greetings
        self.sends = sends
        self.per_second = per_second
        self.log = Log()
        self.done = asyncio.Event()
        self._first = updates[0]["update_id"]
        self._acknowledged = 0
        self._running = False
        self._called = 0.0
        self._waiting: dict[str, float] = {}
        self._message = 10_000_000

    def _available(self) -> int:
        if not self._running:
            return self.greetings
        if self.per_second is None:
            return len(self.updates)
        running = max(0.0, time.perf_counter() - self._at(self.greetings))
        return min(len(self.updates), self.greetings + int(running * self.per_second))

    def _at(self, number: int) -> float:
        """When an update of a paced run is there."""
        return self.log.began + WARM_UP + (number - self.greetings) / (self.per_second or 1)

    def _begin(self) -> None:
        """Once the greetings are dealt with."""
        now = time.perf_counter()
        if not self._running and self._acknowledged >= self.greetings and now - self._called > QUIET:
            self._running = True
            self.log.began = now
            self.log.calls.clear()

    async def answer(self, method: str, parameters: dict[str, str]) -> Any:
        if method == "getupdates":
            return await self._poll(int(parameters.get("offset") or 0))
        self.log.calls[method] += 1
        if method == "getme":
            return ME
        if method == "getchatmember":
            return {"status": "member", "user": ME}
        if not method.startswith(("send", "edit", "setmessagereaction")):
            return True
        now = time.perf_counter()
        self.log.first_call = self.log.first_call or now
        self._called = now
        since = self._waiting.pop(parameters["chat_id"], None)
        if since is not None:
            self.log.latencies.append(now - since)
        self.sends -= self._running and method != "editmessagetext"
        self.log.ended = now
        self._look()
        if method == "setmessagereaction":
            return True
        self._message += 1
        chat = int(parameters["chat_id"])
        place = {"id": chat, "type": "private" if chat > 0 else "supergroup", "title": "群"}
        return {"message_id": self._message, "date": int(time.time()), "chat": place, "from": ME, "text": "."}

    async def _poll(self, offset: int) -> list[Json]:
        self._called = self._called or time.perf_counter()
        self._acknowledged = max(self._acknowledged, offset - self._first)
        self._begin()
        self.log.ended = time.perf_counter() if self._acknowledged < len(self.updates) else self.log.ended
        self._look()
        start = self._acknowledged
        if start >= self._available():
            await asyncio.sleep(LINGER if self.per_second is None else 0.002)
        batch = self.updates[start : min(start + AT_ONCE, self._available())]
        if self.per_second is not None and self._running:
            for number, update in enumerate(batch, start=start):
                self._waiting[str(update["message"]["chat"]["id"])] = self._at(number)
        return batch

    def _look(self) -> None:
        if self._acknowledged >= len(self.updates) and self.sends <= 0:
            self.done.set()


class _Connection(asyncio.Protocol):
    def __init__(self, api: FakeApi) -> None:
        self._api = api
        self._buffer = b""
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].decode("latin-1")
            length = next(
                (int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length")), 0
            )
            if len(self._buffer) < end + 4 + length:
                return
            body = self._buffer[end + 4 : end + 4 + length].decode()
            self._buffer = self._buffer[end + 4 + length :]
            method = head.split(" ", 2)[1].rsplit("/", 1)[1].lower()
            task = asyncio.ensure_future(self._reply(method, dict(parse_qsl(body))))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _reply(self, method: str, parameters: dict[str, str]) -> None:
        result = await self._api.answer(method, parameters)
        payload = json.dumps({"ok": True, "result": result}, ensure_ascii=False).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n"
        self._transport.write(head.encode() + payload)


def _serve(pipe: Connection, *run: Any) -> None:
    async def serve() -> None:
        api = FakeApi(*run)
        server = await asyncio.get_running_loop().create_server(lambda: _Connection(api), "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(300):
                await api.done.wait()
        pipe.send(api.log)
        await asyncio.sleep(2)  # the bot's last calls get their answers

    asyncio.run(serve())


@contextlib.contextmanager
def served(
    updates: list[Json], *, greetings: int, sends: int, per_second: float | None = None
) -> Iterator[tuple[str, Connection]]:
    """The base URL for the library, and a pipe from which the log comes once all is done."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, updates, greetings, sends, per_second), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/bot", ours
    finally:
        process.kill()
        process.join()
