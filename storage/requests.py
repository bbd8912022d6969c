"""A request (诉求): one case, its states, and the only function that moves them."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlalchemy import text as sql
from sqlmodel import Field, Session, col, func, select

from storage import events
from storage.database import UTCTime, words
from storage.events import Event
from storage.rows import Row


class State(StrEnum):
    REGISTERED = "registered"  # 已登记
    DISPATCHED = "dispatched"  # 已派单
    ACCEPTED = "accepted"  # 处理中
    DONE = "done"  # 已办结
    RATED = "rated"  # 已评价: closed by the residents' taps
    CLOSED = "closed"  # 已关闭: closed by seven silent days
    SUSPENDED = "suspended"  # 挂账
    REJECTED = "rejected"  # 不受理
    WITHDRAWN = "withdrawn"  # 已撤回
    MERGED = "merged"  # 并入
    MISTAKEN = "mistaken"  # 误登记: never was a request, stands in no figure


class Outcome(StrEnum):
    SOLVED = "solved"  # 已解决
    PARTLY = "partly"  # 部分解决
    UNSOLVED = "unsolved"  # 暂不能解决


class Satisfaction(StrEnum):
    GOOD = "good"  # 满意
    FAIR = "fair"  # 基本满意
    BAD = "bad"  # 不满意


S = State
_BESIDE = {S.SUSPENDED, S.REJECTED, S.WITHDRAWN, S.MERGED, S.MISTAKEN}
MOVES: Mapping[State, frozenset[State]] = {
    S.REGISTERED: frozenset({S.DISPATCHED, *_BESIDE}),
    S.DISPATCHED: frozenset({S.DISPATCHED, S.ACCEPTED, S.DONE, *_BESIDE}),
    S.ACCEPTED: frozenset({S.DISPATCHED, S.DONE, *_BESIDE}),
    S.SUSPENDED: frozenset({S.DISPATCHED, S.ACCEPTED, S.WITHDRAWN}),
    S.DONE: frozenset({S.RATED, S.CLOSED, S.DISPATCHED}),
    S.RATED: frozenset({S.DISPATCHED}),
    S.CLOSED: frozenset({S.DISPATCHED, S.RATED}),
    S.REJECTED: frozenset(),
    S.WITHDRAWN: frozenset(),
    S.MERGED: frozenset(),
    S.MISTAKEN: frozenset(),
}
OPEN = frozenset({S.REGISTERED, S.DISPATCHED, S.ACCEPTED, S.SUSPENDED})
FINISHED = frozenset({S.DONE, S.RATED, S.CLOSED})


class IllegalMove(Exception):  # noqa: N818 (says what happened)
    """The case may not go from `source` to `target`."""

    def __init__(self, request: "Request", target: State) -> None:
        super().__init__(f"#{request.id}: {request.state} → {target}")
        self.request = request
        self.source = request.state
        self.target = target


class Request(Row, table=True):
    """`id` is the number people type (#128). Exactly one of the two leads is set, always (首接负责)."""

    __table_args__ = (
        CheckConstraint("(lead_person_id IS NULL) <> (lead_unit_id IS NULL)", name="one_lead"),
        Index(
            "ix_request_to_forget", "ended_at",
            sqlite_where=sql("forgotten_at IS NULL AND ended_at IS NOT NULL"),
            postgresql_where=sql("forgotten_at IS NULL AND ended_at IS NOT NULL"),
        ),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    state: State = Field(default=State.REGISTERED, index=True, sa_type=words(State))
    kind: str
    category: str
    department: str
    title: str  # from the lexicon ("电梯故障"), never a resident's words
    urgent: bool = False
    danger: str | None = None
    delicate: str | None = None  # why it may not stand on a public card
    places: str = ""  # normal forms, joined by a space
    grid_id: int = Field(foreign_key="grid.id", index=True)
    chat_id: int | None = Field(default=None, foreign_key="chat.id")  # the group it was heard in, if any
    notice_id: int | None = Field(default=None, index=True)  # the notice it asks about
    lead_person_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    lead_unit_id: int | None = Field(default=None, foreign_key="unit.id", index=True)
    outcome: Outcome | None = Field(default=None, sa_type=words(Outcome))  # the worker's word
    verdict: Outcome | None = Field(
        default=None, sa_type=words(Outcome)
    )  # the residents' word, which overrules it in every figure
    satisfaction: Satisfaction | None = Field(default=None, sa_type=words(Satisfaction))
    reopened: int = 0
    dispatches: int = 0  # how often it was given to a lead
    raised: int = 0  # steps up the chain since the last dispatch
    urged: int = 0
    opened_at: datetime = Field(sa_type=UTCTime)
    accept_by: datetime | None = Field(default=None, sa_type=UTCTime)
    finish_by: datetime | None = Field(default=None, sa_type=UTCTime)
    accepted_at: datetime | None = Field(default=None, sa_type=UTCTime)
    done_at: datetime | None = Field(default=None, sa_type=UTCTime)
    ended_at: datetime | None = Field(default=None, sa_type=UTCTime)
    forgotten_at: datetime | None = Field(default=None, sa_type=UTCTime)  # its words and files are gone since
    # Timers: a job takes what is due and clears or moves the column.
    remind_at: datetime | None = Field(default=None, sa_type=UTCTime, index=True)
    raise_at: datetime | None = Field(default=None, sa_type=UTCTime, index=True)
    close_at: datetime | None = Field(default=None, sa_type=UTCTime, index=True)

    @property
    def number(self) -> int:
        if self.id is None:
            raise ValueError("a case has its number once it is stored")
        return self.id

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def place(self) -> str:
        return self.places.split(" ")[0]


def add(session: Session, request: Request, *, actor_id: int | None, at: datetime, data: dict[str, Any]) -> Event:
    """Opens a case and writes the first line of its history."""
    session.add(request)
    session.flush()
    return events.append(
        session, request.number, "registered", at=at, actor_id=actor_id, data=data, undo={}, text=None, last=None
    )


def lock(session: Session, number: int) -> Request | None:
    """The case as it is now, its row locked until the transaction ends."""
    query = select(Request).where(Request.id == number).with_for_update().execution_options(populate_existing=True)
    return session.exec(query).one_or_none()


def move(
    session: Session,
    request: Request,
    target: State,
    kind: str,
    *,
    actor_id: int | None,
    at: datetime,
    text: str | None = None,
    data: dict[str, Any] | None = None,
    after: Event | None = None,
    **changes: Any,
) -> Event:
    """Moves a case to `target` and records `kind`. IllegalMove if the road does not lead there.

    `changes` are further columns that change with the move; what they were before is kept for undo. `after` is the
    last line of its history if this transaction wrote it: then the row is locked already, and nothing is read.
    """
    _hold(session, request, after)
    if target not in MOVES[request.state]:
        raise IllegalMove(request, target)
    return _change(
        session,
        request,
        kind,
        actor_id=actor_id,
        at=at,
        text=text,
        data=data or {},
        changes={"state": target, **changes},
        after=after,
    )


def record(
    session: Session,
    request: Request,
    kind: str,
    *,
    actor_id: int | None,
    at: datetime,
    text: str | None = None,
    data: dict[str, Any] | None = None,
    after: Event | None = None,
    **changes: Any,
) -> Event:
    """Writes a line of history that leaves the state as it is (a note, another category, a reminder)."""
    _hold(session, request, after)
    return _change(
        session, request, kind, actor_id=actor_id, at=at, text=text, data=data or {}, changes=changes, after=after
    )


def take_back(session: Session, request: Request, event: Event, *, actor_id: int, at: datetime) -> Event:
    """Undoes `event`, which must be the case's last one: every column it changed is as before."""
    _hold(session, request, None)
    changes = {name: _from_json(name, value) for name, value in event.undo.items()}
    return _change(
        session, request, "undone", actor_id=actor_id, at=at, text=None, data={"event": event.number}, changes=changes
    )


def _hold(session: Session, request: Request, after: Event | None) -> None:
    if after is None:
        session.flush()
        lock(session, request.number)


def _change(
    session: Session,
    request: Request,
    kind: str,
    *,
    actor_id: int | None,
    at: datetime,
    text: str | None,
    data: dict[str, Any],
    changes: dict[str, Any],
    after: Event | None = None,
) -> Event:
    before = {name: _to_json(getattr(request, name)) for name in changes}
    for name, value in changes.items():
        setattr(request, name, value)
    session.add(request)
    if "state" in changes:
        data = {"from": before["state"], "to": str(changes["state"]), **data}
    last = after or events.latest(session, request.number)
    return events.append(
        session, request.number, kind, at=at, actor_id=actor_id, data=data, undo=before, text=text, last=last
    )


def _to_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _from_json(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name.endswith(("_at", "_by")):
        return datetime.fromisoformat(value)
    kinds = {"state": State, "outcome": Outcome, "verdict": Outcome, "satisfaction": Satisfaction}
    return kinds.get(name, lambda same: same)(value)


def led_by(session: Session, person_id: int, unit_ids: list[int]) -> list[Request]:
    """The open cases a person must act on, as lead or for their units, the earliest deadline first."""
    return list(
        session.exec(
            select(Request)
            .where(
                col(Request.state).in_(OPEN),
                (col(Request.lead_person_id) == person_id) | col(Request.lead_unit_id).in_(unit_ids),
            )
            .order_by(col(Request.finish_by).nulls_last(), col(Request.id))
        )
    )


def leads_of_open(session: Session) -> list[tuple[int | None, int | None, int]]:
    """Who leads open cases in which grid: person, unit, grid."""
    columns = (col(Request.lead_person_id), col(Request.lead_unit_id), col(Request.grid_id))
    rows = session.execute(select(*columns).where(col(Request.state).in_(OPEN)).distinct())
    return [(person_id, unit_id, grid_id) for person_id, unit_id, grid_id in rows]


def open_of(session: Session, person_id: int | None, unit_id: int | None, grid_id: int) -> list[int]:
    """The numbers of the open cases of one lead in one grid."""
    query = select(Request.id).where(
        col(Request.state).in_(OPEN),
        Request.lead_person_id == person_id,
        Request.lead_unit_id == unit_id,
        Request.grid_id == grid_id,
    )
    return [number for number in session.exec(query.order_by(col(Request.id))) if number is not None]


def open_in(session: Session, chat_id: int) -> list[Request]:
    """The open cases of a group, newest first."""
    return list(
        session.exec(
            select(Request)
            .where(Request.chat_id == chat_id, col(Request.state).in_(OPEN))
            .order_by(col(Request.id).desc())
        )
    )


def count_about(session: Session, notice_id: int) -> int:
    """How many cases ask about a notice."""
    query = select(func.count()).select_from(Request).where(Request.notice_id == notice_id)
    return session.exec(query.where(Request.state != State.MISTAKEN)).one()
