"""How an answer is said: a toast, a nod, a letter here or alone. Among residents it spends the group's budget."""

from handlers import access
from handlers.aside import among_residents, can_be_alone
from handlers.desk import Desk
from handlers.message import Reply
from handlers.router import COMMANDS
from storage.outbox import Purpose
from storage.requests import Request

TOAST = 180  # characters that fit beside a pressed button
PAUSES = "\n。;,: "  # where a text may be cut


def answer(desk: Desk, reply: Reply | None, *, refused: bool = False) -> str | None:
    """Says it; returns the toast that rides on a button's call. `refused`: nothing was done, a nod would be a lie."""
    if reply is None:
        return None
    if desk.asking and not desk.said.private:
        return _question(desk, reply)
    fits = len(reply.text) <= TOAST and not reply.buttons and not desk.asking  # a question stands until it is answered
    if desk.said.pressed and (fits or (refused and not desk.said.private)):
        return _beside_the_button(desk, reply, fits=fits)
    if reply.nod and not desk.said.private and not reply.buttons:
        _nod(desk)
        return None
    return _letter(desk, reply, refused=refused)


def _beside_the_button(desk: Desk, reply: Reply, *, fits: bool) -> str:
    """A refusal is never a message in the group; what does not fit beside the button is said alone."""
    if not fits and can_be_alone(desk):
        _write_alone(desk, reply)
    return short(reply.text)


def _letter(desk: Desk, reply: Reply, *, refused: bool) -> str | None:
    """Here while there is room; else alone; who cannot be reached alone is not answered an hour late."""
    ones_own = refused and reply.buttons and can_be_alone(desk)  # a choice among their cases is nobody else's
    if not among_residents(desk) or (not ones_own and (_outside_budget(desk, reply) or desk.has_room)):
        _here(desk, reply)
        return None
    if can_be_alone(desk):
        return _alone(desk, reply)
    if desk.said.pressed:
        return short(reply.text)
    if not refused:
        _nod(desk)
    return None


def short(text: str) -> str:
    """Cut to fit a toast, at a pause of the speech if there is one in its second half."""
    if len(text) <= TOAST:
        return text
    kept = text[: TOAST - 1]
    end = max(kept.rfind(mark) for mark in PAUSES)
    return f"{kept[:end] if end > TOAST // 2 else kept}…"


def _here(desk: Desk, reply: Reply) -> None:
    desk.write(
        Purpose.ANSWER,
        reply.text,
        chat_id=desk.chat_id,
        case=_case(desk, reply),
        buttons=reply.buttons,
        reply_to=None if desk.said.private else desk.said.message,
        spoken=among_residents(desk) and not _outside_budget(desk, reply),
    )


def _alone(desk: Desk, reply: Reply) -> str | None:
    _write_alone(desk, reply)
    if desk.said.pressed:
        return desk.say("aside.sent")
    _nod(desk)
    return None


def _write_alone(desk: Desk, reply: Reply) -> None:
    case = _case(desk, reply)
    desk.write(Purpose.ANSWER, reply.text, person_id=desk.person.id, case=case, buttons=reply.buttons)


def _nod(desk: Desk) -> None:
    desk.nod(desk.chat_id, desk.said.message, desk.say("reaction.nod"))


def _case(desk: Desk, reply: Reply) -> Request | None:
    return desk.session.get(Request, reply.about) if reply.about else None


def _outside_budget(desk: Desk, reply: Reply) -> bool:
    case = _case(desk, reply)
    return case is not None and case.urgent


# -- open questions -----------------------------------------------------------------------------------------------


def _question(desk: Desk, reply: Reply) -> str | None:
    """An open question is put alone where it can be answered alone. In a group it stands as a message to reply to."""
    if among_residents(desk) and can_be_alone(desk) and (_same_alone(desk) or not desk.has_room):
        desk.ask_alone()
        return _alone(desk, reply)
    if among_residents(desk) and not desk.has_room:
        return _how_to_type(desk)
    message = desk.said
    desk.write(
        Purpose.ANSWER,
        desk.say("ask.here", who=message.sender.name, text=reply.text),
        chat_id=desk.chat_id,
        buttons=reply.buttons,
        reply_to=message.quoted.message if message.pressed and message.quoted else message.message,
        spoken=among_residents(desk),
    )
    return None


def _same_alone(desk: Desk) -> bool:
    """Whether the answer does the same in the private chat. A report belongs to the group it is made in."""
    name, number = _asked(desk)
    case = desk.session.get(Request, int(number)) if number else None
    return access.may_see(desk, case) if case else COMMANDS[name].for_staff


def _how_to_type(desk: Desk) -> str | None:
    """No room for a question and no way to put it alone: the whole command needs none."""
    name, number = _asked(desk)
    desk.answered()
    verb = desk.say(f"command.{name}.names").split()[0]
    return desk.say("ask.type", command=f"{verb} {number}".strip()) if desk.said.pressed else None


def _asked(desk: Desk) -> tuple[str, str]:
    """The command that waits for words, and the number of its case if it is about one."""
    name, _, rest = desk.asking.removeprefix("/").partition(" ")
    return name, rest.split(" ")[0] if COMMANDS[name].right else ""
