"""Meeting people: the first words in private, and help by role."""

from handlers.aside import aside
from handlers.desk import Desk
from handlers.message import Reply
from handlers.router import COMMANDS, Command, command
from storage.people import STAFF


@command("start", hidden=True)
def start(desk: Desk, words: str) -> Reply | None:  # noqa: ARG001 (the interface)
    """From now on this person can be reached alone."""
    person = desk.person
    duties = "、".join(dict.fromkeys(desk.say(f"rank.{post.rank}") for post in desk.posts))
    house = {"bot": desk.house.bot_name, "community": desk.house.community}
    if duties:
        return aside(desk, desk.say("start.staff", name=person.name, duties=duties, **house))
    return aside(desk, desk.say("start.resident", **house))


@command("help")
def help_(desk: Desk, words: str) -> Reply | None:  # noqa: ARG001
    """Only what this person may do, a line each."""
    staff = bool(STAFF & {post.rank for post in desk.posts})
    lines = [desk.say("help.staff" if staff else "help.resident", bot=desk.house.bot_name)]
    lines += [
        _line(desk, chosen) for chosen in COMMANDS.values() if not chosen.hidden and (staff or not chosen.for_staff)
    ]
    return aside(desk, "\n".join(lines))


def _line(desk: Desk, chosen: Command) -> str:
    name = desk.say(f"command.{chosen.name}.names").split()[0]
    return desk.say("help.line", names=name, name=chosen.name, text=desk.say(f"command.{chosen.name}.help"))
