"""The one HTTP edge: webhooks, health, metrics."""

import asyncio
import contextlib
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

log = logging.getLogger(__name__)

BIGGEST = 1024 * 1024  # bytes of a body; an update has a few thousand
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (its name) https://core.telegram.org/bots/api#setwebhook
FINISH = 5  # seconds for the calls under way when the bot stops

Deliver = Callable[[dict[str, Any]], Awaitable[bool]]
Ready = Callable[[], Awaitable[bool]]
Measure = Callable[[], Awaitable[Mapping[str, float]]]


@dataclass(frozen=True)
class Hook:
    """A webhook: its path, the word its caller knows, and where its updates go (False: send it again)."""

    path: str
    secret: str = field(repr=False)
    deliver: Deliver


def site(hooks: Sequence[Hook], ready: Ready, measure: Measure) -> Starlette:
    """`measure` gives what is looked up when somebody asks: names of gauges with their values."""
    registry = CollectorRegistry()
    calls = Counter("gridbot_webhook_calls", "Webhook calls by their answer", ["path", "status"], registry=registry)
    gauges: dict[str, Gauge] = {}
    seconds = Histogram("gridbot_webhook_seconds", "From call to commit", ["path"], registry=registry)

    def healthz(request: Request) -> Response:  # noqa: ARG001 (the interface)
        return PlainTextResponse("ok")

    async def readyz(request: Request) -> Response:  # noqa: ARG001
        return PlainTextResponse("ready") if await ready() else PlainTextResponse("not ready", 503)

    async def metrics(request: Request) -> Response:  # noqa: ARG001
        for name, value in (await measure()).items():
            if name not in gauges:
                gauges[name] = Gauge(f"gridbot_{name}", name.replace("_", " "), registry=registry)
            gauges[name].set(value)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    def hooked(hook: Hook) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            with seconds.labels(hook.path).time():
                status = await _delivered(hook, request)
            calls.labels(hook.path, str(status)).inc()
            return Response(status_code=status)

        return answer

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            *(Route(hook.path, hooked(hook), methods=["POST"]) for hook in hooks),
        ]
    )


async def _delivered(hook: Hook, request: Request) -> int:
    """200 only after the commit; anything else makes the platform send it again, but for what can never be read."""
    shown = request.headers.get(SECRET_HEADER, "")
    if not hmac.compare_digest(shown.encode(), hook.secret.encode()):
        return 403
    try:
        body = await _body(request)
        raw = json.loads(body) if body is not None else None
    except (ValueError, ClientDisconnect):
        return 400
    if raw is None:
        return 413
    if not isinstance(raw, dict):
        return 400
    return 200 if await hook.deliver(raw) else 503


async def _body(request: Request) -> bytes | None:
    """None if it is too big; no more than the limit is ever read."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > BIGGEST:
            return None
    return bytes(body)


class Server(uvicorn.Server):
    """Serves a site inside our own loop; signals are the bot's affair."""

    def __init__(self, app: Starlette, host: str, port: int) -> None:
        super().__init__(
            uvicorn.Config(
                app, host, port, log_config=None, access_log=False, lifespan="off", ws="none", server_header=False,
                timeout_graceful_shutdown=FINISH,
            )
        )  # fmt: skip

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def until_cancelled(self) -> None:
        """Stops accepting when cancelled, and finishes what is under way. OSError if the port is taken."""
        serving = asyncio.create_task(self._served())
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            self.should_exit = True
            await serving
            raise

    async def _served(self) -> None:
        try:
            await self.serve()
        except SystemExit:  # its way of saying that it cannot listen
            raise OSError(f"cannot listen on {self.config.host}:{self.config.port}") from None

    @property
    def port(self) -> int | None:
        """The port it listens on, once it does."""
        return self.servers[0].sockets[0].getsockname()[1] if self.started else None
