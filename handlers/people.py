"""Meeting people: the first words in private, and help by role."""

import re
from collections.abc import Callable
from functools import partial

from handlers import access, cards, mine, roles
from handlers.aside import CASE, OWN, aside
from handlers.desk import Desk
from handlers.message import Reply
from handlers.router import COMMANDS, Command, command
from storage import invitations
from storage.outbox import Purpose
from storage.people import STAFF

CAUGHT_UP = 10  # cards at once; the list has them all


@command("start", hidden=True)
def start(desk: Desk, words: str) -> Reply | None:
    """From now on this person can be reached alone. `words` may be the code of a link: it brings what they wanted.

    The code of an invitation gives them a post. A worker gets the cards of what waited for them.
    """
    if not desk.here.private:
        return aside(desk, _greeting(desk))
    if invitations.is_code(words):
        desk.person.unreachable_at = None  # they can be reached, whatever becomes of the code
        taken, word = roles.take_up(desk, words)
        if not taken:
            return Reply(word)
        desk.write(Purpose.ANSWER, word, chat_id=desk.chat_id)
    wanted = _wanted(desk, words)
    waiting = access.mine_to_work(desk)[:CAUGHT_UP] if desk.is_staff else []
    if not (wanted or waiting):
        return Reply(_greeting(desk))
    desk.write(Purpose.ANSWER, _greeting(desk), chat_id=desk.chat_id)
    for case in waiting:
        cards.catch_up(desk, case)
    return wanted() if wanted else None


def _wanted(desk: Desk, code: str) -> Callable[[], Reply | None] | None:
    """What a code of aside.py brings back; None where there is nothing this person may see."""
    if code == OWN:
        return partial(mine.todo if desk.is_staff else mine.my, desk, "")
    number = re.fullmatch(rf"{CASE}(\d{{1,9}})", code, re.ASCII)
    if number is None or not access.exists(desk, int(number[1])):
        return None
    return partial(mine.status, desk, access.case_for(desk, int(number[1]), access.may_see), "")


def _greeting(desk: Desk) -> str:
    person = desk.person
    duties = "、".join(dict.fromkeys(desk.say(f"rank.{post.rank}") for post in desk.posts))
    house = {"bot": desk.house.bot_name, "community": desk.house.community}
    if duties:
        return desk.say("start.staff", name=person.name, duties=duties, **house)
    return desk.say("start.resident", **house)


@command("id", hidden=True)
def identify(desk: Desk, words: str) -> Reply | None:  # noqa: ARG001 (the interface)
    """The speaker's account as the configuration writes it."""
    account = ":".join((*desk.said.chat[:2], desk.said.sender.user))
    return aside(desk, desk.say("id.account", account=account))


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
