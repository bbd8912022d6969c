"""The outbox: a row per letter, written in the transaction of what it tells, sent later by a courier."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import NamedTuple

from sqlalchemy import Index, Integer, UniqueConstraint, bindparam, delete, text, update
from sqlmodel import JSON, Column, Field, Session, col, func, select

from storage import people
from storage.chats import Chat
from storage.database import UTCTime, words
from storage.rows import Row, read_anew, store, store_all

TEXT_KEPT = timedelta(days=7)
BETWEEN_EDITS = timedelta(seconds=3)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Purpose(StrEnum):
    ANSWER = "answer"  # to something just said
    NOD = "nod"  # a reaction
    CARD = "card"  # the public card of a case
    WORK = "work"  # a lead's own card of a case: the dispatch
    ASK = "ask"  # a question to a reporter
    TELL = "tell"  # news of a case
    DANGER = "danger"
    NOTICE = "notice"
    DECIDE = "decide"  # a question to the office about a notice


class LetterState(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"  # handed to the platform; after a crash nobody knows whether it arrived
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"  # no longer true before it left
    UNCERTAIN = "uncertain"  # a crash interrupted it and sending it twice would be worse than asking


class Urgency(IntEnum):
    """The order of leaving: danger, then people, then broadcasts."""

    DANGER = 0
    PERSON = 1
    BROADCAST = 2


class Letter(Row, table=True):
    """Addressed to a chat, or to a person whose private chat is looked up when it is sent.

    Letters with one `card_key` are one message on the platform: the first is sent, the later ones edit it.
    """

    __table_args__ = (
        Index("ix_letter_chat_id_message", "chat_id", "message"),
        Index(
            "ix_letter_waiting", "platform", "account", "urgency", "id",
            sqlite_where=text("state IN ('waiting', 'sending')"),
            postgresql_where=text("state IN ('waiting', 'sending')"),
        ),
        Index(
            "ix_letter_spoken", "chat_id", "created_at",
            sqlite_where=text("spoken IS 1"), postgresql_where=text("spoken IS true"),
        ),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    purpose: Purpose = Field(sa_type=words(Purpose))
    urgency: Urgency = Field(default=Urgency.PERSON, sa_type=Integer)
    platform: str | None = None
    account: str | None = None
    chat_id: int | None = Field(default=None, foreign_key="chat.id")
    person_id: int | None = Field(default=None, foreign_key="person.id")
    request_id: int | None = Field(default=None, foreign_key="request.id", index=True)
    notice_id: int | None = Field(default=None, index=True)
    card_key: str | None = Field(default=None, index=True)
    text: str | None = None
    buttons: list[list[str]] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False)
    )  # rows of label, command
    reply_to: str | None = None
    reaction: str | None = None
    erase: bool = False  # takes the message of `card_key` away
    pin: bool = False  # puts the message of `card_key` on top of its chat
    files: list[int] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False)
    )  # the attachments it brings, by id
    spoken: bool = False  # counts in the group's budget
    state: LetterState = Field(default=LetterState.WAITING, sa_type=words(LetterState))
    created_at: datetime = Field(sa_type=UTCTime)
    not_before: datetime = Field(sa_type=UTCTime)
    sent_at: datetime | None = Field(default=None, sa_type=UTCTime, index=True)
    blank_at: datetime | None = Field(default=None, sa_type=UTCTime, index=True)
    attempts: int = 0
    message: str | None = None  # the platform's id of what was sent
    reason: str | None = None


class Card(Row, table=True):
    """Where the message of a key stands on its platform, so that the next letter edits it."""

    __table_args__ = (UniqueConstraint("chat_id", "message"),)

    key: str = Field(primary_key=True)
    chat_id: int = Field(foreign_key="chat.id")
    request_id: int | None = Field(default=None, foreign_key="request.id")
    message: str
    also: str = ""  # the other messages it took to say it, by id
    sent_at: datetime = Field(sa_type=UTCTime)


def write(session: Session, letter: Letter, *, budget: int | None = None, first: bool = False) -> Letter:
    """Puts a letter into the outbox. A waiting letter of the same card takes over the new content instead.

    With `budget` (letters per hour) a new letter that a group would be one too many for waits its turn. `first`: no
    letter of its card can have been written before.
    """
    if letter.chat_id and not letter.platform:
        chat = session.get_one(Chat, letter.chat_id)
        letter.platform, letter.account = chat.platform, chat.account
    last = _last(session, letter) if letter.card_key and not (letter.erase or first) else None
    if last and last.state == LetterState.WAITING:
        last.text, last.buttons, last.files = letter.text, letter.buttons, letter.files
        if budget is None:  # what spends no budget need not wait for it
            last.not_before, last.urgency = min(last.not_before, letter.not_before), min(last.urgency, letter.urgency)
        session.add(last)
        return last
    if last and last.state in (LetterState.SENDING, LetterState.SENT) and _same(last, letter):
        return last
    stands_there = letter.card_key and not first and session.get(Card, letter.card_key)
    if budget is not None and letter.chat_id and not stands_there:
        letter.spoken = True
        letter.not_before = max(letter.not_before, _free_at(session, letter.chat_id, letter.not_before, budget))
    letter.blank_at = letter.created_at + TEXT_KEPT
    return store(session, letter)


def spread(session: Session, letters: Sequence[Letter]) -> None:
    """Puts the letters of a notice into the outbox at once: nothing was said under their keys before."""
    for letter in letters:
        letter.blank_at = letter.created_at + TEXT_KEPT
    store_all(session, letters)


def _last(session: Session, letter: Letter) -> Letter | None:
    """The newest letter of the same card, locked: a courier may be taking it. None once the card is taken away."""
    last = session.exec(
        select(Letter)
        .where(
            Letter.card_key == letter.card_key,
            Letter.state != LetterState.DROPPED,
            col(Letter.pin).is_(False),
            col(Letter.erase).is_(False) | (col(Letter.not_before) <= letter.created_at),
        )
        .order_by(col(Letter.id).desc())
        .limit(1)
        .with_for_update()
    ).first()
    return None if last is None or last.erase else last


def _same(one: Letter, other: Letter) -> bool:
    return (one.text, one.buttons) == (other.text, other.buttons)


def cards_of(session: Session, request_id: int, purpose: Purpose) -> list[Letter]:
    """The newest letter of each card of a case, for renewing them."""
    newest: dict[str, Letter] = {}
    for letter in session.exec(
        select(Letter)
        .where(Letter.request_id == request_id, Letter.purpose == purpose, col(Letter.pin).is_(False))
        .order_by(col(Letter.id))
    ):
        if letter.card_key:
            newest[letter.card_key] = letter
    return [letter for letter in newest.values() if letter.state != LetterState.FAILED]


_COUNTED = (
    select(Letter.sent_at, Letter.not_before)
    .where(
        Letter.chat_id == bindparam("chat"),
        col(Letter.spoken).is_(True),
        col(Letter.state).in_([LetterState.WAITING, LetterState.SENDING, LetterState.SENT]),
        col(Letter.created_at) > bindparam("since"),
    )
    .order_by(col(Letter.id).desc())
)


def _counted(session: Session, chat_id: int, at: datetime) -> list[tuple[datetime | None, datetime]]:
    """When each letter that counts in a group's budget was sent, and when it may leave."""
    session.flush()
    return [(sent, may) for sent, may in session.connection().execute(_COUNTED, {"chat": chat_id, "since": at - DAY})]


