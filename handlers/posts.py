"""Who may give posts to whom, and what the words for people, ranks and grids mean."""

import re
from collections.abc import Callable

from handlers.desk import Desk, Sorry
from handlers.message import Button
from nlp.places import building, find
from storage import grids, people
from storage.follow import FILE
from storage.grids import Grid
from storage.people import Person, Post, Rank, Role
from storage.units import Unit

SENIOR = frozenset({Rank.LEADER, Rank.CHIEF, Rank.ADMIN})
ORDER = (Rank.BUILDING, Rank.WORKER, Rank.LEADER, Rank.CHIEF, Rank.ADMIN)
CHOICES = 8
SHORT = 12  # characters of a key that a button has room for
_BY_ID = re.compile(r"id:(\d{1,9})", re.ASCII)  # in buttons only: who has no key yet, or a long one


def _own(desk: Desk) -> list[Post]:
    """Who stands in for somebody does their work, and appoints nobody."""
    return [post for post in desk.posts if not post.acting]


def is_admin(desk: Desk) -> bool:
    return any(post.rank == Rank.ADMIN for post in _own(desk))


def may_lead(desk: Desk, path: str) -> bool:
    """Whether the speaker leads the grid at this path, or one above it."""
    seniors = (post for post in _own(desk) if post.rank in SENIOR and post.path)
    return is_admin(desk) or any(path.startswith(post.path or "") for post in seniors)


def may_give(desk: Desk, rank: Rank, path: str | None) -> bool:
    """At or below one's own post, no rank above one's own; what units are spoken for is the office's affair."""
    if is_admin(desk):
        return True
    if path is None or rank not in ORDER:
        return False
    seniors = [post for post in _own(desk) if post.rank in SENIOR and post.path]
    return any(path.startswith(post.path or "") and ORDER.index(rank) <= ORDER.index(post.rank) for post in seniors)


def covers(desk: Desk, person: Person) -> bool:
    """Whether the speaker leads where a person works; who only stands in for others works where they do."""
    if is_admin(desk) or person.id == desk.person.id:
        return True
    held = [post for post in people.posts(desk.session, person) if not post.acting]
    held = held or [post for one in people.covered_by(desk.session, person) for post in people.posts(desk.session, one)]
    return bool(held) and all(may_give(desk, post.rank, post.path) for post in held)


def rank_named(desk: Desk, word: str) -> Rank | None:
    return next((rank for rank in Rank if word.casefold() in {rank.value, desk.say(f"rank.{rank}")}), None)


def place_of(desk: Desk, role: Role) -> str:
    """The name of the grid or unit a role is held for."""
    if role.unit_id is not None:
        return desk.session.get_one(Unit, role.unit_id).name
    return desk.session.get_one(Grid, role.grid_id).name


def person_named(desk: Desk, word: str, command: Callable[[str], str]) -> Person | None:
    """One of the staff by name or key; None if there is none. Of two namesakes the speaker chooses by a button."""
    word = word.removeprefix("@")
    if found := _BY_ID.fullmatch(word):
        return desk.session.get(Person, int(found[1]))
    meant = people.named(desk.session, word) if word else []
    if len(meant) > 1 and meant[0].key != word:
        duties = {person.id: _duties(desk, person) for person in meant}
        buttons = [Button(f"{one.name} {duties[one.id]}", command(handle(one))) for one in meant[:CHOICES]]
        raise Sorry(desk.say("posts.which_person", name=word[:20]), tuple(buttons))
    return meant[0] if meant else None


def somebody(desk: Desk, word: str, command: Callable[[str], str]) -> Person:
    """As `person_named`; Sorry if there is nobody of that name."""
    person = person_named(desk, word, command)
    if person is None or not _works_here(desk, person):
        raise Sorry(desk.say("posts.nobody", name=word[:20]))
    return person


def _works_here(desk: Desk, person: Person) -> bool:
    """By a role; the file may name somebody only to stand in for others."""
    named = person.source == FILE and person.key is not None and not person.gone
    return named or bool(people.roles(desk.session, person))


def handle(person: Person) -> str:
    """What stands for a person in a button."""
    return person.key if person.key and len(person.key) <= SHORT else f"id:{person.id}"


def _duties(desk: Desk, person: Person) -> str:
    return "、".join(
        f"{place_of(desk, role)}{desk.say(f'rank.{role.rank}')}" for role in people.roles(desk.session, person)
    )


def grids_named(desk: Desk, word: str, allowed: Callable[[Grid], bool]) -> list[Grid]:
    """The grids a word means among those the speaker may speak for. Sorry if there is none."""
    places = [place for place in map(building, find(word)) if place]
    meant = grids.named(desk.session, word, places)
    if not meant:
        raise Sorry(desk.say("posts.no_grid", name=word[:20]))
    if mine := [grid for grid in meant if allowed(grid)]:
        return mine
    raise Sorry(desk.say("posts.not_yours", grid=meant[0].name))


def grid_choices(desk: Desk, found: list[Grid], command: Callable[[str], str]) -> tuple[Button, ...]:
    """A button each; of two namesakes each says where it lies."""
    names = [grid.name for grid in found]
    return tuple(
        Button(grid.name if names.count(grid.name) == 1 else _with_parent(desk, grid), command(grid.key))
        for grid in found[:CHOICES]
    )


def _with_parent(desk: Desk, grid: Grid) -> str:
    parent = grids.by_key(desk.session, grid.parent_key or "")
    return f"{parent.name} {grid.name}" if parent else grid.name
