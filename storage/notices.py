"""A notice (通知): what is said to every group of some grids, once or on a schedule."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement
from sqlmodel import JSON, Column, Field, Session, col, func, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from storage.chats import Chat, Mode
from storage.database import UTCTime
from storage.grids import Grid, under
from storage.outbox import Letter, LetterState, Purpose
from storage.rows import Row

SHOWN = 20  # characters of a notice that tell which it is


class Notice(Row, table=True):
    """`schedule` is a time ("2026-11-24 09:00") or a cron line with day names; `due_at` is its coming occurrence.

    `next_at` is when that is dealt with: later than `due_at` if the night holds it back. Minutes after which what
    could not leave is not said any more: `valid_minutes`.
    """

    id: int | None = Field(default=None, primary_key=True)
    key: str | None = Field(default=None, unique=True)  # those of the configuration
    draft: bool = False  # being written in a private chat; nobody has confirmed it
    grid_id: int = Field(foreign_key="grid.id")
    targets: list[int] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))  # grids; none: `grid_id`
    made_by: int | None = Field(default=None, foreign_key="person.id", index=True)
    schedule: str
    text: str
    files: list[int] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))  # attachments, by id
    pin: bool = False  # it stays on top of each chat
    urgent: bool = False  # quiet hours do not hold it back
    receipts: bool = True  # with the buttons "received" and "I have a question"
    survey: bool = False  # it asks something: see `storage.surveys`
    valid_minutes: int = 24 * 60
    due_at: datetime | None = Field(default=None, sa_type=UTCTime)
    next_at: datetime | None = Field(default=None, sa_type=UTCTime, index=True)
    # the occurrence that leaves or left last
    said_for: datetime | None = Field(default=None, sa_type=UTCTime)  # its own time
    began_at: datetime | None = Field(default=None, sa_type=UTCTime)
    sent_through: int = 0  # the last chat it was written for: expansion goes in chunks
    report_at: datetime | None = Field(default=None, sa_type=UTCTime, index=True)  # when its maker hears how it went
    received: int = 0
    salt: str | None = None  # what makes the marks of its receipts or ballots; thrown away with them
    closes_at: datetime | None = Field(default=None, sa_type=UTCTime, index=True)  # when the ballots are counted
    forget_at: datetime | None = Field(default=None, sa_type=UTCTime, index=True)
    # taking back and correcting what stands in the groups goes in chunks as well
    change_at: datetime | None = Field(default=None, sa_type=UTCTime, index=True)
    changed_through: int = 0
    withdrawn_at: datetime | None = Field(default=None, sa_type=UTCTime)
    source: str
    gone: bool = False

    @property
    def number(self) -> int:
        if self.id is None:
            raise ValueError("a notice has its number once it is stored")
        return self.id

    @property
    def title(self) -> str:
        """Its heading, or its first words."""
        first = self.text.split("\n")[0]
        if first.startswith("【") and "】" in first:
            return first[1 : first.index("】")]
        return first if len(first) <= SHOWN else f"{first[:SHOWN]}…"

    def card_key(self, chat_id: int | None) -> str:
        """Its message in a chat, for the occurrence said last."""
        return f"notice:{self.id}:{self.said_for:%Y%m%d%H%M}:{chat_id}"


def find(session: Session, number: int) -> Notice | None:
    return session.exec(
        select(Notice).where(Notice.id == number).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()


def drafts_of(session: Session, person_id: int) -> Sequence[Notice]:
    return session.exec(select(Notice).where(Notice.made_by == person_id, col(Notice.draft).is_(True))).all()


def listed(session: Session, *, since: datetime) -> list[Notice]:
    """What is to come, the next first, and then what was said lately."""
    query = select(Notice).where(
        col(Notice.draft).is_(False),
        col(Notice.gone).is_(False),
        or_(col(Notice.next_at).is_not(None), col(Notice.began_at) > since),
    )
    rows = session.exec(query.order_by(col(Notice.id).desc())).all()
    coming = sorted((one for one in rows if one.next_at), key=lambda one: (one.next_at, one.id))
    return [*coming, *(one for one in rows if one.next_at is None)]


# -- whom it reaches --------------------------------------------------------------------------------------------------

_BOUND = (
    select(Chat)
    .join(Grid, col(Grid.id) == Chat.grid_id)
    .where(col(Chat.private).is_(False), Chat.mode != Mode.OFF, col(Chat.shut_at).is_(None))
)


def targets(session: Session, notice: Notice) -> list[Grid]:
    ids = notice.targets or [notice.grid_id]
    return list(session.exec(select(Grid).where(col(Grid.id).in_(ids)).order_by(col(Grid.path))))


def groups(session: Session, aims: Collection[Grid], *, after: int = 0, limit: int | None = None) -> list[Chat]:
    """The residents' groups of some grids and all below them, in order of id, beginning after one.

    A grid without a group of its own is reached through the nearest one above it that has one.
    """
    query = _groups(session, aims)
    return list(session.exec(query.where(col(Chat.id) > after).order_by(col(Chat.id)).limit(limit))) if aims else []


def _groups(session: Session, aims: Collection[Grid]) -> SelectOfScalar[Chat]:
    ways: list[ColumnElement[bool]] = []
    for aim in aims:
        ways.append(under(aim.path))
        if (above := _above(session, aim)) is not None:
            ways.append(col(Grid.id) == above)
    return _BOUND.where(or_(*ways))


def _above(session: Session, aim: Grid) -> int | None:
    """The nearest grid with a group above one that has none itself."""
    own = session.exec(_BOUND.where(under(aim.path)).limit(1)).first()
    if own is not None:
        return None
    paths = aim.ancestors[1:]
    found = session.exec(select(Grid).join(Chat, col(Chat.grid_id) == Grid.id).where(col(Grid.path).in_(paths))).all()
    nearest = min(found, key=lambda grid: paths.index(grid.path), default=None)
    return nearest.id if nearest else None


class Spread(NamedTuple):
    """How many groups of one account a notice goes to."""

    platform: str
    account: str
    groups: int


def spread(session: Session, aims: Collection[Grid]) -> list[Spread]:
    chosen = _groups(session, aims).subquery()
    query = select(chosen.c.platform, chosen.c.account, func.count()).group_by(chosen.c.platform, chosen.c.account)
    return [Spread(*row) for row in session.exec(query.order_by(chosen.c.platform, chosen.c.account))]


# -- how it goes ------------------------------------------------------------------------------------------------------


class Progress(NamedTuple):
    """Letters of the occurrence said last."""

    sent: int
    waiting: int
    failed: int
    uncertain: int

    @property
    def all(self) -> int:
        return sum(self)


def progress(session: Session, notice: Notice) -> Progress:
    query = select(Letter.state, func.count()).where(
        Letter.notice_id == notice.id, Letter.purpose == Purpose.NOTICE, col(Letter.created_at) >= notice.began_at
    )
    counts = dict(session.exec(query.group_by(col(Letter.state))).all())
    under_way = counts.get(LetterState.WAITING, 0) + counts.get(LetterState.SENDING, 0)
    failed = counts.get(LetterState.FAILED, 0)
    return Progress(counts.get(LetterState.SENT, 0), under_way, failed, counts.get(LetterState.UNCERTAIN, 0))


def letters(session: Session, notice: Notice, *, after: int, limit: int) -> list[Letter]:
    """Those of the occurrence said last, in order of id, beginning after one."""
    query = select(Letter).where(
        Letter.notice_id == notice.id,
        Letter.purpose == Purpose.NOTICE,
        col(Letter.created_at) >= notice.began_at,
        col(Letter.id) > after,
    )
    return list(session.exec(query.order_by(col(Letter.id)).limit(limit).with_for_update()))


def missed(session: Session, notice: Notice, *, limit: int) -> list[str]:
    """The titles of groups that did not get the occurrence said last."""
    query = (
        select(Chat.title)
        .join(Letter, col(Letter.chat_id) == Chat.id)
        .where(
            Letter.notice_id == notice.id,
            Letter.purpose == Purpose.NOTICE,
            Letter.state == LetterState.FAILED,
            col(Letter.created_at) >= notice.began_at,
        )
    )
    return list(session.exec(query.order_by(col(Letter.id)).limit(limit)))
