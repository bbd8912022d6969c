"""What Telegram sends, as far as the bot listens: an update becomes a message, a group's move, or nothing."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from handlers.message import Attached, Message, Quoted, Reaction, Sender, Standing
from storage.attachments import Media
from storage.chats import ChatKey

log = logging.getLogger(__name__)

# https://core.telegram.org/bots/api#update. What is not named here Telegram does not send.
ALLOWED_UPDATES = ("message", "callback_query", "my_chat_member", "message_reaction")
GROUPS = frozenset({"group", "supergroup"})
HERE = frozenset({"creator", "administrator", "member"})
LIKES = frozenset({"👍", "❤", "💯"})  # of the fixed list of reactions, what says "+1"


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


class Size(Piece):
    """One size of a photo."""

    file_id: str
    width: int = 0
    height: int = 0


class Post(Piece):
    """A message. One that is too old to be shown beside its button has only its id and chat, and the date 0."""

    message_id: int
    date: int
    chat: Place
    author: User | None = Field(default=None, alias="from")
    sender_chat: Place | None = None  # who speaks as a group or channel is no person
    text: str = ""
    caption: str = ""
    entities: tuple[Entity, ...] = ()
    caption_entities: tuple[Entity, ...] = ()
    photo: tuple[Size, ...] = ()
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
    callback_query: Press | None = None
    my_chat_member: Membership | None = None
    message_reaction: Reacted | None = None

    @property
    def place(self) -> int | None:
        """The chat whose order it keeps; 0 for a button outside all chats. None: nothing we listen to."""
        if self.callback_query and self.callback_query.message is None:
            return 0
        post = self.message or (self.callback_query and self.callback_query.message)
        about = post or self.my_chat_member or self.message_reaction
        return about.chat.id if about else None


def read(raw: dict[str, Any]) -> Update | None:
    """None, and a line in the log without its words, for what is not as the Bot API says."""
    try:
        return Update.model_validate(raw)
    except ValidationError as error:
        fields = sorted({".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False)})
        log.error("an update could not be read", extra={"update": raw.get("update_id"), "fields": fields})  # noqa: TRY400
        return None


@dataclass(frozen=True, slots=True)
class Move:
    """A group became a supergroup: its address is a new one, and no message kept its id."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Ears:
    """Hears as one bot: `me` is its user, `account` its name in every chat key."""

    me: User
    account: str

    def hear(self, update: Update, now: datetime) -> Message | Standing | Reaction | Move | None:
        """None: nobody the bot talks with said anything. A press has no time of its own; it happened `now`."""
        if update.callback_query:
            return self._pressed(update.update_id, update.callback_query, now)
        if update.my_chat_member:
            return self._stood(update.update_id, update.my_chat_member)
        if update.message_reaction:
            return self._reacted(update.update_id, update.message_reaction)
        post = update.message
        return self._posted(update.update_id, post) if post else None

    def _posted(self, delivery: int, post: Post) -> Message | Move | None:
        if post.migrate_to_chat_id is not None:
            return Move(str(post.chat.id), str(post.migrate_to_chat_id))
        if post.author is None or post.author.is_bot or post.sender_chat or not (post.words or post.photo):
            return None
        return self._said(delivery, post, post.author)

    def _said(self, delivery: int, post: Post, author: User) -> Message | None:
        place = self._place(post, author)
        text, mentioned, ours = self._without_mentions(post)
        if place is None or not ours:
            return None
        key, title, private = place
        return Message(
            chat=key,
            title=title,
            private=private,
            sender=author.sender,
            delivery=str(delivery),
            message=str(post.message_id),
            at=datetime.fromtimestamp(post.date, UTC),
            text=text,
            attached=_attached(post),
            quoted=self._reply(post),
            mentioned=mentioned,
        )

    def _pressed(self, delivery: int, press: Press, now: datetime) -> Message | None:
        place = self._place(press.message, press.author) if press.message else None
        if press.message is None or place is None or press.author.is_bot:
            return None
        key, title, private = place
        return Message(
            chat=key,
            title=title,
            private=private,
            sender=press.author.sender,
            delivery=str(delivery),
            message=str(press.message.message_id),
            at=now,
            text=press.data,
            quoted=self._quote(press.message, by_us=True),
            pressed=True,
        )

    def _stood(self, delivery: int, change: Membership) -> Standing | None:
        """None in a channel."""
        if change.chat.type not in {"private", *GROUPS}:
            return None
        return Standing(
            chat=ChatKey("telegram", self.account, str(change.chat.id)),
            private=change.chat.type == "private",
            sender=change.author.sender,
            delivery=str(delivery),
            was_here=change.old_chat_member.here,
            is_here=change.new_chat_member.here,
        )

    def _reacted(self, delivery: int, change: Reacted) -> Reaction | None:
        """None where nobody's "+1" came or went."""
        before, after = map(_likes, (change.old_reaction, change.new_reaction))
        if change.chat.type not in GROUPS or change.user is None or change.user.is_bot or before == after:
            return None
        return Reaction(
            chat=ChatKey("telegram", self.account, str(change.chat.id)),
            sender=change.user.sender,
            delivery=str(delivery),
            message=str(change.message_id),
            at=datetime.fromtimestamp(change.date, UTC),
            liked=after,
        )

    def _place(self, post: Post, author: User) -> tuple[ChatKey, str, bool] | None:
        """Where it was said; None in a channel."""
        key = ChatKey("telegram", self.account, str(post.chat.id))
        if post.chat.type == "private":
            return key, author.sender.name, True
        return (key, post.chat.title, False) if post.chat.type in GROUPS else None

    def _reply(self, post: Post) -> Quoted | None:
        """The message replied to. In a topic everything "replies" to the message that opened the topic."""
        quoted = post.reply_to_message
        if quoted is None or (post.is_topic_message and quoted.message_id == post.message_thread_id):
            return None
        return self._quote(quoted)

    def _quote(self, post: Post, *, by_us: bool = False) -> Quoted:
        """`by_us` where only our own message can be meant: an old one comes without its author."""
        author = post.author or (self.me if by_us else None)
        return Quoted(
            message=str(post.message_id),
            sender=author.sender if author and not post.sender_chat else Sender("", "", is_bot=True),
            text=self._without_mentions(post)[0],
            by_us=author is not None and author.id == self.me.id,
            at=datetime.fromtimestamp(post.date, UTC) if post.date else None,
            quoted=self._reply(post),
        )

    def _without_mentions(self, post: Post) -> tuple[str, bool, bool]:
        """The words without the bot's name, whether it was named, and whether no other bot's command stands first."""
        units = post.words.encode("utf-16-le")
        mentioned, ours = False, True
        for entity in reversed(post.entities or post.caption_entities):
            begin, end = entity.offset * 2, (entity.offset + entity.length) * 2
            piece = units[begin:end].decode("utf-16-le", "ignore")
            command, at, addressee = piece.partition("@")
            if entity.type == "bot_command" and at:
                if addressee.casefold() == self.me.username.casefold():
                    mentioned = True
                    units = units[:begin] + command.encode("utf-16-le") + units[end:]
                elif entity.offset == 0:
                    ours = False
            elif self._names_us(entity, piece):
                mentioned = True
                units = units[:begin] + units[end:]
        text = units.decode("utf-16-le", "ignore")
        return (text.strip() if mentioned else text), mentioned, ours

    def _names_us(self, entity: Entity, piece: str) -> bool:
        if entity.type == "text_mention":
            return entity.user is not None and entity.user.id == self.me.id
        return entity.type == "mention" and piece.casefold() == f"@{self.me.username}".casefold()


def _likes(reactions: tuple[Emoji, ...]) -> bool:
    return any(one.emoji.rstrip("\ufe0f") in LIKES for one in reactions)


def _attached(post: Post) -> tuple[Attached, ...]:
    """A photo in its largest size."""
    largest = max(post.photo, key=lambda size: size.width * size.height, default=None)
    return (Attached(Media.PHOTO, largest.file_id),) if largest else ()
