"""Deadlines: one reminder before, one step up the chain on breach; a danger climbs until somebody accepts."""

from handlers import cards, danger, dispatch
from handlers.desk import Desk
from handlers.message import Button
from handlers.router import job
from storage.outbox import Purpose
from storage.requests import Request, State


@job(Request.remind_at)
def remind(desk: Desk, case: Request) -> None:
    """Tells the lead once that the deadline of the present step is near; after it the breach speaks."""
    accepting = case.state == State.DISPATCHED
    deadline = case.accept_by if accepting else case.finish_by
    desk.record(case, "reminded", remind_at=None)
    if deadline and desk.now < deadline:
        verb = "take" if accepting else "done"
        at = desk.say.when(deadline, desk.now)
        text = desk.say("lead.reminder", card=cards.headline(desk, case, public=False), at=at)
        cards.tell_lead(desk, case, text, buttons=(Button(desk.say(f"button.{verb}"), f"/{verb} {case.number}"),))


@job(Request.raise_at)
def breach(desk: Desk, case: Request) -> None:
    """The deadline passed: one step up, once; for a danger nobody accepted, one more step every ten minutes.

    Written as work, so that it goes on to somebody else where the next one up cannot be reached.
    """
    accepting = case.state == State.DISPATCHED
    if case.danger and accepting:
        danger.up_the_chain(desk, case)
        return
    person = dispatch.next_up(desk, case)
    step = "accept" if accepting else "finish"
    data = {"person": person.id if person else None, "step": step}
    desk.record(case, "raised", data=data, raised=case.raised + 1, raise_at=None)
    if person:
        card, lead = cards.headline(desk, case, public=False), cards.lead_name(desk, case)
        names = ("take" if accepting else "status", "transfer")
        desk.write(
            Purpose.WORK,
            desk.say(f"leader.late.{step}", card=card, lead=lead),
            person_id=person.id,
            case=case,
            buttons=tuple(Button(desk.say(f"button.{name}"), f"/{name} {case.number}") for name in names),
        )
