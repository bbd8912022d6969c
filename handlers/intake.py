"""Intake: hearing a request in plain talk, and making it a new case, another voice, or one more detail."""

from collections.abc import Iterable
from datetime import timedelta

from handlers import access, cards, dispatch, urging
from handlers.desk import Desk, Sorry
from handlers.known import Known
from handlers.message import Button, Message, Reply, Sender
from handlers.router import case_command, command
from nlp.masks import mask
from nlp.places import building, find, near
from nlp.reader import Context, Reader, Reading
from storage import grids, people, reports, requests, texts
from storage.chats import Chat
from storage.grids import Grid
from storage.outbox import Purpose
from storage.people import STAFF, Person
from storage.reports import Report
from storage.requests import Request

LONGEST = 2000  # characters of a report that are kept
SAME_MATTER = timedelta(days=7)
JUST_NOW = timedelta(minutes=10)
QUESTION_STANDS = timedelta(minutes=10)


def hear(message: Message, known: Known, reader: Reader) -> Reading | None:
    """Pure, on the event loop: what the reader makes of it, or None where there is nothing to do."""
    user = message.sender.user
    context = Context(
        worker=known.works_here(message.chat, user),
        private=message.private,
        addressed=message.mentioned or bool(message.quoted and message.quoted.by_us),
        open_category=known.open_category(message.chat, user, message.at),
    )
    text = message.text or ("[图片]" if message.photos else "")
    reading = reader.read(text, context)
    return reading if reading.is_request or reading.unsure or reading.danger or message.private else None


def act(desk: Desk, reading: Reading) -> Reply | None:
    """Decides again at the desk, with the database before it."""
    if reading.is_request or reading.danger:
        return take_in(desk, reading, desk.said.sender, desk.said.text, desk.said.message)
    if reading.unsure:
        return ask_whether(desk)
    if desk.here.private and not (STAFF & {post.rank for post in desk.posts}) and desk.person:
        return Reply(desk.say("private.no_request"))
    return None


def take_in(desk: Desk, reading: Reading, sender: Sender, text: str, message: str) -> Reply | None:
    """A request by `sender`: joins what it belongs to, else opens a case."""
    person = desk.person if sender.user == desk.said.sender.user else desk.someone(sender.user, sender.name)
    if case := _continues(desk, person, reading):
        return add_words(desk, case, person, text, message, reading)
    if reading.kind == "urge" and (case := urging.case_meant(desk, person, reading)):
        return urging.urge(desk, case, person)
    grid = _grid(desk, person, reading)
    if case := _same_matter(desk, reading, grid):
        return join(desk, case, person, text, message)
    case = open_case(desk, reading, grid, person, text, message)
    return _receipt(desk, case)


def _continues(desk: Desk, person: Person, reading: Reading) -> Request | None:
    """The case this person spoke of a moment ago, if these words may still be about it."""
    case = reports.recent_case(desk.session, desk.id_of(person), desk.chat_id, at=desk.now, within=JUST_NOW)
    if case is None or case.category != reading.category or reading.kind == "urge":
        return None
    return case if not case.places or not reading.places or near(case.places.split(" "), reading.places) else None


def _same_matter(desk: Desk, reading: Reading, grid: Grid) -> Request | None:
    """An open case of the same category at the same named place: this is another voice of it."""
    if reading.category is None or grid.id is None or reading.delicate:
        return None
    for case in reports.similar(desk.session, reading.category, grid.id, since=desk.now - SAME_MATTER):
        places = case.places.split(" ") if case.places else []
        if places and reading.places and not case.delicate and near(places, reading.places):
            return requests.lock(desk.session, case.number)
    return None


def _grid(desk: Desk, person: Person, reading: Reading) -> Grid:
    """The group's grid, narrowed to a building the words name; in private the grid of the last report, else the root."""
    session = desk.session
    if desk.here.grid_id is not None:
        return grids.locate(session, session.get_one(Grid, desk.here.grid_id), _buildings(reading.places))
    last = reports.last_of(session, desk.id_of(person))
    around = session.get_one(Grid, last.grid_id) if last else grids.root(session)
    return grids.locate(session, around, _buildings(reading.places))


def _buildings(places: Iterable[str]) -> list[str]:
    """What the tree knows of places: "3号楼2单元501室" lies in "3号楼"."""
    return [name for name in map(building, places) if name]


