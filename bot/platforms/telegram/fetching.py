"""What was attached to a message, brought in: its address is asked for, then read."""

from urllib.parse import quote

from telegram import Bot
from telegram.error import BadRequest, InvalidToken

from bot.platforms import RetryLater, TooLarge, Undeliverable
from bot.platforms.telegram.refusals import TOO_BIG, says

LARGEST = 20 * 1024 * 1024  # bytes: all a bot may fetch (https://core.telegram.org/bots/api#getfile)
SLOW = 120.0  # seconds a download may take, or its next bytes: the transport decides
TOO_LARGE = "larger than 20 MB"


def files_at(base_url: str) -> str:
    """Where a server that answers calls at `base_url` has its files.

    Telegram's own answers at /bot<token> and has them at /file/bot<token>. So "file/" goes before that piece of the
    address which the token ends, also where it is not called "bot" or something follows the token.
    """
    before = base_url.partition("{")[0]  # the library puts the token in there, else at the end
    cut = before.rindex("/") + 1
    return f"{base_url[:cut]}file/{base_url[cut:]}"


async def fetched(bot: Bot, file: str) -> bytes:
    """TelegramError; TooLarge, or Undeliverable where it is not there for us.

    The transport reads an answer as a whole, so a server that tells a wrong size is found out afterwards.
    """
    try:
        found = await bot.get_file(file)
    except BadRequest as refused:
        if says(refused, TOO_BIG):
            raise TooLarge(TOO_LARGE) from None
        raise
    if (found.file_size or 0) > LARGEST:
        raise TooLarge(TOO_LARGE)
    if not found.file_path:
        raise RetryLater("no address yet")
    path = found.file_path.removeprefix(f"{bot.base_file_url}/")
    # https://core.telegram.org/bots/api#using-a-local-bot-api-server: then it is a place on the server's own disk.
    if path == found.file_path or path.startswith("/"):
        raise Undeliverable("the server runs with --local and gives no files out")
    try:
        content = await bot.request.retrieve(f"{bot.base_file_url}/{quote(path)}", read_timeout=SLOW)
    except InvalidToken as refused:  # what the library makes of a 404, too
        if "unauthorized" in refused.message.casefold():
            raise
        raise Undeliverable("the link is dead") from None
    if len(content) > LARGEST:
        raise TooLarge(TOO_LARGE)
    return content
