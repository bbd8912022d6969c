"""Posts given and taken in chat: /role, /dismiss, and the invitation for whom nobody here knows yet."""

from collections.abc import Callable, Iterable

from handlers import leave, posts, succession
from handlers.aside import aside
from handlers.desk import Desk, Sorry
from handlers.message import Button, Reply, Sender
from handlers.posts import SENIOR
from handlers.router import command
from storage import grids, invitations, outbox, people, units
from storage.follow import CHAT
from storage.grids import Grid
from storage.invitations import GOOD_FOR, Invitation
from storage.outbox import Purpose
from storage.people import STAFF, Person, Rank, Role
from storage.units import Unit

LONGEST_NAME = 5  # characters of a name that a button carries on


def hold(desk: Desk, person: Person, rank: Rank, grid: Grid | None, unit: Unit | None) -> Role | None:
    """Gives a role; None if the person holds it already. Who works here has a key, as those of the file have."""
    session = desk.session
    where = {"grid_id": grid.id if grid else None, "unit_id": unit.id if unit else None}
    if people.held(session, person, rank, **where):
        return None
    if person.key is None or person.gone:  # the file knows nothing of them, and takes nothing from them
        person.key, person.source, person.gone = person.key or f"{CHAT}:{person.id}", CHAT, False
    place = grid.key if grid else unit.key if unit else ""
    role = people.chat_role(session, f"{CHAT}:{person.id}:{rank}:{place}", person_id=desk.id_of(person), rank=rank)
    role.sqlmodel_update({**where, "gone": False})
    desk.roles_changed()
    return role


# -- giving -------------------------------------------------------------------------------------------------------


@command("role", ranks=SENIOR)
def appoint(desk: Desk, words: str) -> Reply | None:
    """任命 某人 网格员 3号楼: named, mentioned, or whose message is replied to; else an invitation to forward."""
    who, rank, where = _sorted(desk, words)
    if rank is None:
        raise Sorry(desk.say("role.how"))
    if rank == Rank.CONTACT:
        return _appoint(desk, who, rank, None, _unit(desk, where))
    if not where:
        raise Sorry(desk.say("role.where", rank=desk.say(f"rank.{rank}")))
    found = posts.grids_named(desk, where, lambda grid: posts.may_give(desk, rank, grid.path))
    if len(found) == 1:
        return _appoint(desk, who, rank, found[0], None)
    person = _meant(desk, who, lambda key: f"/role {key} {rank} {found[0].key}")
    name = posts.handle(person) if person else who[:LONGEST_NAME]
    choices = posts.grid_choices(desk, found, lambda key: f"/role {name} {rank} {key}")
    return aside(desk, desk.say("posts.which_grid", name=where[:20]), choices)


def _sorted(desk: Desk, words: str) -> tuple[str, Rank | None, str]:
    """Who, as what, where: the rank stands between the two."""
    tokens = _without_named(desk, words).split()
    at = next((place for place, word in enumerate(tokens) if posts.rank_named(desk, word)), None)
    if at is None:
        return " ".join(tokens), None, ""
    return " ".join(tokens[:at]), posts.rank_named(desk, tokens[at]), " ".join(tokens[at + 1 :])


def _without_named(desk: Desk, words: str) -> str:
    for sender in desk.said.named:
        words = words.replace(sender.name, " ", 1)
    return words


def _unit(desk: Desk, word: str) -> Unit:
    unit = units.named(desk.session, word)
    if unit is None:
        known = " ".join(unit.name for unit in units.all_units(desk.session))
        raise Sorry(desk.say("transfer.unknown", name=word[:20], known=known))
    if not posts.may_give(desk, Rank.CONTACT, None):
        raise Sorry(desk.say("posts.not_yours", grid=unit.name))
    return unit


def _meant(desk: Desk, who: str, command: Callable[[str], str]) -> Person | None:
    """None: nobody here knows them."""
    if desk.said.named:
        return _of(desk, desk.said.named[0])
    if person := posts.person_named(desk, who, command):
        return person
    quoted = desk.said.quoted
    return _of(desk, quoted.sender) if quoted and not (quoted.by_us or quoted.sender.is_bot) else None


