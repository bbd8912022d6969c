"""The cards of a case: one public card in the group, one working card for each person who must act."""

from handlers import voices
from handlers.desk import Desk
from handlers.message import Button
from handlers.router import after_touch
from nlp.places import building
from storage import events, outbox, people, reports
from storage.outbox import Purpose, Urgency
from storage.people import Person
from storage.requests import OPEN, Request, State
from storage.texts import Text
from storage.units import Unit


def headline(desk: Desk, case: Request, *, public: bool) -> str:
    """ "#128 电梯故障 · 3号楼 · 2 户反映"; a flat's number never shows in public."""
    parts = [f"#{case.number} {case.title}"]
    place = " ".join(dict.fromkeys(filter(None, map(building, case.places.split(" "))))) if public else case.places
    if place:
        parts.append(place)
    if (count := reports.count_voices(desk.session, case.number)) > 1:
        parts.append(desk.say("card.voices", count=count))
    if case.reopened:
        parts.append(desk.say("card.reopened", count=case.reopened))
    return " · ".join(parts)


def lead_name(desk: Desk, case: Request) -> str:
    if case.lead_unit_id is not None:
        return desk.session.get_one(Unit, case.lead_unit_id).name
    return desk.session.get_one(Person, case.lead_person_id).name


def status(desk: Desk, case: Request) -> str:
    """Where the case stands, in one line."""
    when = {
        "accept_by": desk.say.when(case.accept_by, desk.now) if case.accept_by else "",
        "finish_by": desk.say.when(case.finish_by, desk.now) if case.finish_by else "",
        "accepted": desk.say.past(case.accepted_at, desk.now) if case.accepted_at else "",
    }
    outcome = desk.say(f"outcome.{case.verdict or case.outcome}") if case.outcome else ""
    return desk.say(f"status.{case.state}", lead=lead_name(desk, case), outcome=outcome, **when)


def progress(desk: Desk, case: Request) -> str | None:
    """The last word to the reporters, if one was said since the last dispatch."""
    for event in reversed(events.history(desk.session, case.number)):
        if event.kind == "replied" and event.text_id:
            body = desk.session.get_one(Text, event.text_id).body
            who = desk.session.get(Person, event.actor_id)
            return (
                desk.say("card.progress", who=who.name if who else "", at=desk.say.past(event.at, desk.now), words=body)
                if body
                else None
            )
        if event.kind in {"dispatched", "transferred", "reopened"}:
            return None
    return None


@after_touch
def public(desk: Desk, case: Request) -> None:
    """One card in the group a case was heard in, edited as it moves; never for what should not be public."""
    if case.chat_id is None or case.delicate:
        return
    key = f"case:{case.number}"
    if case.state == State.MISTAKEN:
        outbox.drop(desk.session, card_key=key)
        desk.erase(key, case.chat_id)
        return
    lines = [headline(desk, case, public=True), status(desk, case)]
    if case.state in OPEN and (line := progress(desk, case)):
        lines.append(line)
    buttons = [
        Button(desk.say("button.metoo"), f"/metoo {case.number}"),
        Button(desk.say("button.more"), f"/more {case.number}"),
    ]
    first = next(iter(reports.all_of(desk.session, case.number)), None)
    desk.write(
        Purpose.CARD,
        "\n".join(lines),
        chat_id=case.chat_id,
        case=case,
        buttons=buttons if case.is_open else (),
        reply_to=first.message if first and first.chat_id == case.chat_id else None,
        card_key=key,
        urgency=Urgency.DANGER if case.danger else Urgency.PERSON,
        at=desk.now if case.urgent else desk.house.awake(desk.now),
        public=not case.urgent,
    )


def work(desk: Desk, case: Request) -> None:
    """Gives the lead a card to work with: a person, a unit's chat, or a unit's people where it has no chat."""
    if case.lead_unit_id is None:
        work_for(desk, case, desk.session.get_one(Person, case.lead_person_id))
        return
    unit = desk.session.get_one(Unit, case.lead_unit_id)
    if unit.chat_id is not None:
        _write_work(desk, case, f"c{unit.chat_id}", chat_id=unit.chat_id)
    for person in people.contacts(desk.session, unit.id or 0) if unit.chat_id is None else ():
        work_for(desk, case, person)


def work_for(desk: Desk, case: Request, person: Person) -> None:
    _write_work(desk, case, f"p{person.id}", person_id=person.id)


def _write_work(
    desk: Desk, case: Request, whom: str, *, chat_id: int | None = None, person_id: int | None = None
) -> None:
    desk.write(
        Purpose.WORK,
        working_text(desk, case),
        chat_id=chat_id,
        person_id=person_id,
        case=case,
        buttons=working_buttons(desk, case),
        card_key=f"work:{case.number}:{case.dispatches}:{whom}",
        urgency=Urgency.DANGER if case.danger else Urgency.PERSON,
        at=desk.now if case.urgent else desk.house.awake(desk.now),
    )


@after_touch
def renew_work(desk: Desk, case: Request) -> None:
    """Edits every working card of the case; one that was passed on says so and loses its buttons."""
    for letter in outbox.cards_of(desk.session, case.number, Purpose.WORK):
        current = (letter.card_key or "").startswith(f"work:{case.number}:{case.dispatches}:")
        passed_on = f"{headline(desk, case, public=False)}\n{status(desk, case)}"
        desk.write(
            Purpose.WORK,
            working_text(desk, case) if current else passed_on,
            chat_id=letter.chat_id,
            person_id=letter.person_id,
            case=case,
            buttons=working_buttons(desk, case) if current else (),
            card_key=letter.card_key,
        )


def working_text(desk: Desk, case: Request) -> str:
    lines = [headline(desk, case, public=False), status(desk, case)]
    if case.urgent:
        lines[0] = f"🔴 {lines[0]}"
    if words := reports.first_words(desk.session, case.number):
        first = voices.first(desk, case)
        lines.append(desk.say("card.quote", words=words, who=first))
    return "\n".join(lines)


def working_buttons(desk: Desk, case: Request) -> list[Button]:
    names = {
        State.DISPATCHED: ("on_my_way", "falsealarm") if case.danger else ("take", "transfer", "notrequest", "menu"),
        State.ACCEPTED: ("done", "reply", "transfer", "menu"),
    }.get(case.state, ())
    return [
        Button(desk.say(f"button.{name}"), f"/{'take' if name == 'on_my_way' else name} {case.number}")
        for name in names
    ]


def tell_lead(desk: Desk, case: Request, text: str, *, buttons: tuple[Button, ...] = ()) -> None:
    """A new short letter to whoever leads the case; an edit of the card would alert nobody."""
    at = desk.now if case.urgent else desk.house.awake(desk.now)
    unit = desk.session.get_one(Unit, case.lead_unit_id) if case.lead_unit_id is not None else None
    if unit and unit.chat_id is not None:
        desk.write(Purpose.TELL, text, chat_id=unit.chat_id, case=case, buttons=buttons, at=at)
        return
    leads = people.contacts(desk.session, unit.id or 0) if unit else [desk.session.get_one(Person, case.lead_person_id)]
    for person in leads:
        desk.write(Purpose.TELL, text, person_id=person.id, case=case, buttons=buttons, at=at)


def own_buttons(desk: Desk, case: Request) -> list[Button]:
    """What a reporter may do with an open case."""
    names = ("more", "cancel") if case.is_open else ()
    return [Button(desk.say(f"button.{name}"), f"/{name} {case.number}") for name in names]
