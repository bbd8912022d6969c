"""Dispatch: who must act, by when; and what happens when that person cannot be reached."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlmodel import Session

from handlers import cards
from handlers.desk import Desk
from handlers.router import undelivered
from storage import duties, people
from storage.grids import Grid
from storage.outbox import Letter, Purpose
from storage.people import CHAIN, Person, Rank
from storage.requests import Request, State
from storage.units import Unit

Lead = Person | Unit
REMIND_AFTER = 0.75  # of the time from now to the deadline
BEFORE_NIGHT = timedelta(minutes=30)  # of a deadline at night one hears in the evening


def lead_for(desk: Desk, category: str, grid: Grid) -> tuple[Lead, timedelta, timedelta]:
    """The unit the duty names, else the first of the grid's chain; with the hours to accept and to finish.

    LookupError if nobody answers for the grid: the configuration check does not let it come to that.
    """
    return desk.once(("lead", category, grid.id), lambda: _lead_for(desk, category, grid))


def _lead_for(desk: Desk, category: str, grid: Grid) -> tuple[Lead, timedelta, timedelta]:
    duty = duties.duty_for(desk.session, category, grid)
    if duty is None:
        raise LookupError(f"no duty covers {category} in {grid.key}")
    unit = duties.lead_unit(desk.session, duty)
    if unit is not None and not unit.gone:
        return unit, duty.accept_within, duty.finish_within
    chain = people.chain(desk.session, grid)
    if not chain:
        raise LookupError(f"nobody answers for {grid.key}")
    return chain[0], duty.accept_within, duty.finish_within


def named_by_duty(desk: Desk, category: str, grid: Grid) -> Lead | None:
    """Whom the duty names now; None where the file left a hole behind."""
    try:
        return lead_for(desk, category, grid)[0]
    except LookupError:
        return None


def answers_for(desk: Desk, person: Person, grid: Grid) -> bool:
    """Whether a person stands in the chain of a grid."""
    return any(post.rank in CHAIN and post.path in grid.ancestors for post in people.posts(desk.session, person))


def assignment(lead: Lead) -> dict[str, int | None]:
    """The two lead columns: exactly one of them is set."""
    if isinstance(lead, Unit):
        return {"lead_unit_id": lead.id, "lead_person_id": None}
    return {"lead_unit_id": None, "lead_person_id": lead.id}


def led_by_duty(desk: Desk, case: Request) -> bool:
    lead, _, _ = lead_for(desk, case.category, desk.session.get_one(Grid, case.grid_id))
    return assignment(lead) == {"lead_unit_id": case.lead_unit_id, "lead_person_id": case.lead_person_id}


def dispatch(desk: Desk, case: Request, kind: str, lead: Lead | None = None, text: str | None = None) -> None:
    """Gives the case to `lead` (by default whom the duty names), starts its clocks and writes to them."""
    grid = desk.session.get_one(Grid, case.grid_id)
    by_duty, accept_within, finish_within = lead_for(desk, case.category, grid)
    if case.urgent:
        accept_within, finish_within = desk.house.urgent_accept, desk.house.urgent_finish
    accept_by = desk.now + accept_within
    desk.move(
        case,
        State.DISPATCHED,
        kind,
        text=text,
        **assignment(lead or by_duty),
        dispatches=case.dispatches + 1,
        accept_by=accept_by,
        finish_by=desk.now + finish_within,
        accepted_at=None,
        remind_at=reminder(desk, case, accept_by),
        raise_at=accept_by if case.urgent else desk.house.awake(accept_by),
        raised=0,
    )
    write_to_lead(desk, case)


def write_to_lead(desk: Desk, case: Request) -> None:
    """The working cards of a new lead."""
    cards.work(desk, case)
    if case.danger and case.lead_unit_id is not None:  # whom the first words named must know of it
        for person in people.chain(desk.session, desk.session.get_one(Grid, case.grid_id))[:1]:
            cards.work_for(desk, case, person)


def reminder(desk: Desk, case: Request, deadline: datetime) -> datetime | None:
    """When to remind of a deadline: before it, and at night only if the case is urgent. None: there is no such time."""
    at = desk.now + (deadline - desk.now) * REMIND_AFTER
    if case.urgent:
        return at
    morning = desk.house.awake(at)
    evening = desk.house.evening_before(at) - BEFORE_NIGHT
    return morning if morning < deadline else evening if evening > desk.now else None


def next_up(desk: Desk, case: Request) -> Person | None:
    """The next person up the chain who was not yet asked; None at its end."""
    grid = desk.session.get_one(Grid, case.grid_id)
    chain = people.chain(desk.session, grid)
    if case.lead_unit_id is None:
        chain = chain[_step(desk, chain, case.lead_person_id) + 1 :]
    else:
        chain = [person for person in chain if person not in people.holders(desk.session, Rank.WORKER, grid)] or chain
    return chain[case.raised] if case.raised < len(chain) else None


def _step(desk: Desk, chain: list[Person], person_id: int | None) -> int:
    """Where a person stands in the chain, or whom they stand in for; -1 for anybody else."""
    lead = desk.session.get(Person, person_id)
    own = (step for step, person in enumerate(chain) if person.id in {person_id, lead.relief_id if lead else None})
    other = (step for step, person in enumerate(chain) if lead and lead.key and person.stand_in_key == lead.key)
    return next(iter((*own, *other)), -1)


@undelivered(Purpose.WORK)
def work_came_back(desk: Desk, letter: Letter) -> None:
    """A dispatch nobody received goes to the stand-in, the unit's people, then up the chain; each of them once."""
    case = desk.session.get_one(Request, letter.request_id)
    if not case.is_open:
        return
    tried = {event.data["person"] for event in desk.history(case) if event.kind == "unreached"}
    person = desk.session.get(Person, letter.person_id) if letter.person_id else None
    if person:
        person.unreachable_at = desk.now
        tried.add(person.id)
    desk.record(case, "unreached", data={"person": letter.person_id, "reason": letter.reason})
    for stand_in in _others(desk, case, person):
        if stand_in.id not in tried and stand_in.unreachable_at is None:
            cards.work_for(desk, case, stand_in)
            return
    desk.record(case, "nobody_reached")


def _others(desk: Desk, case: Request, person: Person | None) -> list[Person]:
    others = []
    if person and person.stand_in_key and (stand_in := people.by_key(desk.session, person.stand_in_key)):
        others.append(stand_in)
    if case.lead_unit_id is not None:
        others += people.contacts(desk.session, case.lead_unit_id)
    grid = desk.session.get_one(Grid, case.grid_id)
    others += [
        step for rank in (Rank.LEADER, Rank.CHIEF, Rank.ADMIN) for step in people.holders(desk.session, rank, grid)
    ]
    return others


def on_duty(session: Session) -> Callable[[str], tuple[str, str]]:
    """Whom the first words in a danger name: the first of a grid's chain, by its path, and their work telephone."""
    chains = people.Chains(session)

    def of(path: str) -> tuple[str, str]:
        first = next(iter(chains.of(path)), None)
        return (first.name, first.phone or "") if first else ("", "")

    return of
