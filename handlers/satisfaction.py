"""After *done*: two taps to every reporter, reopening, and closing after seven silent days."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from handlers import access, cards, dispatch, voices
from handlers.desk import Desk, Sorry
from handlers.message import Button, Reply
from handlers.router import case_command, job
from storage import events, outbox, people, reports
from storage.grids import Grid
from storage.outbox import Purpose
from storage.reports import Report
from storage.requests import FINISHED, Outcome, Request, Satisfaction, State
from storage.texts import Text

SILENCE = timedelta(days=7)
REOPENS_WITHIN = timedelta(days=10)
Choice = TypeVar("Choice", Outcome, Satisfaction)
WORST_FIRST = (Outcome.UNSOLVED, Outcome.PARTLY, Outcome.SOLVED)
WORST_MOOD_FIRST = (Satisfaction.BAD, Satisfaction.FAIR, Satisfaction.GOOD)


def ask(desk: Desk, case: Request) -> None:
    """The first tap: solved? Asked again (edited) when the worker changes the outcome."""
    words = next(
        (e for e in reversed(events.history(desk.session, case.number)) if e.kind in {"done", "outcome"} and e.text_id),
        None,
    )
    body = desk.session.get_one(Text, words.text_id).body if words else None
    photos = any(e.data.get("photos") for e in events.history(desk.session, case.number) if e.kind == "done")
    text = desk.say(
        "ask.solved",
        card=cards.headline(desk, case, public=case.chat_id is not None),
        who=cards.lead_name(desk, case),
        outcome=desk.say(f"outcome.{case.outcome}"),
        at=desk.say.past(case.done_at or desk.now, desk.now),
        photo=desk.say("ask.photo") if photos else "",
        words=desk.say("ask.words", words=body) if body else "",
    )
    voices.tell(desk, case, Purpose.ASK, text, card=key(case), buttons=_taps(desk, case, "solved", Outcome))


def key(case: Request) -> str:
    """One question per finish: a reopened case is asked about anew."""
    return f"ask:{case.number}:{case.dispatches}"


def _taps(desk: Desk, case: Request, verb: str, choices: type[Outcome] | type[Satisfaction]) -> list[Button]:
    return [Button(desk.say(f"button.{verb}.{choice}"), f"/{verb} {case.number} {choice}") for choice in choices]


@case_command("solved", access.is_reporter, hidden=True)
def solved(desk: Desk, case: Request, words: str) -> Reply:
    """The first tap. 没有 reopens; else the question becomes: satisfied?"""
    verdict = _choice(desk, words, "solved", Outcome)
    voice = _voice(desk, case)
    if verdict is None:
        return Reply(desk.say("ask.again", number=case.number), tuple(_taps(desk, case, "solved", Outcome)))
    voice.verdict, voice.answered_at = verdict, desk.now
    desk.session.add(voice)
    desk.record(case, "verdict", data={"person": voice.person_id, "verdict": verdict}, verdict=_worst(desk, case))
    if verdict == Outcome.UNSOLVED:
        return reopen(desk, case, desk.say("reopen.unsolved"))
    _edit_question(desk, case, voice)
    return Reply(desk.say("solved.noted", number=case.number), nod=True)


@case_command("rate", access.is_reporter)
def rate(desk: Desk, case: Request, words: str) -> Reply:
    """The second tap. 不满意 reopens and may be explained."""
    mood = _choice(desk, words, "rate", Satisfaction)
    voice = _voice(desk, case)
    if mood is None:
        return Reply(desk.say("rate.how", number=case.number), tuple(_taps(desk, case, "rate", Satisfaction)))
    voice.satisfaction, voice.answered_at = mood, desk.now
    desk.session.add(voice)
    everyone = [v.satisfaction for v in reports.voices(desk.session, case.number)]
    worst = next((m for m in WORST_MOOD_FIRST if m in everyone), None)
    desk.record(case, "rated", data={"person": voice.person_id, "satisfaction": mood}, satisfaction=worst)
    if mood == Satisfaction.BAD:
        return reopen(desk, case, desk.say("reopen.unhappy"))
    _thank(desk, case, voice)
    if None not in everyone and case.state == State.DONE:
        desk.move(case, State.RATED, "closed_by_tap", ended_at=desk.now, close_at=None)
    return Reply(desk.say("rate.thanks", number=case.number), nod=True)


def _voice(desk: Desk, case: Request) -> Report:
    """The report the speaker answers for: their own, or the caller's they registered in this chat."""
    if case.state not in FINISHED or (case.done_at and desk.now - case.done_at > REOPENS_WITHIN):
        raise Sorry(desk.say("ask.not_now" if case.is_open else "ask.too_late", number=case.number))
    own = reports.voice_of(desk.session, case.number, desk.id_of(desk.person))
    return own or next(v for v in reports.voices(desk.session, case.number) if v.chat_id == desk.here.id)


