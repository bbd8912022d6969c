"""The cards of a case: one public card in the group, one working card for each person who must act."""

from datetime import datetime

from handlers import attached
from handlers.desk import Desk
from handlers.message import Button
from handlers.router import after_touch
from nlp.places import building, without_flats
from storage import outbox, people
from storage.events import Event
from storage.notices import Notice
from storage.outbox import Card, Letter, LetterState, Purpose, Urgency
from storage.people import Person
from storage.requests import OPEN, Request, State
from storage.units import Unit

GIVEN = frozenset({"dispatched", "transferred", "reopened"})  # the lines of history that start a lead's clocks
HELD = GIVEN | {"handed_over"}  # and those that only change the lead


def headline(desk: Desk, case: Request, *, public: bool) -> str:
    """ "#128 电梯故障 · 3号楼 · 2 户反映"; a flat's number never shows in public."""
    parts = [f"#{case.number} {case.title}"]
    place = " ".join(dict.fromkeys(filter(None, map(building, case.places.split(" "))))) if public else case.places
    if place:
        parts.append(place)
    if (count := desk.count_voices(case)) > 1:
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
    return desk.say(
        "status.inherited" if is_inherited(desk, case) else f"status.{case.state}",
        lead=lead_name(desk, case),
        outcome=outcome,
        **when,
    )


def lines(desk: Desk, case: Request) -> list[Event]:
    """The history without what was taken back."""
    history = desk.history(case)
    undone = {event.data["event"] for event in history if event.kind == "undone"}
    return [event for event in history if event.number not in undone]


def given(desk: Desk, case: Request, kinds: frozenset[str] = GIVEN) -> Event:
    """The line of history that last gave the case to a lead."""
    return next(event for event in reversed(lines(desk, case)) if event.kind in kinds)


def is_inherited(desk: Desk, case: Request) -> bool:
    """Whether the present lead has the case from somebody who had accepted it and left."""
    kinds = HELD | {"accepted"}
    return case.state == State.ACCEPTED and given(desk, case, kinds).kind == "handed_over"


def said(desk: Desk, event: Event) -> str | None:
    """The words of a line of history; None if it has none or they were blanked."""
    return desk.words(event.text_id)


def progress(desk: Desk, case: Request) -> str | None:
    """The last word to the reporters, if one was said since the last dispatch."""
    since = given(desk, case).number
    replies = [event for event in lines(desk, case) if event.kind == "replied" and event.number > since]
    return _line(desk, replies[-1]) if replies else None


def _line(desk: Desk, event: Event) -> str | None:
    words = said(desk, event)
    who, at = desk.name_of(event.actor_id), desk.say.past(event.at, desk.now)
    return desk.say("card.progress", who=who, at=at, words=words) if words else None


@after_touch
def public(desk: Desk, case: Request) -> None:
    """One card in the group a case was heard in, edited as it moves; never for what should not be public."""
    if case.chat_id is None or case.delicate:
        return
    key = outbox.public_key(case.number)
    if case.state == State.MISTAKEN:
        desk.erase(key, case.chat_id)
        return
    first = desk.first_report(case)
    desk.write(
        Purpose.CARD,
        public_text(desk, case),
        chat_id=case.chat_id,
        case=case,
        buttons=_public_buttons(desk, case) if case.is_open else (),
        reply_to=first.message if first.chat_id == case.chat_id else None,
        card_key=key,
        urgency=Urgency.DANGER if case.danger else Urgency.PERSON,
        at=desk.now if case.urgent else desk.house.awake(desk.now),
        public=not case.urgent,
    )


def public_text(desk: Desk, case: Request) -> str:
    """What everybody in the group may read about a case."""
    text = [headline(desk, case, public=True), status(desk, case)]
    if case.state in OPEN and (line := progress(desk, case)):
        text.append(without_flats(line))
    return "\n".join(text)


def _public_buttons(desk: Desk, case: Request) -> list[Button]:
    return [Button(desk.say(f"button.{name}"), f"/{name} {case.number}") for name in ("metoo", "more")]


def work(desk: Desk, case: Request) -> None:
    """Gives the lead a card to work with: a person, a unit's chat, or a unit's people where it has no chat."""
    if case.lead_unit_id is None:
        work_for(desk, case, desk.session.get_one(Person, case.lead_person_id))
        return
    unit = desk.session.get_one(Unit, case.lead_unit_id)
    if unit.chat_id is not None:
        _write_work(desk, case, f"c{unit.chat_id}", chat_id=unit.chat_id)
    for person in people.contacts(desk.session, case.lead_unit_id) if unit.chat_id is None else ():
        work_for(desk, case, person)


def work_for(desk: Desk, case: Request, person: Person) -> None:
    _write_work(desk, case, f"p{person.id}", person_id=person.id)


def hand_over(desk: Desk, case: Request) -> None:
    """A card for whoever just took the case without having had one: they are awake, so it comes at once."""
    key = f"{_turn(desk, case)}p{desk.person.id}"
    if all(letter.card_key != key for letter in standing(desk, case, Purpose.WORK)):
        _write_work(desk, case, f"p{desk.person.id}", person_id=desk.person.id, at=desk.now)


def catch_up(desk: Desk, case: Request) -> None:
    """A card for one of the leads who could not be written to before; a unit with a chat has it there."""
    unit = desk.session.get_one(Unit, case.lead_unit_id) if case.lead_unit_id is not None else None
    if unit is None or unit.chat_id is None:
        hand_over(desk, case)


