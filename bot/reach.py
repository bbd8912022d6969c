"""What `gridbot check` says of reaching people and Telegram, a sentence each; what cannot be asked is said, too."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session
from telegram.error import TelegramError

from bot.config import PersonEntry, Settings
from bot.platforms.telegram import BadToken, Telegram
from bot.run import WRONG_TOKEN, CannotRun
from storage import people
from storage.chats import ChatKey
from storage.database import Database

T = TypeVar("T")


def unreached(settings: Settings) -> list[str]:
    """Who works here and would get nothing, as far as the database knows; nothing while there is none."""
    try:
        return _asked(settings, lambda session: list(out_of_reach(session, settings.people)), [])
    except SQLAlchemyError as error:
        kind = type(error).__name__
        return [f"the database cannot be asked who was reached ({kind}); gridbot migrate prepares it"]


def invited(settings: Settings) -> set[str]:
    """The keys of people of the file who have an account in the database, by an invitation if not by the file."""
    keys = [entry.key for entry in settings.people]
    try:
        return _asked(settings, lambda session: {key for key in keys if people.accounts(session, key)}, set())
    except SQLAlchemyError:
        return set()


def _asked(settings: Settings, ask: Callable[[Session], T], nothing: T) -> T:
    """What the database answers; `nothing` while there is none."""
    database = Database(settings.database.url.get_secret_value())
    file = database.url.database
    try:
        if database.is_sqlite and not (file and Path(file).exists()):
            return nothing
        with database.transaction() as session:
            return ask(session)
    finally:
        database.close()


def out_of_reach(session: Session, entries: tuple[PersonEntry, ...]) -> Iterator[str]:
    for entry in entries:
        found = [people.at_address(session, *ChatKey.parse(account)) for account in entry.accounts]
        known = [one for one in found if one] + people.accounts(session, entry.key)
        if any(person.unreachable_at is None and people.private_chat(session, person.id or 0) for person, _ in known):
            continue
        if any(address.chat_id for _, address in known):
            yield f"people.{entry.key}: {entry.name} stopped the bot; ask them to unblock it and press Start"
        elif entry.accounts:
            yield f"people.{entry.key}: {entry.name} never wrote to the bot; ask them to open it and press Start"


async def greeted(platform: Telegram) -> str:
    """What Telegram answers. CannotRun if it does not know the token."""
    try:
        me = await platform.greet()
    except BadToken:
        raise CannotRun(WRONG_TOKEN) from None
    except TelegramError as error:
        return f"Telegram cannot be reached from here ({type(error).__name__}), so the token was not verified"
    finally:
        await platform.close()
    if me.can_read_all_group_messages:
        return f"Telegram knows the token of @{me.username}; privacy mode is off, so it hears every group it is in"
    return (
        f"Telegram knows the token of @{me.username}; privacy mode is on, so it hears only groups where it is "
        "administrator (or send /setprivacy to @BotFather, then add it to each group anew)"
    )
