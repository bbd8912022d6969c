"""Intake: hearing a request in plain talk, and making it a new case, another voice, or one more detail."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

from handlers import access, attached, cards, dispatch, learning, urging
from handlers.beforehand import JOINING
from handlers.desk import Desk, Sorry
from handlers.known import Known
from handlers.message import Attached, Button, Message, Reply
from handlers.router import METOO, REGISTER, case_command, command
from nlp.masks import mask
from nlp.places import building, find, near
from nlp.reader import Context, Reader, Reading
from storage import attachments, grids, people, reports, requests, texts
from storage.follow import CHAT
from storage.grids import Grid
from storage.outbox import Purpose
from storage.people import STAFF, Person
from storage.reports import Report
from storage.requests import Request, State
from storage.rows import store

LONGEST = 2000  # characters of a report that are kept
LONGEST_NAME = 5  # characters of a caller's name
SAME_MATTER = timedelta(days=7)
SAME_DANGER = timedelta(hours=2)  # later it happened again, and somebody must be called again
QUESTION_STANDS = timedelta(minutes=10)
ASKED_FOR = Context(private=True, addressed=True)  # whoever says /report means it


class Told(NamedTuple):
    """Who says what in which message: the speaker's own, or what they register for somebody else."""

    person: Person
    text: str
    message: str
    attached: tuple[Attached, ...] = ()


def hear(message: Message, known: Known, reader: Reader) -> Reading | None:
    """Pure, on the event loop: what the reader makes of it, or None where there is nothing to do."""
    user = message.sender.user
    own, talk = known.spoken_of(message.chat, user, message.at), known.talk_of(message.chat, message.at)
    context = Context(
        worker=known.works_here(message.chat, user) and not message.private,
        private=message.private,
        addressed=message.mentioned or bool(message.quoted and message.quoted.by_us),
        open_category=own.category,
        open_since=own.ago,
        talk_category=talk.category,
        talk_since=talk.ago,
    )
    text = message.text or ("[图片]" if message.attached else "")
    reading = reader.read(text, context, curious=False)
    if reading.fragment and own.category is None and not reading.places:
        return None  # of a neighbour's case only the place: nothing else is told from talk well enough
    return reading if reading.is_request or reading.unsure or reading.danger or message.private else None


def act(desk: Desk, reading: Reading) -> Reply | None:
    """Decides again at the desk, with the database before it."""
    by_worker_alone = desk.here.private and desk.is_staff  # news of their work, or something they saw: they decide
    if reading.danger or (reading.is_request and not by_worker_alone):
        return take_in(desk, reading, _told(desk, desk.said.text))
    if reading.is_request or reading.unsure:
        ask_whether(desk)
        return None
    return Reply(desk.say("private.no_request")) if desk.here.private and not by_worker_alone else None


def _told(desk: Desk, words: str) -> Told:
    return Told(desk.person, words, desk.said.message, attached.take(desk))


def take_in(desk: Desk, reading: Reading, told: Told) -> Reply | None:
    """A request: joins what it belongs to, else opens a case."""
    if case := _continues(desk, told.person, reading):
        return add_words(desk, case, told, reading)
    if reading.kind == "urge" and (case := urging.case_meant(desk, told.person, reading)):
        return urging.urge(desk, case, told.person)
    if reading.fragment and not _spoken_of(desk, told.person):
        named = _without_a_place(desk)
        return add_words(desk, named, told, reading) if named else None
    reading = _at_home(desk, told.person, reading)
    grid = grid_of(desk, told.person, reading)
    if case := _same_matter(desk, reading, grid):
        return join(desk, case, told)
    receipt(desk, open_case(desk, reading, grid, told), told)
    return None


def _spoken_of(desk: Desk, person: Person) -> Request | None:
    """The case this person spoke of here a moment ago."""
    return reports.recent_case(desk.session, desk.id_of(person), desk.chat_id, at=desk.now, within=JOINING)


