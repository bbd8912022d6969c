"""What is kept only for a while (PIPL art. 19: the shortest period necessary), and the ledger of what went.

Delivery ids, the words of letters and open questions have timers of their own. The words and files of ended cases and
who the residents behind them were go at night, at most so many rows per transaction.
"""

from datetime import timedelta

from handlers.desk import Desk
from handlers.router import job
from nlp.places import building
from storage import attachments, deliveries, erasures, outbox, retention
from storage.chores import Chore
from storage.deliveries import Delivery
from storage.erasures import Erased
from storage.outbox import Letter, LetterState
from storage.questions import OpenQuestion
from storage.requests import Request

AT_ONCE = 200  # rows per transaction
NO_REQUEST = "a worker said it was no request"


def erased(desk: Desk, what: Erased, how_many: int, rule: str) -> None:
    """Writes it into the ledger of what was deleted, under the community's day."""
    day = desk.now.astimezone(desk.house.zone).date()
    erasures.note(desk.session, what, rule, how_many, day=day, at=desk.now)


def _after(span: timedelta, since: str) -> str:
    return f"{span.days} days after {since}"


@job(Delivery.forget_at)
def forget_delivery(desk: Desk, delivery: Delivery) -> None:
    desk.session.delete(delivery)
    erased(desk, Erased.DELIVERIES, 1, _after(deliveries.KEPT, "it came"))


@job(Letter.blank_at)
def blank_letter(desk: Desk, letter: Letter) -> None:
    if letter.state == LetterState.WAITING:
        letter.state = LetterState.DROPPED  # too old to be news
    had = letter.text is not None
    letter.text, letter.blank_at = None, None
    desk.session.add(letter)
    erased(desk, Erased.LETTERS, int(had), _after(outbox.TEXT_KEPT, "it was written"))


@job(OpenQuestion.expires_at)
def drop_question(desk: Desk, question: OpenQuestion) -> None:
    desk.session.delete(question)


def forget_what_is_over(desk: Desk, chore: Chore) -> None:
    """A night's work, in pieces: while there is more, it stays due."""
    room = AT_ONCE
    for case in retention.cases_over(desk.session, desk.now - desk.house.cases_kept, limit=room):
        room -= _forget_case(desk, case, room)
        if room <= 0:
            return
    room -= _forget_people(desk, room)
    if room > 0:
        chore.due_at, chore.done_at = desk.house.night_after(desk.now), desk.now
        desk.session.add(chore)


def _forget_case(desk: Desk, case: Request, room: int) -> int:
    """At most `room` rows of a case; what does not fit is left for the next piece. Its building stays: figures."""
    rule = _after(desk.house.cases_kept, "the case ended")
    words = retention.blank_words(desk.session, case.number, limit=room)
    those = attachments.of_case(desk.session, case.number)[: room - words]
    files = attachments.erase(desk.session, those, at=desk.now)
    sent = retention.delete_letters(desk.session, case.number, limit=room - words - files)
    for what, how_many in ((Erased.WORDS, words), (Erased.FILES, files), (Erased.SENT, sent)):
        erased(desk, what, how_many, rule)
    gone = words + files + sent
    if gone < room:
        retention.delete_cards(desk.session, case.number)
        case.places = " ".join(dict.fromkeys(filter(None, map(building, case.places.split(" ")))))
        case.forgotten_at = desk.now
        desk.session.add(case)
    return gone + 1


def _forget_people(desk: Desk, room: int) -> int:
    """Each is a row of their own, an account or two, a private chat."""
    limit = max(room // 4, 1)
    over = retention.people_over(desk.session, desk.now - desk.house.people_kept, limit=limit)
    for person in over:
        retention.forget(desk.session, person, at=desk.now)
    erased(desk, Erased.PEOPLE, len(over), _after(desk.house.people_kept, "the last word, with no case left"))
    return room if len(over) == limit else 4 * len(over)
