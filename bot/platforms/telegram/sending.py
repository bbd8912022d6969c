"""What leaves for Telegram: text in parts, cards, buttons, reactions; and what each refusal means."""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from unicodedata import east_asian_width

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters
from telegram.constants import MessageLimit, ReactionEmoji
from telegram.error import BadRequest, ChatMigrated, Forbidden, RetryAfter, TelegramError

from bot.platforms import MessageGone, Outgoing, RetryLater, Undeliverable

LONGEST = int(MessageLimit.MAX_TEXT_LENGTH)  # characters of a message
REACTIONS = frozenset(str(emoji) for emoji in ReactionEmoji)  # a bot may set no others
ROW = 34  # columns of a row of buttons on a telephone; a Chinese character takes two
MARGIN = 4  # columns a button needs beside its label
ROW_BUTTONS = 3
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_ENDS = re.compile(r"(?<=[。!?!?…;;])|(?<=\n)")

# The descriptions are not documented; these are what the servers say (https://github.com/tdlib/telegram-bot-api).
NOT_MODIFIED = "message is not modified"
GONE = (
    "message to edit not found", "message can't be edited", "message to delete not found", "message can't be deleted",
    "message_id_invalid",
)  # fmt: skip
PERMANENT = (BadRequest, Forbidden)
UNAVAILABLE = "temporarily unavailable"  # said of a file
UNREAD = ". Parsing the server response"  # of the library: a page follows that may quote the address, and so the token
NO_TOPIC = ("message thread not found", "topic_deleted", "topic_closed")


def parts(text: str, longest: int = LONGEST) -> list[str]:
    """The text in pieces no longer than allowed, cut at the last end of a sentence, else of a word, else anywhere.

    Characters are counted as Telegram does, in UTF-16 code units: an emoji is two.
    """
    pieces: list[str] = []
    text = text.strip()
    while _units(text) > longest:
        room = _fitting(text, longest)
        ends = [found.end() for found in _ENDS.finditer(text, 0, room) if text[: found.end()].strip()]
        cut = ends[-1] if ends else text.rfind(" ", 1, room)
        cut = cut if cut > 0 else room
        pieces.append(text[:cut].strip())
        text = text[cut:].strip()
    return [*pieces, text] if text else pieces


def _units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def _fitting(text: str, longest: int) -> int:
    """How many characters fit."""
    units = 0
    for place, character in enumerate(text):
        units += 1 + (character > "\uffff")
        if units > longest:
            return place
    return len(text)


def keyboard(buttons: Sequence[tuple[str, str]]) -> InlineKeyboardMarkup | None:
    """Rows of at most three, fewer where the labels are long."""
    rows: list[list[InlineKeyboardButton]] = []
    room = 0
    for label, command in buttons:
        width = MARGIN + sum(1 + (east_asian_width(character) in "WF") for character in label)
        if not rows or width > room or len(rows[-1]) == ROW_BUTTONS:
            rows.append([])
            room = ROW
        rows[-1].append(InlineKeyboardButton(label, callback_data=command))
        room -= width
    return InlineKeyboardMarkup(rows) if rows else None


class Pen:
    """Sends for one bot. `rest` is what it waits between the parts of one text, so as not to outpace its chat."""

    def __init__(self, bot: Bot, rest: Callable[[], Awaitable[None]], topics: Callable[[str, str], int | None]) -> None:
        self._bot = bot
        self._rest = rest
        self._topics = topics
        self._begun: dict[Outgoing, int] = {}  # parts that arrived before a later one did not

    async def write(self, out: Outgoing) -> str | None:
        """The message id of the last part. Raises TelegramError; MessageGone where an edit finds nothing."""
        if out.reaction:
            await self._react(out)
            return None
        if out.erase:
            await self._erase(out)
            return out.edits
        return await self._edit(out) if out.edits else await self._send(out)

    async def _send(self, out: Outgoing) -> str:
        pieces = parts(out.text or "")
        if not pieces:
            raise Undeliverable("nothing to say")
        topic = self._topics(out.address, out.reply_to) if out.reply_to else None
        message = ""
        for number, piece in enumerate(pieces[(done := self._begun.pop(out, 0)) :], start=done):
            if number > done:
                await self._rest()
            last = number == len(pieces) - 1
            try:
                message = await self._say(out, piece, topic, last=last)
            except TelegramError as refused:
                if number and not isinstance(refused, PERMANENT):
                    self._begun[out] = number
                raise
        return message

    async def _say(self, out: Outgoing, text: str, topic: int | None, *, last: bool) -> str:
        try:
            sent = await self._bot.send_message(
                int(out.address),
                text,
                message_thread_id=topic,
                link_preview_options=NO_PREVIEW,
                reply_markup=keyboard(out.buttons) if last else None,
                reply_parameters=ReplyParameters(int(out.reply_to), allow_sending_without_reply=True)
                if out.reply_to
                else None,
            )
        except BadRequest as refused:
            if topic is None or not _says(refused, *NO_TOPIC):
                raise
            return await self._say(out, text, None, last=last)
        return str(sent.message_id)

    async def _edit(self, out: Outgoing) -> str | None:
        """What does not fit is left out: one message cannot become two."""
        text = out.text or ""
        try:
            await self._bot.edit_message_text(
                text if _units(text) <= LONGEST else text[: _fitting(text, LONGEST - 1)] + "…",
                int(out.address),
                int(out.edits or 0),
                link_preview_options=NO_PREVIEW,
                reply_markup=keyboard(out.buttons),
            )
        except BadRequest as refused:
            if not _says(refused, NOT_MODIFIED):
                _gone(refused)
        return out.edits

    async def _erase(self, out: Outgoing) -> None:
        try:
            await self._bot.delete_message(int(out.address), int(out.edits or 0))
        except BadRequest as refused:
            _gone(refused)

    async def _react(self, out: Outgoing) -> None:
        """A group may forbid reactions, and the message may be gone: then there is none."""
        if out.reaction not in REACTIONS:
            return
        try:
            await self._bot.set_message_reaction(int(out.address), int(out.reply_to or 0), out.reaction)
        except ChatMigrated:
            raise
        except PERMANENT:
            return


def _says(refused: TelegramError, *descriptions: str) -> bool:
    text = refused.message.casefold()
    return any(description in text for description in descriptions)


def _gone(refused: BadRequest) -> None:
    """Raises MessageGone if that is what was said, else the refusal itself."""
    if _says(refused, *GONE):
        raise MessageGone(refused.message) from None
    raise refused


def meaning(error: TelegramError) -> RetryLater | Undeliverable:
    """What a refusal means to the courier: 400 and 403 are for ever, all else passes."""
    if isinstance(error, RetryAfter):
        after = error.retry_after
        return RetryLater("429", after if isinstance(after, timedelta) else timedelta(seconds=after))
    if not isinstance(error, PERMANENT) or _says(error, UNAVAILABLE):
        return RetryLater(type(error).__name__)
    return Undeliverable(error.message.partition(UNREAD)[0])