def _without_a_place(desk: Desk) -> Request | None:
    """The case this group is talking of, if nobody said yet where it is."""
    case = access.just_opened(desk)
    return requests.lock(desk.session, case.number) if case and not case.places else None


def _continues(desk: Desk, person: Person, reading: Reading) -> Request | None:
    """The case this person spoke of a moment ago, if these words may still be about it."""
    case = _spoken_of(desk, person)
    if case is None or reading.kind == "urge" or reading.category != case.category or _graver(reading, case):
        return None
    fragment = not any(map(building, reading.places))  # "在二单元门口" is a piece of the place
    here = not case.places or fragment or near(case.places.split(" "), reading.places)
    return case if here and reading.title in {None, case.title} else None


def _graver(reading: Reading, case: Request) -> bool:
    """What calls for more haste than the case has got must not disappear in it."""
    danger = _danger(reading)
    return danger != case.danger if danger else reading.urgent and not case.urgent


def _danger(reading: Reading) -> str | None:
    """The key of a sure danger: the one that wakes the chain."""
    return reading.danger.key if reading.danger and reading.danger.grade == "sure" else None


def _same_matter(desk: Desk, reading: Reading, grid: Grid) -> Request | None:
    """An open case of the same matter at the same named place: this is another voice of it."""
    if reading.category is None or grid.id is None or reading.delicate:
        return None
    danger = _danger(reading)
    for case in reports.similar(
        desk.session, reading.category, grid.id, since=desk.now - (SAME_DANGER if danger else SAME_MATTER)
    ):
        places = case.places.split(" ") if case.places else []
        here = near(places, reading.places) or (danger is not None and not (places and reading.places))
        same = reading.title == case.title and not _graver(reading, case)
        if here and same and case.delicate is None:
            return requests.lock(desk.session, case.number)
    return None


def _at_home(desk: Desk, person: Person, reading: Reading) -> Reading:
    """Who names no place alone means their own building, if they told where they live."""
    alone = desk.here.private and person.id == desk.person.id
    home = building(person.flat) if person.flat and alone and not reading.places else None
    return replace(reading, places=(home,)) if home else reading


def grid_of(desk: Desk, person: Person, reading: Reading, *, around: Grid | None = None) -> Grid:
    """The grid a report belongs to: by the building it names, else `around`, by default where it is said."""
    return grids.locate(desk.session, around or _around(desk, person), _buildings(reading.places))


def _around(desk: Desk, person: Person) -> Grid:
    """The group's grid; alone where the person reported last, else where the speaker works, else the community."""
    if desk.here.grid_id is not None:
        return desk.session.get_one(Grid, desk.here.grid_id)
    if last := reports.last_of(desk.session, desk.id_of(person)):
        return desk.session.get_one(Grid, last.grid_id)
    paths = [post.path for post in desk.posts if post.path]
    own = grids.by_key(desk.session, paths[0].rstrip("/").rsplit("/", 1)[-1]) if paths else None
    return own or grids.root(desk.session)


def _buildings(places: Iterable[str]) -> list[str]:
    """What the tree knows of places: "3号楼2单元501室" lies in "3号楼"."""
    return [name for name in map(building, places) if name]


def open_case(
    desk: Desk, reading: Reading, grid: Grid, told: Told, *, notice: int | None = None, lead: Person | None = None
) -> Request:
    """Registers a case with its first report and dispatches it, by default to whom the duty names.

    `notice` is the one it asks about.
    """
    category = desk.reader.categories[reading.category or "other"]
    by_duty, _, _ = dispatch.lead_for(desk, category.key, grid)
    asks = reading.is_request or reading.unsure
    hushed = desk.here.private or (reading.danger is not None and not reading.is_request)  # the worker is asked first
    case = Request(
        kind=reading.kind if asks else "consult" if notice else "report",
        category=category.key,
        department=reading.department or category.department,
        title=desk.reader.subject(reading, told.text),
        urgent=reading.urgent or reading.danger is not None,
        danger=_danger(reading),
        delicate=reading.delicate,
        places=" ".join(reading.places),
        grid_id=grid.id or 0,
        chat_id=None if hushed else desk.chat_id,
        notice_id=notice,
        opened_at=desk.now,
    )
    case.sqlmodel_update(dispatch.assignment(lead or by_duty))
    desk.open(case, {"why": list(reading.why)})
    report(desk, case, told, first=True)
    dispatch.dispatch(desk, case, "dispatched", lead=lead)
    return case


