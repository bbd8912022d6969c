"""What leaves for Telegram: words in parts, files, cards, buttons, reactions, pins."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from telegram import Bot, LinkPreviewOptions, Message, ReplyParameters
from telegram.constants import ReactionEmoji
from telegram.error import BadRequest, TelegramError

from bot.platforms import Outgoing, Undeliverable
from bot.platforms.telegram.media import Part, content, in_album, instead, planned
from bot.platforms.telegram.refusals import NO_TEXT, NO_TOPIC, NOT_MODIFIED, PERMANENT, final, gone, says
from bot.platforms.telegram.words import CAPTION, LONGEST, keyboard, shortened

REACTIONS = frozenset(str(emoji) for emoji in ReactionEmoji)  # a bot may set no others
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class Pen:
    """Sends for one bot. `rest` is what it waits between the parts of one letter, so as not to outpace its chat."""

    def __init__(self, bot: Bot, rest: Callable[[], Awaitable[None]], topics: Callable[[str, str], int | None]) -> None:
        self._bot = bot
        self._rest = rest
        self._topics = topics
        # What did not arrive when something before it had, and the ids of what had.
        self._begun: dict[Outgoing, tuple[list[Part], list[int]]] = {}

    async def write(self, out: Outgoing) -> str | None:
        """The message ids, the last part's first. Raises TelegramError; MessageGone where an edit finds nothing."""
        if out.reaction:
            await self._react(out)
            return None
        if out.erase:
            await self._erase(out)
            return out.edits
        if out.pin:
            await self._pin(out)
            return out.edits
        return await self._edit(out) if out.edits else await self._send(out)

    async def _send(self, out: Outgoing) -> str:
        left, sent = self._begun.get(out) or (planned(out), [])
        if not left:
            raise Undeliverable("nothing to say")
        topic = self._topics(out.address, out.reply_to) if out.reply_to else None
        begun = False
        while left:
            if begun:
                await self._rest()
            try:
                sent += await self._say(out, left[0], topic, last=len(left) == 1)
            except TelegramError as refused:
                if not (ways := instead(left[0], refused)):
                    if final(refused):
                        self._begun.pop(out, None)
                    raise
                left[:1] = ways
            else:
                del left[0]
                begun = True
                self._begun[out] = left, sent
        self._begun.pop(out, None)
        *others, shown = sent
        return " ".join(map(str, (shown, *others)))

    async def _say(self, out: Outgoing, part: Part, topic: int | None, *, last: bool) -> list[int]:
        reply = ReplyParameters(int(out.reply_to), allow_sending_without_reply=True) if out.reply_to else None
        where: dict[str, Any] = {"chat_id": int(out.address), "message_thread_id": topic, "reply_parameters": reply}
        if len(part.files) < 2:  # an album cannot have buttons
            where["reply_markup"] = keyboard(out.buttons) if last else None
        try:
            sent = await self._post(part, where)
        except BadRequest as refused:
            if topic is None or not says(refused, *NO_TOPIC):
                raise
            return await self._say(out, part, None, last=last)
        return [message.message_id for message in sent]

    async def _post(self, part: Part, where: dict[str, Any]) -> Sequence[Message]:
        """An album is several messages."""
        if not part.files:
            return [await self._bot.send_message(text=part.text, link_preview_options=NO_PREVIEW, **where)]
        if len(part.files) > 1:
            media = [await in_album(file) for file in part.files]
            return await self._bot.send_media_group(media=media, **where)
        (file,) = part.files
        if file.place:
            return [await self._bot.send_location(latitude=file.place[0], longitude=file.place[1], **where)]
        # A Media is called what the Bot API calls it.
        send: Callable[..., Awaitable[Message]] = getattr(self._bot, f"send_{file.media}")
        return [await send(**{file.media: await content(file)}, caption=part.text or None, **where)]

    async def _edit(self, out: Outgoing) -> str | None:
        """What does not fit is left out: one message cannot become two."""
        where = {"chat_id": int(out.address), "message_id": int(out.edits or 0), "reply_markup": keyboard(out.buttons)}
        text = out.text or ""
        try:
            await self._change(text, where)
        except BadRequest as refused:
            if not says(refused, NOT_MODIFIED):
                gone(refused)
        return out.edits

    async def _change(self, text: str, where: dict[str, Any]) -> None:
        """The words of a message, or those beneath its file."""
        try:
            await self._bot.edit_message_text(shortened(text, LONGEST), link_preview_options=NO_PREVIEW, **where)
        except BadRequest as refused:
            if not says(refused, NO_TEXT):
                raise
            await self._bot.edit_message_caption(caption=shortened(text, CAPTION), **where)

    async def _erase(self, out: Outgoing) -> None:
        for other in out.also:
            with contextlib.suppress(BadRequest):  # it is gone
                await self._bot.delete_message(int(out.address), int(other))
        try:
            await self._bot.delete_message(int(out.address), int(out.edits or 0))
        except BadRequest as refused:
            gone(refused)

    async def _react(self, out: Outgoing) -> None:
        """A group may forbid reactions, and the message may be gone: then there is none."""
        if out.reaction in REACTIONS:
            with contextlib.suppress(*PERMANENT):
                await self._bot.set_message_reaction(int(out.address), int(out.reply_to or 0), out.reaction)

    async def _pin(self, out: Outgoing) -> None:
        """Quietly. The bot may lack the right, and the message may be gone: then nothing is pinned."""
        with contextlib.suppress(*PERMANENT):
            await self._bot.pin_chat_message(int(out.address), int(out.edits or 0), disable_notification=True)
