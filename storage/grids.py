"""A grid: a node of the tree 社区 › 网格 › 微网格 › 楼栋."""

from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import ColumnElement, bindparam
from sqlmodel import Field, Session, col, func, select

from storage.database import words
from storage.follow import CSV
from storage.rows import Row


class Level(StrEnum):
    COMMUNITY = "community"
    GRID = "grid"
    MICROGRID = "microgrid"
    BUILDING = "building"


class Grid(Row, table=True):
    """`path` is the keys from the root, each ended by "/", so a subtree is a prefix."""

    KEPT: ClassVar[bool] = True  # read once per transaction

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    name: str
    level: Level = Field(sa_type=words(Level))
    path: str = Field(index=True)
    place: str | None = None  # the normal form residents' words are reduced to: "3号楼"
    households: int | None = None
    source: str
    gone: bool = False

    @property
    def ancestors(self) -> list[str]:
        """Paths from this grid up to the root, nearest first."""
        return ancestors(self.path)

    @property
    def parent_key(self) -> str | None:
        """None at the root."""
        above = self.ancestors[1:]
        return last_key(above[0]) if above else None


def ancestors(path: str) -> list[str]:
    """Paths from a grid's up to the root's, nearest first."""
    keys = path.rstrip("/").split("/")
    return ["/".join(keys[: n + 1]) + "/" for n in reversed(range(len(keys)))]


def last_key(path: str) -> str:
    """The key of the grid at a path."""
    return path.rstrip("/").rsplit("/", 1)[-1]


def by_key(session: Session, key: str) -> Grid | None:
    return session.exec(select(Grid).where(Grid.key == key)).one_or_none()


def at_path(session: Session, path: str) -> Grid:
    return session.exec(select(Grid).where(Grid.path == path)).one()


def named(session: Session, word: str, places: Sequence[str] = ()) -> list[Grid]:
    """The grids a person means by a word: those called so, else all whose name holds it."""
    return called(session, word, places) or [grid for grid in _there(session) if word and word in grid.name]


def called(session: Session, word: str, places: Sequence[str] = ()) -> list[Grid]:
    """The grid whose key a word is, else those whose name or place it is, or one of the places."""
    there = _there(session)
    by_key = [grid for grid in there if grid.key == word]
    return by_key or [grid for grid in there if grid.name == word or (grid.place and grid.place in {word, *places})]


def _there(session: Session) -> Sequence[Grid]:
    return session.exec(select(Grid).where(col(Grid.gone).is_(False)).order_by(col(Grid.path))).all()


def follow_parents(session: Session) -> None:
    """Gives what was imported under a grid that moved its new path."""
    session.flush()
    there = {grid.key: grid for grid in session.exec(select(Grid))}
    imported = [grid for grid in there.values() if grid.source == CSV]
    for grid in sorted(imported, key=lambda grid: grid.path.count("/")):
        grid.path = f"{there[grid.parent_key or ''].path}{grid.key}/"
    session.flush()


def under(path: str) -> ColumnElement[bool]:
    """The grid at `path` and all below it. Not LIKE: a key may hold "_", and SQLite's LIKE takes A for a."""
    return func.substr(Grid.path, 1, len(path)) == path


_NAMED = select(Grid).where(
    col(Grid.place).in_(bindparam("places", expanding=True)),
    func.substr(Grid.path, 1, bindparam("length")) == bindparam("community"),
    col(Grid.gone).is_(False),
)


def locate(session: Session, around: Grid, places: Sequence[str]) -> Grid:
    """The building under `around`, or elsewhere in its community, that one of the places names; else `around`."""
    if not places:
        return around
    community = around.ancestors[-1]
    where = {"places": places, "community": community, "length": len(community)}
    named = session.exec(_NAMED, params=where).all()
    inside = [grid for grid in named if grid.path.startswith(around.path)]
    candidates = inside or named
    return candidates[0] if len(candidates) == 1 else around


def root(session: Session) -> Grid:
    """The first community: where a case goes that names no place and came from no group."""
    return session.exec(_ROOTS.limit(1)).one()


def roots(session: Session) -> Sequence[Grid]:
    return session.exec(_ROOTS).all()


_ROOTS = select(Grid).where(Grid.path == Grid.key + "/", col(Grid.gone).is_(False)).order_by(col(Grid.id))
