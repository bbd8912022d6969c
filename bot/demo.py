"""The demo: a sample day on the console as it happens, the ledger and figures at its end, then the newcomer types on."""

import asyncio
import re
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console as Terminal
from rich.table import Table
from rich.text import Text

from bot.config import Settings
from bot.platforms.console import Console, Posted
from bot.play import Line, Play, Unplayable, parse, script
from bot.stage import HandClock, Stage
from handlers.house import House
from handlers.wording import Wording
from storage import figures, ledger
from storage.database import Database
from storage.figures import Figures, Rate


class Screen:
    """Prints what happens in every chat: who said what where, what the bot answered to whom."""

    def __init__(self, terminal: Terminal, house: House) -> None:
        self.terminal = terminal
        self.house = house
        self.say = Wording(house.language, house.zone)
        self.numbered: list[
            tuple[Posted, str, str]
        ] = []  # buttons offered since the newcomer types: post, label, command
        self.number_buttons = False

    def __call__(self, what: str, post: Posted) -> None:
        show = {
            "said": self._said,
            "sent": self._sent,
            "edited": self._edited,
            "erased": self._erased,
            "reacted": self._reacted,
        }
        show[what](post)

    def pressed(self, at: datetime, person: str, post: Posted, label: str) -> None:
        line = self._head(at, Posted("", post.address, post.private, person, "", at), person)
        line.append(f"〔{label}〕", style="bold yellow")
        self.terminal.print(line)

    def toast(self, text: str) -> None:
        self._indented(f"({text})", style="green")

    def _said(self, post: Posted) -> None:
        line = self._head(post.at, post, post.author)
        line.append(post.text + " [图片]" * post.photos)
        self.terminal.print(line)

    def _sent(self, post: Posted) -> None:
        line = self._head(post.at, post, self.house.bot_name)
        first, _, rest = post.text.partition("\n")
        line.append(first, style="green")
        self.terminal.print(line)
        for text in rest.split("\n") if rest else ():
            self._indented(text, style="green")
        self._buttons(post)

    def _edited(self, post: Posted) -> None:
        self._indented(f"✎ {' / '.join(post.text.splitlines())}", style="dim green")
        if self.number_buttons:
            self._buttons(post)

    def _erased(self, post: Posted) -> None:
        self._indented(f"✗ {post.text.splitlines()[0]}", style="dim red")

    def _reacted(self, post: Posted) -> None:
        self._indented(f"{post.reactions[-1]} {post.author}: {post.text[:24]}", style="dim")

    def _buttons(self, post: Posted) -> None:
        if not post.buttons:
            return
        shown = []
        for label, command in post.buttons:
            if self.number_buttons:
                self.numbered.append((post, label, command))
                shown.append(f"[{len(self.numbered)} {label}]")
            else:
                shown.append(f"[{label}]")
        self._indented(" ".join(shown), style="yellow")

    def _head(self, at: datetime, post: Posted, who: str) -> Text:
        where = "私聊" if post.private else post.address
        to = f" → {post.address}" if post.private and post.by_us and who == self.house.bot_name else ""
        line = Text(f"{at.astimezone(self.house.zone):%H:%M} ", style="dim")
        line.append(f"[{where}] ", style="magenta" if post.private else "cyan")
        line.append(f"{who}{to}: ", style="bold green" if post.by_us or who == self.house.bot_name else "bold")
        return line

    def _indented(self, text: str, style: str) -> None:
        self.terminal.print(Text(" " * 6 + text, style=style))


async def demo(settings: Settings, play_file: Path, *, speed: float, interactive: bool) -> None:
    """`speed` is how many messages a second the day is played at; 0 plays it without pauses."""
    house = settings.house()
    lines = list(script(play_file, house.zone))
    with tempfile.TemporaryDirectory(prefix="gridbot-demo-") as folder:
        clock = HandClock(lines[0][0])
        screen = Screen(Terminal(highlight=False, soft_wrap=True), house)
        console = Console(clock, watch=screen)
        database = Database(f"sqlite:///{Path(folder) / 'demo.db'}")
        stage = Stage(settings, database, clock, lambda _: [console])
        try:
            await stage.app.start()
            play = Play(stage, console)
            _banner(screen, settings)
            await _perform(play, screen, lines, speed)
            _results(screen, database, lines[0][0], clock.at)
            if interactive:
                await _type_on(play, screen)
        finally:
            stage.app.close()


def _banner(screen: Screen, settings: Settings) -> None:
    screen.terminal.rule(f"[bold]{settings.community.name}[/] 的一天")
    screen.terminal.print(
        Text(
            "青色是群,紫色是私聊,绿色是机器人说的;✎ 卡片改动,👀 表情。没有绿色的地方,就是它不该说话的地方。\n",
            style="dim",
        )
    )


