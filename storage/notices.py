"""A notice (通知): what is said to every group of a grid, once or on a schedule."""

from datetime import datetime

from sqlmodel import Field, Session, col, select

from storage.chats import Chat, Mode
from storage.database import UTCTime
from storage.grids import Grid, under
from storage.rows import Row


class Notice(Row, table=True):
    """`schedule` is a time ("2026-11-24 09:00") or a cron line with day names; `next_at` the coming occurrence."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    grid_id: int = Field(foreign_key="grid.id")
    schedule: str
    text: str
    next_at: datetime | None = Field(default=None, sa_type=UTCTime, index=True)
    sent_through: int = 0  # the last chat the running occurrence was written for: expansion goes in chunks
    source: str
    pin: bool = False  # it stays on top of each chat
    gone: bool = False


def groups(session: Session, grid: Grid, *, after: int, limit: int) -> list[Chat]:
    """The residents' groups of a grid and all below it, in order of id, beginning after one."""
    return list(
        session.exec(
            select(Chat)
            .join(Grid, col(Grid.id) == Chat.grid_id)
            .where(
                under(grid.path),
                col(Chat.private).is_(False),
                Chat.mode != Mode.OFF,
                col(Chat.id) > after,
            )
            .order_by(col(Chat.id))
            .limit(limit)
        )
    )
