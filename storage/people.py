"""A person, the addresses they are reached at, and the roles they hold."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, NamedTuple

from sqlalchemy import UniqueConstraint, bindparam
from sqlmodel import Field, Session, col, select

from storage.chats import Chat
from storage.database import UTCTime, words
from storage.follow import CHAT, FILE
from storage.grids import Grid, ancestors
from storage.rows import Row


class Rank(StrEnum):
    """The chain 总网格长—网格长—网格员—楼门长, and beside it the units' contacts and the office."""

    BUILDING = "building"
    WORKER = "worker"
    LEADER = "leader"
    CHIEF = "chief"
    CONTACT = "contact"
    ADMIN = "admin"


CHAIN = (Rank.WORKER, Rank.LEADER, Rank.CHIEF, Rank.ADMIN)
STAFF = frozenset({*CHAIN, Rank.CONTACT})


class Person(Row, table=True):
    """Someone who reported or works here; who merely chats has no row. Display names are the platform's."""

    KEPT: ClassVar[bool] = True  # read once per transaction

    id: int | None = Field(default=None, primary_key=True)
    key: str | None = Field(default=None, unique=True)  # people of the configuration
    name: str
    flat: str | None = None
    phone: str | None = None  # staff only: a work telephone that is given out
    stand_in_key: str | None = None  # who steps in (AB 岗)
    relief_id: int | None = Field(default=None, index=True)  # who does their work while they are on leave
    unreachable_at: datetime | None = Field(default=None, sa_type=UTCTime)
    source: str = Field(index=True)
    gone: bool = False


class Address(Row, table=True):
    """One account of a person on one platform; `chat_id` is the private chat, once there is one."""

    __table_args__ = (UniqueConstraint("platform", "account", "user"),)

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    platform: str
    account: str
    user: str
    chat_id: int | None = Field(default=None, foreign_key="chat.id")
    seen_at: datetime | None = Field(default=None, sa_type=UTCTime)


class Role(Row, table=True):
    """`grid_id` says where a worker, leader or chief acts (with all below it), `unit_id` whom a contact speaks for."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    rank: Rank = Field(sa_type=words(Rank))
    grid_id: int | None = Field(default=None, foreign_key="grid.id")
    unit_id: int | None = Field(default=None, foreign_key="unit.id")
    source: str
    gone: bool = False


class Post(NamedTuple):
    """A role with the path or unit it is held for. `acting`: while somebody is on leave, to work, not to appoint."""

    rank: Rank
    path: str | None
    unit_id: int | None
    acting: bool = False


def posts(session: Session, person: Person) -> list[Post]:
    """What a person holds, and what those hold whom they relieve; who is gone from the file holds nothing."""
    if person.gone:
        return []
    relieved = select(Person.id).where(Person.relief_id == (person.id or 0), col(Person.gone).is_(False))
    rows = session.exec(
        select(Role.rank, Grid.path, Role.unit_id, Role.person_id)
        .join(Grid, col(Grid.id) == Role.grid_id, isouter=True)
        .where(
            (col(Role.person_id) == person.id) | col(Role.person_id).in_(relieved),
            col(Role.gone).is_(False),
        )
        .order_by(col(Role.id))
    )
    return [Post(Rank(rank), path, unit_id, holder != person.id) for rank, path, unit_id, holder in rows]


def roles(session: Session, person: Person) -> list[Role]:
    """The roles a person holds themselves."""
    query = select(Role).where(Role.person_id == person.id, col(Role.gone).is_(False))
    return list(session.exec(query.order_by(col(Role.id))))


def held(session: Session, person: Person, rank: Rank, *, grid_id: int | None, unit_id: int | None) -> Role | None:
    """A person's role of this rank there, whoever gave it."""
    same = (
        role for role in roles(session, person) if (role.rank, role.grid_id, role.unit_id) == (rank, grid_id, unit_id)
    )
    return next(same, None)


def chat_role(session: Session, key: str, *, person_id: int, rank: Rank) -> Role:
    """The role of a key, made if it was never given before."""
    role = session.exec(select(Role).where(Role.key == key)).one_or_none()
    if role is None:
        role = Role(key=key, person_id=person_id, rank=rank, source=CHAT)
        session.add(role)
    return role


def present(session: Session, person: Person) -> Person:
    """Who acts for a person today: they, or who relieves them."""
    relief = session.get(Person, person.relief_id) if person.relief_id else None
    return relief if relief and not relief.gone else person


def _acting(session: Session, holders: Sequence[Person]) -> list[Person]:
    """Each once, whoever is on leave replaced."""
    return list({person.id: person for person in (present(session, holder) for holder in holders)}.values())


def named(session: Session, word: str) -> list[Person]:
    """Those of the staff, present or former, whom a key or a name means; a resident may call themselves anything."""
    known = (col(Person.key).is_not(None), col(Person.gone).is_(False))
    found = session.exec(select(Person).where((Person.key == word) | (Person.name == word), *known))
    return sorted(found, key=lambda person: (person.key != word, person.id))


def lost(session: Session, chat_id: int, *, at: datetime) -> None:
    """Nothing sent to this private chat arrives any more: it was stopped, or its account is deleted."""
    query = select(Person).join(Address, col(Address.person_id) == Person.id).where(Address.chat_id == chat_id)
    for person in session.exec(query):
        person.unreachable_at = person.unreachable_at or at


