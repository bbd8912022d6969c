"""A reply to one of the bot's cards without any verb: a reporter answers or adds to the case, a worker makes a note."""

from handlers import access, intake, satisfaction, work
from handlers.desk import Desk
from handlers.message import Reply
from nlp.reader import Context
from storage.requests import FINISHED, Outcome, Request, Satisfaction


def reply_to_card(desk: Desk, case: Request) -> Reply | None:
    text = desk.said.text
    if not text and not desk.said.attached:
        return None
    if not access.is_reporter(desk, case):
        return work.note(desk, case, text) if access.may_work(desk, case) else _neighbour(desk, case, text)
    return _answer(desk, case, text) if case.state in FINISHED else intake.more(desk, case, text)


def _answer(desk: Desk, case: Request, text: str) -> Reply | None:
    """The taps in words: "没有", "满意". Other talk after the end is no answer; alone the question is put again."""
    if satisfaction.choice(desk, text, "rate", Satisfaction)[0]:
        return satisfaction.rate(desk, case, text)
    if satisfaction.choice(desk, text, "solved", Outcome)[0] or desk.here.private:
        return satisfaction.solved(desk, case, text)
    return None


def _neighbour(desk: Desk, case: Request, text: str) -> Reply | None:
    """Another voice, if it says so; chat under a card is not kept."""
    reading = desk.reader.read(text, Context(addressed=True, open_category=case.category))
    same = reading.is_request and reading.category == case.category and case.is_open
    return intake.metoo(desk, case, text) if same else None
