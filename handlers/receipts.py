"""What residents do under a notice: press that they have it, or ask about it. Nobody is ever asked to."""

from dataclasses import replace

from handlers import ballots, dispatch, intake
from handlers.aside import among_residents, can_be_alone
from handlers.desk import ANSWER_WITHIN, Desk, Sorry
from handlers.intake import ASKED_FOR, Told
from handlers.message import Reply
from handlers.router import command
from nlp.reader import Reading
from storage import notices, outbox, people, questions, receipts
from storage.grids import Grid
from storage.notices import Notice
from storage.outbox import Purpose
from storage.people import Person

_ENDS = "。.!~ "  # after a word that is meant


@command("got", hidden=True)
def got(desk: Desk, words: str) -> Reply | None:
    """Counted once a person, and never who."""
    return count(desk, _meant(desk, words))


def count(desk: Desk, notice: Notice) -> Reply | None:
    if notice.salt is None:
        return Reply(desk.say("got.over"), nod=True)
    own = receipts.mark(notice.salt, desk.here.platform, desk.here.account, desk.said.sender.user)
    if receipts.add(desk.session, notice.number, own):
        notice.received += 1
    return Reply(desk.say("got.done"), nod=True)


@command("unclear", hidden=True)
def unclear(desk: Desk, words: str) -> Reply | None:
    """A question about a notice becomes a case bound to it. Without words they are asked for, alone if possible."""
    number, _, said = words.partition(" ")
    notice = _meant(desk, number)
    return ask(desk, notice, said.strip()) if said.strip() else _what(desk, notice)


def _what(desk: Desk, notice: Notice) -> Reply:
    person_id, so_far = desk.id_of(desk.person), f"/unclear {notice.id} "
    alone = people.private_chat(desk.session, person_id) if among_residents(desk) and can_be_alone(desk) else None
    where = (alone.id if alone else None) or desk.chat_id
    questions.ask(desk.session, where, person_id, so_far, expires_at=desk.now + ANSWER_WITHIN)
    if alone is None and not desk.here.private:
        return Reply(desk.say("unclear.reply"), nod=True)
    text = desk.say("unclear.what", title=notice.title)
    if alone is None:
        return Reply(text)
    desk.write(Purpose.ASK, text, person_id=person_id)
    return Reply(desk.say("aside.sent"), nod=True)


def ask(desk: Desk, notice: Notice, words: str, reading: Reading | None = None) -> Reply | None:
    """It goes to who made the notice, if they still answer for the place; else to whom the duty names."""
    if reading is None:
        reading = desk.reader.read(words, ASKED_FOR)
        reading = reading if reading.urgent else replace(reading, kind="consult")
    told = Told(desk.person, words, desk.said.message)
    alone = desk.session.get_one(Grid, notice.grid_id) if desk.here.private else None
    grid = intake.grid_of(desk, desk.person, reading, around=alone)
    maker = desk.session.get(Person, notice.made_by) if notice.made_by else None
    lead = maker if maker and dispatch.answers_for(desk, maker, grid) else None
    case = intake.open_case(desk, reading, grid, told, notice=notice.number, lead=lead)
    intake.receipt(desk, case, told)
    return None


def _meant(desk: Desk, words: str) -> Notice:
    """The notice of a number, if this chat is one that it is for."""
    notice = notices.find(desk.session, int(words)) if words.isdecimal() and len(words) < 10 else None
    if notice is None or notice.draft or notice.began_at is None:
        raise Sorry(desk.say("notice.none"))
    return notice


def reply(desk: Desk, reading: Reading | None) -> Reply | None:
    """A reply in words: "收到" counts, an option is an answer, a question about it is one, and talk is talk."""
    number = outbox.notice_of(desk.session, desk.chat_id, desk.said.quoted.message) if desk.said.quoted else None
    notice = _meant(desk, str(number))
    words = desk.said.text.strip().rstrip(_ENDS)
    if notice.survey:
        if (chosen := ballots.choice(desk, notice, words)) is not None:
            return ballots.answer(desk, notice, chosen)
    elif words in desk.say("got.words").split():
        return count(desk, notice)
    return ask(desk, notice, desk.said.text, reading) if reading and reading.is_request else None
