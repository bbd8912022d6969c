"""`gridbot run`: the platforms of the configuration, one process per SQLite file, until it is told to stop."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Coroutine, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from filelock import FileLock, Timeout
from sqlalchemy.exc import SQLAlchemyError
from telegram.error import TelegramError

from bot import clock, http, logs
from bot.app import App, supervised
from bot.config import HttpSettings, Settings
from bot.platforms.telegram import BadToken, Telegram, Webhook
from bot.store import Store
from bot.upkeep import Upkeep
from storage import outbox
from storage.chats import ChatKey
from storage.database import Database

log = logging.getLogger(__name__)
READY_WITHIN = 2  # seconds
WRONG_TOKEN = "platforms.telegram.token: Telegram does not know this token; @BotFather shows it"  # noqa: S105


class CannotRun(Exception):  # noqa: N818 (the sentence the operator reads)
    """Why the bot does not start."""


def run(settings: Settings) -> None:
    """Returns when the bot was told to stop and has finished what it held. CannotRun."""
    platforms = platforms_of(settings)
    if not platforms:
        raise CannotRun("no platform is configured: set platforms.telegram.token")
    try:
        Store(settings.media.folder).prepare()
    except OSError as error:
        raise CannotRun(f"media.folder: {settings.media.folder} cannot be used ({error.strerror})") from None
    database = Database(settings.database.url.get_secret_value())
    logs.to_json(secrets_of(settings, database), handler=log_file(settings))
    with only_one(database):
        asyncio.run(_live(settings, database, platforms))


def platforms_of(settings: Settings) -> list[Telegram]:
    telegram = settings.platforms.telegram
    if telegram is None:
        return []
    webhook = None
    if telegram.mode == "webhook" and telegram.webhook_url and telegram.secret:
        webhook = Webhook(telegram.webhook_url, telegram.secret.get_secret_value())
    token = telegram.token.get_secret_value()
    return [Telegram(token, base_url=telegram.base_url, account=telegram.account, webhook=webhook)]


def log_file(settings: Settings) -> logging.Handler | None:
    """None: standard error. CannotRun."""
    wanted = settings.logs
    if wanted.file is None:
        return None
    try:
        return logs.to_file(wanted.file, megabytes=wanted.megabytes, keep=wanted.keep)
    except OSError as error:
        raise CannotRun(f"logs.file: {wanted.file} cannot be written ({error.strerror})") from None


def secrets_of(settings: Settings, database: Database) -> list[str]:
    telegram = settings.platforms.telegram
    secrets = [telegram.token, telegram.secret] if telegram else []
    return [*(secret.get_secret_value() for secret in secrets if secret), str(database.url.password or "")]


@contextlib.contextmanager
def only_one(database: Database) -> Iterator[None]:
    """SQLite has one writer: a second bot on the same file is refused. PostgreSQL serves many."""
    file = database.url.database
    if not database.is_sqlite or file in {None, "", ":memory:"}:
        yield
        return
    lock = FileLock(f"{Path(str(file)).resolve()}.lock")
    try:
        lock.acquire(timeout=1)  # second: `gridbot status` holds it for a moment to see whether a bot runs
    except Timeout:
        raise CannotRun(f"another gridbot already runs on {file}: stop it first, or use PostgreSQL") from None
    try:
        yield
    finally:
        lock.release()


async def _live(settings: Settings, database: Database, platforms: list[Telegram]) -> None:
    stop = _told_to_stop()
    app = App(settings, database, platforms, clock.now)
    try:
        for platform in platforms:
            platform.moved = partial(_move, app, platform)
            platform.overhear = app.overhear
            platform.passes = app.passes
            await _unless(stop, _greet(platform))
        if stop.is_set():
            return
        try:
            conflicts = await app.start()
        except SQLAlchemyError as error:
            raise CannotRun(f"the database cannot be used ({type(error).__name__})") from None
        for conflict in conflicts:
            log.warning(conflict)
        beside = [Upkeep(app, platform) for platform in platforms]
        for platform, upkeep in zip(platforms, beside, strict=True):
            platform.observe = upkeep.observe
        await _until(stop, app, server_of(settings, app, platforms), beside)
    finally:
        await asyncio.to_thread(app.close)
        for platform in platforms:
            await platform.close()


def _told_to_stop() -> asyncio.Event:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # on Windows only Ctrl-C ends it
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
    return stop


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Until it is done, or the bot is told to stop."""
    tasks = [asyncio.create_task(work), asyncio.create_task(stop.wait())]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
    if not tasks[0].cancelled():
        tasks[0].result()


async def _greet(platform: Telegram) -> None:
    """A wrong token ends it here; a network that is down may come back."""
    try:
        me = await platform.greet()
    except BadToken:
        raise CannotRun(WRONG_TOKEN) from None
    except TelegramError as error:
        log.warning("Telegram cannot be reached yet", extra={"error": type(error).__name__})
    else:
        log.info("on Telegram as @%s", me.username)


async def _move(app: App, platform: Telegram, old: str, new: str) -> bool:
    return await app.move(*(ChatKey(platform.name, platform.account, address) for address in (old, new)))


def server_of(settings: Settings, app: App, platforms: Sequence[Telegram]) -> http.Server | None:
    """None where nobody needs to call us."""
    hooks = [
        http.Hook(urlsplit(platform.webhook.url).path, platform.webhook.secret, platform.deliver)
        for platform in platforms
        if platform.webhook
    ]
    if not hooks and settings.http is None:
        return None
    where = settings.http or HttpSettings()
    return http.Server(http.site(hooks, partial(_ready, app), partial(_measure, app)), where.host, where.port)


async def _ready(app: App) -> bool:
    """Whether a message could be committed now."""
    try:
        async with asyncio.timeout(READY_WITHIN):
            await asyncio.wrap_future(app.lanes.submit("ready", outbox.count_waiting))
    except (TimeoutError, SQLAlchemyError):
        return False
    return True


async def _measure(app: App) -> dict[str, float]:
    return {"letters_waiting": await asyncio.wrap_future(app.lanes.submit("ready", outbox.count_waiting))}


async def _until(stop: asyncio.Event, app: App, server: http.Server | None, beside: Sequence[Upkeep]) -> None:
    """Runs until told to stop: first nobody is let in any more, then the loops finish what they hold."""
    upkeep = [asyncio.create_task(supervised("upkeep", one.run)) for one in beside]
    running = asyncio.create_task(app.run())
    stopped = asyncio.create_task(stop.wait())
    serving = asyncio.create_task(server.until_cancelled()) if server else stopped
    log.info("running")
    try:
        await asyncio.wait({running, serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
        log.info("stopping")
    finally:
        for task in (*upkeep, serving, running, stopped):
            task.cancel()
            await asyncio.wait({task})
    for task in (serving, running):
        if not task.cancelled() and (error := task.exception()):
            raise CannotRun(str(error)) if isinstance(error, OSError) else error
    log.info("stopped")
