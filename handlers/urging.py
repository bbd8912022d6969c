"""Urging: "怎么还没修" gets an honest answer about the case there is, and never opens a second one."""

from handlers import access, cards
from handlers.desk import Desk, Sorry
from handlers.message import Reply
from handlers.router import case_command
from nlp.places import near
from nlp.reader import Reading
from storage import reports, requests
from storage.people import Person
from storage.requests import Request


def case_meant(desk: Desk, person: Person, reading: Reading) -> Request | None:
    """The open case urged: the speaker's own or the group's of that matter, else of that kind, else their only one."""
    own = [case for case in reports.cases_of(desk.session, desk.id_of(person)) if _may_speak_of(desk, case)]
    known = own + [case for case in requests.open_in(desk.session, desk.chat_id) if _may_speak_of(desk, case)]
    if reading.category in {None, "other"}:  # "怎么还没人来修"
        chosen = own[0] if len(own) == 1 else None
    else:
        alike = [case for case in known if case.category == reading.category and _here(case, reading)]
        chosen = next(iter([case for case in alike if case.title == reading.title] or alike), None)
    return requests.lock(desk.session, chosen.number) if chosen else None


def _may_speak_of(desk: Desk, case: Request) -> bool:
    return case.delicate is None or desk.here.private


def _here(case: Request, reading: Reading) -> bool:
    return not case.places or not reading.places or near(case.places.split(" "), reading.places)


def urge(desk: Desk, case: Request, person: Person) -> Reply:
    """Counts it, tells the lead, and answers with the state and the deadline; of a delicate case only alone."""
    desk.record(case, "urged", data={"person": person.id}, urged=case.urged + 1)
    card = cards.headline(desk, case, public=False)
    cards.tell_lead(desk, case, desk.say("lead.urged", card=card, count=case.urged))
    answer = desk.say(
        "urge.answer",
        card=cards.headline(desk, case, public=not desk.here.private),
        status=cards.status(desk, case),
        lead=cards.lead_name(desk, case),
        count=case.urged,
    )
    if not _may_speak_of(desk, case):
        return Reply(desk.say("delicate.urged", number=case.number), nod=True)
    return Reply(answer, about=case.number)


@case_command("urge", access.anyone)
def urge_it(desk: Desk, case: Request, words: str) -> Reply:  # noqa: ARG001 (the interface)
    if not case.is_open:
        raise Sorry(desk.say("illegal.ended", number=case.number))
    return urge(desk, case, desk.person)