def by_key(session: Session, key: str) -> Person | None:
    return session.exec(select(Person).where(Person.key == key, col(Person.gone).is_(False))).one_or_none()


def covered_by(session: Session, person: Person) -> list[Person]:
    """For whom a person steps in (AB 岗), or does the work while they are on leave."""
    mine = col(Person.relief_id) == (person.id or 0)
    if person.key is not None:
        mine = mine | (col(Person.stand_in_key) == person.key)
    query = select(Person).where(mine, col(Person.gone).is_(False))
    return list(session.exec(query.order_by(col(Person.id))))


def former_accounts(session: Session) -> list[Address]:
    """The accounts with a private chat of those who once worked here and do no more."""
    working = select(Role.person_id).where(col(Role.gone).is_(False), col(Role.rank).in_(STAFF))
    return list(
        session.exec(
            select(Address)
            .join(Person, col(Person.id) == Address.person_id)
            .where(
                (col(Person.source) == FILE) | col(Person.key).is_not(None),
                col(Person.gone).is_(True) | col(Person.id).not_in(working),
                col(Address.chat_id).is_not(None),
            )
        )
    )


_AT_ADDRESS = (
    select(Person, Address)
    .join(Address, col(Address.person_id) == Person.id)
    .where(
        Address.platform == bindparam("platform"),
        Address.account == bindparam("account"),
        Address.user == bindparam("user"),
    )
)


def at_address(session: Session, platform: str, account: str, user: str) -> tuple[Person, Address] | None:
    where = {"platform": platform, "account": account, "user": user}
    return session.exec(_AT_ADDRESS, params=where).one_or_none()


def accounts(session: Session, key: str) -> list[tuple[Person, Address]]:
    """Somebody of the staff with each of their accounts."""
    query = select(Person, Address).join(Address, col(Address.person_id) == Person.id).where(Person.key == key)
    return list(session.exec(query.order_by(col(Address.id))))


def holders(session: Session, rank: Rank, grid: Grid) -> list[Person]:
    """Who acts as `rank` for `grid`: at the nearest grid upwards that has anybody."""
    paths = grid.ancestors
    rows = session.exec(
        select(Person, Grid.path)
        .join(Role, col(Role.person_id) == Person.id)
        .join(Grid, col(Grid.id) == Role.grid_id)
        .where(Role.rank == rank, col(Grid.path).in_(paths), col(Role.gone).is_(False), col(Person.gone).is_(False))
        .order_by(col(Role.id))
    ).all()
    nearest = min((paths.index(path) for _, path in rows), default=None)
    return _acting(session, [person for person, path in rows if paths.index(path) == nearest])


def chain(session: Session, grid: Grid) -> list[Person]:
    """Who answers for `grid`, from the worker upwards; each step once."""
    return Chains(session, grid.ancestors).of(grid.path)


_STEPS = (
    select(Role.rank, Grid.path, Person)
    .join(Person, col(Role.person_id) == Person.id)
    .join(Grid, col(Grid.id) == Role.grid_id)
    .where(col(Role.rank).in_(CHAIN), col(Role.gone).is_(False), col(Person.gone).is_(False))
    .order_by(col(Role.id).desc())
)
_STEPS_AT = _STEPS.where(col(Grid.path).in_(bindparam("paths", expanding=True)))


class Chains:
    """The chains of many grids, read at once; with `paths` only what stands at these grids."""

    def __init__(self, session: Session, paths: Sequence[str] | None = None) -> None:
        rows = session.exec(_STEPS) if paths is None else session.exec(_STEPS_AT, params={"paths": paths})
        self._session = session
        self._first = {(rank, path): person for rank, path, person in rows}

    def of(self, path: str) -> list[Person]:
        """Of each rank the first holder at the nearest grid upwards that has one, or who relieves them."""
        steps: list[Person] = []
        upwards = ancestors(path)
        for rank in CHAIN:
            nearest = next((path for path in upwards if (rank, path) in self._first), None)
            if nearest is None:
                continue
            if (person := present(self._session, self._first[rank, nearest])) not in steps:
                steps.append(person)
        return steps


def contacts(session: Session, unit_id: int) -> list[Person]:
    rows = session.exec(
        select(Person)
        .join(Role, col(Role.person_id) == Person.id)
        .where(Role.unit_id == unit_id, col(Role.gone).is_(False), col(Person.gone).is_(False))
        .order_by(col(Role.id))
    )
    return _acting(session, rows.all())


def private_chats(session: Session, person_id: int) -> set[int | None]:
    return set(session.exec(select(Address.chat_id).where(Address.person_id == person_id)))


def private_chat(session: Session, person_id: int) -> Chat | None:
    """Where this person last spoke to the bot alone; None if they never did, or stopped it."""
    return session.exec(
        select(Chat)
        .join(Address, col(Address.chat_id) == Chat.id)
        .where(Address.person_id == person_id, col(Chat.shut_at).is_(None))
        .order_by(col(Address.seen_at).desc().nulls_last(), col(Address.id))
    ).first()
