"""The pieces of an update, as far as the bot listens. https://core.telegram.org/bots/api#available-types"""

import logging
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from handlers.message import Sender

log = logging.getLogger(__name__)

# https://core.telegram.org/bots/api#update. What is not named here Telegram does not send.
ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member", "message_reaction")
HERE = frozenset({"creator", "administrator", "member"})


class Piece(BaseModel):
    """Only the fields used; the Bot API adds others every few months."""

    model_config = ConfigDict(frozen=True)


class User(Piece):
    id: int
    is_bot: bool = False
    first_name: str = ""
    last_name: str = ""
    username: str = ""
    can_read_all_group_messages: bool = False  # of a bot: privacy mode is off

    @property
    def sender(self) -> Sender:
        return Sender(str(self.id), f"{self.first_name} {self.last_name}".strip(), self.is_bot)


class Place(Piece):
    """A chat, whatever its kind."""

    id: int
    type: str
    title: str = ""


class Entity(Piece):
    """Offset and length count UTF-16 code units."""

    type: str
    offset: int
    length: int
    user: User | None = None


class Thing(Piece):
    """A file of any kind, or one size of a photo. `file_size` in bytes."""

    file_id: str
    file_name: str = ""
    file_size: int | None = None
    width: int = 0
    height: int = 0


class Spot(Piece):
    """Degrees, WGS 84."""

    latitude: float
    longitude: float


class Post(Piece):
    """A message. One that is too old to be shown beside its button has only its id and chat, and the date 0."""

    message_id: int
    date: int
    chat: Place
    edit_date: int | None = None
    author: User | None = Field(default=None, alias="from")
    sender_chat: Place | None = None  # who speaks as a group or channel is no person
    text: str = ""
    caption: str = ""
    entities: tuple[Entity, ...] = ()
    caption_entities: tuple[Entity, ...] = ()
    photo: tuple[Thing, ...] = ()
    video: Thing | None = None
    video_note: Thing | None = None
    animation: Thing | None = None
    voice: Thing | None = None
    audio: Thing | None = None
    document: Thing | None = None  # stands beside an animation, too
    location: Spot | None = None  # stands beside a venue, too
    media_group_id: str | None = None
    reply_to_message: "Post | None" = None
    message_thread_id: int | None = None
    is_topic_message: bool = False
    migrate_to_chat_id: int | None = None

    @property
    def words(self) -> str:
        return self.text or self.caption


class Press(Piece):
    """A pressed button. Without a message it belongs to an inline message of somebody else's chat."""

    id: str
    author: User = Field(alias="from")
    message: Post | None = None
    data: str = ""


class Member(Piece):
    status: str
    is_member: bool = False  # of one who is restricted

    @property
    def here(self) -> bool:
        return self.status in HERE or (self.status == "restricted" and self.is_member)


class Membership(Piece):
    """What became of the bot's own membership, and who did it."""

    chat: Place
    author: User = Field(alias="from")
    old_chat_member: Member
    new_chat_member: Member


class Emoji(Piece):
    """A reaction; the custom and the paid ones have no emoji."""

    emoji: str = ""


class Reacted(Piece):
    """Somebody changed their reactions on a message; without a user it was an anonymous one."""

    chat: Place
    message_id: int
    user: User | None = None
    date: int
    old_reaction: tuple[Emoji, ...] = ()
    new_reaction: tuple[Emoji, ...] = ()


class Update(Piece):
    update_id: int
    message: Post | None = None
    edited_message: Post | None = None
    callback_query: Press | None = None
    my_chat_member: Membership | None = None
    message_reaction: Reacted | None = None

    @property
    def post(self) -> Post | None:
        """The message it is, changes, or presses a button of."""
        pressed = self.callback_query.message if self.callback_query else None
        return self.message or self.edited_message or pressed

    @property
    def place(self) -> int | None:
        """The chat whose order it keeps; 0 for a button outside all chats. None: nothing we listen to."""
        if self.callback_query and self.callback_query.message is None:
            return 0
        about = self.post or self.my_chat_member or self.message_reaction
        return about.chat.id if about else None


def read(raw: dict[str, Any]) -> Update | None:
    """None, and a line in the log without its words, for what is not as the Bot API says."""
    try:
        return Update.model_validate(raw)
    except ValidationError as error:
        fields = sorted({".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False)})
        log.error("an update could not be read", extra={"update": raw.get("update_id"), "fields": fields})  # noqa: TRY400
        return None
