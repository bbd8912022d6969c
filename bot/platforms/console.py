"""The console: a platform in memory with chats, buttons, edits and reactions, for the demo and the tests."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from io import BytesIO

from PIL import Image

from bot.platforms import File, MessageGone, Outgoing, Pace, Receive, Stopped
from handlers.message import Attached, Message, Quoted, Sender
from storage.attachments import Media
from storage.chats import ChatKey

BOT = "bot"


def picture() -> bytes:
    """A grey picture stands for what nobody took."""
    out = BytesIO()
    Image.new("L", (8, 8), 128).save(out, "PNG")
    return out.getvalue()


@dataclass
class Posted:
    """One message as a chat shows it."""

    id: str
    address: str
    private: bool
    author: str
    text: str
    at: datetime
    by_us: bool = False
    buttons: tuple[tuple[str, str], ...] = ()
    reply_to: str | None = None
    attached: tuple[Attached, ...] = ()
    files: tuple[File, ...] = ()  # of ours
    pinned: bool = False
    reactions: list[str] = field(default_factory=list)
    edited: int = 0
    erased: bool = False


Watch = Callable[[str, Posted], None]  # what happened (said, pressed, sent, edited, erased, reacted, toast), to what


def unwatched(what: str, post: Posted) -> None:
    """Nobody looks on."""


class Console:
    """User ids are names. A private chat's address is its person's name, a group's its title."""

    pace = Pace()
    has_files = True

    def __init__(
        self, now: Callable[[], datetime], *, name: str = "console", account: str = "main", watch: Watch | None = None
    ) -> None:
        self.name = name
        self.account = account
        self.posted: dict[str, list[Posted]] = {}
        self.contents: dict[str, bytes | Exception] = {}  # of files, where it matters
        self.blocked: set[str] = set()  # addresses nothing reaches
        self.watch: Watch = watch or unwatched
        self._now = now
        self._ids = itertools.count(1)
        self._receive: Receive | None = None

    async def run(self, receive: Receive) -> None:
        """What is said here comes from whoever calls `message`, not from a network."""
        self._receive = receive

    # -- what the bot sends -----------------------------------------------------------------------------------

    async def send(self, outgoing: Outgoing) -> str | None:
        if outgoing.address in self.blocked:
            raise Stopped("blocked")
        if outgoing.reaction:
            return self._react(outgoing)
        if outgoing.erase or outgoing.pin or outgoing.edits:
            return self._change(outgoing)
        post = Posted(
            str(next(self._ids)), outgoing.address, outgoing.private, BOT, outgoing.text or "", self._now(), by_us=True,
            buttons=outgoing.buttons, reply_to=outgoing.reply_to, files=outgoing.files,
        )  # fmt: skip
        self.posted.setdefault(outgoing.address, []).append(post)
        self.watch("sent", post)
        return post.id

    async def fetch(self, file: str) -> bytes:
        content = self.contents.get(file)
        if isinstance(content, Exception):
            raise content
        return content or picture()

    def link(self, code: str) -> str | None:  # noqa: ARG002 (the interface)
        return None

    def _react(self, outgoing: Outgoing) -> str | None:
        post = self.find(outgoing.address, outgoing.reply_to or "")
        if post and outgoing.reaction and outgoing.reaction not in post.reactions:
            post.reactions.append(outgoing.reaction)
            self.watch("reacted", post)
        return None

    def _change(self, outgoing: Outgoing) -> str:
        post = self.find(outgoing.address, outgoing.edits or "")
        if post is None or post.erased:
            raise MessageGone("message to edit not found")
        if outgoing.erase:
            post.erased = True
            self.watch("erased", post)
        elif outgoing.pin:
            post.pinned = True
        elif (post.text, post.buttons) != (outgoing.text, outgoing.buttons):
            post.text, post.buttons, post.edited = outgoing.text or "", outgoing.buttons, post.edited + 1
            self.watch("edited", post)
        return post.id

    # -- what people do ---------------------------------------------------------------------------------------

    def find(self, address: str, message: str) -> Posted | None:
        return next((post for post in self.posted.get(address, []) if post.id == message), None)

    def message(
        self,
        person: str,
        address: str,
        text: str,
        *,
        photos: int = 0,
        attached: tuple[Attached, ...] = (),
        reply_to: Posted | None = None,
        mentioned: bool = False,
    ) -> Message:
        """`person` says something in a group, or, where `address` is their own name, to the bot alone."""
        number = str(next(self._ids))
        attached += tuple(Attached(Media.PHOTO, f"{number}-{n}") for n in range(photos))
        post = Posted(
            number, address, address == person, person, text, self._now(), attached=attached,
            reply_to=reply_to.id if reply_to else None,
        )  # fmt: skip
        self.posted.setdefault(address, []).append(post)
        self.watch("said", post)
        return self._incoming(post, f"m{post.id}", text, quoted=reply_to, mentioned=mentioned)

    def press(self, person: str, post: Posted, command: str) -> Message:
        """`person` presses a button of `post`."""
        pressed = Posted(f"b{next(self._ids)}", post.address, post.private, person, command, self._now())
        label = next(label for label, hidden in post.buttons if hidden == command)
        self.watch("pressed", replace(pressed, text=label))
        return self._incoming(pressed, pressed.id, command, quoted=post, pressed=True)

    def toast(self, person: str, post: Posted, text: str) -> None:
        """The short answer that only the one who pressed a button sees."""
        self.watch("toast", Posted("", post.address, post.private, person, text, self._now(), by_us=True))

    def _incoming(
        self,
        post: Posted,
        delivery: str,
        text: str,
        *,
        quoted: Posted | None,
        pressed: bool = False,
        mentioned: bool = False,
    ) -> Message:
        return Message(
            chat=ChatKey(self.name, self.account, post.address),
            title=post.address,
            private=post.private,
            sender=Sender(post.author, post.author),
            delivery=delivery,
            message=post.id,
            at=post.at,
            text=text,
            attached=post.attached,
            quoted=self._quote(quoted),
            pressed=pressed,
            mentioned=mentioned,
        )

    def _quote(self, post: Posted | None) -> Quoted | None:
        if post is None:
            return None
        inner = self.find(post.address, post.reply_to) if post.reply_to else None
        return Quoted(
            post.id,
            Sender(post.author, post.author, post.by_us),
            post.text,
            post.by_us,
            post.at,
            self._quote(inner),
            post.attached,
        )
