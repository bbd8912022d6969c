"""What a worker does with a case: take, reply, note, done, transfer, another category, not a request."""

import re
from collections.abc import Sequence

from handlers import access, attached, cards, dispatch, keeping, learning, satisfaction, voices
from handlers.aside import among_residents, aside
from handlers.desk import Desk, Sorry
from handlers.message import Button, Reply
from handlers.router import case_command
from nlp.masks import mask
from storage import attachments, outbox, people, reports, texts, units
from storage.attachments import Attachment
from storage.chats import Chat
from storage.erasures import Erased
from storage.grids import Grid
from storage.outbox import Purpose
from storage.requests import MOVES, Outcome, Request, State

_NAME_AND_REASON = re.compile(r"(?P<name>[^\s,，:：。]*)[\s,，:：。]*(?P<reason>.*)", re.DOTALL)


@case_command("take", access.may_work)
def take(desk: Desk, case: Request, words: str) -> Reply:  # noqa: ARG001 (the interface)
    if case.state == State.ACCEPTED and case.accepted_at:
        at = desk.say.past(case.accepted_at, desk.now)
        raise Sorry(desk.say("take.taken", number=case.number, who=_taker(desk, case), at=at))
    changes = {} if _of_lead_unit(desk, case) else dispatch.assignment(desk.person)  # who takes it leads it
    desk.move(
        case,
        State.ACCEPTED,
        "accepted",
        accepted_at=desk.now,
        remind_at=dispatch.reminder(desk, case, case.finish_by) if case.finish_by else None,
        raise_at=case.finish_by if case.urgent or not case.finish_by else desk.house.awake(case.finish_by),
        raised=0,
        **changes,
    )
    if case.lead_person_id is not None:
        cards.hand_over(desk, case)
    return Reply(desk.say("take.done", card=cards.headline(desk, case, public=False)), nod=True)


def _taker(desk: Desk, case: Request) -> str:
    if cards.is_inherited(desk, case):
        return cards.lead_name(desk, case)
    return desk.name_of(next(e for e in reversed(cards.lines(desk, case)) if e.kind == "accepted").actor_id)


def _of_lead_unit(desk: Desk, case: Request) -> bool:
    return case.lead_unit_id is not None and any(post.unit_id == case.lead_unit_id for post in desk.posts)


def still_open(desk: Desk, case: Request) -> None:
    """Sorry with where the case stands, if nothing more can be done about it."""
    if not case.is_open:
        raise Sorry(desk.say(f"illegal.{case.state}", number=case.number))


def _not_mistaken(desk: Desk, case: Request) -> None:
    if case.state == State.MISTAKEN:
        raise Sorry(desk.say("illegal.mistaken", number=case.number))


@case_command("reply", access.may_work, prompt=True)
def reply(desk: Desk, case: Request, words: str) -> Reply:
    """To the reporters: a line on the card, and a letter to those who do not see the card."""
    still_open(desk, case)
    if not words:  # a photo alone says nothing: it waits for its words
        attached.hold(desk)
        desk.ask(f"/reply {case.number} ")
        return Reply(desk.say("command.reply.prompt"))
    words = mask(words)
    event = desk.record(case, "replied", text=words)
    attached.keep(desk, case, attached.take(desk), event=event)
    files = attachments.of_event(desk.session, event.id)
    card = cards.headline(desk, case, public=desk.count_voices(case) > 1)  # whose flat it is
    news = desk.say("news.reply", card=card, who=desk.person.name, words=words)
    if case.delicate or case.chat_id is None:
        voices.tell(desk, case, Purpose.TELL, news, files=files)
    else:
        _tell_alone(desk, case, news, files)
    return Reply(desk.say("reply.done", number=case.number), nod=True)


def _tell_alone(desk: Desk, case: Request, text: str, files: Sequence[Attachment] = ()) -> None:
    """To those who reported in private, where they did; but not back to who speaks."""
    for chat_id in dict.fromkeys(voice.chat_id for voice in reports.voices(desk.session, case.number)):
        if chat_id != desk.chat_id and desk.session.get_one(Chat, chat_id).private:
            at = desk.house.awake(desk.now)
            desk.write(Purpose.TELL, text, chat_id=chat_id, case=case, at=at, files=files)


