"""An attachment: a file or a place that came with a message of a case; fetched later, kept by its content."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, text
from sqlmodel import Field, Session, SQLModel, col, select

from storage.database import UTCTime, words


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


class Attachment(SQLModel, table=True):
    """Came with a report of a resident, or with a line of history a worker wrote (`event_id`): then it is evidence.

    `file` is what the platform gives it out for, `digest` the SHA-256 of what is stored. Degrees are WGS 84.
    """

    __table_args__ = (
        Index(
            "ix_attachment_wanted", "platform", "account", "next_at",
            sqlite_where=text("next_at IS NOT NULL"), postgresql_where=text("next_at IS NOT NULL"),
        ),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    request_id: int = Field(foreign_key="request.id", index=True)
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
    reason: str | None = None
    tries: int = 0
    next_at: datetime | None = Field(default=None, sa_type=UTCTime)  # when it is fetched


def of_case(session: Session, request_id: int) -> Sequence[Attachment]:
    """What is kept or still wanted of a case, in the order it came."""
    query = select(Attachment).where(Attachment.request_id == request_id, Attachment.state != Keeping.ERASED)
    return session.exec(query.order_by(col(Attachment.id))).all()


def of_report(session: Session, report_id: int | None) -> Sequence[Attachment]:
    return session.exec(select(Attachment).where(Attachment.report_id == report_id).order_by(col(Attachment.id))).all()


def of_event(session: Session, event_id: int | None) -> Sequence[Attachment]:
    return session.exec(select(Attachment).where(Attachment.event_id == event_id).order_by(col(Attachment.id))).all()
