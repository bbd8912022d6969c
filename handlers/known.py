"""What is known without asking the database: bound chats, staff, and who reported a moment ago."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from handlers.beforehand import JOINING, Beforehand, Seat
from handlers.message import Message
from nlp.learnt import Lessons
from storage import corrections, people
from storage.chats import Chat, ChatKey, Mode
from storage.grids import Grid
from storage.people import STAFF, Address, Person, Rank, Role
from storage.reports import Report
from storage.requests import OPEN, Request


@dataclass(frozen=True, slots=True)
class KnownChat:
    mode: Mode
    of_unit: bool = False
    duty_name: str = ""  # whom the first words in a danger name
    duty_phone: str = ""


Reported = tuple[str, datetime]  # the category, and when


class Spoken(NamedTuple):
    category: str | None = None
    ago: float = 0.0  # minutes


@dataclass
class Known:
    """A snapshot for the event loop. It may be seconds old: whoever acts on it decides again from the database."""

    chats: dict[ChatKey, KnownChat] = field(default_factory=dict)
    staff: dict[tuple[str, str, str], frozenset[Rank]] = field(default_factory=dict)
    former: set[tuple[str, str, str]] = field(default_factory=set)  # accounts of those who work here no more
    reported: dict[Seat, Reported] = field(default_factory=dict)  # what each person reported last
    talks: dict[ChatKey, Reported] = field(default_factory=dict)  # what was reported last in each chat
    beforehand: Beforehand = field(default_factory=Beforehand)
    lessons: Lessons = field(default_factory=dict)  # what the reader was taught here
    stale: bool = False  # roles, bound groups or lessons changed: it must be read anew at once

    def grow_stale(self) -> None:
        self.stale = True

    def listens(self, key: ChatKey) -> bool:
        """Whether the talk of a chat is listened to for requests."""
        chat = self.chats.get(key)
        return chat is not None and chat.mode == Mode.LISTEN and not chat.of_unit

    def overhear(self, message: Message) -> None:
        """Talk that is no request: where it is listened to, its files wait a while for words."""
        if self.listens(message.chat) and not message.sender.is_bot:
            self.beforehand.overhear(message)

    def ranks(self, chat: ChatKey, user: str) -> frozenset[Rank]:
        return self.staff.get((chat.platform, chat.account, user), frozenset())

    def works_here(self, chat: ChatKey, user: str) -> bool:
        return bool(self.ranks(chat, user) & STAFF)

    def spoken_of(self, chat: ChatKey, user: str, at: datetime) -> Spoken:
        """Of which category this person reported something here, within the joining window."""
        return _within(self.reported.get((chat, user)), at)

    def talk_of(self, chat: ChatKey, at: datetime) -> Spoken:
        """The same of anybody in this chat."""
        return _within(self.talks.get(chat), at)

    def spoke_lately(self, chat: ChatKey, at: datetime) -> bool:
        return self.talk_of(chat, at).category is not None

    def report(self, seat: Seat, category: str, at: datetime) -> None:
        self.reported = {key: value for key, value in self.reported.items() if at - value[1] < JOINING}
        self.reported[seat] = self.talks[seat[0]] = (category, at)


def _within(reported: Reported | None, at: datetime) -> Spoken:
    if reported is None or at - reported[1] >= JOINING:
        return Spoken()
    return Spoken(reported[0], (at - reported[1]) / timedelta(minutes=1))


Learnt = Callable[[Known], None]


_BOUND = (
    select(Chat.platform, Chat.account, Chat.address, Chat.mode)
    .add_columns(col(Chat.of_unit), col(Grid.path))
    .join(Grid, col(Grid.id) == Chat.grid_id, isouter=True)
    .where(col(Chat.private).is_(False), col(Chat.grid_id).is_not(None) | col(Chat.of_unit).is_(True))
)


_STAFF = (
    select(Address.platform, Address.account, Address.user, Role.rank)
    .join(Role, col(Role.person_id) == Address.person_id)
    .join(Person, col(Person.id) == Address.person_id)
    .where(col(Role.gone).is_(False), col(Person.gone).is_(False))
)
_AWAY = aliased(Person)
_RELIEFS = (  # who does the work of somebody on leave
    select(Address.platform, Address.account, Address.user, Role.rank)
    .join(_AWAY, col(_AWAY.relief_id) == Address.person_id)
    .join(Person, col(Person.id) == Address.person_id)
    .join(Role, col(Role.person_id) == _AWAY.id)
    .where(col(Role.gone).is_(False), col(_AWAY.gone).is_(False), col(Person.gone).is_(False))
)


def load(session: Session, on_duty: Callable[[Session], Callable[[str], tuple[str, str]]]) -> Known:
    """Reads the snapshot anew; `on_duty` names who is on duty for a grid, by its path, and at which telephone.

    By columns: a thousand groups are read every few seconds, and whoever reports something waits for it.
    """
    known, duty_of = Known(), on_duty(session)
    for platform, account, address, mode, of_unit, path in session.connection().execute(_BOUND):
        duty = duty_of(path) if path else ("", "")
        known.chats[ChatKey(platform, account, address)] = KnownChat(mode, of_unit, *duty)
    for platform, account, name, rank in (*session.exec(_STAFF), *session.exec(_RELIEFS)):
        key = (platform, account, name)
        known.staff[key] = known.staff.get(key, frozenset()) | {Rank(rank)}
    known.former = {(one.platform, one.account, one.user) for one in people.former_accounts(session)}
    known.lessons = corrections.in_force(session)
    known.reported = _reported(session)
    for (chat, _), reported in sorted(known.reported.items(), key=lambda item: item[1][1]):
        known.talks[chat] = reported
    return known


PAGE = 200  # reports
_NEWEST = (
    select(Report.id, Report.at, Report.request_id, Report.person_id)
    .add_columns(col(Report.chat_id))
    .where(col(Report.id) < bindparam("before"))
    .order_by(col(Report.id).desc())
    .limit(PAGE)
)


class Said(NamedTuple):
    """When somebody reported something where, by the rows' ids."""

    id: int
    at: datetime
    request_id: int
    person_id: int
    chat_id: int


