"""Where the bot cannot hear what a group says, it says so there, once, with what helps."""

from handlers.desk import Desk
from storage.outbox import Purpose


def deaf(desk: Desk) -> None:
    """Saying it again is no new message: the words stand on one card."""
    desk.write(Purpose.TELL, desk.say("deaf.group", bot=desk.house.bot_name), chat_id=desk.chat_id, card_key=_key(desk))


def hears_again(desk: Desk) -> None:
    """Takes the words away, if they were ever said."""
    if desk.said_on(_key(desk)):
        desk.erase(_key(desk), desk.chat_id)


def _key(desk: Desk) -> str:
    return f"deaf:{desk.chat_id}"