@case_command("note", access.may_work, prompt=True)
def note(desk: Desk, case: Request, words: str) -> Reply:
    """Internal: no resident sees it."""
    _not_mistaken(desk, case)
    event = desk.record(case, "noted", text=mask(words) or None)
    attached.keep(desk, case, attached.take(desk), event=event)
    return Reply(desk.say("note.done", number=case.number), nod=True)


@case_command("done", access.may_work)
def done(desk: Desk, case: Request, words: str) -> Reply | None:
    """办结. Leading words may name the outcome; a solved case is what it is unless said otherwise."""
    found, rest = _outcome(desk, words)
    if found == Outcome.UNSOLVED and not rest and State.DONE in MOVES[case.state]:
        return _basis(desk, f"/done {case.number} {desk.say('outcome.unsolved')} ")
    lead = {} if _of_lead_unit(desk, case) else dispatch.assignment(desk.person)
    accepted = {} if case.accepted_at else {"accepted_at": desk.now}
    event = desk.move(
        case,
        State.DONE,
        "done",
        text=mask(rest) or None,
        outcome=found or Outcome.SOLVED,
        done_at=desk.now,
        remind_at=None,
        raise_at=None,
        close_at=desk.now + satisfaction.SILENCE,
        **lead,
        **accepted,
    )
    attached.keep(desk, case, attached.take(desk), event=event)
    satisfaction.ask(desk, case)
    return _noted(desk, case)


def _outcome(desk: Desk, words: str) -> tuple[Outcome | None, str]:
    """The outcome the words begin with, by its label or its code, and what follows."""
    for outcome in (Outcome.UNSOLVED, Outcome.PARTLY, Outcome.SOLVED):
        for name in (desk.say(f"outcome.{outcome}"), outcome.value):
            if words.startswith(name):
                return outcome, words.removeprefix(name).strip(satisfaction.PUNCTUATION)
    return None, words


def _basis(desk: Desk, so_far: str) -> Reply:
    desk.ask(so_far)
    return Reply(desk.say("done.basis"))


def _noted(desk: Desk, case: Request) -> Reply | None:
    """The outcome as it was noted, with what can still be changed; where neighbours read along only a nod."""
    text = desk.say("done.noted", number=case.number, outcome=desk.say(f"outcome.{case.outcome}"))
    buttons = (*_others(desk, case), Button(desk.say("button.undo"), f"/undo {case.number}"))
    if not among_residents(desk):
        desk.answer(text, case, buttons)
        return None
    if people.private_chat(desk.session, desk.id_of(desk.person)):
        desk.write(Purpose.ANSWER, text, person_id=desk.person.id, case=case, buttons=buttons)
    return Reply(text, nod=True)


def _others(desk: Desk, case: Request) -> tuple[Button, ...]:
    others = [outcome for outcome in Outcome if outcome != case.outcome]
    return tuple(Button(desk.say(f"button.outcome.{o}"), f"/outcome {case.number} {o}") for o in others)


@case_command("outcome", access.may_work, hidden=True)
def outcome(desk: Desk, case: Request, words: str) -> Reply | None:
    """Another outcome for a case just done; 暂不能解决 needs its basis. What residents said stands above it."""
    if case.state != State.DONE:
        raise Sorry(desk.say("outcome.not_now" if case.is_open else f"illegal.{case.state}", number=case.number))
    if any(voice.answered_at for voice in reports.voices(desk.session, case.number)):
        raise Sorry(desk.say("outcome.answered", number=case.number))
    found, basis = _outcome(desk, words)
    if found is None:
        now = desk.say(f"outcome.{case.outcome}")
        return aside(desk, desk.say("outcome.which", number=case.number, outcome=now), _others(desk, case), case=case)
    if found == Outcome.UNSOLVED and not basis:
        return _basis(desk, f"/outcome {case.number} {found} ")
    desk.record(case, "outcome", text=mask(basis) or None, outcome=found)
    satisfaction.ask(desk, case)
    return _noted(desk, case)


