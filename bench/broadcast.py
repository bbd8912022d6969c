"""One notice to many groups under Telegram's limits: gridbot beside the library's AIORateLimiter, at the same time.

Each has a fake of its own that enforces the limits; both are paced, so neither slows the other. Then gridbot is killed
in the middle of a broadcast and started again.
"""

import argparse
import asyncio
import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from limited_api import Sent, Served, served
from sqlmodel import func, select
from telegram.ext import AIORateLimiter, Application

from bot import announce, clock, config
from bot.app import App
from bot.platforms.telegram import Telegram
from storage.database import Database
from storage.outbox import Letter, LetterState

FIRST = 1_000_000
PERSON = 7
LIMIT = 30.0  # messages a second
QUIET = 8.0  # seconds without a message: it is over


def groups(count: int) -> list[int]:
    return [-(FIRST + n) for n in range(1, count + 1)]


def community(folder: Path, count: int) -> Path:
    text = [
        f'[community]\nname = "压测社区"\n[database]\nurl = "sqlite:///{folder / "ours.db"}"',
        f'[media]\nfolder = "{folder / "media"}"\n[manners]\nquiet_from = "00:00"\nquiet_to = "00:00"',
        '[[grids]]\nkey = "root"\nname = "压测社区"\nlevel = "community"',
        '[[duties]]\nkey = "all"\ncategory = "*"\ngrid = "root"\naccept_hours = 4\nfinish_hours = 120',
        f'[[people]]\nkey = "w"\nname = "网格员"\naccounts = ["telegram:main:{PERSON}"]',
        'roles = [{ rank = "worker", grid = "root" }, { rank = "chief", grid = "root" }]',
    ]
    text += [f'[[groups]]\nchat = "telegram:main:{chat}"\ntitle = "{-chat}群"\ngrid = "root"' for chat in groups(count)]
    path = folder / "config.toml"
    path.write_text("\n".join(text), encoding="utf-8")
    return path


# -- the two that send, each a process of its own ---------------------------------------------------------------------


async def ours(base_url: str, file: str, begin: str) -> None:
    """gridbot at its own pace; with `begin` a notice is put down as soon as it runs."""
    settings = config.load(Path(file))
    database = Database(settings.database.url.get_secret_value())
    telegram = Telegram("100:ours", base_url=base_url)
    app = App(settings, database, [telegram], clock.now)
    telegram.passes = app.passes
    await app.start()
    running = asyncio.create_task(app.run())
    await asyncio.sleep(2)  # the person has said hello
    if begin == "begin":
        await asyncio.to_thread(
            announce.plan, settings, database, "明早9点停水", to="全社区", at=None, urgent=True, pin=False, keep=True
        )
    await running


async def library(base_url: str, count: str, *_: str) -> None:
    """python-telegram-bot's own limiter with its defaults, all messages handed over at once."""
    app = Application.builder().token("100:plain").base_url(base_url).rate_limiter(AIORateLimiter()).build()
    await app.initialize()
    sends = [app.bot.send_message(chat, "明早9点停水") for chat in groups(int(count))]
    await asyncio.gather(*sends, return_exceptions=True)
    await asyncio.sleep(3600)


def start(who: str, *arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, __file__, who, *arguments])  # noqa: S603 (our own)


# -- what is measured -------------------------------------------------------------------------------------------------


def over(fakes: list[Served], count: int) -> list[Sent]:
    """What was sent, once nothing has been for a while, or half as long again as it need take has gone by."""
    before: list[Sent] = []
    until = time.monotonic() + 1.5 * count / LIMIT + 60
    while True:
        time.sleep(QUIET)
        now = [fake.look() for fake in fakes]
        quiet = before and all(one.groups == other.groups for one, other in zip(before, now, strict=True))
        if (quiet and all(one.groups for one in now)) or time.monotonic() > until:
            return now
        before = now


def told(name: str, sent: Sent, count: int) -> str:
    took = max(sent.last - sent.first, 1e-9)
    rate = (sum(sent.groups.values()) - 1) / took
    after = [at for at in sent.refusals if at > (sent.refusals[0] if sent.refusals else 0)]
    lost = count - len(sent.groups)
    return (
        f"{name:15} {count:6,} groups in {took:6.1f} s, {rate:5.2f}/s = {100 * rate / LIMIT:5.1f} % of the limit, "
        f"{len(sent.refusals)} × 429 ({len(after)} after the first), {lost} lost"
    )


def compare(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder, served(PERSON, "待办") as mine, served(PERSON, "待办") as theirs:
        processes = [
            start("ours", mine.base_url, str(community(Path(folder), count)), "begin"),
            start("library", theirs.base_url, str(count)),
        ]
        try:
            mine_sent, theirs_sent = over([mine, theirs], count)
        finally:
            for process in processes:
                process.kill()
                process.wait()
    print(told("gridbot", mine_sent, count))
    waits = sorted(mine_sent.waits)
    print(f"{'':15} {len(waits)} questions of a person meanwhile, the slowest answer after {waits[-1]:.2f} s")
    print(told("AIORateLimiter", theirs_sent, count))


def killed(count: int) -> None:
    """Killed in the middle, then started again: what nobody can know of is listed, nothing else is lost or doubled."""
    with tempfile.TemporaryDirectory() as folder, served(PERSON, "待办") as fake:
        file = community(Path(folder), count)
        process = start("ours", fake.base_url, str(file), "begin")
        while sum(fake.look().groups.values()) < count // 2:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        before = sum(fake.look().groups.values())
        process = start("ours", fake.base_url, str(file), "")
        (sent,) = over([fake], count)
        process.kill()
        process.wait()
        database = Database(f"sqlite:///{Path(folder) / 'ours.db'}")
        with database.transaction() as session:
            query = select(func.count()).where(Letter.state == LetterState.UNCERTAIN)
            uncertain = session.exec(query.select_from(Letter)).one()
        database.close()
    twice = sum(times > 1 for times in sent.groups.values())
    missing = count - len(sent.groups)
    print(
        f"killed          after {before:,} of {count:,} groups and started again: {len(sent.groups):,} have it, "
        f"{twice} twice, {uncertain} listed as uncertain, {max(0, missing - uncertain)} lost silently"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--groups", type=int, nargs="*", default=[1_000])
    parser.add_argument("--kill", type=int, default=300, help="groups of the broadcast that is killed")
    chosen = parser.parse_args()
    print(f"{os.cpu_count()} processors")
    for count in chosen.groups:
        compare(count)
    killed(chosen.kill)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    runs = {"ours": ours, "library": library}
    if len(sys.argv) > 1 and sys.argv[1] in runs:
        asyncio.run(runs[sys.argv[1]](*sys.argv[2:]))
    else:
        main()