def _free_at(session: Session, chat_id: int, at: datetime, budget: int) -> datetime:
    """When the group's budget has room: an hour after the `budget`-th last letter that counted."""
    # "Sent in what is now the future" was sent before the clock was put back: now at the latest.
    counted = _counted(session, chat_id, at)
    times = sorted((min(sent, at) if sent else not_before for sent, not_before in counted), reverse=True)
    return times[budget - 1] + HOUR if len(times) >= budget else at


def has_room(session: Session, chat_id: int, at: datetime, budget: int) -> bool:
    """Whether fewer letters than the budget were said in a group in the last hour, or are about to be."""
    return sum(at - HOUR < (sent or not_before) <= at for sent, not_before in _counted(session, chat_id, at)) < budget


# What is asked at every turn of a courier is built once.
# A letter may leave when its time has come, or the clock was put back: what was to leave at once does not wait to be
# written again.
_MAY_LEAVE = (col(Letter.not_before) <= bindparam("at")) | (
    (col(Letter.created_at) > bindparam("at"))
    & ((col(Letter.not_before) <= col(Letter.created_at)) | (col(Letter.attempts) > 0))
)
# Word for word what the partial index says: a parameter would not match it.
_QUEUED = text("letter.state IN ('waiting', 'sending')")
_OF_ACCOUNT = (Letter.platform == bindparam("platform"), Letter.account == bindparam("account"))
_UNDER_WAY = select(Letter.chat_id).where(*_OF_ACCOUNT, _QUEUED, Letter.state == LetterState.SENDING)
_NEXT = (
    select(Letter.id, Letter.chat_id)
    .where(
        *_OF_ACCOUNT,
        _QUEUED,
        Letter.state == LetterState.WAITING,
        _MAY_LEAVE,
        col(Letter.chat_id).not_in(bindparam("closed", expanding=True)),
    )
    .order_by(col(Letter.urgency), col(Letter.id))
    .limit(bindparam("most"))
)
_WITH_CHAT = (
    select(Letter, Chat, Card)
    .join(Chat, col(Chat.id) == Letter.chat_id)
    .join(Card, col(Card.key) == Letter.card_key, isouter=True)
    .where(col(Letter.id).in_(bindparam("ids", expanding=True)), Letter.state == LetterState.WAITING)
    .order_by(col(Letter.urgency), col(Letter.id))
    .with_for_update(skip_locked=True, of=Letter)
    .execution_options(populate_existing=True)
)
_WITHOUT_WAY = (
    select(Letter)
    .where(col(Letter.platform).is_(None), _QUEUED, Letter.state == LetterState.WAITING, _MAY_LEAVE)
    .order_by(col(Letter.id))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)


