"""What a worker does with a case: take, reply, note, done, transfer, another category, not a request."""

from handlers import access, cards, dispatch, satisfaction, voices
from handlers.desk import Desk, Sorry
from handlers.message import Button, Reply
from handlers.router import case_command
from nlp.masks import mask
from storage import events, outbox, reports, texts, units
from storage.grids import Grid
from storage.outbox import Purpose
from storage.requests import Outcome, Request, State


@case_command("take", access.may_work)
def take(desk: Desk, case: Request, words: str) -> Reply:  # noqa: ARG001 (the interface)
    if case.state == State.ACCEPTED and case.accepted_at:
        raise Sorry(
            desk.say(
                "take.taken", number=case.number, who=_taker(desk, case), at=desk.say.past(case.accepted_at, desk.now)
            )
        )
    changes = {}
    if case.lead_unit_id is None or not _of_unit(desk, case):
        changes = dispatch.assignment(desk.person)  # who takes it leads it
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
    return Reply(desk.say("take.done", card=cards.headline(desk, case, public=False)), nod=True)


def _taker(desk: Desk, case: Request) -> str:
    event = next(e for e in reversed(events.history(desk.session, case.number)) if e.kind == "accepted")
    return desk.name_of(event.actor_id)


def _of_unit(desk: Desk, case: Request) -> bool:
    return any(post.unit_id == case.lead_unit_id for post in desk.posts)


@case_command("reply", access.may_work, prompt=True)
def reply(desk: Desk, case: Request, words: str) -> Reply:
    """To the reporters: a line on the card, and a letter to those reached alone."""
    if not case.is_open:
        raise Sorry(desk.say("illegal.ended", number=case.number))
    words = mask(words)
    desk.record(case, "replied", text=words)
    if case.delicate or case.chat_id is None:
        news = desk.say("news.reply", card=cards.headline(desk, case, public=False), who=desk.person.name, words=words)
        voices.tell(desk, case, Purpose.TELL, news)
    return Reply(desk.say("reply.done", number=case.number), nod=True)


@case_command("note", access.may_work, prompt=True)
def note(desk: Desk, case: Request, words: str) -> Reply:
    """Internal: no resident sees it."""
    desk.record(case, "noted", text=mask(words) or None, data={"photos": len(desk.said.photos)})
    return Reply(desk.say("note.done", number=case.number), nod=True)


@case_command("done", access.may_work)
def done(desk: Desk, case: Request, words: str) -> Reply:
    """办结. Leading words may name the outcome; a solved case is what it is unless said otherwise."""
    outcome, rest = _outcome(desk, words)
    if outcome == Outcome.UNSOLVED and not rest:
        return _basis(desk, f"/done {case.number} {desk.say('outcome.unsolved')} ")
    lead = {} if case.lead_unit_id is not None and _of_unit(desk, case) else dispatch.assignment(desk.person)
    accepted = {} if case.accepted_at else {"accepted_at": desk.now}
    desk.move(
        case,
        State.DONE,
        "done",
        text=mask(rest) or None,
        data={"photos": len(desk.said.photos)},
        outcome=outcome,
        done_at=desk.now,
        remind_at=None,
        raise_at=None,
        close_at=desk.now + satisfaction.SILENCE,
        **lead,
        **accepted,
    )
    satisfaction.ask(desk, case)
    return Reply(
        desk.say("done.noted", number=case.number, outcome=desk.say(f"outcome.{outcome}")), _after_done(desk, case)
    )


def _outcome(desk: Desk, words: str) -> tuple[Outcome, str]:
    for outcome in (Outcome.PARTLY, Outcome.UNSOLVED, Outcome.SOLVED):
        label = desk.say(f"outcome.{outcome}")
        if words.startswith(label):
            return outcome, words.removeprefix(label).strip(" ,，:：。")
    return Outcome.SOLVED, words


def _basis(desk: Desk, so_far: str) -> Reply:
    desk.ask(so_far)
    return Reply(desk.say("done.basis"))


def _after_done(desk: Desk, case: Request) -> tuple[Button, ...]:
    others = [outcome for outcome in Outcome if outcome != case.outcome]
    change = [Button(desk.say(f"button.outcome.{o}"), f"/outcome {case.number} {o}") for o in others]
    return (*change, Button(desk.say("button.undo"), "/undo"))


