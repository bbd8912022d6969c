"""Handing over: all open cases of one person go to another, with their deadlines as they were."""

from collections.abc import Sequence

from handlers import dispatch, posts, succession
from handlers.aside import aside
from handlers.desk import Desk, Sorry
from handlers.message import Button, Reply
from handlers.posts import SENIOR
from handlers.roles import reached
from handlers.router import command
from storage import people, requests
from storage.grids import Grid
from storage.outbox import Purpose
from storage.people import Person
from storage.requests import Request

SURE = "yes"


@command("handover", ranks=SENIOR)
def hand_over(desk: Desk, words: str) -> Reply | None:
    """交接 甲 乙: first what would go and what would stay, and a button; then the deed."""
    names = words.split()
    sure = names[-1:] == [SURE]
    if len(names) - sure != 2:
        raise Sorry(desk.say("handover.how"))
    giver = posts.somebody(desk, names[0], lambda key: f"/handover {key} {names[1]}")
    taker = posts.somebody(desk, names[1], lambda key: f"/handover {posts.handle(giver)} {key}")
    _check(desk, giver, taker)
    going, staying = _sorted(desk, giver, taker)
    if not going:
        raise Sorry(desk.say("handover.nothing", giver=giver.name, taker=taker.name) + _stay(desk, taker, staying))
    who = {"giver": giver.name, "taker": taker.name, "count": len(going), "numbers": listed(going)}
    if not sure:
        confirm = Button(desk.say("button.handover"), f"/handover {posts.handle(giver)} {posts.handle(taker)} {SURE}")
        return aside(desk, desk.say("handover.preview", **who) + _stay(desk, taker, staying), [confirm])
    for case in going:
        _pass_on(desk, case, taker)
    speaker = desk.person
    for person, sentence in ((giver, "handover.giver"), (taker, "handover.taker")):
        if person.id != speaker.id and reached(desk, person):
            buttons = [Button(desk.say("button.todo"), "/todo")] if person is taker else []
            text = desk.say(sentence, who=speaker.name, **who)
            desk.write(Purpose.TELL, text, person_id=person.id, buttons=buttons, at=desk.house.awake(desk.now))
    return aside(desk, desk.say("handover.done", **who) + _stay(desk, taker, staying))


def _check(desk: Desk, giver: Person, taker: Person) -> None:
    if giver.id == taker.id:
        raise Sorry(desk.say("handover.same"))
    for person in (giver, taker):
        if not posts.covers(desk, person):
            raise Sorry(desk.say("off.not_yours", name=person.name))
    if people.present(desk.session, taker).id != taker.id:
        raise Sorry(desk.say("handover.away", name=taker.name))


def _sorted(desk: Desk, giver: Person, taker: Person) -> tuple[list[Request], list[Request]]:
    """The cases the taker answers for, and the others; all locked, the lowest number first."""
    led = sorted(case.number for case in requests.led_by(desk.session, desk.id_of(giver), []))
    locked = [requests.lock(desk.session, number) for number in led]
    going: list[Request] = []
    staying: list[Request] = []
    for case in locked:
        if case and case.is_open and case.lead_person_id == giver.id:
            grid = desk.session.get_one(Grid, case.grid_id)
            (going if succession.answers_for(desk.session, taker, grid) else staying).append(case)
    return going, staying


def _pass_on(desk: Desk, case: Request, taker: Person) -> None:
    """One line of history and no card: one word tells of all cases, and the residents wait since the same moment."""
    data = {"person": case.lead_person_id, "unit": None}
    lead = dispatch.assignment(taker)
    desk.record(case, "handed_over", data=data, **lead, dispatches=case.dispatches + 1, raised=0)


def listed(cases: Sequence[Request]) -> str:
    return " ".join(f"#{case.number}" for case in cases)


def _stay(desk: Desk, taker: Person, staying: Sequence[Request]) -> str:
    return desk.say("handover.stay", taker=taker.name, numbers=listed(staying)) if staying else ""
