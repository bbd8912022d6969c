"""After *done*: two taps to every reporter, reopening, and closing after seven silent days."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

from handlers import access, cards, dispatch, voices
from handlers.desk import Desk, Sorry
from handlers.message import Button, Reply
from handlers.router import case_command, job
from nlp.masks import mask
from storage import attachments, outbox, people, reports
from storage.attachments import Attachment
from storage.events import Event
from storage.grids import Grid
from storage.outbox import Card, Letter, Purpose
from storage.people import Person, Rank
from storage.reports import Report
from storage.requests import FINISHED, Outcome, Request, Satisfaction, State

PUNCTUATION = " ,，:：。"  # between an answer and its reason
BURST = timedelta(seconds=20)  # what a worker sends within it goes out together
SILENCE = timedelta(days=7)
REOPENS_WITHIN = timedelta(days=10)
Choice = TypeVar("Choice", Outcome, Satisfaction)
WORST_FIRST = (Outcome.UNSOLVED, Outcome.PARTLY, Outcome.SOLVED)
WORST_MOOD_FIRST = (Satisfaction.BAD, Satisfaction.FAIR, Satisfaction.GOOD)


def ask(desk: Desk, case: Request) -> None:
    """The first tap: solved? Asked again (edited) when the worker changes the outcome."""
    key = _key(desk, case).removesuffix(":")
    taps, files = _taps(desk, case, "solved", Outcome), _evidence(desk, _finish(desk, case))
    voices.tell(desk, case, Purpose.ASK, _solved(desk, case), card=key, buttons=taps, files=files)


def _evidence(desk: Desk, finish: Event) -> Sequence[Attachment]:
    return attachments.of_event(desk.session, finish.id)


def show(desk: Desk, case: Request, finish: Event) -> None:
    """Evidence that came after the question: the question mentions it, and who is asked alone is shown it."""
    if case.state != State.DONE or any(voice.answered_at for voice in reports.voices(desk.session, case.number)):
        return
    ask(desk, case)
    text, files = desk.say("evidence", number=case.number), _evidence(desk, finish)
    for voice, person in reports.reporters(desk.session, case.number):
        # A question that has not left yet brings it itself.
        asked = desk.session.get(Card, f"{_key(desk, case)}p{voice.person_id}")
        if asked is not None and not voice.silent:
            at, key = desk.house.awake(desk.now + BURST), f"evidence:{case.number}:{finish.number}:p{voice.person_id}"
            desk.write(Purpose.TELL, text, person_id=person.id, case=case, files=files, card_key=key, at=at)


def _solved(desk: Desk, case: Request) -> str:
    """What the worker says was done, and the first question."""
    finish = _finish(desk, case)
    since = [e for e in cards.lines(desk, case) if e.number >= finish.number and e.kind in {"done", "outcome"}]
    words = next((body for event in reversed(since) if (body := cards.said(desk, event))), None)
    return desk.say(
        "ask.solved",
        card=cards.headline(desk, case, public=case.chat_id is not None),
        who=cards.lead_name(desk, case),
        outcome=desk.say(f"outcome.{case.outcome}"),
        at=desk.say.past(finish.at, desk.now),
        photo=desk.say("ask.photo") if _evidence(desk, finish) else "",
        words=desk.say("ask.words", words=words) if words else "",
    )


def _finish(desk: Desk, case: Request) -> Event:
    """The line of history that says the case is done."""
    return next(event for event in reversed(cards.lines(desk, case)) if event.kind == "done")


def _key(desk: Desk, case: Request) -> str:
    """How the keys of the present question begin: a case done again is asked about anew."""
    return f"ask:{case.number}:{_finish(desk, case).number}:"


def _questions(desk: Desk, case: Request) -> list[Letter]:
    """The letters of the present question, one for each chat it stands in."""
    key = _key(desk, case)
    return [letter for letter in cards.standing(desk, case, Purpose.ASK) if (letter.card_key or "").startswith(key)]


def call_back(desk: Desk, case: Request) -> None:
    """The question stands on what is taken back: dropped if it waits, taken away if it was sent."""
    questions = _questions(desk, case)
    outbox.drop(desk.session, request_id=case.number, purpose=Purpose.ASK)
    for letter in questions:
        if letter.card_key and letter.chat_id is not None:
            desk.erase(letter.card_key, letter.chat_id)


def _taps(desk: Desk, case: Request, verb: str, choices: type[Outcome] | type[Satisfaction]) -> list[Button]:
    return [Button(desk.say(f"button.{verb}.{choice}"), f"/{verb} {case.number} {choice}") for choice in choices]


@case_command("solved", access.is_reporter, hidden=True)
def solved(desk: Desk, case: Request, words: str) -> Reply:
    """The first tap. 没有 reopens; else the question becomes: satisfied?"""
    verdict, _ = choice(desk, words, "solved", Outcome)
    voice = _answering(desk, case)
    if verdict is None:
        return Reply(desk.say("ask.again", number=case.number), tuple(_taps(desk, case, "solved", Outcome)))
    _note_verdict(desk, case, voice, verdict)
    if verdict == Outcome.UNSOLVED:
        return reopen(desk, case, desk.say("reopen.unsolved"))
    _renew(desk, case, voice)
    return Reply(desk.say("rate.thanks" if voice.satisfaction else "solved.noted", number=case.number), nod=True)


def _note_verdict(desk: Desk, case: Request, voice: Report, verdict: Outcome) -> None:
    voice.verdict, voice.answered_at = verdict, desk.now
    desk.session.add(voice)
    desk.record(case, "verdict", data={"person": voice.person_id, "verdict": verdict}, verdict=_worst(desk, case))


@case_command("rate", access.is_reporter)
def rate(desk: Desk, case: Request, words: str) -> Reply:
    """The second tap. 不满意 reopens and may be explained; 满意 without the first tap says it is solved, too."""
    mood, reason = choice(desk, words, "rate", Satisfaction)
    voice = _answering(desk, case)
    if mood is None:
        return Reply(desk.say("rate.how", number=case.number), tuple(_taps(desk, case, "rate", Satisfaction)))
    if mood == Satisfaction.GOOD and voice.verdict is None:
        _note_verdict(desk, case, voice, Outcome.SOLVED)
    voice.satisfaction, voice.answered_at = mood, desk.now
    desk.session.add(voice)
    everyone = [v.satisfaction for v in reports.voices(desk.session, case.number) if not v.silent]
    worst = next(m for m in WORST_MOOD_FIRST if m in everyone)
    data = {"person": voice.person_id, "satisfaction": mood}
    desk.record(case, "rated", text=mask(reason) or None, data=data, satisfaction=worst)
    if mood == Satisfaction.BAD:
        return reopen(desk, case, desk.say("reopen.unhappy"))
    _renew(desk, case, voice)
    if None not in everyone and case.state != State.RATED:
        desk.move(case, State.RATED, "closed_by_tap", ended_at=desk.now, close_at=None)
    return Reply(desk.say("rate.thanks", number=case.number), nod=True)


def _answering(desk: Desk, case: Request) -> Report:
    """The report the speaker answers for, while answers count."""
    if case.state not in FINISHED:
        raise Sorry(desk.say("ask.not_now" if case.is_open else f"illegal.{case.state}", number=case.number))
    if desk.now - _finish(desk, case).at > REOPENS_WITHIN:
        raise Sorry(desk.say("ask.too_late", number=case.number))
    own = own_voice(desk, case)
    own.silent = False  # who answers is a voice like any other
    return own


def own_voice(desk: Desk, case: Request) -> Report:
    """The speaker's own report, or the caller's they registered in this private chat."""
    own = reports.voice_of(desk.session, case.number, desk.id_of(desk.person))
    return own or next(v for v in reports.voices(desk.session, case.number) if v.chat_id == desk.here.id)


def choice(desk: Desk, words: str, verb: str, choices: type[Choice]) -> tuple[Choice | None, str]:
    """The answer the words begin with, by its label or its code, and what follows."""
    for each in choices:
        for name in (desk.say(f"button.{verb}.{each}"), each.value):
            if words.startswith(name):
                return each, words.removeprefix(name).strip(PUNCTUATION)
    return None, words


def _worst(desk: Desk, case: Request) -> Outcome:
    said = {voice.verdict for voice in reports.voices(desk.session, case.number)}
    return next(verdict for verdict in WORST_FIRST if verdict in said)


def _renew(desk: Desk, case: Request, voice: Report) -> None:
    """Edits the question where it stands for `voice`, as far as everybody asked there has answered."""
    there = {letter.card_key for letter in _questions(desk, case)}
    key = _key(desk, case)
    own = f"{key}p{voice.person_id}"
    if own in there:
        text, buttons = _question(desk, case, [voice])
        desk.write(Purpose.ASK, text, person_id=voice.person_id, case=case, buttons=buttons, card_key=own)
        return
    together = [v for v in reports.voices(desk.session, case.number) if v.chat_id == voice.chat_id and not v.silent]
    text, buttons = _question(desk, case, [v for v in together if f"{key}p{v.person_id}" not in there])
    desk.write(
        Purpose.ASK,
        voices.for_all(desk, case, text, voice),
        chat_id=voice.chat_id,
        case=case,
        buttons=buttons,
        card_key=f"{key}c{voice.chat_id}",
    )


def _question(desk: Desk, case: Request, asked: list[Report]) -> tuple[str, list[Button]]:
    """Both taps side by side as long as somebody asked there may still give the first."""
    card = cards.headline(desk, case, public=case.chat_id is not None)
    satisfied = _taps(desk, case, "rate", Satisfaction)
    if all(voice.satisfaction for voice in asked):
        return desk.say("ask.thanks", card=card), []
    if all(voice.verdict or voice.satisfaction for voice in asked):
        return desk.say("ask.satisfied", card=card), satisfied
    both = desk.say("ask.both", question=_solved(desk, case))
    return both, _taps(desk, case, "solved", Outcome) + satisfied


def reopen(desk: Desk, case: Request, because: str) -> Reply:
    """Counted, and given to the next in the chain: never closed again by the same hand alone."""
    successor = _next_in_chain(desk, case)
    outbox.drop(desk.session, request_id=case.number, purpose=Purpose.ASK)
    questions = _questions(desk, case)
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
    lead = cards.lead_name(desk, case)
    for letter in questions:
        desk.write(
            Purpose.ASK,
            desk.say("reopened", number=case.number, lead=lead),
            chat_id=letter.chat_id,
            person_id=letter.person_id,
            case=case,
            card_key=letter.card_key,
        )
    if desk.here.private:
        desk.ask(f"/more {case.number} ")
    told = "reopen.told" if desk.here.private else "reopen.told_group"
    return Reply(desk.say(told, because=because, number=case.number, lead=lead), nod=True)


def _next_in_chain(desk: Desk, case: Request) -> Person | None:
    """Above the hand that closed it; at the top of the chain the next below. A unit's case goes to the grid's leader.

    None: nobody else is there, so whom the duty names.
    """
    grid = desk.session.get_one(Grid, case.grid_id)
    chain = people.chain(desk.session, grid)
    if case.lead_unit_id is not None:
        return next(iter(people.holders(desk.session, Rank.LEADER, grid) or chain), None)
    hand = desk.session.get_one(Person, case.lead_person_id)
    covered = [
        step for step, person in enumerate(chain) if person.id in {hand.id, hand.relief_id} or _steps_in(hand, person)
    ]
    above = chain[covered[-1] + 1 :] if covered else chain
    below = [person for person in reversed(chain) if person.id != hand.id]
    return next(iter(above or below), None)


def _steps_in(hand: Person, person: Person) -> bool:
    return hand.key is not None and person.stand_in_key == hand.key


@job(Request.close_at)
def close_silent(desk: Desk, case: Request) -> None:
    """Seven silent days close a case; one that some reporters answered counts as rated. Late answers still count."""
    if case.state != State.DONE:
        _take_buttons_away(desk, case)
        return
    answered = any(voice.answered_at for voice in reports.voices(desk.session, case.number))
    target, kind = (State.RATED, "closed_by_tap") if answered else (State.CLOSED, "closed_by_silence")
    until = _finish(desk, case).at + REOPENS_WITHIN
    desk.move(case, target, kind, ended_at=desk.now, close_at=until)


def _take_buttons_away(desk: Desk, case: Request) -> None:
    """Answers count no longer: nobody is to press in vain."""
    case.close_at = None
    desk.session.add(case)
    for letter in _questions(desk, case):
        if letter.buttons:
            desk.write(
                Purpose.ASK,
                desk.say("ask.too_late", number=case.number),
                chat_id=letter.chat_id,
                person_id=letter.person_id,
                case=case,
                card_key=letter.card_key,
            )