def report(desk: Desk, case: Request, told: Told, *, first: bool) -> Report:
    """Keeps one message as part of a case: its words masked and cut, and what came with it."""
    row = Report(
        request_id=case.number,
        person_id=desk.id_of(told.person),
        chat_id=desk.chat_id,
        message=told.message,
        at=desk.now,
        first=first,
        text_id=desk.keep_words(mask(told.text.strip())[:LONGEST]),
    )
    store(desk.session, row)
    attached.keep(desk, case, told.attached, report=row)
    if opened := desk.opened.get(case.number):
        opened.reports.append((row, told.person))
    elif not first:
        reports.speak_up(desk.session, case.number, row.person_id)
    desk.touch(case)
    if told.person.id == desk.person.id:
        seat, category, now = (desk.here.key, desk.said.sender.user), case.category, desk.now
        desk.learnt.append(lambda known: known.report(seat, category, now))
    return row


def receipt(desk: Desk, case: Request, told: Told) -> None:
    """In a group a reaction; alone the number, who has it, by when. Delicate matters go to the private chat."""
    text = desk.say(
        "receipt.registered", card=cards.headline(desk, case, public=False), status=cards.status(desk, case)
    )
    buttons = cards.own_buttons(desk, case)
    if desk.here.private:
        desk.answer(text, case, buttons)
        return
    desk.nod(desk.chat_id, told.message, desk.say("reaction.heard"))
    if case.delicate and people.private_chat(desk.session, desk.id_of(told.person)):
        desk.write(Purpose.TELL, text, person_id=told.person.id, case=case, buttons=buttons)


def join(desk: Desk, case: Request, told: Told) -> Reply | None:
    """Another voice for a case. One who is a voice already adds words instead."""
    if reports.voice_of(desk.session, case.number, desk.id_of(told.person)):
        return add_words(desk, case, told)
    report(desk, case, told, first=True)
    desk.record(case, "joined", data={"person": told.person.id})
    if desk.here.private:
        card, status = (
            cards.headline(desk, case, public=True),
            cards.status(desk, case),
        )  # the place may be another's flat
        desk.answer(desk.say("receipt.joined", card=card, status=status), case, cards.own_buttons(desk, case))
        return None
    if told.message != desk.said.message or not desk.said.pressed:
        desk.nod(desk.chat_id, told.message, desk.say("reaction.heard"))
    return Reply(desk.say("receipt.counted", number=case.number), nod=True) if desk.said.pressed else None


def add_words(desk: Desk, case: Request, told: Told, reading: Reading | None = None) -> Reply | None:
    """One more detail for a case. A place that was missing is filled in, and may lead to other hands.

    Files without words go silently with what the person just said.
    """
    last = None if told.text else reports.latest_of(desk.session, case.number, desk.id_of(told.person))
    if last and desk.now - last.at < JOINING:
        return _add_files(desk, case, told, last)
    row = report(desk, case, told, first=False)
    places = reading.places if reading else find(told.text)
    changes = {} if case.places else _place(desk, case, places)
    desk.record(case, "added", data={"report": row.id}, **changes)
    if changes and _goes_elsewhere(desk, case):
        dispatch.dispatch(desk, case, "dispatched")
    else:
        _tell_lead(desk, case, told)
    return Reply(desk.say("receipt.added", number=case.number), nod=True)


