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
    """The open case urged: the speaker's own of that kind, else the group's, else the speaker's only one."""
    own = reports.cases_of(desk.session, desk.id_of(person))
    group = requests.open_in(desk.session, desk.chat_id)
    for cases in (own, group):
        for case in cases:
            places = case.places.split(" ") if case.places else []
            fits = not places or not reading.places or near(places, reading.places)
            if case.category == reading.category and case.delicate is None and fits:
                return requests.lock(desk.session, case.number)
    vague = reading.category in {None, "other"}
    return requests.lock(desk.session, own[0].number) if vague and len(own) == 1 else None


def urge(desk: Desk, case: Request, person: Person) -> Reply:
    """Counts it, tells the lead, and answers with the state and the deadline."""
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
    return Reply(answer)


@case_command("urge", access.anyone)
def urge_it(desk: Desk, case: Request, words: str) -> Reply:  # noqa: ARG001 (the interface)
    if not case.is_open:
        raise Sorry(desk.say("illegal.ended", number=case.number))
    return urge(desk, case, desk.person)
