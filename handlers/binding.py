"""What is bound to a grid by a word: a group, from within it, and the flat somebody lives in."""

from handlers import posts
from handlers.aside import aside, must_be_alone
from handlers.desk import Desk, Sorry
from handlers.message import Reply
from handlers.posts import SENIOR
from handlers.router import BIND, command
from nlp.places import find
from storage.follow import CHAT, FILE
from storage.grids import Grid
from storage.outbox import Purpose


@command(BIND, ranks=SENIOR)
def bind_group(desk: Desk, words: str) -> Reply | None:
    """绑群 3号楼, said in the group: from now on it is listened to. 绑群 无 takes it back."""
    _must_be_ours_to_bind(desk)
    if not words:
        raise Sorry(desk.say("group.how"))
    if words in desk.say("bind.none").split():
        return unbind_group(desk, "")
    found = posts.grids_named(desk, words, lambda grid: posts.may_lead(desk, grid.path))
    if len(found) > 1:
        choices = posts.grid_choices(desk, found, lambda key: f"/{BIND} {key}")
        return Reply(desk.say("posts.which_grid", name=words[:20]), choices)
    grid = found[0]
    if desk.here.grid_id == grid.id:
        raise Sorry(desk.say("group.already", grid=grid.name))
    desk.here.grid_id, desk.here.source = grid.id, CHAT
    desk.here.title = desk.said.title or desk.here.title
    desk.roles_changed()
    text = desk.say("group.bound", bot=desk.house.bot_name, grid=grid.name)
    desk.write(Purpose.ANSWER, text, chat_id=desk.chat_id)  # for everybody there, also if a button chose the grid
    return None


@command("unbindgroup", ranks=SENIOR)
def unbind_group(desk: Desk, words: str) -> Reply:  # noqa: ARG001 (the interface)
    """解绑, said in the group: nothing is heard there any more."""
    _must_be_ours_to_bind(desk)
    if desk.here.grid_id is None:
        raise Sorry(desk.say("group.unbound"))
    desk.here.grid_id, desk.here.source = None, CHAT
    desk.roles_changed()
    return Reply(desk.say("group.released", bot=desk.house.bot_name))


def _must_be_ours_to_bind(desk: Desk) -> None:
    """In a group, one the file does not name, and no other's."""
    here = desk.here
    if here.private:
        raise Sorry(desk.say("group.only_there"))
    if here.of_unit or (here.grid_id is not None and here.source == FILE):
        raise Sorry(desk.say("group.file"))
    grid = desk.session.get(Grid, here.grid_id) if here.grid_id is not None else None
    if grid and not posts.may_lead(desk, grid.path):
        raise Sorry(desk.say("posts.not_yours", grid=grid.name))


@command("bind")
def bind_flat(desk: Desk, words: str) -> Reply | None:
    """绑定 3-2-501: where the speaker can be found. It gives no right."""
    if not words:
        return aside(desk, _now(desk))
    must_be_alone(desk)  # a flat is nothing for a group
    if words in desk.say("bind.none").split():
        desk.person.flat = None
        return aside(desk, desk.say("bind.cleared"))
    flat = next((place for place in find(words) if place.endswith("室")), None)
    if flat is None:
        raise Sorry(desk.say("bind.unread", words=words[:20]))
    desk.person.flat = flat
    return aside(desk, desk.say("bind.done", flat=flat))


def _now(desk: Desk) -> str:
    flat = desk.person.flat
    return desk.say("bind.now", flat=flat) if flat else desk.say("bind.how")