@case_command("outcome", access.may_work, hidden=True)
def outcome(desk: Desk, case: Request, words: str) -> Reply:
    """Another outcome for a case just done; 暂不能解决 needs its basis."""
    code, _, basis = words.partition(" ")
    if case.state != State.DONE or code not in list(Outcome):
        raise Sorry(desk.say("outcome.not_now", number=case.number))
    if code == Outcome.UNSOLVED and not basis:
        return _basis(desk, f"/outcome {case.number} {code} ")
    desk.record(case, "outcome", text=mask(basis) or None, outcome=Outcome(code))
    satisfaction.ask(desk, case)
    return Reply(
        desk.say("done.noted", number=case.number, outcome=desk.say(f"outcome.{code}")), _after_done(desk, case)
    )


@case_command("transfer", access.may_work)
def transfer(desk: Desk, case: Request, words: str) -> Reply:
    """转办 N 单位 原因: the unit leads from now on; a reason is owed to those who wait."""
    if not case.is_open:
        raise Sorry(desk.say("illegal.ended", number=case.number))
    name, _, reason = words.partition(" ")
    if not name:
        choices = [Button(unit.name, f"/transfer {case.number} {unit.key}") for unit in units.all_units(desk.session)]
        return Reply(desk.say("transfer.whom", number=case.number), tuple(choices))
    unit = units.named(desk.session, name)
    if unit is None:
        known = " ".join(unit.name for unit in units.all_units(desk.session))
        raise Sorry(desk.say("transfer.unknown", name=name[:20], known=known))
    if unit.id == case.lead_unit_id:
        raise Sorry(desk.say("transfer.already", number=case.number, unit=unit.name))
    if not reason.strip():
        desk.ask(f"/transfer {case.number} {unit.key} ")
        return Reply(desk.say("transfer.why", unit=unit.name))
    dispatch.dispatch(desk, case, "transferred", lead=unit, text=mask(reason.strip()))
    return Reply(desk.say("transfer.done", number=case.number, unit=unit.name), nod=True)


@case_command("class", access.may_work)
def reclass(desk: Desk, case: Request, words: str) -> Reply:
    """改类 N 类别. If the duty of the new category is another's, the case goes there."""
    if not words:
        most = [
            Button(category.label, f"/class {case.number} {key}") for key, category in desk.reader.categories.items()
        ]
        return Reply(desk.say("class.which", number=case.number), tuple(most))
    key = desk.reader.find_category(words)
    if key is None:
        labels = " ".join(category.label for category in desk.reader.categories.values())
        raise Sorry(desk.say("class.unknown", name=words[:20], known=labels))
    before = dispatch.lead_for(desk, case.category, desk.session.get_one(Grid, case.grid_id))[0]
    label = desk.reader.category_label(key)
    department = desk.reader.categories[key].department
    desk.record(case, "reclassed", data={"from": case.category}, category=key, department=department, title=label)
    after = dispatch.lead_for(desk, key, desk.session.get_one(Grid, case.grid_id))[0]
    if case.is_open and dispatch.assignment(after) != dispatch.assignment(before):
        dispatch.dispatch(desk, case, "dispatched", lead=after)
    return Reply(desk.say("class.done", number=case.number, label=label), nod=True)


@case_command("notrequest", access.may_work)
def not_a_request(desk: Desk, case: Request, words: str) -> Reply:  # noqa: ARG001
    """One tap undoes a false catch: the case stands in no figure, its words are gone at once."""
    desk.move(case, State.MISTAKEN, "mistaken", ended_at=desk.now, remind_at=None, raise_at=None)
    for report in reports.all_of(desk.session, case.number):
        texts.blank(desk.session, report.text_id)
    for event in events.history(desk.session, case.number):
        texts.blank(desk.session, event.text_id)
    outbox.drop(desk.session, request_id=case.number)
    outbox.blank_texts(desk.session, case.number)
    return Reply(desk.say("notrequest.done", number=case.number), nod=True)


@case_command("menu", access.may_work, hidden=True)
def menu(desk: Desk, case: Request, words: str) -> Reply:  # noqa: ARG001
    """What does not fit on the card."""
    names = ("note", "class", "notrequest", "why", "done") if case.is_open else ("why",)
    return Reply(
        desk.say("menu", card=cards.headline(desk, case, public=False)),
        tuple(Button(desk.say(f"button.{name}"), f"/{name} {case.number}") for name in names),
    )