def open_case(
    desk: Desk, reading: Reading, grid: Grid, person: Person, text: str, message: str, *, chat: Chat | None = None
) -> Request:
    """Registers a case with its first report and dispatches it."""
    lead, _, _ = dispatch.lead_for(desk, reading.category or "other", grid)
    case = Request(
        kind=reading.kind,
        category=reading.category or "other",
        department=reading.department or "",
        title=desk.reader.subject(reading, text),
        urgent=reading.urgent or reading.danger is not None,
        danger=reading.danger.key if reading.danger and reading.danger.grade == "sure" else None,
        delicate=reading.delicate,
        places=" ".join(reading.places),
        grid_id=grid.id or 0,
        chat_id=None if desk.here.private else (chat or desk.here).id,
        opened_at=desk.now,
    )
    case.sqlmodel_update(dispatch.assignment(lead))
    requests.add(desk.session, case, actor_id=desk.actor_id, at=desk.now, data={"why": list(reading.why)})
    report(desk, case, person, text, message, first=True)
    dispatch.dispatch(desk, case, "dispatched")
    seat, category, now = (desk.here.key, desk.said.sender.user), case.category, desk.now
    desk.learnt.append(lambda known: known.report(seat, category, now))
    return case


def report(desk: Desk, case: Request, person: Person, text: str, message: str, *, first: bool) -> Report:
    """Keeps one message as part of a case: its words masked and cut, the count of its photos."""
    words = mask(text.strip())[:LONGEST]
    kept = texts.keep(desk.session, words) if words else None
    row = Report(
        request_id=case.number,
        person_id=desk.id_of(person),
        chat_id=desk.chat_id,
        message=message,
        at=desk.now,
        first=first,
        text_id=kept.id if kept else None,
        photos=len(desk.said.photos),
    )
    desk.session.add(row)
    desk.session.flush()
    desk.touched[case.number] = case
    return row


def _receipt(desk: Desk, case: Request) -> Reply | None:
    """In a group a reaction; alone the number, who has it, by when. Delicate matters go to the private chat."""
    if not desk.here.private:
        desk.nod(desk.chat_id, desk.said.message, desk.say("reaction.heard"))
        if case.delicate and people.private_chat(desk.session, desk.id_of(desk.person)):
            desk.write(
                Purpose.TELL,
                _receipt_text(desk, case),
                person_id=desk.person.id,
                case=case,
                buttons=cards.own_buttons(desk, case),
            )
        return None
    return Reply(_receipt_text(desk, case), tuple(cards.own_buttons(desk, case)))


def _receipt_text(desk: Desk, case: Request) -> str:
    return desk.say(
        "receipt.registered", card=cards.headline(desk, case, public=False), status=cards.status(desk, case)
    )


def join(desk: Desk, case: Request, person: Person, text: str, message: str) -> Reply | None:
    """Another voice for a case. One who is a voice already adds words instead."""
    if reports.voice_of(desk.session, case.number, desk.id_of(person)):
        return add_words(desk, case, person, text, message)
    report(desk, case, person, text, message, first=True)
    desk.record(case, "joined", data={"person": person.id})
    if desk.here.private:
        return Reply(
            desk.say("receipt.joined", card=cards.headline(desk, case, public=False), status=cards.status(desk, case))
        )
    if not desk.said.pressed:
        desk.nod(desk.chat_id, message, desk.say("reaction.heard"))
    return Reply(desk.say("receipt.counted", number=case.number), nod=True)


def add_words(
    desk: Desk, case: Request, person: Person, text: str, message: str, reading: Reading | None = None
) -> Reply | None:
    """One more detail for a case; a place that was missing is filled in."""
    row = report(desk, case, person, text, message, first=False)
    places = reading.places if reading else find(text)
    changes = {}
    if places and not case.places:
        grid = grids.locate(desk.session, desk.session.get_one(Grid, case.grid_id), _buildings(places))
        changes = {"places": " ".join(places), "grid_id": grid.id}
    desk.record(case, "added", data={"report": row.id}, **changes)
    if desk.said.text or desk.said.photos:
        cards.tell_lead(
            desk,
            case,
            desk.say(
                "lead.added",
                card=cards.headline(desk, case, public=False),
                words=mask(text)[:LONGEST] or desk.say("photo"),
            ),
        )
    return Reply(desk.say("receipt.added", number=case.number), nod=True)


# -- the small question of the grey band --------------------------------------------------------------------------


