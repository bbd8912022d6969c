"""A notice that a stop broke off: who answers for its grid decides whether it is said once more."""

from collections.abc import Iterator

from handlers.desk import Desk, Sorry
from handlers.message import Button, Reply
from handlers.notices import DECIDE
from handlers.router import command, undelivered
from storage import outbox, people
from storage.grids import Grid
from storage.notices import Notice
from storage.outbox import Letter, LetterState, Purpose
from storage.people import Person


@undelivered(Purpose.NOTICE)
def interrupted(desk: Desk, letter: Letter) -> None:
    """A stop broke a notice off: groups may have it or not, and a person decides whether it is said once more."""
    notice = desk.session.get(Notice, letter.notice_id) if letter.notice_id else None
    if letter.state != LetterState.UNCERTAIN or notice is None:
        return
    _ask_office(desk, notice)


@undelivered(Purpose.DECIDE)
def nobody_decided(desk: Desk, letter: Letter) -> None:
    """Who was asked cannot be reached: the next is."""
    desk.session.get_one(Person, letter.person_id).unreachable_at = desk.now
    _ask_office(desk, desk.session.get_one(Notice, letter.notice_id))


def _ask_office(desk: Desk, notice: Notice) -> None:
    """One person is asked: the nearest to the grid who can be reached. With nobody the letters stay uncertain."""
    desk.session.flush()
    count = len(outbox.uncertain_of(desk.session, notice.id or 0))
    person = next(_deciding(desk, notice), None)
    if not count or person is None:
        return
    buttons = [Button(desk.say(f"button.resend.{word}"), f"/resend {notice.id} {word}") for word in ("yes", "no")]
    desk.write(
        Purpose.DECIDE,
        desk.say("notice.interrupted", title=notice.title, count=count),
        person_id=person.id,
        notice_id=notice.id,
        buttons=buttons,
        at=desk.house.awake(desk.now),
    )


def _deciding(desk: Desk, notice: Notice) -> Iterator[Person]:
    grid = desk.session.get_one(Grid, notice.grid_id)
    for rank in DECIDE:
        for person in people.holders(desk.session, rank, grid):
            if person.unreachable_at is None and people.private_chat(desk.session, desk.id_of(person)):
                yield person


@command("resend", ranks=frozenset(DECIDE), hidden=True)
def resend(desk: Desk, words: str) -> Reply:
    """The decision about an interrupted notice; pressed twice, the second finds nothing left to decide."""
    number, _, word = words.partition(" ")
    notice = desk.session.get(Notice, int(number)) if number.isdecimal() and len(number) < 10 else None
    if notice is None or word not in {"yes", "no"} or not _may_decide(desk, notice):
        raise Sorry(desk.say("notice.none"))
    letters = outbox.uncertain_of(desk.session, notice.id or 0)
    if not letters:
        raise Sorry(desk.say("notice.decided"))
    for letter in letters:
        if word == "yes":
            outbox.again(letter, at=desk.now)
        else:
            letter.state = LetterState.DROPPED
    return Reply(desk.say(f"notice.resend.{word}", title=notice.title, count=len(letters)))


def _may_decide(desk: Desk, notice: Notice) -> bool:
    path = desk.session.get_one(Grid, notice.grid_id).path
    return any(post.rank in DECIDE and post.path is not None and path.startswith(post.path) for post in desk.posts)