def claim(
    session: Session, platform: str, account: str, *, at: datetime, limit: int, held: Collection[int] = ()
) -> list[tuple[Letter, Chat, Card | None]]:
    """Takes at most one letter per chat that may leave now and marks it `sending`; `held` chats must wait."""
    session.flush()
    mine = {"platform": platform, "account": account}
    closed = {*session.connection().execute(_UNDER_WAY, mine).scalars(), *held}
    taken: list[tuple[Letter, Chat, Card | None]] = []
    more = True
    while more and len(taken) < limit:
        rows, more = _first_of_each_chat(session, mine, at=at, limit=limit - len(taken), closed=closed)
        for letter, chat, card in rows:
            here = card if card and card.chat_id == letter.chat_id else None
            if (letter.erase or letter.pin) and card is None:  # what was to be taken away or put on top never left
                drop(session, card_key=letter.card_key, through=letter.id)
                more = True
            elif here and not (letter.erase or letter.pin) and here.sent_at <= at < here.sent_at + BETWEEN_EDITS:
                letter.not_before = here.sent_at + BETWEEN_EDITS
                more = True
            else:
                letter.state = LetterState.SENDING
                letter.attempts += 1
                closed.add(letter.chat_id)
                taken.append((letter, chat, here))
        session.flush()
    return taken


def _first_of_each_chat(
    session: Session, mine: dict[str, str], *, at: datetime, limit: int, closed: Collection[int | None]
) -> tuple[list[tuple[Letter, Chat, Card | None]], bool]:
    """The letters that are next in their chats, locked, and whether other chats' may stand behind them.

    One that somebody else is changing is left to them.
    """
    where = {**mine, "at": at, "closed": list(closed), "most": limit * 8}
    waiting = session.connection().execute(_NEXT, where).all()
    first: dict[int | None, int | None] = {}
    for letter_id, chat_id in waiting:
        first.setdefault(chat_id, letter_id)
    if not first:
        return [], False
    rows = session.execute(_WITH_CHAT, {"ids": list(first.values())[:limit]})
    found = [(letter, chat, card) for letter, chat, card in rows]
    return found, bool(found) and len(waiting) == limit * 8


def route(session: Session, *, at: datetime, limit: int) -> list[Letter]:
    """Chooses the chat of letters addressed to a person; returns those that have no way there."""
    letters = session.exec(_WITHOUT_WAY, params={"at": at, "most": limit}).all()
    found = {
        person_id: people.private_chat(session, person_id)
        for person_id in {one.person_id for one in letters}
        if person_id
    }
    stuck = []
    for letter in letters:
        chat = found.get(letter.person_id or 0)
        if chat is None:
            letter.state, letter.reason = LetterState.FAILED, "no private chat"
            stuck.append(letter)
        else:
            letter.chat_id, letter.platform, letter.account = chat.id, chat.platform, chat.account
    if letters:
        session.flush()
    return stuck


class Arrival(NamedTuple):
    """A letter that was sent, the platform's id of its message, when, and the ids of its other messages."""

    letter_id: int
    message: str | None
    at: datetime
    also: str = ""