def ask_whether(desk: Desk) -> Reply | None:
    """Stores nothing of what was said: the button's message quotes it, and pressing it brings the text back."""
    buttons = (Button(desk.say("button.register"), "/register"), Button(desk.say("button.no"), "/no"))
    at_night = desk.house.awake(desk.now) != desk.now
    if at_night and not desk.here.private:
        return None
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
    return None


def grey_key(desk: Desk, message: str) -> str:
    return f"grey:{desk.chat_id}:{message}"


@command("register", hidden=True)
def register(desk: Desk, words: str) -> Reply | None:  # noqa: ARG001 (the interface)
    """The answer yes to the small question, or a worker's reply to what the reader missed."""
    quoted = desk.said.quoted
    original = quoted.quoted if quoted and quoted.by_us else quoted
    if original is None or not original.text:
        raise Sorry(desk.say("register.nothing"))
    if original.sender.user != desk.said.sender.user and not STAFF & {post.rank for post in desk.posts}:
        raise Sorry(desk.say("register.not_yours"))
    if reports.of_message(desk.session, desk.chat_id, original.message):
        raise Sorry(desk.say("register.already"))
    desk.erase(grey_key(desk, original.message), desk.chat_id)
    reading = desk.reader.read(original.text, Context(private=True, addressed=True))
    person = desk.someone(original.sender.user, original.sender.name)
    case = open_case(desk, reading, _grid(desk, person, reading), person, original.text, original.message)
    if not desk.here.private:
        desk.nod(desk.chat_id, original.message, desk.say("reaction.heard"))
    return Reply(_receipt_text(desk, case), nod=True)


@command("no", hidden=True)
def no(desk: Desk, words: str) -> Reply | None:  # noqa: ARG001
    """The answer no to the small question: it disappears."""
    quoted = desk.said.quoted
    if quoted and quoted.by_us and quoted.quoted and quoted.quoted.sender.user == desk.said.sender.user:
        desk.erase(grey_key(desk, quoted.quoted.message), desk.chat_id)
        return Reply(desk.say("grey.dropped"), nod=True)
    raise Sorry(desk.say("register.not_yours"))


# -- commands -----------------------------------------------------------------------------------------------------


@command("report", prompt=True)
def report_it(desk: Desk, words: str) -> Reply | None:
    """Whoever says /report means it: registered whatever the reader thinks."""
    reading = desk.reader.read(words, Context(private=True, addressed=True))
    return take_in(desk, reading, desk.said.sender, words, desk.said.message)


@command("for", ranks=STAFF, prompt=True)
def on_behalf(desk: Desk, words: str) -> Reply | None:
    """For a caller or a neighbour without a phone: "代报 孙大爷 2-1-301 家里暖气不热"."""
    name, flat, rest = _caller(words)
    reading = desk.reader.read(f"{flat} {rest}".strip(), Context(private=True, addressed=True))
    person = Person(name=name or desk.say("caller.unnamed"), flat=" ".join(find(flat)) or None, source="chat")
    desk.session.add(person)
    desk.session.flush()
    case = open_case(desk, reading, _grid(desk, desk.person, reading), person, rest, desk.said.message)
    return Reply(_receipt_text(desk, case), tuple(cards.own_buttons(desk, case)))


def _caller(words: str) -> tuple[str, str, str]:
    """Name, flat and matter of "孙大爷 2-1-301 家里暖气不热"; what is not there is empty."""
    parts = words.split(maxsplit=2)
    if len(parts) == 3 and find(parts[1]):
        return parts[0], parts[1], parts[2]
    if len(parts) >= 2 and len(parts[0]) <= 5 and not find(parts[0]):
        return parts[0], "", " ".join(parts[1:])
    return "", "", words


@case_command("metoo", access.anyone)
def metoo(desk: Desk, case: Request, words: str) -> Reply | None:
    if not case.is_open:
        raise Sorry(desk.say("illegal.ended", number=case.number))
    if reports.voice_of(desk.session, case.number, desk.id_of(desk.person)):
        return Reply(desk.say("receipt.counted_already", number=case.number), nod=True)
    return join(desk, case, desk.person, words, desk.said.message)


@case_command("more", access.anyone, prompt=True)
def more(desk: Desk, case: Request, words: str) -> Reply | None:
    if not case.is_open:
        raise Sorry(desk.say("illegal.ended", number=case.number))
    return add_words(desk, case, desk.person, words, desk.said.message)
