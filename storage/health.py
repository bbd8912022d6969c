"""How things stand, in numbers: what waits, what failed, what is late; for who looks after the machine."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlmodel import Session, col, func, select

from storage.attachments import Attachment, Keeping
from storage.deliveries import Delivery
from storage.notices import Notice
from storage.outbox import Letter, LetterState
from storage.requests import OPEN, Request


class Letters(NamedTuple):
    """Those that may leave, since when the oldest may, and those whose time is still to come."""

    due: int
    oldest: timedelta | None
    later: int


def letters(session: Session, *, at: datetime) -> Letters:
    waiting = col(Letter.state).in_([LetterState.WAITING, LetterState.SENDING])
    due = col(Letter.not_before) <= at
    count, since = session.exec(select(func.count(), func.min(Letter.not_before)).where(waiting, due)).one()
    later = session.exec(select(func.count()).select_from(Letter).where(waiting, ~due)).one()
    return Letters(count, at - since if since else None, later)


def uncertain(session: Session) -> Mapping[str, int]:
    """Letters nobody knows to have arrived and the office has not decided about, by notice: its key or number."""
    query = (
        select(Notice.id, Notice.key, func.count())
        .join(Letter, col(Letter.notice_id) == Notice.id)
        .where(Letter.state == LetterState.UNCERTAIN, col(Letter.text).is_not(None))
        .group_by(col(Notice.id), col(Notice.key))
        .order_by(col(Notice.id))
    )
    return {key or f"number {number}": count for number, key, count in session.exec(query)}


def failed_letters(session: Session, *, since: datetime) -> Mapping[str, int]:
    """By reason."""
    query = (
        select(Letter.reason, func.count())
        .where(Letter.state == LetterState.FAILED, col(Letter.not_before) > since)
        .group_by(col(Letter.reason))
        .order_by(func.count().desc(), col(Letter.reason))
    )
    return {reason or "unknown": count for reason, count in session.exec(query)}


def failed_messages(session: Session, *, since: datetime) -> Mapping[str, int]:
    """By the kind of the exception."""
    query = (
        select(Delivery.failure, func.count())
        .where(col(Delivery.failure).is_not(None), col(Delivery.at) > since)
        .group_by(col(Delivery.failure))
        .order_by(col(Delivery.failure))
    )
    return {str(kind): count for kind, count in session.exec(query)}


def last_deliveries(session: Session) -> Mapping[tuple[str, str], datetime]:
    """By platform and account, when the last message came that was not mere talk."""
    query = (
        select(Delivery.platform, Delivery.account, func.max(Delivery.at))
        .group_by(col(Delivery.platform), col(Delivery.account))
        .order_by(col(Delivery.platform), col(Delivery.account))
    )
    return {(platform, account): at for platform, account, at in session.exec(query)}


def cases(session: Session, *, at: datetime) -> Mapping[str, int]:
    there = col(Request.state).in_(OPEN)
    late = col(Request.finish_by) < at
    unaccepted = col(Request.accepted_at).is_(None) & (col(Request.accept_by) < at)
    sums = [func.count(), *(func.count().filter(which) for which in (late, unaccepted))]
    found = session.execute(select(*sums).select_from(Request).where(there)).one()
    return dict(zip(("open", "late", "not_accepted_in_time"), found, strict=True))


class Files(NamedTuple):
    """Those still to be fetched, how long the oldest has waited, and those lost since a moment, by reason."""

    wanted: int
    oldest: timedelta | None
    lost: Mapping[str, int]


def files(session: Session, *, at: datetime, since: datetime) -> Files:
    wanted = Attachment.state == Keeping.WANTED, col(Attachment.next_at).is_not(None)
    count, first = session.exec(select(func.count(), func.min(Attachment.came_at)).where(*wanted)).one()
    lost = (
        select(Attachment.reason, func.count())
        .where(Attachment.state == Keeping.LOST, col(Attachment.came_at) > since)
        .group_by(col(Attachment.reason))
    )
    reasons = {f"lost_{reason}": many for reason, many in session.exec(lost) if reason}
    return Files(count, at - first if first else None, reasons)
