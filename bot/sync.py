"""Brings the configuration into the database by key; what was made in chat is never overwritten."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from bot.config import GroupEntry, PersonEntry, Settings, UnitEntry, occurrence, path_of
from storage import chats, chores, grids, invitations, outbox, people
from storage.chats import Chat, ChatKey
from storage.duties import Duty
from storage.follow import CSV, FILE, follow_file
from storage.grids import Grid
from storage.notices import Notice
from storage.people import Address, Person, Role
from storage.units import Unit


def synchronise(session: Session, settings: Settings, *, at: datetime) -> list[str]:
    """Returns a sentence per conflict: a key of the file that somebody already made in chat."""
    tree = {entry.key: entry for entry in settings.grids}
    imported = {grid.key for grid in session.exec(select(Grid).where(Grid.source == CSV))}
    conflicts = {
        "grids": follow_file(
            session,
            Grid,
            {
                entry.key: {**entry.model_dump(exclude={"key", "under"}), "path": path_of(entry, tree)}
                for entry in settings.grids
            },
        )
    }
    grids.follow_parents(session)
    grid_ids = {grid.key: grid.id for grid in session.exec(select(Grid))}
    conflicts["groups"] = _groups(session, settings.groups, grid_ids)
    conflicts["units"] = follow_file(session, Unit, {entry.key: _unit(session, entry) for entry in settings.units})
    unit_ids = {unit.key: unit.id for unit in session.exec(select(Unit))}
    conflicts["people"] = follow_file(
        session,
        Person,
        {e.key: {"name": e.name, "phone": e.phone, "stand_in_key": e.stand_in} for e in settings.people},
    )
    _let_go(session, settings.people)
    conflicts["accounts"] = [taken for entry in settings.people for taken in _accounts(session, entry)]
    person_ids = {person.key: person.id for person in session.exec(select(Person)) if person.key}
    follow_file(
        session,
        Role,
        {
            f"{entry.key}:{role.rank}:{role.grid or role.unit}": {
                "person_id": person_ids[entry.key],
                "rank": role.rank,
                "grid_id": grid_ids.get(role.grid or ""),
                "unit_id": unit_ids.get(role.unit or ""),
            }
            for entry in settings.people
            for role in entry.roles
        },
    )
    conflicts["duties"] = follow_file(
        session,
        Duty,
        {
            entry.key: {
                **entry.model_dump(exclude={"key", "grid", "lead"}),
                "grid_id": grid_ids[entry.grid],
                "lead_unit_id": unit_ids.get(entry.lead),
            }
            for entry in settings.duties
        },
    )
    conflicts["notices"] = _notices(session, settings, grid_ids, at)
    for chore in (chores.RETENTION, chores.LEARNING):
        chores.plan(session, chore, due_at=settings.house().night_after(at))
    return [
        f"{kind}: {key!r} of the file was already imported from a table; the imported one stays"
        if kind == "grids" and key in imported
        else f"{kind}: {key!r} of the file was already made in chat; the one from the chat stays"
        for kind, keys in conflicts.items()
        for key in keys
    ]


def _chat(session: Session, address: str, title: str) -> Chat:
    return chats.found_or_new(session, ChatKey.parse(address), title=title, private=False, source=FILE)


def _groups(session: Session, groups: tuple[GroupEntry, ...], grid_ids: dict[str, int | None]) -> list[str]:
    conflicts = []
    named = set()
    for group in groups:
        chat = _chat(session, group.chat, group.title)
        named.add(chat.id)
        if chat.source == FILE or chat.grid_id is None:  # nobody in chat bound it to anything
            chat.title, chat.grid_id, chat.source = group.title, grid_ids[group.grid], FILE
        elif chat.grid_id != grid_ids[group.grid]:
            conflicts.append(group.chat)
    for chat in session.exec(select(Chat).where(Chat.source == FILE, col(Chat.grid_id).is_not(None))):
        if chat.id not in named:
            chat.grid_id = None
    return conflicts


def _unit(session: Session, entry: UnitEntry) -> dict[str, Any]:
    chat = _chat(session, entry.chat, entry.name) if entry.chat else None
    if chat:
        chat.of_unit = True
    return {
        "name": entry.name,
        "aliases": list(entry.aliases),
        "phone": entry.phone,
        "chat_id": chat.id if chat else None,
    }


def _let_go(session: Session, entries: tuple[PersonEntry, ...]) -> None:
    """An account the file takes from a person who stays is a resident's from then on, whose name it will tell."""
    named = {ChatKey.parse(account) for entry in entries for account in entry.accounts}
    invited = invitations.accounts(session)
    rows = session.exec(
        select(Address)
        .join(Person, col(Person.id) == Address.person_id)
        .where(Person.source == FILE, col(Person.key).is_not(None), col(Person.gone).is_(False))
    )
    for address in rows.all():
        if (address.platform, address.account, address.user) in named or address.id in invited:
            continue
        stranger = Person(name="", source=FILE)
        session.add(stranger)
        session.flush()
        if address.chat_id is not None:
            outbox.unroute(session, address.person_id, address.chat_id)
        address.person_id = stranger.id or 0
    session.flush()


def _accounts(session: Session, entry: PersonEntry) -> list[str]:
    """Gives a person their accounts; one that already belongs to somebody else is a conflict."""
    person = session.exec(select(Person).where(Person.key == entry.key)).one()
    taken = []
    for account in entry.accounts:
        platform, name, user = ChatKey.parse(account)
        found = people.at_address(session, platform, name, user)
        if found is None:
            session.add(Address(person_id=person.id or 0, platform=platform, account=name, user=user))
        elif found[0].key is None or found[0].gone:  # wrote to the bot before the office knew them, or came back
            found[1].person_id = person.id or 0
        elif found[0].id != person.id:
            taken.append(account)
    session.flush()
    return taken


def _notices(session: Session, settings: Settings, grid_ids: dict[str, int | None], at: datetime) -> list[str]:
    """A notice keeps the occurrence it waits for unless its schedule changed; one gone from the file is cancelled."""
    zone = settings.house().zone
    there = session.exec(select(Notice).where(Notice.source == FILE, col(Notice.gone).is_(False)))
    before = {notice.key: notice for notice in there}
    rows = {}
    for entry in settings.notices:
        old = before.get(entry.key)
        due = occurrence(entry.schedule, at, zone)
        same = old is not None and old.schedule == entry.schedule
        rows[entry.key] = {
            "grid_id": grid_ids[entry.grid],
            "schedule": entry.schedule,
            "text": entry.text,
            "pin": entry.pin,
            "urgent": entry.urgent,
            "receipts": entry.receipts,
            "valid_minutes": round(entry.valid_hours * 60),
            "due_at": old.due_at if old and same else due,
            "next_at": old.next_at if old and same else due,
        }
    conflicts = follow_file(session, Notice, rows)
    for notice in session.exec(select(Notice).where(Notice.source == FILE, col(Notice.gone).is_(True))):
        notice.due_at = notice.next_at = None
    return conflicts