@case_command("transfer", access.may_work)
def transfer(desk: Desk, case: Request, words: str) -> Reply | None:
    """转办 N 单位 原因: the unit leads from now on and reads the reason."""
    still_open(desk, case)
    found = _NAME_AND_REASON.fullmatch(words)
    name, reason = (found["name"], found["reason"].strip()) if found else ("", "")
    there = units.all_units(desk.session)
    if not name:
        others = [unit for unit in there if unit.id != case.lead_unit_id]
        choices = [Button(unit.name, f"/transfer {case.number} {unit.key}") for unit in others]
        return aside(desk, desk.say("transfer.whom", number=case.number), choices, case=case)
    unit = units.named(desk.session, name)
    if unit is None:
        known = " ".join(unit.name for unit in there)
        raise Sorry(desk.say("transfer.unknown", name=name[:20], known=known))
    if unit.id == case.lead_unit_id:
        raise Sorry(desk.say("transfer.already", number=case.number, unit=unit.name))
    if not reason:
        desk.ask(f"/transfer {case.number} {unit.key} ")
        return Reply(desk.say("transfer.why", unit=unit.name))
    dispatch.dispatch(desk, case, "transferred", lead=unit, text=mask(reason))
    return Reply(desk.say("transfer.done", number=case.number, unit=unit.name), nod=True)


@case_command("class", access.may_work)
def reclass(desk: Desk, case: Request, words: str) -> Reply | None:
    """改类 N 类别. If the duty of the new category is another's, the case goes there."""
    _not_mistaken(desk, case)
    categories = desk.reader.categories
    if not words:
        choices = [Button(category.label, f"/class {case.number} {key}") for key, category in categories.items()]
        return aside(desk, desk.say("class.which", number=case.number), choices, case=case)
    key = desk.reader.find_category(words)
    if key is None:
        known = " ".join(category.label for category in categories.values())
        raise Sorry(desk.say("class.unknown", name=words[:20], known=known))
    grid = desk.session.get_one(Grid, case.grid_id)
    before, after = (dispatch.lead_for(desk, category, grid)[0] for category in (case.category, key))
    if key != case.category:
        learning.note(desk, _first_words(desk, case), request=True, category=key, case=case)
    label = desk.reader.category_label(key)
    department = categories[key].department
    desk.record(case, "reclassed", data={"from": case.category}, category=key, department=department, title=label)
    present = {"lead_unit_id": case.lead_unit_id, "lead_person_id": case.lead_person_id}
    if case.is_open and dispatch.assignment(after) not in (dispatch.assignment(before), present):
        dispatch.dispatch(desk, case, "dispatched", lead=after)
    return Reply(desk.say("class.done", number=case.number, label=label), nod=True)


def _first_words(desk: Desk, case: Request) -> str | None:
    return desk.words(desk.first_report(case).text_id)


@case_command("notrequest", access.may_work)
def not_a_request(desk: Desk, case: Request, words: str) -> Reply:  # noqa: ARG001
    """One tap undoes a false catch: the case stands in no figure, its words are gone at once."""
    if case.danger is None:  # the list of dangers is nobody's to teach
        learning.note(desk, _first_words(desk, case), request=False, case=case)
    desk.move(case, State.MISTAKEN, "mistaken", ended_at=desk.now, remind_at=None, raise_at=None)
    said = [report.text_id for report in reports.all_of(desk.session, case.number)]
    said += [event.text_id for event in desk.history(case)]
    blanked = sum([texts.blank(desk.session, text_id) for text_id in said])
    keeping.erased(desk, Erased.WORDS, blanked, keeping.NO_REQUEST)
    erased = attachments.erase(desk.session, attachments.of_case(desk.session, case.number), at=desk.now)
    keeping.erased(desk, Erased.FILES, erased, keeping.NO_REQUEST)
    outbox.drop(desk.session, request_id=case.number)
    outbox.blank_texts(desk.session, case.number)
    _tell_alone(desk, case, desk.say("news.mistaken", number=case.number))
    return Reply(desk.say("notrequest.done", number=case.number), nod=True)


@case_command("menu", access.may_work, hidden=True)
def menu(desk: Desk, case: Request, words: str) -> Reply | None:  # noqa: ARG001
    """What does not fit on the card."""
    names = ("note", "class", "notrequest", "why", "done") if case.is_open else ("why",)
    if attachments.of_case(desk.session, case.number):
        names = ("photos", *names)
    buttons = [Button(desk.say(f"button.{name}"), f"/{name} {case.number}") for name in names]
    return aside(desk, desk.say("menu", card=cards.headline(desk, case, public=False)), buttons, case=case)