def _tell_lead(desk: Desk, case: Request, told: Told) -> None:
    if case.lead_person_id != told.person.id:
        card = cards.headline(desk, case, public=False)
        words = " ".join(filter(None, (mask(told.text)[:LONGEST], attached.signs(desk, told.attached))))
        cards.tell_lead(desk, case, desk.say("lead.added", card=card, words=words))


def _place(desk: Desk, case: Request, places: tuple[str, ...]) -> dict[str, Any]:
    """The columns a named place changes."""
    if not places or " ".join(places) == case.places:
        return {}
    grid = grids.locate(desk.session, desk.session.get_one(Grid, case.grid_id), _buildings(places))
    return {"places": " ".join(places), "grid_id": grid.id}


def _goes_elsewhere(desk: Desk, case: Request) -> bool:
    """Whether at its place somebody else leads, and nobody has taken it yet."""
    return case.state == State.DISPATCHED and case.dispatches == 1 and not dispatch.led_by_duty(desk, case)


def _add_files(desk: Desk, case: Request, told: Told, last: Report) -> Reply | None:
    """The working card counts them; of a burst only the first is answered, and mentioned if it replies to a card."""
    reports.speak_up(desk.session, case.number, last.person_id)
    more = bool(attachments.of_report(desk.session, last.id))
    attached.keep(desk, case, told.attached, report=last)
    desk.touch(case)
    if desk.said.quoted and not more:
        _tell_lead(desk, case, told)
    return None if more else Reply(desk.say("receipt.added", number=case.number), nod=True)


def reword(desk: Desk, reading: Reading) -> Reply | None:
    """A message was edited: what belongs to a case has new words, and anything else is read anew."""
    row = reports.of_message(desk.session, desk.chat_id, desk.said.message)
    if row is None:
        return _read_anew(desk, reading)
    case = requests.lock(desk.session, row.request_id)
    words = mask(desk.said.text.strip())[:LONGEST]
    before = desk.words(row.text_id)
    if case is None or not case.is_open or not words or words == before:
        return None
    unread = case.state == State.DISPATCHED and case.dispatches == 1
    changes = _place(desk, case, reading.places) if unread and desk.count_voices(case) == 1 else {}
    desk.record(case, "reworded", data={"report": row.id}, text=before, **changes)
    texts.blank(desk.session, row.text_id)  # the history has it
    row.text_id = desk.keep_words(words)
    if changes and _goes_elsewhere(desk, case):
        dispatch.dispatch(desk, case, "dispatched")
    elif not unread:
        card = cards.headline(desk, case, public=False)
        cards.tell_lead(desk, case, desk.say("lead.reworded", card=card, words=words))
    return None


def _read_anew(desk: Desk, reading: Reading) -> Reply | None:
    if not (reading.is_request or reading.danger):
        return None
    key = grey_key(desk, desk.said.message)
    if desk.said_on(key):
        desk.erase(key, desk.chat_id)
    return act(desk, reading)


# -- the small question of the grey band --------------------------------------------------------------------------


def ask_whether(desk: Desk) -> None:
    """Stores nothing of what was said: the button's message quotes it, and pressing it brings the text back."""
    at_night = desk.house.awake(desk.now) != desk.now
    if at_night and not desk.here.private:
        return
    buttons = (Button(desk.say("button.register"), f"/{REGISTER}"), Button(desk.say("button.no"), "/no"))
    key = grey_key(desk, desk.said.message)
    desk.write(
        Purpose.ANSWER,
        desk.say("grey.question"),
        chat_id=desk.chat_id,
        buttons=buttons,
        reply_to=desk.said.message,
        card_key=key,
        public=not desk.here.private,
    )
    desk.erase_later(key, desk.chat_id, at=desk.now + QUESTION_STANDS)


def grey_key(desk: Desk, message: str) -> str:
    return f"grey:{desk.chat_id}:{message}"


