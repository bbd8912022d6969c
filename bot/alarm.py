"""The alarm: what danger is answered with at once, from memory; once for a message however often it is delivered."""

import logging
from collections import OrderedDict
from collections.abc import Callable

from bot.logs import without_text
from bot.platforms import Outgoing, Platform
from handlers.danger import FirstWords
from handlers.known import Known
from handlers.message import Message
from handlers.router import Heard
from storage.chats import ChatKey

log = logging.getLogger(__name__)
REMEMBERED = 10_000  # messages

Key = tuple[ChatKey, str]


class Alarm:
    """What the platform would not take is tried again with the message, and is `unsaid` until then."""

    def __init__(self, first_words: FirstWords, platform_of: Callable[[ChatKey], Platform]) -> None:
        self._first_words = first_words
        self._platform_of = platform_of
        self._answered: OrderedDict[Key, None] = OrderedDict()
        self._unsaid: dict[Key, str] = {}

    async def answer(self, message: Message, heard: Heard, known: Known) -> None:
        """Nothing that goes wrong here may keep the case from being opened."""
        key = _key(message)
        words = self._unsaid.pop(key, None) or self._words(message, heard, known)
        if words and not await self._say(message, words):
            self._unsaid[key] = words

    def unsaid(self, message: Message) -> str | None:
        """The words that only the outbox can say now."""
        return self._unsaid.get(_key(message))

    def written(self, message: Message) -> None:
        """The outbox has them."""
        self._unsaid.pop(_key(message), None)

    def _words(self, message: Message, heard: Heard, known: Known) -> str | None:
        key = _key(message)
        if key in self._answered:
            return None
        try:
            words = self._first_words(message, heard.reading, known)
        except Exception as error:
            log.exception("no words for a danger", exc_info=without_text(error))
            return None
        if words:
            self._answered[key] = None
            if len(self._answered) > REMEMBERED:
                self._answered.popitem(last=False)
        return words

    async def _say(self, message: Message, words: str) -> bool:
        """Danger does not wait for the outbox."""
        out = Outgoing(message.chat.address, message.private, words, reply_to=message.message)
        try:
            await self._platform_of(message.chat).send(out)
        except Exception as error:  # noqa: BLE001 (the case must be opened)
            log.error("danger could not be answered", extra={"error": type(error).__name__})  # noqa: TRY400 (no text in logs)
            return False
        return True


def _key(message: Message) -> Key:
    return message.chat, message.message
