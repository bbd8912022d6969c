"""What every platform offers the core: receive, send, its pace, and the two ways a send can fail."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from handlers.message import Message, Reaction, Standing
from storage.attachments import Media

Observe = Callable[[Standing | Reaction], Awaitable[None]]  # of what is no message; returns once committed
Receive = Callable[[Message], Awaitable[str | None]]  # returns once committed; the text rides on the call (a toast)


@dataclass(frozen=True, slots=True)
class Pace:
    """What the platform lets one account send; None where it does not count."""

    overall_per_second: float | None = None
    chat_per_second: float | None = None
    group_per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class File:
    """What a letter brings: `known` is this account's own name for it, `path` where our copy lies; either will do.

    Of a location only its `place` is sent: latitude and longitude in degrees.
    """

    media: Media
    name: str = ""
    known: str | None = None
    path: Path | None = None
    place: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One thing to do on the platform: new text with `files`, an edit of `edits`, a reaction on `reply_to`,
    pinning `edits`, or taking it away.
    """

    address: str
    private: bool
    text: str | None = None
    buttons: tuple[tuple[str, str], ...] = ()
    reply_to: str | None = None
    reaction: str | None = None
    edits: str | None = None
    also: tuple[str, ...] = ()  # the other messages that `edits` came with: they are erased together
    erase: bool = False
    pin: bool = False
    files: tuple[File, ...] = ()


class RetryLater(Exception):  # noqa: N818 (what happened)
    """The platform will take it later. `after` is its own word where it gave one."""

    def __init__(self, reason: str, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.after = after


class Undeliverable(Exception):  # noqa: N818
    """It will never arrive there; the text is the reason."""


class TooLarge(Undeliverable):
    """The file is larger than the platform lets a bot have."""


class Stopped(Undeliverable):
    """Nothing arrives there any more: the person stopped the bot or is gone, or it was put out of the group."""


class MessageGone(Undeliverable):
    """The message to edit is no longer there: a new one must be sent."""


class Platform(Protocol):
    name: str
    account: str
    pace: Pace
    has_files: bool  # whether `fetch` can bring what was attached

    async def run(self, receive: Receive) -> None:
        """Hands every message to `receive` and acknowledges it to the platform only when that returns."""

    async def send(self, outgoing: Outgoing) -> str | None:
        """The platform's message id of what was sent. RetryLater, Undeliverable or MessageGone.

        Where it took several messages: the id of the one to edit and reply to, then the others, after spaces.
        """

    async def fetch(self, file: str) -> bytes:
        """What was attached to a message. RetryLater, TooLarge, or Undeliverable where it is gone."""

    def link(self, code: str) -> str | None:
        """The address that opens the private chat and says /start with `code`; None where there is none."""
