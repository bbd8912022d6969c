"""Whom a notice is for: grids as people name them, and how they are named back."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from sqlmodel import col, select

from handlers.desk import Desk, Sorry
from nlp import places
from nlp.spelling import plain
from storage import grids
from storage.grids import Grid, Level, under
from storage.people import CHAIN

NAMED = 4  # grids spelt out before it becomes "and n more"
CHOICES = 9
_BUILDING = re.compile(r"(\d+)号楼")


def own(desk: Desk) -> list[Grid]:
    """The grids the speaker answers for, the highest first."""
    paths = [post.path for post in desk.posts if post.rank in CHAIN and post.path]
    rows = desk.session.exec(select(Grid).where(col(Grid.path).in_(paths), col(Grid.gone).is_(False)))
    return sorted(rows, key=lambda grid: (grid.path.count("/"), grid.path))


def may(desk: Desk, grid: Grid) -> bool:
    """Whether the speaker answers for a grid."""
    return any(post.rank in CHAIN and post.path and grid.path.startswith(post.path) for post in desk.posts)


def choices(desk: Desk) -> list[Grid]:
    """What is offered: one's own grids and, as far as there is room, what lies right below them."""
    mine = own(desk)
    below = [
        grid
        for top in mine
        for grid in desk.session.exec(
            select(Grid).where(under(top.path), col(Grid.gone).is_(False)).order_by(col(Grid.path))
        )
        if grid.path.count("/") == top.path.count("/") + 1
    ]
    return list({grid.key: grid for grid in [*mine, *below]}.values())[:CHOICES]


def find(desk: Desk, words: str) -> list[Grid]:
    """The grids that words name: 全社区, a grid's name or key, 1-5号楼. Sorry for what is unknown or not one's own."""
    words = plain(words).replace("–", "-").strip()
    if words in desk.say("aim.all_words").split():
        return own(desk)[:1] or _unknown(desk, words)
    found: list[Grid] = []
    for piece in filter(None, re.split(r"[、,;\s]+|和", words)):
        named = _named(desk, piece)
        found += named or _unknown(desk, piece)
    if not found:
        _unknown(desk, words)
    for grid in found:
        if not may(desk, grid):
            raise Sorry(desk.say("aim.not_yours", grid=grid.name))
    return list({grid.path: grid for grid in found}.values())


def _unknown(desk: Desk, words: str) -> list[Grid]:
    raise Sorry(desk.say("aim.unknown", words=words, example=name(desk, choices(desk)[-1:])))


def _named(desk: Desk, piece: str) -> list[Grid]:
    """Those of the speaker's own communities."""
    roots = {grid.ancestors[-1] for grid in own(desk)}
    return [grid for grid in grids.called(desk.session, piece, places.find(piece)) if grid.ancestors[-1] in roots]


def name(desk: Desk, aims: Sequence[Grid]) -> str:
    """ "1–5号楼" where they follow each other, else their names."""
    if len(aims) == 1 and aims[0].level == Level.COMMUNITY:
        return desk.say("aim.all")
    numbers = [_BUILDING.fullmatch(grid.place or "") for grid in aims]
    if len(aims) > 1 and all(numbers):
        counted = sorted(int(found[1]) for found in numbers if found)
        if all(later == earlier + 1 for earlier, later in pairwise(counted)):
            return desk.say("aim.row", first=counted[0], last=counted[-1])
    names = [grid.name for grid in aims[:NAMED]]
    more = desk.say("aim.more", count=len(aims) - NAMED) if len(aims) > NAMED else ""
    return "、".join(names) + more


def houses(desk: Desk, aims: Sequence[Grid]) -> str:
    """What a sentence names: nothing for a whole community."""
    return "" if any(grid.level == Level.COMMUNITY for grid in aims) else name(desk, aims)


def around(desk: Desk, aims: Iterable[Grid]) -> Grid:
    """The smallest grid that holds them all (of two communities the first): whose notice it is."""
    first, *others = aims
    shared = [path for path in first.ancestors if all(other.path.startswith(path) for other in others)]
    return grids.at_path(desk.session, [*shared, first.path][0])
