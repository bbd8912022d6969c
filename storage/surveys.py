"""A survey (问卷): a notice with one question and a ballot. Once it is closed, who chose what is kept nowhere."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import JSON, Column, Field, Session, col, delete, func, select

from storage.chats import Chat
from storage.database import UTCTime
from storage.grids import Grid, Level, under
from storage.notices import Notice
from storage.outbox import Letter, LetterState, Purpose
from storage.rows import Row

DAY = 24 * 60
FEWEST = 5  # answers: of fewer nobody is told how they split


class Survey(Row, table=True):
    """What its notice asks can be answered for `open_minutes` from its beginning, or until `until`.

    `tally` is what stays: the grid and how many chose each option. Touched only with the notice's row locked.
    """

    notice_id: int = Field(primary_key=True, foreign_key="notice.id")
    options: list[str] = Field(sa_column=Column(JSON, nullable=False))
    open_minutes: int = 3 * DAY
    until: datetime | None = Field(default=None, sa_type=UTCTime)
    closed_at: datetime | None = Field(default=None, sa_type=UTCTime)
    tally: list[tuple[int, list[int]]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))


class Ballot(Row, table=True):
    """`mark` lets a person change their answer and keeps them from giving two; see `storage.receipts.mark`."""

    __table_args__ = (
        UniqueConstraint("notice_id", "mark"),
        Index("ix_ballot_notice_id_grid_id", "notice_id", "grid_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    notice_id: int = Field(foreign_key="notice.id")
    grid_id: int = Field(foreign_key="grid.id")  # of the group it was given in
    mark: str
    choice: int  # which option, from 0


def of(session: Session, notice: Notice) -> Survey:
    return session.get_one(Survey, notice.number)


def cast(session: Session, notice: Notice, grid_id: int, own: str, choice: int) -> bool:
    """False: this person's answer was there already and is changed."""
    query = select(Ballot).where(Ballot.notice_id == notice.number, Ballot.mark == own)
    if given := session.exec(query).one_or_none():
        given.grid_id, given.choice = grid_id, choice
        return False
    session.add(Ballot(notice_id=notice.number, grid_id=grid_id, mark=own, choice=choice))
    return True


def close(session: Session, notice: Notice, *, at: datetime) -> None:
    """Counts for good, also where nobody answered; what could lead back to anybody is gone."""
    survey = of(session, notice)
    parts = {part.grid_id: part.counts for part in count(session, survey)}
    nobody = (0,) * len(survey.options)
    survey.tally = [
        (grid_id, list(parts.get(grid_id, nobody))) for grid_id in sorted(parts.keys() | _asked(session, notice))
    ]
    survey.closed_at = at
    discard(session, notice)


def _asked(session: Session, notice: Notice) -> set[int]:
    """The grids of the groups that the question reached."""
    query = select(Chat.grid_id).join(Letter, col(Letter.chat_id) == Chat.id)
    reached = (Letter.notice_id == notice.number, Letter.purpose == Purpose.NOTICE, Letter.state == LetterState.SENT)
    return {grid_id for grid_id in session.exec(query.where(*reached).distinct()) if grid_id}


def discard(session: Session, notice: Notice) -> None:
    """The ballots are taken away, and with the salt what could tell whose they were."""
    session.exec(delete(Ballot).where(col(Ballot.notice_id) == notice.number))
    notice.salt = notice.closes_at = None


class Part(NamedTuple):
    """What the groups of one grid answered: how many chose each option."""

    grid_id: int
    counts: tuple[int, ...]

    @property
    def answers(self) -> int:
        return sum(self.counts)


def count(session: Session, survey: Survey) -> list[Part]:
    """By grid, where anybody answered."""
    if survey.closed_at:
        return [Part(grid_id, tuple(counts)) for grid_id, counts in survey.tally]
    query = select(Ballot.grid_id, Ballot.choice, func.count()).where(Ballot.notice_id == survey.notice_id)
    counts: dict[int, list[int]] = {}
    for grid_id, choice, many in session.exec(query.group_by(col(Ballot.grid_id), col(Ballot.choice))):
        counts.setdefault(grid_id, [0] * len(survey.options))[choice] = many
    return [Part(grid_id, tuple(chosen)) for grid_id, chosen in sorted(counts.items())]


def answers_in(session: Session, survey: Survey, grid_id: int) -> int:
    """How many have answered in the groups of a grid, while it is open."""
    query = select(func.count()).where(Ballot.notice_id == survey.notice_id, Ballot.grid_id == grid_id)
    return session.exec(query).one()


def total(parts: Iterable[Part], options: int) -> tuple[int, ...]:
    """How many chose each option, everywhere."""
    chosen = [part.counts for part in parts]
    return tuple(sum(counts[which] for counts in chosen) for which in range(options))


def told_apart(parts: Iterable[Part]) -> set[int]:
    """The grids whose split may be told: none of under FEWEST answers, nor one that follows from the others'.

    What is left out must together be FEWEST or more, or the whole less what is told would tell it; so the smallest
    of the others is left out as well.
    """
    ordered = sorted((part for part in parts if part.answers), key=lambda part: (part.answers, part.grid_id))
    hidden = [part for part in ordered if part.answers < FEWEST]
    shown = ordered[len(hidden) :]
    if hidden and sum(part.answers for part in hidden) < FEWEST:
        shown = shown[1:]
    return {part.grid_id for part in shown}


# -- participation ----------------------------------------------------------------------------------------------------


def rolled_up(session: Session, parts: Iterable[Part], aims: Iterable[Grid]) -> list[tuple[Grid, Part]]:
    """By grid in the sense of the word (网格) where a whole community was asked."""
    whole = any(aim.level == Level.COMMUNITY for aim in aims)
    sums: dict[str, tuple[Grid, Part]] = {}
    for part in parts:
        own = session.get_one(Grid, part.grid_id)
        grid = _head(session, own) if whole else own
        _, before = sums.get(grid.path, (grid, Part(0, (0,) * len(part.counts))))
        together = tuple(one + more for one, more in zip(before.counts, part.counts, strict=True))
        sums[grid.path] = grid, Part(grid.id or 0, together)
    return [sums[path] for path in sorted(sums)]


def _head(session: Session, grid: Grid) -> Grid:
    query = select(Grid).where(col(Grid.path).in_(grid.ancestors), Grid.level == Level.GRID)
    return session.exec(query).first() or grid


def households(session: Session, grid: Grid) -> int | None:
    """Of a grid or, where nobody counted it as a whole, of what lies below. None: nobody has counted."""
    if grid.households is not None:
        return grid.households
    return _counted(grid, session.exec(select(Grid).where(under(grid.path), col(Grid.gone).is_(False))).all())


def _counted(grid: Grid, below: Sequence[Grid]) -> int | None:
    if grid.households is not None:
        return grid.households
    depth = grid.path.count("/") + 1
    children = [one for one in below if one.path.count("/") == depth and one.path.startswith(grid.path)]
    return sum(filter(None, (_counted(child, below) for child in children))) or None
