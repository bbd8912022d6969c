"""`gridbot invite`: a one-time code for a role, and the link that brings it along."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select
from telegram.error import TelegramError

from bot.config import Settings
from bot.platforms.telegram import BadToken, Telegram
from bot.sync import synchronise
from handlers.wording import Wording
from storage import grids, invitations, people
from storage.grids import Grid
from storage.invitations import GOOD_FOR, Invitation
from storage.people import Rank
from storage.units import Unit


class CannotInvite(Exception):  # noqa: N818 (the sentence the operator reads)
    """Why there is no invitation."""


def rank_of(word: str, say: Wording) -> Rank:
    names = {rank: say(f"rank.{rank}") for rank in Rank}
    for rank, name in names.items():
        if word.casefold() in {rank.value, name}:
            return rank
    known = ", ".join(f"{name} ({rank.value})" for rank, name in names.items())
    raise CannotInvite(f"{word!r} is no rank; write one of {known}")


def for_rank(
    session: Session, settings: Settings, word: str, *, grid: str | None, unit: str | None, at: datetime
) -> str:
    """The code of an invitation to a role; the office's ranks hold for the community if no grid is named."""
    house = settings.house()
    rank = rank_of(word, Wording(house.language, house.zone))
    know_the_file(session, settings, at)
    if rank == Rank.CONTACT:
        found = session.exec(select(Unit).where(Unit.key == unit, col(Unit.gone).is_(False))).first()
        if found is None:
            raise CannotInvite(f"--unit: a contact speaks for a unit; there is no unit {unit!r}")
        return _made(session, at, rank=rank, unit_id=found.id)
    place = _grid(session, rank, grid)
    return _made(session, at, rank=rank, grid_id=place.id)


def for_person(session: Session, settings: Settings, key: str, *, at: datetime) -> str:
    """The code that gives a person of the file the account it is said from."""
    know_the_file(session, settings, at)
    person = people.by_key(session, key)
    if person is None:
        raise CannotInvite(f"--person: there is no person {key!r}")
    return _made(session, at, person_id=person.id, name=person.name)


def _grid(session: Session, rank: Rank, key: str | None) -> Grid:
    if key is None:
        if rank not in {Rank.CHIEF, Rank.ADMIN}:
            raise CannotInvite(f"--grid: say where; {rank.value} needs its grid")
        return grids.root(session)
    grid = grids.by_key(session, key)
    if grid is None or grid.gone:
        raise CannotInvite(f"--grid: there is no grid {key!r}")
    return grid


def know_the_file(session: Session, settings: Settings, at: datetime) -> None:
    """Before the first start the database does not hold what the file says."""
    held = {grid.key for grid in session.exec(select(Grid))}
    there = {person.key for person in session.exec(select(people.Person))}
    if not ({grid.key for grid in settings.grids} <= held and {one.key for one in settings.people} <= there):
        synchronise(session, settings, at=at)


def _made(session: Session, at: datetime, **what: Any) -> str:
    return invitations.invite(session, Invitation(digest="", made_at=at, expires_at=at + GOOD_FOR, **what))


async def links(platforms: Sequence[Telegram], code: str) -> list[str]:
    """The link of each platform that can be asked who the bot is; the words can be typed anyway."""
    found = []
    for platform in platforms:
        try:
            await platform.greet()
        except (BadToken, TelegramError):
            continue
        finally:
            await platform.close()
        if link := platform.link(code):
            found.append(link)
    return found