def _choice(desk: Desk, words: str, verb: str, choices: type[Choice]) -> Choice | None:
    for choice in choices:
        if words.strip() in {choice.value, desk.say(f"button.{verb}.{choice}")}:
            return choice
    return None


def _worst(desk: Desk, case: Request) -> Outcome | None:
    said = {voice.verdict for voice in reports.voices(desk.session, case.number)}
    return next((verdict for verdict in WORST_FIRST if verdict in said), None)


def _edit_question(desk: Desk, case: Request, voice: Report) -> None:
    """Turns the first question into the second where it stands; in a group once all its reporters there have tapped."""
    text = desk.say("ask.satisfied", card=cards.headline(desk, case, public=not desk.here.private))
    _edit(desk, case, voice, text, _taps(desk, case, "rate", Satisfaction), lambda other: other.verdict is not None)


def _thank(desk: Desk, case: Request, voice: Report) -> None:
    text = desk.say("ask.thanks", card=cards.headline(desk, case, public=not desk.here.private))
    _edit(desk, case, voice, text, [], lambda other: other.satisfaction is not None)


def _edit(
    desk: Desk, case: Request, voice: Report, text: str, buttons: list[Button], answered: Callable[[Report], bool]
) -> None:
    """Edits the question: a person's own at once, a group's once everybody asked there has `answered`."""
    alone = people.private_chat(desk.session, voice.person_id) is not None
    if not alone:
        here = [v for v in reports.voices(desk.session, case.number) if v.chat_id == voice.chat_id]
        if not all(answered(v) for v in here if not people.private_chat(desk.session, v.person_id)):
            return
    desk.write(
        Purpose.ASK,
        text,
        person_id=voice.person_id if alone else None,
        chat_id=None if alone else voice.chat_id,
        case=case,
        buttons=buttons,
        card_key=f"{key(case)}:p{voice.person_id}" if alone else f"{key(case)}:c{voice.chat_id}",
    )


def reopen(desk: Desk, case: Request, because: str) -> Reply:
    """Counted, and given to the next in the chain: never closed again by the same hand alone."""
    successor = _next_in_chain(desk, case)
    outbox.drop(desk.session, request_id=case.number, purpose=Purpose.ASK)
    question = key(case)
    for voice in reports.voices(desk.session, case.number):
        voice.verdict = voice.satisfaction = voice.answered_at = None
        desk.session.add(voice)
    desk.record(
        case,
        "reopening",
        reopened=case.reopened + 1,
        outcome=None,
        verdict=None,
        satisfaction=None,
        done_at=None,
        ended_at=None,
        close_at=None,
    )
    dispatch.dispatch(desk, case, "reopened", lead=successor)
    note = desk.say("reopened", number=case.number, lead=cards.lead_name(desk, case))
    for letter in outbox.cards_of(desk.session, case.number, Purpose.ASK):
        if (letter.card_key or "").startswith(question):
            desk.write(
                Purpose.ASK,
                note,
                chat_id=letter.chat_id,
                person_id=letter.person_id,
                case=case,
                card_key=letter.card_key,
            )
    desk.ask(f"/more {case.number} ")
    return Reply(
        desk.say("reopen.told", because=because, number=case.number, lead=cards.lead_name(desk, case)), nod=True
    )


def _next_in_chain(desk: Desk, case: Request) -> dispatch.Lead | None:
    """The first above the hand that closed it; for a unit's case the leader of the grid. None: whom the duty names."""
    grid = desk.session.get_one(Grid, case.grid_id)
    chain = people.chain(desk.session, grid)
    above = [p for p in chain if p.id != case.lead_person_id]
    if case.lead_person_id is not None and (ids := [p.id for p in chain]).count(case.lead_person_id):
        above = chain[ids.index(case.lead_person_id) + 1 :] or chain[-1:]
    leaders = people.holders(desk.session, people.Rank.LEADER, grid)
    if case.lead_unit_id is not None and leaders:
        return leaders[0]
    return above[0] if above else None


@job(Request.close_at)
def close_silent(desk: Desk, case: Request) -> None:
    """Seven silent days close a case; one that some reporters answered counts as rated."""
    answered = any(voice.answered_at for voice in reports.voices(desk.session, case.number))
    target, kind = (State.RATED, "closed_by_tap") if answered else (State.CLOSED, "closed_by_silence")
    desk.move(case, target, kind, ended_at=desk.now, close_at=None)