def _of(desk: Desk, sender: Sender) -> Person:
    return desk.someone(sender.user, sender.name)


def _appoint(desk: Desk, who: str, rank: Rank, grid: Grid | None, unit: Unit | None) -> Reply | None:
    place = grid.name if grid else unit.name if unit else ""
    duty = {"place": place, "rank": desk.say(f"rank.{rank}")}
    key_of_place = grid.key if grid else unit.key if unit else ""
    person = _meant(desk, who, lambda key: f"/role {key} {rank} {key_of_place}")
    if person is None:
        return _invite(desk, who.removeprefix("@"), rank, grid, unit, duty=duty)
    speaker = desk.person.name
    if hold(desk, person, rank, grid, unit) is None:
        raise Sorry(desk.say("role.held", name=person.name, **duty))
    if reached(desk, person):
        told = desk.say("role.told", who=speaker, **duty) + (desk.say("role.work") if rank in STAFF else "")
        desk.write(Purpose.TELL, told, person_id=person.id)
        return aside(desk, desk.say("role.given", name=person.name, **duty))
    link = desk.link("w")
    how = desk.say("role.link", link=link) if link else desk.say("role.write_first", bot=desk.house.bot_name)
    return aside(desk, desk.say("role.given", name=person.name, **duty) + how)


def reached(desk: Desk, person: Person) -> bool:
    alone = people.private_chat(desk.session, desk.id_of(person))
    return person.unreachable_at is None and alone is not None


def _invite(
    desk: Desk, name: str, rank: Rank, grid: Grid | None, unit: Unit | None, *, duty: dict[str, str]
) -> Reply | None:
    code = invitations.invite(
        desk.session,
        Invitation(
            digest="",
            rank=rank,
            grid_id=grid.id if grid else None,
            unit_id=unit.id if unit else None,
            name=name,
            made_by=desk.person.id,
            made_at=desk.now,
            expires_at=desk.now + GOOD_FOR,
        ),
    )
    until = desk.say.day(desk.now + GOOD_FOR)
    link = desk.link(code)
    how = desk.say("invite.link", link=link, code=code) if link else desk.say("invite.code", code=code)
    text = desk.say("invite.made", name=name or "TA", until=until, how=how, **duty)
    if not desk.here.private:
        return aside(desk, text)
    desk.write(Purpose.ANSWER, text, chat_id=desk.chat_id)  # a button's toast cannot be passed on
    return None


# -- taking up an invitation --------------------------------------------------------------------------------------


def take_up(desk: Desk, code: str) -> tuple[bool, str]:
    """Whether whoever says the code holds the role from now on, and the word about it."""
    invitation = invitations.of_code(desk.session, code)
    if invitation is None:
        return False, desk.say("invite.unknown")
    if invitation.used_at is not None:
        return False, desk.say("invite.used")
    if invitation.expires_at <= desk.now:
        return False, desk.say("invite.expired")
    refused = _become(desk, invitation) if invitation.person_id is not None else _take(desk, invitation)
    if refused:
        return False, refused
    invitation.used_at, invitation.used_by = desk.now, desk.person.id
    return True, desk.say("invite.taken")


def _take(desk: Desk, invitation: Invitation) -> str | None:
    """The role, or why not."""
    session, person = desk.session, desk.person
    grid = session.get(Grid, invitation.grid_id) if invitation.grid_id else None
    unit = session.get(Unit, invitation.unit_id) if invitation.unit_id else None
    rank = Rank(invitation.rank or "")
    if hold(desk, person, rank, grid, unit) is None:
        return desk.say("invite.held")
    if invitation.name and person.source == CHAT:
        person.name = invitation.name
    return None