def _reported(session: Session) -> dict[Seat, Reported]:
    """The last reports, whichever process heard them; read from the newest backwards, never the whole table."""
    lately: list[Said] = []
    before = (session.exec(select(func.max(Report.id))).one() or 0) + 1
    while page := [Said(*row) for row in session.connection().execute(_NEWEST, {"before": before})]:
        since = (lately or page)[0].at - JOINING
        lately += [said for said in page if said.at >= since]
        before = page[-1].id
        if page[-1].at < since:
            break
    return _seats(session, lately)


def _seats(session: Session, lately: Sequence[Said]) -> dict[Seat, Reported]:
    """By three small looks: a planner offered one large join would begin at its wrong end."""
    those = {said.request_id for said in lately}
    open_cases = select(Request.id, Request.category).where(col(Request.id).in_(those), col(Request.state).in_(OPEN))
    category = dict(session.exec(open_cases).all())
    where = {said.chat_id for said in lately}
    keys = {chat.id: chat.key for chat in session.exec(select(Chat).where(col(Chat.id).in_(where)))}
    who = {said.person_id for said in lately}
    users: dict[int, list[Address]] = {}
    for address in session.exec(select(Address).where(col(Address.person_id).in_(who))):
        users.setdefault(address.person_id, []).append(address)
    reported: dict[Seat, Reported] = {}
    for said in lately:
        key = keys[said.chat_id]
        for one in users.get(said.person_id, []):
            if said.request_id in category and (one.platform, one.account) == key[:2]:
                reported.setdefault((key, one.user), (category[said.request_id], said.at))
    return reported