async def _perform(play: Play, screen: Screen, lines: list[tuple[datetime, Line]], speed: float) -> None:
    day = None
    for at, line in lines:
        await play.stage.advance(at)
        if at.date() != day:
            day = at.date()
            screen.terminal.rule(f"{day:%Y-%m-%d}", style="dim")
        await act(play, screen, line)
        if speed:
            await asyncio.sleep(1 / speed)


async def act(play: Play, screen: Screen, line: Line) -> None:
    """Performs one line and shows a pressed button, which no chat shows by itself."""
    if re.fullmatch(r"<[^>]+>", line.text):
        label, _, about = line.text[1:-1].partition("|")
        post, command = play.button(line.address, label, about or None)
        await press(play, screen, line.person, post, label, command)
        return
    await play.perform(line)


async def press(play: Play, screen: Screen, person: str, post: Posted, label: str, command: str) -> None:
    screen.pressed(play.stage.clock(), person, post, label)
    if toast := await play.press(person, post, command):
        screen.toast(toast)


def _results(screen: Screen, database: Database, start: datetime, end: datetime) -> None:
    with database.transaction() as session:
        table = Table(title="台账", title_style="bold", show_lines=False, pad_edge=False)
        for name in ("#", "事项", "位置", "几户", "负责", "状态", "满意", "历史"):
            table.add_column(name, overflow="fold")
        for entry in ledger.entries(session):
            voices = sum(report["voice"] and not report["withdrawn"] for report in entry["reports"])
            outcome = f"·{screen.say('outcome.' + (entry['verdict'] or entry['outcome']))}" if entry["outcome"] else ""
            mood = screen.say(f"button.rate.{entry['satisfaction']}") if entry["satisfaction"] else ""
            history = " ".join(_step(screen, event["kind"]) for event in entry["events"] if event["kind"] in STEPS)
            table.add_row(
                str(entry["number"]), entry["title"], " ".join(entry["places"]), str(voices), entry["lead"] or "",
                screen.say(f"state.{entry['state']}") + outcome, mood, history,
            )  # fmt: skip
        screen.terminal.print()
        screen.terminal.print(table)
        _figures(screen, figures.between(session, start - timedelta(hours=1), end + timedelta(seconds=1)))


STEPS = (
    "registered",
    "transferred",
    "accepted",
    "raised",
    "done",
    "reopened",
    "withdrawn",
    "mistaken",
    "false_alarm",
    "closed_by_tap",
)


def _step(screen: Screen, kind: str) -> str:
    return screen.say(f"event.{kind}")


def _figures(screen: Screen, result: Figures) -> None:
    raw, adjusted = result.raw, result.adjusted
    excluded = "、".join(f"{screen.say(f'state.{state}')} {count}" for state, count in result.excluded.items()) or "无"
    screen.terminal.print(
        f"\n诉求 {result.cases}(来自 {result.voices} 户) · 办结 {result.finished} · 在办 {result.still_open},逾期 {result.late}"
        f" · 重办 {result.reopened}\n"
        f"响应 {_percent(raw.responded)} · 解决 {_percent(raw.solved)}(居民确认 {raw.solved_confirmed})"
        f" · 满意 {_percent(raw.satisfied)}(答 {raw.satisfied.of})\n"
        f"剔除后 响应 {_percent(adjusted.responded)} · 解决 {_percent(adjusted.solved)}(剔除 {excluded})\n"
    )


def _percent(rate: Rate) -> str:
    return f"{rate.percent:.1f}%" if rate.percent is not None else "—"


async def _type_on(play: Play, screen: Screen) -> None:
    """The newcomer speaks as anyone; time runs from the end of the day at its natural pace."""
    screen.number_buttons = True
    screen.terminal.rule("接着试试")
    screen.terminal.print(
        "群里说:  王阿姨@3号楼群 电梯又坏了      私聊机器人:  张网格员 待办\n"
        "按按钮:  输入它的编号(群里的按钮前面写谁按: 王阿姨 3)      结束:  退出 或 Ctrl-D\n",
        markup=False,
    )
    began, played = datetime.now(tz=ZoneInfo("UTC")), play.stage.clock.at
    while True:
        try:
            text = (await asyncio.to_thread(input, "› ")).strip()
        except EOFError:
            screen.terminal.print()
            return
        if text in {"退出", "exit", "quit"}:
            return
        await play.stage.advance(played + (datetime.now(tz=ZoneInfo("UTC")) - began))
        try:
            await _typed(play, screen, text)
        except Unplayable as wrong:
            screen.terminal.print(Text(str(wrong), style="red"))


async def _typed(play: Play, screen: Screen, text: str) -> None:
    if not text:
        return
    who, _, number = text.rpartition(" ")
    if not number.isdecimal() or who.count(" "):
        await act(play, screen, parse(text))
        return
    if not 1 <= int(number) <= len(screen.numbered):
        raise Unplayable(f"没有按钮 {number}")
    post, label, command = screen.numbered[int(number) - 1]
    if not who and not post.private:
        raise Unplayable(f"群里的按钮要写谁按:王阿姨 {number}")
    await press(play, screen, who or post.address, post, label, command)
