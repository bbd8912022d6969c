"""A reply to one of the bot's cards without any verb: a reporter adds to the case, a worker makes a note."""

from handlers import access, intake, work
from handlers.desk import Desk
from handlers.message import Reply
from storage.requests import Request


def reply_to_card(desk: Desk, case: Request) -> Reply | None:
    text = desk.said.text
    if not text and not desk.said.photos:
        return None
    if access.may_work(desk, case) and not access.is_reporter(desk, case):
        return work.note(desk, case, text)
    return intake.more(desk, case, text)
