"""`gridbot notice`: a notice from the command line: what it would do, and how far it has come."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import sleep

from sqlmodel import Session

from bot import clock
from bot.app import App
from bot.config import Settings
from handlers import aims, announcing, notices
from handlers.desk import Desk, Sorry
from storage import notices as rows
from storage.database import Database
from storage.notices import Notice, Progress

LOOK = 0.5  # seconds between two looks at how far it has come
SILENT = 20.0  # seconds without a letter leaving: nobody seems to send


class Refused(Exception):  # noqa: N818 (what the bot would say)
    """The place, the time or the words will not do; the text says why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a notice will be: its text, its groups, how long it takes and when it begins."""

    number: int
    text: str
    groups: tuple[str, ...]
    takes: str
    when: str


def plan(
    settings: Settings, database: Database, words: str, *, to: str, at: str | None, urgent: bool, pin: bool, keep: bool
) -> Plan:
    """With `keep` it is put down for the running bot to say; without, nothing is changed. Raises Refused."""
    bot = App(settings, database, [], clock.now)
    try:
        with database.transaction() as session:
            made = _made(bot.desk(session), session, words, to=to, at=at, urgent=urgent, pin=pin)
            if not keep:
                session.rollback()
            return made
    except Sorry as sorry:
        raise Refused(sorry.text) from None
    finally:
        bot.lanes.close()


def _made(desk: Desk, session: Session, words: str, *, to: str, at: str | None, urgent: bool, pin: bool) -> Plan:
    desk.speak_for_the_office()
    found = aims.find(desk, to)
    notice = announcing.publish(desk, words, found, at=at, urgent=urgent, pin=pin)
    groups = rows.groups(session, found)
    when = desk.say.when(notice.next_at or desk.now, desk.now)
    text = notices.body(desk, notice)
    return Plan(notice.number, text, tuple(chat.title for chat in groups), announcing.takes(desk, found), when)


def watch(database: Database, number: int) -> Iterator[Progress]:
    """How far it has come, again and again until no letter waits; ends, too, when nothing leaves any more."""
    last, idle = None, 0.0
    while idle < SILENT:
        with database.transaction() as session:
            notice = session.get_one(Notice, number)
            progress = rows.progress(session, notice) if notice.began_at else Progress(0, 0, 0, 0)
            over = notice.began_at is not None and not (progress.waiting or notice.sent_through)
        yield progress
        if over:
            return
        idle = idle + LOOK if progress == last else 0.0
        last = progress
        sleep(LOOK)
