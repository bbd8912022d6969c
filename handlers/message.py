"""What comes in and goes out, free of any platform: messages, quoted messages, replies, buttons."""

from dataclasses import dataclass, field
from datetime import datetime

from storage.attachments import Media
from storage.chats import ChatKey

COMMAND_BYTES = 64  # the shortest limit of a button's hidden text (Telegram callback_data)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who spoke. `user` is the platform's id, `name` what the group sees."""

    user: str
    name: str
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Attached:
    """A file or a place that came with a message. `file` is what the platform gives it out for.

    `size` in bytes, None where the platform did not tell; `place` latitude and longitude in degrees (WGS 84).
    """

    media: Media
    file: str = ""
    name: str = ""
    size: int | None = None
    place: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Quoted:
    """The message that was replied to, as far as the platform hands it over."""

    message: str
    sender: Sender
    text: str = ""
    by_us: bool = False
    at: datetime | None = None
    quoted: "Quoted | None" = None
    attached: tuple[Attached, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """`delivery` is unique within one account; `pressed` means `text` came from a button of `quoted`.

    The messages of one `album` arrive one by one. An `edited` message has new words under its old id.
    """

    chat: ChatKey
    title: str
    private: bool
    sender: Sender
    delivery: str
    message: str
    at: datetime
    text: str = ""
    attached: tuple[Attached, ...] = ()
    album: str | None = None
    quoted: Quoted | None = None
    pressed: bool = False
    edited: bool = False
    mentioned: bool = False
    named: tuple[Sender, ...] = ()  # whom the words name by their account, not only by a word


@dataclass(frozen=True, slots=True)
class Standing:
    """The bot was let into a chat or kept out of it, or its rights changed; `sender` did it."""

    chat: ChatKey
    private: bool
    sender: Sender
    delivery: str
    was_here: bool
    is_here: bool


@dataclass(frozen=True, slots=True)
class Reaction:
    """Somebody says "me too" to a message of the group by a reaction (`liked`), or takes that back."""

    chat: ChatKey
    sender: Sender
    delivery: str
    message: str
    at: datetime
    liked: bool


@dataclass(frozen=True, slots=True)
class Button:
    """A prefilled text: pressing it says `command`."""

    label: str
    command: str

    def __post_init__(self) -> None:
        if len(self.command.encode()) > COMMAND_BYTES:
            raise ValueError(f"longer than {COMMAND_BYTES} bytes: {self.command}")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a handler answers to the one who spoke. `nod`: in a group a reaction on the message says it all.

    `about` is the number of the case it tells of: a reply to the answer needs none.
    """

    text: str
    buttons: tuple[Button, ...] = field(default=())
    nod: bool = False
    about: int | None = None
