"""Every open case has a lead who is there: what somebody left behind goes on, its clocks as they were."""

from collections.abc import Sequence

from sqlmodel import Session

from handlers import cards, dispatch
from handlers.desk import Desk
from handlers.dispatch import Lead
from storage import grids, outbox, people, reports, requests
from storage.grids import Grid
from storage.outbox import Purpose
from storage.people import CHAIN, Person
from storage.requests import Request
from storage.units import Unit


def left_behind(session: Session, by: Person | None = None) -> list[int]:
    """The open cases whose lead (or only those `by` one) is gone or answers for their grid no more.

    Each pair of lead and grid is looked at once.
    """
    leads = [pair for pair in requests.leads_of_open(session) if by is None or pair[0] == by.id]
    pairs = [pair for pair in leads if not _present(session, *pair)]
    return [number for pair in pairs for number in requests.open_of(session, *pair)]


def _present(session: Session, person_id: int | None, unit_id: int | None, grid_id: int) -> bool:
    if unit_id is not None:
        return not session.get_one(Unit, unit_id).gone
    return answers_for(session, session.get_one(Person, person_id), session.get_one(Grid, grid_id))


def answers_for(session: Session, person: Person, grid: Grid) -> bool:
    return _answers(session, person, grid, ())


def _answers(session: Session, person: Person, grid: Grid, through: Sequence[Person]) -> bool:
    """Whether a person holds a rank of the chain for a grid, or steps in for somebody who does."""
    if person.gone or person in through:
        return False
    own = [post for post in people.posts(session, person) if not post.acting]
    if any(post.rank in CHAIN and post.path in grid.ancestors for post in own):
        return True
    return any(_answers(session, one, grid, (*through, person)) for one in people.covered_by(session, person))


def hand_over(desk: Desk, number: int) -> tuple[str, str] | None:
    """Gives a case that was left behind a lead; returns the names of the old one and the new one. Twice is harmless.

    No deadline moves: the residents wait since the same moment.
    """
    case = requests.lock(desk.session, number)
    if case is None or not case.is_open:
        return None
    if _present(desk.session, case.lead_person_id, case.lead_unit_id, case.grid_id):
        return None
    left = cards.lead_name(desk, case)
    lead = _successor(desk, case)
    data = {"person": case.lead_person_id, "unit": case.lead_unit_id}
    desk.record(case, "handed_over", data=data, **dispatch.assignment(lead), dispatches=case.dispatches + 1, raised=0)
    dispatch.write_to_lead(desk, case)
    return left, lead.name


def _successor(desk: Desk, case: Request) -> Lead:
    """A unit's case goes to whom the duty names now, a person's to the first of the chain."""
    grid = desk.session.get_one(Grid, case.grid_id)
    if case.lead_unit_id is not None and (lead := dispatch.named_by_duty(desk, case.category, grid)):
        return lead
    chain = people.chain(desk.session, grid) or people.chain(desk.session, grids.root(desk.session))
    return chain[0]


def drop_letters_to_the_gone(desk: Desk) -> None:
    """What still waits for people who left says nothing to them; news of what they reported themselves does."""
    for letter in outbox.waiting_for_gone(desk.session, [Purpose.WORK, Purpose.TELL]):
        own = letter.request_id and letter.person_id
        if not (own and reports.voice_of(desk.session, letter.request_id or 0, letter.person_id or 0)):
            outbox.drop_one(letter)
