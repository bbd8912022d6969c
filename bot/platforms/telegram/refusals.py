"""What Telegram's refusals mean. The descriptions are not documented; these are what the servers say
(https://github.com/tdlib/telegram-bot-api).
"""

from datetime import timedelta

from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError

from bot.platforms import MessageGone, RetryLater, Stopped, Undeliverable

PERMANENT = (BadRequest, Forbidden)
NOT_MODIFIED = "message is not modified"
GONE = (
    "message to edit not found", "message can't be edited", "message to delete not found", "message can't be deleted",
    "message_id_invalid",
)  # fmt: skip
NO_TEXT = "there is no text in the message to edit"  # but a caption
NO_TOPIC = ("message thread not found", "topic_deleted", "topic_closed")
WRONG_FILE = (
    "wrong file", "wrong remote file", "invalid file", "invalid remote file", "file_reference",
    "can't use file of type",
)  # fmt: skip
TOO_BIG = "file is too big"  # to be fetched
NO_PHOTO = ("too big for a photo", "photo_invalid_dimensions", "image_process_failed")
UNAVAILABLE = "temporarily unavailable"  # said of a file
TOO_MUCH = "request entity too large"  # 50 MB in one call
UNREAD = ". Parsing the server response"  # of the library: a page follows that may quote the address, and so the token


def says(refused: TelegramError, *descriptions: str) -> bool:
    text = refused.message.casefold()
    return any(description in text for description in descriptions)


def gone(refused: BadRequest) -> None:
    """Raises MessageGone if that is what was said, else the refusal itself."""
    if says(refused, *GONE):
        raise MessageGone(refused.message) from None
    raise refused


def final(error: TelegramError) -> bool:
    """400, 403 and 413 are for ever, all else passes."""
    return says(error, TOO_MUCH) or (isinstance(error, PERMANENT) and not says(error, UNAVAILABLE))


def meaning(error: TelegramError) -> RetryLater | Undeliverable:
    """What a refusal means to the courier and the fetcher."""
    if isinstance(error, RetryAfter):
        after = error.retry_after
        return RetryLater("429", after if isinstance(after, timedelta) else timedelta(seconds=after))
    if not final(error):
        return RetryLater(type(error).__name__)
    kind = Stopped if isinstance(error, Forbidden) else Undeliverable
    return kind(error.message.partition(UNREAD)[0])
