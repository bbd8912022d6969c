"""What was already handled: one row per message the platform delivered, so that a second delivery does nothing."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam
from sqlmodel import Field, Session, select

from storage.database import UTCTime
from storage.rows import Row, store

KEPT = timedelta(days=8)  # longer than any platform redelivers (Telegram: 24 hours)


class Delivery(Row, table=True):
    """`failure` is the type of the exception of a message that could not be handled; its text is not kept."""

    platform: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    delivery: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UTCTime)
    forget_at: datetime = Field(sa_type=UTCTime, index=True)
    failure: str | None = None


_KNOWN = select(Delivery.at).where(
    Delivery.platform == bindparam("platform"),
    Delivery.account == bindparam("account"),
    Delivery.delivery == bindparam("delivery"),
)


def seen(session: Session, platform: str, account: str, delivery: str) -> bool:
    where = {"platform": platform, "account": account, "delivery": delivery}
    return session.connection().execute(_KNOWN, where).first() is not None


def note(
    session: Session, platform: str, account: str, delivery: str, *, at: datetime, failure: str | None = None
) -> None:
    row = Delivery(platform=platform, account=account, delivery=delivery, at=at, forget_at=at + KEPT, failure=failure)
    store(session, row)