_SENT = (
    update(Letter)
    .where(col(Letter.id) == bindparam("letter"))
    .values(state=LetterState.SENT, sent_at=bindparam("at"), message=bindparam("shown"))
)
_STANDING = (
    select(Letter.id, Letter.card_key, Letter.chat_id, Letter.request_id)
    .add_columns(col(Letter.erase))
    .where(
        col(Letter.id).in_(bindparam("ids", expanding=True)),
        col(Letter.card_key).is_not(None),
        col(Letter.chat_id).is_not(None),
        col(Letter.pin).is_(False),
    )
)


def arrived(session: Session, arrivals: Collection[Arrival]) -> None:
    """Notes what was sent, and where its cards stand now."""
    if not arrivals:
        return
    session.flush()
    ids = [one.letter_id for one in arrivals]
    connection = session.connection()
    connection.execute(_SENT, [{"letter": one.letter_id, "at": one.at, "shown": one.message} for one in arrivals])
    read_anew(session, Letter, ids)
    placed = {row.id: row for row in connection.execute(_STANDING, {"ids": ids})}
    keys = {row.card_key for row in placed.values()}
    cards = {one.key: one for one in session.exec(select(Card).where(col(Card.key).in_(keys)))} if keys else {}
    for letter_id, message, at, also in arrivals:
        if (row := placed.get(letter_id)) is None:
            continue
        card = cards.get(row.card_key)
        if row.erase:
            if card:
                session.delete(card)
        elif card and message:
            card.chat_id, card.message, card.sent_at = row.chat_id, message, at
        elif message:
            card = Card(
                key=row.card_key, chat_id=row.chat_id, request_id=row.request_id, message=message, also=also, sent_at=at
            )
            cards[card.key] = store(session, card)


def again(letter: Letter, *, at: datetime) -> None:
    """Puts a letter back that the platform would not take yet; one whose words were blanked meanwhile is dropped."""
    letter.state, letter.not_before = LetterState.WAITING if letter.blank_at else LetterState.DROPPED, at


def failed(letter: Letter, reason: str) -> None:
    letter.state, letter.reason = LetterState.FAILED, reason


def stands(session: Session, key: str) -> bool:
    """Whether the message of a card is there, or waits to be sent."""
    waiting = select(Letter.id).where(Letter.card_key == key, Letter.state == LetterState.WAITING).limit(1)
    return session.get(Card, key) is not None or session.exec(waiting).first() is not None


def forget_card(session: Session, key: str) -> None:
    """The message of a card is gone: the next letter of its key is sent anew."""
    if card := session.get(Card, key):
        session.delete(card)


def forget_cards_of_notice(session: Session, notice_id: int) -> None:
    """What a notice said can be changed no more."""
    keys = select(Letter.card_key).where(Letter.notice_id == notice_id)
    session.exec(delete(Card).where(col(Card.key).in_(keys)))


def forget_cards_in(session: Session, chat_id: int) -> None:
    """A chat that moved has none of its messages under their old ids."""
    for card in session.exec(select(Card).where(Card.chat_id == chat_id)):
        session.delete(card)


def recover(session: Session, platform: str, account: str, *, at: datetime) -> list[Letter]:
    """After a stop: what was being sent is sent again, but for notices, which wait for a person's word.

    Returns the letters that became uncertain.
    """
    uncertain = []
    for letter in session.exec(
        select(Letter).where(
            Letter.platform == platform, Letter.account == account, _QUEUED, Letter.state == LetterState.SENDING
        )
    ):
        if letter.purpose == Purpose.NOTICE:
            letter.state = LetterState.UNCERTAIN
            uncertain.append(letter)
        else:
            again(letter, at=at)
    return uncertain


def doubt(session: Session) -> None:
    """An older state of the database came back: a notice that waits in it may have been sent since.

    `recover` asks the office about those, as after a crash.
    """
    session.execute(
        update(Letter)
        .where(col(Letter.purpose) == Purpose.NOTICE, col(Letter.state) == LetterState.WAITING)
        .values(state=LetterState.SENDING)
    )


def uncertain_of(session: Session, notice_id: int) -> list[Letter]:
    """The letters of a notice that nobody knows to have arrived, while their words are kept; locked."""
    query = select(Letter).where(
        Letter.notice_id == notice_id, Letter.state == LetterState.UNCERTAIN, col(Letter.text).is_not(None)
    )
    return list(session.exec(query.order_by(col(Letter.id)).with_for_update()))