def _turn(desk: Desk, case: Request) -> str:
    """The beginning of the keys of the working cards of the present lead."""
    return f"work:{case.number}:{given(desk, case, HELD).number}:"


def _write_work(
    desk: Desk,
    case: Request,
    whom: str,
    *,
    chat_id: int | None = None,
    person_id: int | None = None,
    at: datetime | None = None,
) -> None:
    key = _turn(desk, case) + whom
    desk.drawn[key] = len(desk.history(case))
    desk.write(
        Purpose.WORK,
        working_text(desk, case),
        chat_id=chat_id,
        person_id=person_id,
        case=case,
        buttons=working_buttons(desk, case),
        card_key=key,
        urgency=Urgency.DANGER if case.danger else Urgency.PERSON,
        at=at or (desk.now if case.urgent else desk.house.awake(desk.now)),
    )


def standing(desk: Desk, case: Request, purpose: Purpose) -> list[Letter]:
    """The newest letter of each card of a case that can be seen or is about to be."""
    letters = desk.cards_of(case, purpose)
    return [letter for letter in letters if letter.state != LetterState.DROPPED or _shown(desk, letter)]


def _shown(desk: Desk, letter: Letter) -> bool:
    return desk.session.get(Card, letter.card_key) is not None


@after_touch
def renew_work(desk: Desk, case: Request) -> None:
    """Edits every working card of the case; one that was passed on says so and loses its buttons."""
    turn = _turn(desk, case)
    for letter in standing(desk, case, Purpose.WORK):
        if desk.drawn.get(letter.card_key or "") == len(desk.history(case)):
            continue
        current = (letter.card_key or "").startswith(turn) and _may_use(case, letter) and not _left(desk, letter)
        if not current and letter.state == LetterState.WAITING and not _shown(desk, letter):
            outbox.drop(desk.session, card_key=letter.card_key)
            continue
        passed_on = f"{headline(desk, case, public=False)}\n{status(desk, case)}"
        if _left(desk, letter):
            passed_on = desk.say("card.left", number=case.number)
        desk.write(
            Purpose.WORK,
            working_text(desk, case) if current else passed_on,
            chat_id=_chat_of(desk, letter),
            person_id=letter.person_id,
            case=case,
            buttons=working_buttons(desk, case) if current else (),
            card_key=letter.card_key,
            at=letter.not_before if letter.state == LetterState.WAITING else None,
        )


def _left(desk: Desk, letter: Letter) -> bool:
    """Whether whoever held this card works here no more."""
    person = desk.session.get(Person, letter.person_id) if letter.person_id else None
    return person is not None and person.gone


def _chat_of(desk: Desk, letter: Letter) -> int | None:
    """Where a card is renewed; None (wherever they are reached) if that account is its person's no more."""
    if letter.person_id is None or letter.chat_id in people.private_chats(desk.session, letter.person_id):
        return letter.chat_id
    return None


def _may_use(case: Request, letter: Letter) -> bool:
    """Until somebody takes it everyone asked may; then only the lead's own card has buttons."""
    return case.state == State.DISPATCHED or case.lead_unit_id is not None or letter.person_id == case.lead_person_id


def working_text(desk: Desk, case: Request) -> str:
    text = [headline(desk, case, public=False), status(desk, case)]
    if case.urgent and case.is_open:
        text[0] = f"🔴 {text[0]}"
    if case.notice_id:
        text.append(desk.say("card.notice", title=desk.session.get_one(Notice, case.notice_id).title))
    if quote := _quote(desk, case):
        text.append(quote)
    if counted := attached.counted(desk, desk.attached(case)):
        text.append(counted)
    if reason := _line(desk, given(desk, case)):
        text.append(reason)
    return "\n".join(text)


def _quote(desk: Desk, case: Request) -> str | None:
    """The first words of somebody who still stands behind the case, with their name and, if known, the flat."""
    for voice, person in desk.reporters(case):
        if words := desk.words(voice.text_id):
            who = f"{person.name} {person.flat}" if person.flat else person.name
            return desk.say("card.quote", words=words, who=who)
    return None


def working_buttons(desk: Desk, case: Request) -> list[Button]:
    names = {
        State.DISPATCHED: ("on_my_way", "falsealarm") if case.danger else ("take", "transfer", "notrequest", "menu"),
        State.ACCEPTED: ("done", "reply", "transfer", "menu"),
    }.get(case.state, ())
    if names and desk.attached(case):
        names = (*names[:-1], "photos", *names[-1:])
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
    for person_id in _hands(desk, case):
        desk.write(Purpose.TELL, text, person_id=person_id, case=case, buttons=buttons, at=at)


def _hands(desk: Desk, case: Request) -> list[int | None]:
    """The lead, or the unit's people; where none of them can be reached, whoever was given the card instead."""
    if case.lead_unit_id is not None:
        leads = people.contacts(desk.session, case.lead_unit_id)
    else:
        leads = [people.present(desk.session, desk.session.get_one(Person, case.lead_person_id))]
    reached: list[int | None] = [person.id for person in leads if person.unreachable_at is None]
    turn = _turn(desk, case)
    held = [card for card in standing(desk, case, Purpose.WORK) if (card.card_key or "").startswith(turn)]
    return reached or [card.person_id for card in held if card.person_id and not _left(desk, card)]


def own_buttons(desk: Desk, case: Request) -> list[Button]:
    """What a reporter may do with an open case."""
    names = ("more", "cancel") if case.is_open else ()
    return [Button(desk.say(f"button.{name}"), f"/{name} {case.number}") for name in names]
