"""The demo: a sample day on the console as it happens, its ledger and figures, then the newcomer types on."""

import asyncio
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.config import Settings
from bot.platforms.console import Console
from bot.play import Line, Play, Unplayable, parse, script
from bot.screen import Screen, terminal
from bot.stage import HandClock, Stage
from bot.store import Store
from storage import figures, ledger
from storage.database import Database

TICK = 1.0  # seconds between two looks at the timers while somebody types


async def demo(settings: Settings, play_file: Path, *, speed: float, interactive: bool) -> None:
    """`speed` is how many lines a second the day is played at; 0 plays it without pauses."""
    house = settings.house()
    lines = list(script(play_file, house.zone))
    screen = Screen(terminal(), house)
    with tempfile.TemporaryDirectory(prefix="gridbot-demo-") as folder:
        clock = HandClock(lines[0][0])
        console = Console(clock, watch=screen)
        database = Database(f"sqlite:///{Path(folder) / 'demo.db'}")
        stage = Stage(settings, database, clock, lambda _: [console], Store(Path(folder) / "media"))
        try:
            await stage.start()
            play = Play(stage, console)
            screen.rule(screen.say("demo.title", community=house.community))
            screen.hint(screen.say("demo.legend"))
            await _perform(play, lines, speed)
            with database.transaction() as session:
                screen.ledger(list(ledger.entries(session)))
                screen.figures(figures.between(session, lines[0][0], clock.at + timedelta(seconds=1)))
            if interactive:
                await _type_on(play, screen, input)
        finally:
            stage.app.close()


async def _perform(play: Play, lines: list[tuple[datetime, Line]], speed: float) -> None:
    for at, line in lines:
        await play.stage.advance(at)
        await play.perform(line)
        if speed:
            await asyncio.sleep(1 / speed)


async def _type_on(play: Play, screen: Screen, read: Callable[[str], str]) -> None:
    """The newcomer speaks as anyone; time runs on at its natural pace. Ends with the input."""
    screen.numbered.clear()
    screen.number_buttons = True
    screen.rule(screen.say("demo.your_turn"))
    screen.hint(screen.say("demo.how"))
    one_at_a_time = asyncio.Lock()
    timers = asyncio.create_task(_keep_time(play, one_at_a_time))
    try:
        while (text := await _line(read)) is not None:
            async with one_at_a_time:
                try:
                    await _typed(play, screen, text)
                except Unplayable as wrong:
                    screen.wrong(f"{wrong}\n{screen.say('demo.how')}")
    finally:
        timers.cancel()


async def _keep_time(play: Play, one_at_a_time: asyncio.Lock) -> None:
    began, played = datetime.now(tz=UTC), play.stage.clock.at
    while True:
        async with one_at_a_time:
            await play.stage.advance(played + (datetime.now(tz=UTC) - began))
        await asyncio.sleep(TICK)


async def _line(read: Callable[[str], str]) -> str | None:
    try:
        text = await asyncio.to_thread(read, "› ")
    except EOFError:
        return None
    return None if text.strip() in {"exit", "quit", "退出"} else text.strip()


async def _typed(play: Play, screen: Screen, text: str) -> None:
    """A line of a play, or the number of a button; a group's button needs who presses it: "王阿姨 3"."""
    who, _, number = text.rpartition(" ")
    if not number.isdecimal() or " " in who:
        if text:
            await play.perform(parse(text))
        return
    if not 1 <= int(number) <= len(screen.numbered):
        raise Unplayable(screen.say("demo.no_button", number=number))
    post, command = screen.numbered[int(number) - 1]
    if not who and not post.private:
        raise Unplayable(screen.say("demo.who_presses", number=number))
    if command not in {hidden for _, hidden in post.buttons}:
        raise Unplayable(screen.say("demo.button_gone", number=number))
    await play.press(who or post.address, post, command)