def lately(
    session: Session, platform: str, account: str, *, since: datetime
) -> list[tuple[str, bool, datetime | None]]:
    """What the platform counts against an account: chat, whether it is private, and when a letter left for it.

    None: it was being sent when the bot stopped, perhaps just now. The earliest first, those last.
    """
    return list(
        session.exec(
            select(Chat.address, Chat.private, Letter.sent_at)
            .join(Chat, col(Chat.id) == Letter.chat_id)
            .where(
                Letter.platform == platform,
                Letter.account == account,
                (col(Letter.sent_at) > since) | (col(Letter.state) == LetterState.SENDING),
            )
            .order_by(col(Letter.sent_at).nulls_last(), col(Letter.id))
        )
    )


def drop(
    session: Session,
    *,
    card_key: str | None = None,
    request_id: int | None = None,
    purpose: Purpose | None = None,
    through: int | None = None,
) -> None:
    """Drops the waiting letters of a card, or of one purpose of a case: they are no longer true.

    With `through` only those written up to that one.
    """
    query = select(Letter).where(Letter.state == LetterState.WAITING)
    if card_key is not None:
        query = query.where(Letter.card_key == card_key)
    if request_id is not None:
        query = query.where(Letter.request_id == request_id)
    if purpose is not None:
        query = query.where(Letter.purpose == purpose)
    if through is not None:
        query = query.where(col(Letter.id) <= through)
    for letter in session.exec(query.with_for_update()):
        letter.state = LetterState.DROPPED
    session.flush()


def drop_one(letter: Letter) -> None:
    letter.state = LetterState.DROPPED


def waiting_for_gone(session: Session, purposes: Collection[Purpose]) -> list[Letter]:
    """Waiting letters to people who are gone from the file."""
    return list(
        session.exec(
            select(Letter)
            .join(people.Person, col(people.Person.id) == Letter.person_id)
            .where(
                _QUEUED,
                Letter.state == LetterState.WAITING,
                col(Letter.purpose).in_(purposes),
                col(people.Person.gone).is_(True),
            )
            .with_for_update(of=Letter)
        )
    )


def unroute(session: Session, person_id: int, chat_id: int) -> None:
    """Waiting letters to a person look for another way: this chat is theirs no more."""
    for letter in session.exec(
        select(Letter)
        .where(_QUEUED, Letter.state == LetterState.WAITING, Letter.person_id == person_id, Letter.chat_id == chat_id)
        .with_for_update()
    ):
        letter.chat_id = letter.platform = letter.account = None


def blank_texts(session: Session, request_id: int) -> None:
    """Blanks every letter of a case that has left: its words are to be forgotten at once."""
    session.flush()
    session.exec(
        update(Letter)
        .where(col(Letter.request_id) == request_id, col(Letter.state) != LetterState.WAITING)
        .values(text=None, blank_at=None)
    )


def case_of(session: Session, chat_id: int, message: str) -> int | None:
    """The case a message of the bot is about."""
    return session.exec(
        select(Letter.request_id).where(Letter.chat_id == chat_id, Letter.message == message).limit(1)
    ).first()


def notice_of(session: Session, chat_id: int, message: str) -> int | None:
    """The notice a message of the bot says."""
    query = select(Letter.notice_id).where(Letter.chat_id == chat_id, Letter.message == message)
    return session.exec(query.order_by(col(Letter.id)).limit(1)).first()


def count_waiting(session: Session) -> int:
    query = select(func.count()).select_from(Letter)
    return session.exec(query.where(_QUEUED, Letter.state == LetterState.WAITING)).one()


def case_on_card(session: Session, chat_id: int, message: str) -> int | None:
    """The case whose public card a message is."""
    card = session.exec(select(Card).where(Card.chat_id == chat_id, Card.message == message)).one_or_none()
    return card.request_id if card and card.key == public_key(card.request_id) else None


def public_key(number: int | None) -> str:
    """The key of the card that a group reads."""
    return f"case:{number}"


def next_after(session: Session, at: datetime) -> datetime | None:
    """When, after a moment, the next waiting letter may leave."""
    return session.exec(
        select(func.min(Letter.not_before)).where(
            _QUEUED, Letter.state == LetterState.WAITING, col(Letter.not_before) > at
        )
    ).one()


def count_sent(session: Session, platform: str, account: str) -> int:
    """How many letters of an account have a message on the platform."""
    return session.exec(
        select(func.count())
        .select_from(Letter)
        .where(Letter.platform == platform, Letter.account == account, col(Letter.message).is_not(None))
    ).one()
