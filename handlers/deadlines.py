"""Deadlines: one reminder before, one step up the chain on breach; a danger climbs until somebody accepts."""

from handlers import cards, danger, dispatch
from handlers.desk import Desk
from handlers.message import Button
from handlers.router import job
from storage.outbox import Purpose
from storage.requests import Request, State


@job(Request.remind_at)
def remind(desk: Desk, case: Request) -> None:
    """Tells the lead once that the deadline of the present step is near."""
    deadline = case.accept_by if case.state == State.DISPATCHED else case.finish_by
    desk.record(case, "reminded", remind_at=None)
    if deadline is None or not case.is_open:
        return
    text = desk.say(
        "lead.reminder", card=cards.headline(desk, case, public=False), at=desk.say.when(deadline, desk.now)
    )
    verb = "take" if case.state == State.DISPATCHED else "done"
    cards.tell_lead(desk, case, text, buttons=(Button(desk.say(f"button.{verb}"), f"/{verb} {case.number}"),))


@job(Request.raise_at)
def breach(desk: Desk, case: Request) -> None:
    """The deadline passed: one step up, once; for a danger nobody accepted, one more step every ten minutes."""
    if case.danger and case.state == State.DISPATCHED:
        danger.up_the_chain(desk, case)
        return
    person = dispatch.next_up(desk, case)
    step = "accept" if case.state == State.DISPATCHED else "finish"
    data = {"person": person.id if person else None, "step": step}
    desk.record(case, "raised", data=data, raised=case.raised + 1, raise_at=None)
    if person:
        desk.write(
            Purpose.TELL,
            desk.say(
                f"leader.late.{step}", card=cards.headline(desk, case, public=False), lead=cards.lead_name(desk, case)
            ),
            person_id=person.id,
            case=case,
            buttons=(
                Button(desk.say("button.take"), f"/take {case.number}"),
                Button(desk.say("button.transfer"), f"/transfer {case.number}"),
            ),
        )
