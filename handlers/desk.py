"""The desk: all that one handler may use while one message or one timer is dealt with."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlmodel import Session

from handlers.house import House
from handlers.known import Known, Learnt
from handlers.message import Attached, Button, Message
from handlers.opened import Opened
from handlers.wording import Wording
from nlp.reader import Reader
from storage import events, grids, outbox, people, questions, reports, requests, texts
from storage.attachments import Attachment
from storage.chats import Chat
from storage.events import Event
from storage.follow import CHAT
from storage.outbox import Letter, Purpose, Urgency
from storage.people import STAFF, Address, Person, Post, Rank
from storage.reports import Report
from storage.requests import Request, State
from storage.texts import Text

T = TypeVar("T")
ANSWER_WITHIN = timedelta(minutes=15)  # later the person has something else in mind


class Sorry(Exception):  # noqa: N818 (what the bot says)
    """The one error shown to a person: a sentence, perhaps with buttons. What the message did is rolled back."""

    def __init__(self, text: str, buttons: tuple[Button, ...] = ()) -> None:
        super().__init__(text)
        self.text = text
        self.buttons = buttons


Occurrence = Callable[[str, datetime, ZoneInfo], datetime | None]
Link = Callable[[str], str | None]
PaceOf = Callable[[str, str], float | None]


def no_link(code: str) -> None:
    """Where no address opens the private chat."""


def no_pace(platform: str, account: str) -> None:
    """Where nothing limits how fast letters leave."""


@dataclass
class Desk:
    """For a timer there is neither chat nor message. `touched` cases get their cards renewed at the end."""

    session: Session
    reader: Reader
    house: House
    say: Wording
    now: datetime
    occurrence: Occurrence
    chat: Chat | None = None
    message: Message | None = None
    link: Link = no_link  # the address that opens the private chat with /start and this code
    pace: PaceOf = no_pace  # letters per second that leave for an account of a platform
    early: tuple[Attached, ...] = ()  # what the speaker sent before these words
    touched: dict[int, Request] = field(default_factory=dict)
    learnt: list[Learnt] = field(default_factory=list)
    asking: str = ""  # the command of an open question just put: in a group it must stand as a message to reply to
    drawn: dict[str, int] = field(default_factory=dict)  # cards written just now: key, length of the history they tell
    opened: dict[int, Opened] = field(default_factory=dict)  # the cases this message opened
    _account: tuple[Person, Address] | None = None
    _person: Person | None = None
    _posts: list[Post] | None = None
    _once: dict[Hashable, Any] = field(default_factory=dict)
    _last: dict[int, Event] = field(default_factory=dict)  # of each case the last line of history written here
    _words: dict[int | None, str] = field(default_factory=dict)  # texts kept just now
    _histories: dict[int, list[Event]] = field(default_factory=dict)
    _voices: dict[int, int] = field(default_factory=dict)
    _attached: dict[int, list[Attachment]] = field(default_factory=dict)

    @property
    def here(self) -> Chat:
        if self.chat is None:
            raise LookupError("a timer has no chat")
        return self.chat

    @property
    def said(self) -> Message:
        if self.message is None:
            raise LookupError("a timer has no message")
        return self.message

    # -- who speaks -------------------------------------------------------------------------------------------

    @property
    def person(self) -> Person:
        """Who speaks; gets a row the first time they do something that is kept. Who speaks alone can be reached."""
        if self._person is None:
            self._person, address = self._found_or_new(self.said.sender.user, self.said.sender.name)
            if self.said.private:
                address.chat_id, address.seen_at, self._person.unreachable_at = self.here.id, self.now, None
        return self._person

    @property
    def met(self) -> Person | None:
        """Who speaks, if there is a row: mere talk makes none."""
        if self._account is None:
            where = (self.here.platform, self.here.account, self.said.sender.user)
            self._account = people.at_address(self.session, *where)
        return self._account[0] if self._account else None

    @property
    def account(self) -> tuple[Person, Address]:
        """Who speaks, with the account they speak from."""
        person = self.person
        return self._found_or_new(self.said.sender.user, person.name)

    def someone(self, user: str, name: str) -> Person:
        """The person behind a user id of this chat's platform, new if need be."""
        return self._found_or_new(user, name)[0]

    def _found_or_new(self, user: str, name: str) -> tuple[Person, Address]:
        where = (self.here.platform, self.here.account, user)
        known = self._account if user == self.said.sender.user else None
        if found := known or people.at_address(self.session, *where):
            found[0].name = found[0].name or name  # an account that was somebody's of the file
            return found
        person = Person(name=name, source=CHAT)
        self.session.add(person)
        self.session.flush()
        address = Address(person_id=self.id_of(person), platform=where[0], account=where[1], user=user)
        self.session.add(address)
        return person, address

    @staticmethod
    def id_of(person: Person) -> int:
        if person.id is None:
            raise LookupError("a person without a row")
        return person.id

    @property
    def actor_id(self) -> int | None:
        return self.person.id if self.message else None

    @property
    def posts(self) -> list[Post]:
        if self._posts is None:
            self._posts = people.posts(self.session, self.person)
        return self._posts

    def speak_for_the_office(self) -> None:
        """Who sits at the machine itself answers for every community."""
        self._posts = [Post(Rank.ADMIN, root.path, None) for root in grids.roots(self.session)]

    @property
    def is_staff(self) -> bool:
        return any(post.rank in STAFF for post in self.posts)

    def roles_changed(self) -> None:
        """Who works here, or for what, is not as it was: the snapshot is read anew once this is committed."""
        self._account = self._person = self._posts = None
        self.session.flush()
        self.learnt.append(Known.grow_stale)

    def name_of(self, person_id: int | None) -> str:
        """A person's name; the bot's own for what the clock did."""
        person = self.session.get(Person, person_id) if person_id else None
        return person.name if person else self.house.bot_name

    def once(self, what: Hashable, find: Callable[[], T]) -> T:
        """What does not change while this message is dealt with is looked up once."""
        if what not in self._once:
            self._once[what] = find()
        found: T = self._once[what]
        return found

    # -- cases ------------------------------------------------------------------------------------------------

    def open(self, case: Request, data: dict[str, Any]) -> None:
        """Registers a case."""
        event = requests.add(self.session, case, actor_id=self.actor_id, at=self.now, data=data)
        self.opened[case.number] = Opened([event])
        self._last[case.number] = event

    def touch(self, case: Request) -> None:
        """Its cards are renewed at the end, from what is read anew."""
        self.touched[case.number] = case
        self._histories.pop(case.number, None)
        self._voices.pop(case.number, None)
        self._attached.pop(case.number, None)

    def history(self, case: Request) -> list[Event]:
        """Read once until the case is touched again: every card of a case tells from it."""
        if opened := self.opened.get(case.number):
            return opened.history
        if case.number not in self._histories:
            self._histories[case.number] = events.history(self.session, case.number)
        return self._histories[case.number]

    def count_voices(self, case: Request) -> int:
        """As often as a headline is drawn, counted once until the case is touched again."""
        if opened := self.opened.get(case.number):
            return len(opened.reports)
        if case.number not in self._voices:
            self._voices[case.number] = reports.count_voices(self.session, case.number)
        return self._voices[case.number]

    def attached(self, case: Request) -> list[Attachment]:
        """What residents sent with it, read once until the case is touched again."""
        if opened := self.opened.get(case.number):
            return opened.attached
        if case.number not in self._attached:
            self._attached[case.number] = reports.attached(self.session, case.number)
        return self._attached[case.number]

    def move(self, case: Request, target: State, kind: str, **changes: Any) -> Event:
        after = self._last.get(case.number)
        event = requests.move(
            self.session, case, target, kind, actor_id=self.actor_id, at=self.now, after=after, **changes
        )
        return self._written(case, event)

    def record(self, case: Request, kind: str, **changes: Any) -> Event:
        after = self._last.get(case.number)
        event = requests.record(self.session, case, kind, actor_id=self.actor_id, at=self.now, after=after, **changes)
        return self._written(case, event)

    def take_back(self, case: Request, event: Event) -> None:
        """Undoes the last line of its history."""
        self._written(
            case, requests.take_back(self.session, case, event, actor_id=self.id_of(self.person), at=self.now)
        )

    def _written(self, case: Request, event: Event) -> Event:
        self.touch(case)
        self._last[case.number] = event
        if opened := self.opened.get(case.number):
            opened.history.append(event)
        return event

    def reporters(self, case: Request) -> list[tuple[Report, Person]]:
        """Who stands behind a case, in the order they came."""
        opened = self.opened.get(case.number)
        return opened.reports if opened else reports.reporters(self.session, case.number)

    def first_report(self, case: Request) -> Report:
        opened = self.opened.get(case.number)
        return opened.reports[0][0] if opened else reports.first_of(self.session, case.number)

    def keep_words(self, words: str) -> int | None:
        """Free text, apart from what refers to it; nothing for no words."""
        if not words:
            return None
        kept = texts.keep(self.session, words)
        self._words[kept.id] = words
        return kept.id

    def words(self, text_id: int | None) -> str | None:
        """None if there are none, or they were blanked."""
        if text_id is None or text_id in self._words:
            return self._words.get(text_id)
        return self.session.get_one(Text, text_id).body

    # -- letters ----------------------------------------------------------------------------------------------

    def write(
        self,
        purpose: Purpose,
        text: str | None,
        *,
        chat_id: int | None = None,
        person_id: int | None = None,
        case: Request | None = None,
        notice_id: int | None = None,
        buttons: Sequence[Button] = (),
        reply_to: str | None = None,
        card_key: str | None = None,
        urgency: Urgency = Urgency.PERSON,
        at: datetime | None = None,
        public: bool = False,
        spoken: bool = False,
        files: Sequence[Attachment] = (),
    ) -> Letter:
        """Puts a letter into the outbox: to a chat or a person, not before `at` (now).

        `public` spends the group's budget and waits for it; `spoken` spends it and does not wait.
        """
        letter = Letter(
            purpose=purpose,
            urgency=urgency,
            chat_id=chat_id,
            person_id=person_id,
            request_id=case.id if case else None,
            notice_id=notice_id,
            card_key=card_key,
            text=text,
            buttons=[[button.label, button.command] for button in buttons],
            reply_to=reply_to,
            spoken=spoken,
            files=[one.id for one in files if one.id],
            created_at=self.now,
            not_before=at or self.now,
        )
        opened = self.opened.get(letter.request_id or 0)
        first = opened is not None and card_key is not None and card_key not in opened.letters
        written = outbox.write(self.session, letter, budget=self.house.budget if public else None, first=first)
        if opened and card_key:
            opened.letters[card_key] = written
        return written

    def cards_of(self, case: Request, purpose: Purpose) -> list[Letter]:
        """The newest letter of each card of a case."""
        opened = self.opened.get(case.number)
        return opened.cards(purpose) if opened else outbox.cards_of(self.session, case.number, purpose)

    @property
    def has_room(self) -> bool:
        """Whether this group's budget still has room for an answer now."""
        return outbox.has_room(self.session, self.chat_id, self.now, self.house.budget)

    def answer(
        self, text: str, case: Request, buttons: Sequence[Button] = (), files: Sequence[Attachment] = ()
    ) -> None:
        """Says it where it was asked, as a letter about the case: a reply to it needs no number."""
        reply_to = None if self.here.private else self.said.message
        self.write(
            Purpose.ANSWER, text, chat_id=self.chat_id, case=case, buttons=buttons, reply_to=reply_to, files=files
        )

    def nod(self, chat_id: int, message: str, reaction: str) -> None:
        """A reaction on a message: the quietest answer there is."""
        outbox.write(
            self.session,
            Letter(
                purpose=Purpose.NOD,
                chat_id=chat_id,
                reply_to=message,
                reaction=reaction,
                created_at=self.now,
                not_before=self.now,
            ),
        )

    def said_on(self, card_key: str) -> bool:
        """Whether a card stands somewhere, or is about to."""
        return outbox.stands(self.session, card_key)

    def erase(self, card_key: str, chat_id: int) -> None:
        """Takes the message of a card away, or drops it if it has not left yet."""
        outbox.drop(self.session, card_key=card_key)
        self.erase_later(card_key, chat_id, at=self.now)

    def erase_later(self, card_key: str, chat_id: int, *, at: datetime) -> None:
        letter = Letter(
            purpose=Purpose.CARD, chat_id=chat_id, card_key=card_key, erase=True, created_at=self.now, not_before=at
        )
        outbox.write(self.session, letter)

    # -- open questions ---------------------------------------------------------------------------------------

    def ask(self, command: str) -> None:
        """What this person says next here completes `command`."""
        self.asking = command
        questions.ask(self.session, self.chat_id, self.id_of(self.person), command, expires_at=self.now + ANSWER_WITHIN)

    def ask_alone(self) -> None:
        """The question just put here is answered in the private chat, if there is one."""
        self.answered()
        person_id = self.id_of(self.person)
        alone = people.private_chat(self.session, person_id)
        chat_id = (alone.id if alone else None) or self.chat_id
        questions.ask(self.session, chat_id, person_id, self.asking, expires_at=self.now + ANSWER_WITHIN)

    def answered(self) -> None:
        questions.close(self.session, self.chat_id, self.id_of(self.person))

    @property
    def chat_id(self) -> int:
        if self.here.id is None:
            raise LookupError("a chat without a row")
        return self.here.id
