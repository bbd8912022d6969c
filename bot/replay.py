"""Replay: a log of messages, JSON line by JSON line, fed through the whole bot with the log's own clock."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from bot.config import Settings
from bot.platforms import Outgoing, Pace, Platform, Receive, Undeliverable
from bot.stage import HandClock, Stage
from handlers.message import Attached, Message, Quoted, Sender
from storage import outbox
from storage.attachments import Media
from storage.chats import ChatKey
from storage.database import Database

Say = Callable[[dict[str, object]], None]


class Logged(BaseModel):
    """One message of a log."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    platform: str = "console"
    account: str = "main"
    chat_id: str
    chat_title: str = ""
    private: bool = False
    sender_id: str
    sender_name: str = ""
    message_id: str
    ts: AwareDatetime
    text: str = ""
    photo: bool | int = False
    reply_to: str | None = None
    press: bool = Field(default=False, description="the text is a pressed button of the message replied to")


class Unreadable(Exception):  # noqa: N818 (what is wrong with the line)
    """A line of the log that is no message; the text names the line."""


class Recorder:
    """A platform that sends nowhere: every letter becomes a line, with an id so that it can be edited and quoted."""

    pace = Pace()
    has_files = False

    def __init__(self, name: str, account: str, now: Callable[[], datetime], say: Say) -> None:
        self.name = name
        self.account = account
        self.texts: dict[tuple[str, str], tuple[str, str | None]] = {}  # text and what it replied to
        self.before = 0  # letters of earlier logs: their ids are taken
        self._now = now
        self._say = say

    async def run(self, receive: Receive) -> None:
        """Messages come from the log."""

    async def fetch(self, file: str) -> bytes:  # noqa: ARG002 (the interface)
        raise Undeliverable("a log has no files")

    def link(self, code: str) -> str | None:  # noqa: ARG002 (the interface)
        return None

    async def send(self, outgoing: Outgoing) -> str | None:
        what = _what(outgoing)
        message = outgoing.edits or (None if outgoing.reaction else f"bot-{self.before + len(self.texts) + 1}")
        if message:
            self.texts[outgoing.address, message] = (outgoing.text or "", outgoing.reply_to)
        line: dict[str, object] = {
            "ts": self._now().isoformat(),
            "platform": self.name,
            "account": self.account,
            "chat_id": outgoing.address,
            "private": outgoing.private,
            "what": what,
            "message_id": message,
            "text": outgoing.text,
            "buttons": [{"label": label, "command": command} for label, command in outgoing.buttons],
            "reply_to": outgoing.reply_to,
            "reaction": outgoing.reaction,
            "files": [file.media.value for file in outgoing.files],
        }
        self._say({key: value for key, value in line.items() if value not in (None, [])})
        return message


def _what(outgoing: Outgoing) -> str:
    deeds = {"erase": outgoing.erase, "pin": outgoing.pin, "edit": outgoing.edits, "react": outgoing.reaction}
    return next((deed for deed, done in deeds.items() if done), "send")


def read(lines: Iterable[str]) -> Iterator[Logged]:
    """Unreadable names the first line that is no message; blank lines are passed over."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield Logged.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise Unreadable(f"line {number}: {where + ': ' if where else ''}{first['msg']}") from None


async def replay(
    settings: Settings, database: Database, log: list[Logged], say: Say, *, until: datetime | None
) -> None:
    """Feeds the log in the order of its times; timers fire at theirs, and on to `until` after the last message."""
    if not log:
        return
    ordered = sorted(log, key=lambda entry: entry.ts)
    accounts = sorted({(entry.platform, entry.account) for entry in ordered})
    recorders: dict[tuple[str, str], Recorder] = {}

    def platforms(clock: HandClock) -> list[Platform]:
        recorders.update({key: Recorder(*key, clock, say) for key in accounts})
        return list(recorders.values())

    stage = Stage(settings, database, HandClock(ordered[0].ts), platforms)
    try:
        for conflict in await stage.start():
            say({"what": "conflict", "text": conflict})
        with database.transaction() as session:
            for recorder in recorders.values():
                recorder.before = outbox.count_sent(session, recorder.name, recorder.account)
        seen: dict[tuple[str, str, str], Logged] = {}
        for entry in ordered:
            seen[entry.platform, entry.chat_id, entry.message_id] = entry
            toast = await stage.hear(_message(entry, seen, recorders[entry.platform, entry.account]))
            if toast:
                say({"ts": stage.clock().isoformat(), "chat_id": entry.chat_id, "what": "toast", "text": toast})
        if until:
            await stage.advance(until)
    finally:
        stage.app.lanes.close()


def _message(entry: Logged, seen: dict[tuple[str, str, str], Logged], recorder: Recorder) -> Message:
    return Message(
        chat=ChatKey(entry.platform, entry.account, entry.chat_id),
        title=entry.chat_title,
        private=entry.private,
        sender=Sender(entry.sender_id, entry.sender_name or entry.sender_id),
        delivery=f"{entry.chat_id}/{entry.message_id}",
        message=entry.message_id,
        at=entry.ts,
        text=entry.text,
        attached=tuple(Attached(Media.PHOTO, f"{entry.message_id}-{n}") for n in range(int(entry.photo))),
        quoted=_quoted(entry.platform, entry.chat_id, entry.reply_to, seen, recorder),
        pressed=entry.press,
    )


def _quoted(
    platform: str, chat: str, message: str | None, seen: dict[tuple[str, str, str], Logged], recorder: Recorder
) -> Quoted | None:
    if message is None:
        return None
    if ours := recorder.texts.get((chat, message)):
        text, reply_to = ours
        return Quoted(
            message,
            Sender("bot", "bot", is_bot=True),
            text,
            by_us=True,
            quoted=_quoted(platform, chat, reply_to, seen, recorder),
        )
    said = seen.get((platform, chat, message))
    return Quoted(message, Sender(said.sender_id, said.sender_name), said.text, at=said.ts) if said else None


def as_json(line: dict[str, object]) -> str:
    return json.dumps(line, ensure_ascii=False)


def as_text(line: dict[str, object]) -> str:
    where = f"{line.get('platform', '')}:{line.get('chat_id', '')}"
    buttons = line.get("buttons")
    labels = " ".join(f"[{button['label']}]" for button in buttons) if isinstance(buttons, list) else ""
    text = str(line.get("text") or line.get("reaction") or "").replace("\n", " / ")
    return f"{str(line.get('ts', ''))[:16]} {where} {line['what']}: {text} {labels}".rstrip()
