"""What Telegram sends becomes a message, a standing, a reaction, a group's move, or nothing."""

from dataclasses import dataclass
from datetime import UTC, datetime

from bot.platforms.telegram.updates import Emoji, Entity, Membership, Post, Press, Reacted, Update, User
from handlers.message import Attached, Message, Quoted, Reaction, Sender, Standing
from storage.attachments import Media
from storage.chats import ChatKey

GROUPS = frozenset({"group", "supergroup"})
LIKES = frozenset({"👍", "❤", "💯"})  # of the fixed list of reactions, what says "+1"


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
        return self.posted(update, update.post) if update.post else None

    def posted(self, update: Update, post: Post) -> Message | Move | None:
        """As `hear`, for a message or what was edited of it."""
        if post.migrate_to_chat_id is not None:
            return Move(str(post.chat.id), str(post.migrate_to_chat_id))
        if post.author is None or post.author.is_bot or post.sender_chat:
            return None
        return self._said(update, post, post.author)

    def _said(self, update: Update, post: Post, author: User) -> Message | None:
        """None for what holds nothing we can use, an edit without words (a live location moves so), or in a channel."""
        place = self._place(post, author)
        text, mentioned, ours = self._without_mentions(post)
        edited, attached = update.edited_message is not None, attachments(post)
        if place is None or not ours or not (text if edited else post.words or attached):
            return None
        key, title, private = place
        return Message(
            chat=key,
            title=title,
            private=private,
            sender=author.sender,
            delivery=str(update.update_id),
            message=str(post.message_id),
            at=datetime.fromtimestamp((edited and post.edit_date) or post.date, UTC),
            text=text,
            attached=attached,
            album=post.media_group_id,
            quoted=self._reply(post),
            edited=edited,
            mentioned=mentioned,
            named=self._named(post),
        )

    def _named(self, post: Post) -> tuple[Sender, ...]:
        """Whom a mention names that carries their account: people without a username."""
        users = [entity.user for entity in post.entities or post.caption_entities if entity.type == "text_mention"]
        return tuple(user.sender for user in users if user and not user.is_bot)

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
            attached=attachments(post),
        )

    def _without_mentions(self, post: Post) -> tuple[str, bool, bool]:
        """The words without the bot's name, whether it was named, and whether no other bot's command stands first."""
        entities = post.entities or post.caption_entities
        if not entities:
            return post.words, False, True
        units = post.words.encode("utf-16-le")
        mentioned, ours = False, True
        for entity in reversed(entities):
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


def attachments(post: Post) -> tuple[Attached, ...]:
    """What came with it: one thing, a photo in its largest size. Nothing comes with a text of its own."""
    if post.text:
        return ()
    largest = max(post.photo, key=lambda size: size.width * size.height, default=None)
    film = post.video or post.video_note or post.animation  # before the document that stands beside an animation
    sound = post.voice or post.audio
    for media, thing in ((Media.PHOTO, largest), (Media.VIDEO, film), (Media.VOICE, sound)):
        if thing:
            return (Attached(media, thing.file_id, size=thing.file_size),)
    if paper := post.document:
        return (Attached(Media.DOCUMENT, paper.file_id, paper.file_name, paper.file_size),)
    if spot := post.location:
        return (Attached(Media.LOCATION, place=(spot.latitude, spot.longitude)),)
    return ()