@command(REGISTER, hidden=True)
def register(desk: Desk, words: str) -> Reply | None:  # noqa: ARG001 (the interface)
    """The answer yes to the small question, or a worker's reply to what the reader missed."""
    quoted = desk.said.quoted
    original = quoted.quoted if quoted and quoted.by_us else quoted
    if original is None or not original.text:
        raise Sorry(desk.say("register.nothing"))
    if original.sender.user != desk.said.sender.user and not desk.is_staff:
        raise Sorry(desk.say("register.not_yours"))
    if reports.of_message(desk.session, desk.chat_id, original.message):
        raise Sorry(desk.say("register.already"))
    desk.erase(grey_key(desk, original.message), desk.chat_id)
    reading = desk.reader.read(original.text, ASKED_FOR)
    person = desk.someone(original.sender.user, original.sender.name)
    early = attached.take(desk) if person.id == desk.person.id else ()
    reply = take_in(desk, reading, Told(person, original.text, original.message, (*early, *original.attached)))
    kept = reports.of_message(desk.session, desk.chat_id, original.message)
    learning.note(desk, original.text, request=True, case=desk.session.get(Request, kept.request_id) if kept else None)
    return reply or (None if desk.here.private else Reply(desk.say("register.done"), nod=True))


@command("no", hidden=True)
def no(desk: Desk, words: str) -> Reply:  # noqa: ARG001
    """The answer no to the small question: it disappears."""
    quoted = desk.said.quoted
    if quoted and quoted.by_us and quoted.quoted:
        if quoted.quoted.sender.user != desk.said.sender.user:
            raise Sorry(desk.say("register.not_yours"))
        desk.erase(grey_key(desk, quoted.quoted.message), desk.chat_id)
    return Reply(desk.say("grey.dropped"), nod=True)


# -- commands -----------------------------------------------------------------------------------------------------


@command("report", prompt=True)
def report_it(desk: Desk, words: str) -> Reply | None:
    """Registered whatever the reader thinks."""
    return take_in(desk, desk.reader.read(words, ASKED_FOR), _told(desk, words))


@command("for", ranks=STAFF, prompt=True)
def on_behalf(desk: Desk, words: str) -> Reply | None:
    """For a caller or a neighbour without a phone: "代报 孙大爷 2-1-301 家里暖气不热"."""
    name, flat, rest = _caller(desk, words)
    person = Person(name=name or desk.say("caller.unnamed"), flat=flat or None, source=CHAT)
    desk.session.add(person)
    desk.session.flush()
    reading = desk.reader.read(f"{flat} {rest}".strip(), ASKED_FOR)
    return take_in(desk, reading, Told(person, rest, desk.said.message))


def _caller(desk: Desk, words: str) -> tuple[str, str, str]:
    """Name, flat in its normal form and matter of "孙大爷 2-1-301 家里暖气不热"; what is not there is empty."""
    first, _, rest = words.partition(" ")
    name = ""
    if rest and len(first) <= LONGEST_NAME and not find(first) and not desk.reader.read(first, ASKED_FOR).is_request:
        name, words = first, rest.strip()
    first, _, rest = words.partition(" ")
    flat = next((place for place in find(first) if place.endswith("室")), "")
    return (name, flat, rest.strip()) if rest and flat else (name, "", words)


@case_command(METOO, access.anyone)
def metoo(desk: Desk, case: Request, words: str) -> Reply | None:
    if not case.is_open:
        raise Sorry(desk.say("illegal.ended", number=case.number))
    if reports.voice_of(desk.session, case.number, desk.id_of(desk.person)):
        reports.speak_up(desk.session, case.number, desk.id_of(desk.person))
        if desk.said.attached:
            return add_words(desk, case, _told(desk, ""))
        return Reply(desk.say("receipt.counted_already", number=case.number), nod=True)
    return join(desk, case, _told(desk, words))


@case_command("more", access.anyone, prompt=True)
def more(desk: Desk, case: Request, words: str) -> Reply | None:
    if not case.is_open:
        raise Sorry(desk.say("illegal.ended", number=case.number))
    return add_words(desk, case, _told(desk, words))
