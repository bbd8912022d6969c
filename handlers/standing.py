"""Where the bot stands: let into a chat, kept out of it, stopped by a person."""

from handlers.desk import Desk
from handlers.message import Standing
from storage import grids, people
from storage.grids import Grid
from storage.outbox import Purpose
from storage.people import Person


def changed(desk: Desk, standing: Standing) -> None:
    """What a chat's letters and its people have to know of it."""
    if desk.chat is not None:
        desk.chat.shut_at = None if standing.is_here else desk.chat.shut_at or desk.now
    if standing.private:
        _person(desk, standing)
    elif standing.is_here and not standing.was_here and not _bound(desk):
        _unbound(desk, standing)
    elif standing.was_here and not standing.is_here and _bound(desk):
        _put_out(desk)


def _bound(desk: Desk) -> bool:
    return desk.chat is not None and (desk.chat.grid_id is not None or desk.chat.of_unit)


def _met(desk: Desk, standing: Standing) -> Person | None:
    found = people.at_address(desk.session, standing.chat.platform, standing.chat.account, standing.sender.user)
    return found[0] if found else None


def _person(desk: Desk, standing: Standing) -> None:
    """Who stops the bot cannot be reached; who lets it back in can."""
    if person := _met(desk, standing):
        person.unreachable_at = None if standing.is_here else desk.now


def _unbound(desk: Desk, standing: Standing) -> None:
    """Nothing is said in a group nobody bound; whoever added the bot gets one line, if they ever wrote to it."""
    person = _met(desk, standing)
    if person and people.private_chat(desk.session, desk.id_of(person)):
        text = desk.say("standing.unbound", bot=desk.house.bot_name, chat=":".join(standing.chat))
        desk.write(Purpose.TELL, text, person_id=person.id)


def _put_out(desk: Desk) -> None:
    """The first of the grid's chain who can be reached is told, in daytime."""
    bound = desk.session.get(Grid, desk.here.grid_id) if desk.here.grid_id is not None else None
    for person in people.chain(desk.session, bound or grids.root(desk.session)):
        if person.unreachable_at is None and people.private_chat(desk.session, desk.id_of(person)):
            text = desk.say("standing.put_out", bot=desk.house.bot_name, title=desk.here.title)
            desk.write(Purpose.TELL, text, person_id=person.id, at=desk.house.awake(desk.now))
            return
