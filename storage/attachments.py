"""An attachment: a file or a place that came with a message; fetched later, kept by its content."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Index, text
from sqlmodel import Field, Session, col, func, select

from storage.database import UTCTime, words
from storage.rows import Row

PAUSES = tuple(timedelta(seconds=s) for s in (2, 10, 60, 600, 3600))  # between tries to fetch a file
GIVE_UP_AFTER = timedelta(hours=24)


class Media(StrEnum):
    PHOTO = "photo"
    VIDEO = "video"
    VOICE = "voice"  # speech, and music sent as a file
    DOCUMENT = "document"
    LOCATION = "location"  # a place on the map: there is nothing to fetch


class Keeping(StrEnum):
    WANTED = "wanted"
    STORED = "stored"
    LOST = "lost"  # `reason` says why
    ERASED = "erased"  # to be forgotten; the file goes once nothing else holds it


class Loss(StrEnum):
    """Why a file is not there."""

    TOO_LARGE = "too_large"
    GONE = "gone"  # the platform does not give it out any more
    UNREADABLE = "unreadable"  # a picture whose place and device cannot be taken out
    NOT_KEPT = "not_kept"  # it came before files were kept


class Attachment(Row, table=True):
    """Came with a report of a resident, or with a line of history a worker wrote (`event_id`): then it is evidence.

    One of a notice belongs to no case. `file` is what the platform gives it out for, `digest` the SHA-256 of what is
    stored. Degrees are WGS 84.
    """

    __table_args__ = (
        Index(
            "ix_attachment_wanted", "platform", "account", "next_at",
            sqlite_where=text("next_at IS NOT NULL"), postgresql_where=text("next_at IS NOT NULL"),
        ),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    request_id: int | None = Field(default=None, foreign_key="request.id", index=True)
    notice_id: int | None = Field(default=None, foreign_key="notice.id", index=True)
    report_id: int | None = Field(default=None, foreign_key="report.id", index=True)
    event_id: int | None = Field(default=None, foreign_key="event.id", index=True)
    media: Media = Field(sa_type=words(Media))
    platform: str
    account: str
    file: str
    name: str = ""  # of a document, as its sender called it
    size: int | None = None  # bytes; the platform's word until it is stored
    latitude: float | None = None
    longitude: float | None = None
    state: Keeping = Field(default=Keeping.WANTED, sa_type=words(Keeping))
    digest: str | None = Field(default=None, index=True)
    mime: str | None = None
    reason: Loss | None = Field(default=None, sa_type=words(Loss))
    tries: int = 0
    came_at: datetime = Field(sa_type=UTCTime)
    next_at: datetime | None = Field(default=None, sa_type=UTCTime)  # when it is fetched, or its file taken away


def of_case(session: Session, request_id: int) -> list[Attachment]:
    """What is kept or still wanted of a case, in the order it came."""
    query = select(Attachment).where(Attachment.request_id == request_id, Attachment.state != Keeping.ERASED)
    return list(session.exec(query.order_by(col(Attachment.id))))


def of_report(session: Session, report_id: int | None) -> Sequence[Attachment]:
    return session.exec(select(Attachment).where(Attachment.report_id == report_id).order_by(col(Attachment.id))).all()


def of_event(session: Session, event_id: int | None) -> Sequence[Attachment]:
    return session.exec(select(Attachment).where(Attachment.event_id == event_id).order_by(col(Attachment.id))).all()


def chosen(session: Session, ids: Collection[int]) -> list[Attachment]:
    """Those of a letter that are still there to be shown."""
    there = (Keeping.WANTED, Keeping.STORED)
    query = select(Attachment).where(col(Attachment.id).in_(ids), col(Attachment.state).in_(there))
    return list(session.exec(query.order_by(col(Attachment.id))))


def due(session: Session, platform: str, account: str, *, at: datetime, limit: int) -> list[Attachment]:
    """What is to be fetched or taken away now, the longest due first."""
    mine = (Attachment.platform == platform, Attachment.account == account)
    query = select(Attachment).where(*mine, col(Attachment.next_at) <= at)
    return list(session.exec(query.order_by(col(Attachment.next_at), col(Attachment.id)).limit(limit)))


def lock(session: Session, attachment_id: int) -> Attachment:
    query = select(Attachment).where(Attachment.id == attachment_id).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).one()


def later(one: Attachment, *, at: datetime) -> bool:
    """The platform would not give it out now: when it is tried again. False: it was tried long enough."""
    one.tries += 1
    if one.tries > len(PAUSES) and at - one.came_at > GIVE_UP_AFTER:
        return False
    one.next_at = at + PAUSES[min(one.tries, len(PAUSES)) - 1]
    return True


def stored(one: Attachment, digest: str, mime: str, size: int, *, at: datetime) -> None:
    """One that was erased while it was being fetched is taken away at once."""
    one.digest, one.mime, one.size = digest, mime, size
    one.next_at = at if one.state == Keeping.ERASED else None
    if one.state == Keeping.WANTED:
        one.state = Keeping.STORED


def lost(one: Attachment, reason: Loss) -> None:
    one.state, one.reason, one.next_at = Keeping.LOST, reason, None


def of_notice(session: Session, notice_id: int) -> list[Attachment]:
    query = select(Attachment).where(Attachment.notice_id == notice_id, Attachment.state != Keeping.ERASED)
    return list(session.exec(query.order_by(col(Attachment.id))))


def erase(session: Session, those: Sequence[Attachment], *, at: datetime) -> int:
    """Files that are to be forgotten; what is stored is taken away by the fetcher. Returns how many."""
    for one in those:
        one.state, one.next_at = Keeping.ERASED, at if one.digest else None
        one.name, one.latitude, one.longitude = "", None, None
    session.flush()
    return len(those)


def taken_away(one: Attachment) -> None:
    one.digest = one.next_at = None


def is_held(session: Session, digest: str) -> bool:
    """Whether a case or notice still needs a stored file."""
    query = select(Attachment.id).where(Attachment.digest == digest, Attachment.state == Keeping.STORED)
    return session.exec(query.limit(1)).first() is not None


def next_after(session: Session, at: datetime) -> datetime | None:
    """When, after a moment, the next file is fetched or taken away."""
    return session.exec(select(func.min(Attachment.next_at)).where(col(Attachment.next_at) > at)).one()
