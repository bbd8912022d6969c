"""Meeting people: the first words in private, and help by role."""

from handlers.desk import Desk
from handlers.message import Reply
from handlers.router import COMMANDS, command
from storage.people import Rank


@command("start", hidden=True)
def start(desk: Desk, words: str) -> Reply:  # noqa: ARG001 (the interface)
    """From now on this person can be reached alone."""
    person = desk.person
    duties = "、".join(dict.fromkeys(desk.say(f"rank.{post.rank}") for post in desk.posts))
    house = {"bot": desk.house.bot_name, "community": desk.house.community}
    greeting = (
        desk.say("start.staff", name=person.name, duties=duties, **house)
        if duties
        else desk.say("start.resident", **house)
    )
    return Reply(greeting)


@command("help")
def help_(desk: Desk, words: str) -> Reply:  # noqa: ARG001
    """Only what this person may do, a line each."""
    ranks: set[Rank] = {post.rank for post in desk.posts}
    lines = [desk.say("help.staff" if ranks else "help.resident", bot=desk.house.bot_name)]
    for chosen in COMMANDS.values():
        if not chosen.hidden and (not chosen.for_staff or ranks):
            lines.append(
                desk.say(
                    "help.line",
                    names=desk.say(f"command.{chosen.name}.names").split()[0],
                    name=chosen.name,
                    text=desk.say(f"command.{chosen.name}.help"),
                )
            )
    return Reply("\n".join(lines))