def _become(desk: Desk, invitation: Invitation) -> str | None:
    """The account that speaks is that of a person of the file; or why not."""
    mine, address = desk.account
    meant = desk.session.get_one(Person, invitation.person_id)
    if mine.id == meant.id:
        return desk.say("invite.held")
    if mine.key is not None and not mine.gone:
        return desk.say("invite.somebody", name=mine.name)
    outbox.unroute(desk.session, desk.id_of(mine), desk.chat_id)
    address.person_id, invitation.address_id = desk.id_of(meant), address.id
    desk.roles_changed()
    return None


# -- taking back --------------------------------------------------------------------------------------------------


@command("dismiss", ranks=SENIOR)
def dismiss(desk: Desk, words: str) -> Reply | None:
    """免去 某人 [网格员] [3号楼]: what was given in chat; the open cases go to the next at once."""
    who, rank, where = _sorted(desk, words)
    first, _, rest = who.partition(" ") if rank is None else (who, "", where)
    where = rest or where
    if not first and not desk.said.named and not desk.said.quoted:
        raise Sorry(desk.say("dismiss.how"))
    person = _meant(desk, first, lambda key: f"/dismiss {key} {rank or ''}".strip())
    if person is None:
        raise Sorry(desk.say("posts.nobody", name=first[:20]))
    roles = _takeable(desk, person, rank, where)
    if len(roles) > 1:
        choices = [
            Button(_named(desk, role), f"/dismiss {posts.handle(person)} {role.rank} {_key(desk, role)}")
            for role in roles
        ]
        return aside(desk, desk.say("dismiss.which", name=person.name), choices)
    return aside(desk, _take_back(desk, person, roles[0]))


def _takeable(desk: Desk, person: Person, rank: Rank | None, where: str) -> list[Role]:
    held = [
        role
        for role in people.roles(desk.session, person)
        if rank in {None, role.rank} and (not where or where in {_key(desk, role), posts.place_of(desk, role)})
    ]
    if not held:
        raise Sorry(desk.say("dismiss.none", name=person.name))
    made_here = [role for role in held if role.source == CHAT]
    if not made_here:
        raise Sorry(desk.say("dismiss.file", name=person.name))
    mine = [role for role in made_here if posts.may_give(desk, role.rank, _path(desk, role))]
    if not mine:
        raise Sorry(desk.say("posts.not_yours", grid=posts.place_of(desk, made_here[0])))
    return mine


def _path(desk: Desk, role: Role) -> str | None:
    grid = desk.session.get(Grid, role.grid_id) if role.grid_id else None
    return grid.path if grid else None


def _key(desk: Desk, role: Role) -> str:
    path = _path(desk, role)
    return grids.last_key(path) if path else desk.session.get_one(Unit, role.unit_id).key


def _named(desk: Desk, role: Role) -> str:
    return f"{posts.place_of(desk, role)} {desk.say(f'rank.{role.rank}')}"


def _take_back(desk: Desk, person: Person, role: Role) -> str:
    duty = {"place": posts.place_of(desk, role), "rank": desk.say(f"rank.{role.rank}")}
    speaker = desk.person
    role.gone = True
    if not any(one.rank in SENIOR for one in people.roles(desk.session, person)):
        invitations.withdraw(desk.session, desk.id_of(person), at=desk.now)
    if not people.roles(desk.session, person):
        leave.call_off_all(desk, person)
    desk.roles_changed()
    gone = list(passed_on(desk, sorted(succession.left_behind(desk.session, person))))
    if reached(desk, person) and person.id != speaker.id:
        desk.write(Purpose.TELL, desk.say("dismiss.told", who=speaker.name, **duty), person_id=person.id)
    return "".join([desk.say("dismiss.done", name=person.name, **duty), *gone])


def passed_on(desk: Desk, numbers: Iterable[int]) -> Iterable[str]:
    """Hands over what a lead left behind; a sentence for each new lead."""
    moved = [(number, names) for number in numbers if (names := succession.hand_over(desk, number))]
    for lead in dict.fromkeys(names[1] for _, names in moved):
        listed = " ".join(f"#{number}" for number, names in moved if names[1] == lead)
        yield desk.say("dismiss.cases", numbers=listed, lead=lead)
