"""A duty (权责清单): which category, in which grid, is led by whom, and by when."""

from datetime import timedelta

from sqlalchemy import bindparam
from sqlmodel import Field, Session, col, select

from storage.grids import Grid
from storage.rows import Row
from storage.units import Unit

ANY = "*"


class Duty(Row, table=True):
    """The most special duty wins: nearest grid first, then a named category before ANY.

    `lead_unit_id` empty means the worker of the case's grid. Hours are natural hours.
    """

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    category: str
    grid_id: int = Field(foreign_key="grid.id")
    lead_unit_id: int | None = Field(default=None, foreign_key="unit.id")
    accept_hours: float
    finish_hours: float
    source: str
    gone: bool = False

    @property
    def accept_within(self) -> timedelta:
        return timedelta(hours=self.accept_hours)

    @property
    def finish_within(self) -> timedelta:
        return timedelta(hours=self.finish_hours)


_DUTIES = (
    select(Duty, Grid.path)
    .join(Grid, col(Grid.id) == Duty.grid_id)
    .where(
        col(Grid.path).in_(bindparam("paths", expanding=True)),
        col(Duty.category).in_(bindparam("categories", expanding=True)),
        col(Duty.gone).is_(False),
    )
)


def duty_for(session: Session, category: str, grid: Grid) -> Duty | None:
    """The duty that holds for `category` in `grid`, or None if the list has a hole there."""
    paths = grid.ancestors
    found = session.exec(_DUTIES, params={"paths": paths, "categories": [category, ANY]}).all()
    ranked = sorted(found, key=lambda pair: (paths.index(pair[1]), pair[0].category == ANY, pair[0].id))
    return ranked[0][0] if ranked else None


def lead_unit(session: Session, duty: Duty) -> Unit | None:
    return session.get(Unit, duty.lead_unit_id) if duty.lead_unit_id else None
