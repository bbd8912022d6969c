"""A play: lines such as "08:05 张网格员 <接单|电梯>", read from a script or typed, performed on the stage."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.platforms.console import Console, Posted
from bot.stage import Stage

PHOTO = "[图片]"
_LINE = re.compile(r"(?:(?P<time>\d{1,2}:\d{2})\s+)?(?P<person>[^\s@]+)(?:@(?P<group>\S+))?\s+(?P<text>.+)")
_PRESS = re.compile(r"<(?P<label>[^|>]+)(?:\|(?P<about>[^>]+))?>")
_REPLY = re.compile(r"\^(?P<about>[^^]+)\^\s*(?P<text>.*)")


class Unplayable(Exception):  # noqa: N818 (what is wrong with the line)
    """A line that cannot be performed; the text says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """`address` is a group, or the person's own name for the private chat with the bot."""

    person: str
    address: str
    text: str
    at: time | None = None


def parse(text: str) -> Line:
    found = _LINE.fullmatch(text.strip())
    if found is None:
        raise Unplayable(f"neither 'person@group words' nor 'person words': {text}")
    at = time.fromisoformat(found["time"].zfill(5)) if found["time"] else None
    return Line(found["person"], found["group"] or found["person"], found["text"].strip(), at)


def script(path: Path, zone: ZoneInfo) -> Iterator[tuple[datetime, Line]]:
    """The lines of a script with their moments. Unplayable names the line that cannot be read."""
    day: date | None = None
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = raw.strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("=="):
            day = date.fromisoformat(text.strip("= "))
            continue
        line = parse(text)
        if day is None or line.at is None:
            raise Unplayable(f"{path}:{number}: a line needs its time, and a date above it")
        yield datetime.combine(day, line.at, zone), line


class Play:
    """Performs lines; buttons and quoted messages are found in what the chats show."""

    def __init__(self, stage: Stage, console: Console) -> None:
        self.stage = stage
        self.console = console

    async def perform(self, line: Line) -> str | None:
        """Says, presses or replies what the line holds; returns the toast of a pressed button."""
        if found := _PRESS.fullmatch(line.text):
            post, command = self.button(line.address, found["label"], found["about"])
            return await self.press(line.person, post, command)
        reply_to, text = None, line.text
        if found := _REPLY.fullmatch(line.text):
            reply_to, text = self.newest(line.address, found["about"]), found["text"]
        photos = text.count(PHOTO)
        message = self.console.message(
            line.person, line.address, text.replace(PHOTO, "").strip(), photos=photos, reply_to=reply_to
        )
        return await self.stage.hear(message)

    async def press(self, person: str, post: Posted, command: str) -> str | None:
        toast = await self.stage.hear(self.console.press(person, post, command))
        if toast:
            self.console.toast(person, post, toast)
        return toast

    def newest(self, address: str, about: str) -> Posted:
        """The newest message there that says it, the bot's before the people's."""
        posts = [post for post in self.console.posted.get(address, []) if about in post.text and not post.erased]
        for post in [post for post in posts if post.by_us][-1:] or posts[-1:]:
            return post
        raise Unplayable(f"{address}: nothing there says {about!r}")

    def button(self, address: str, label: str, about: str | None) -> tuple[Posted, str]:
        for post in reversed(self.console.posted.get(address, [])):
            commands = dict(post.buttons)
            if label in commands and not post.erased and (about is None or about in post.text):
                return post, commands[label]
        raise Unplayable(f"{address}: no button {label!r}" + (f" where it says {about!r}" if about else ""))
