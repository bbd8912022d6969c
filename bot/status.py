"""`gridbot status`: what waits, what failed, who cannot be reached, the last backup; numbers and names, no words."""

import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from bot import reach
from bot.config import Settings
from bot.run import CannotRun, only_one, platforms_of
from storage import chores, health
from storage.database import Database, Seat, revisions

LETTER_LATE = timedelta(minutes=15)  # a letter that may leave and has not: the bot does not run, or nothing gets out
FILE_LATE = timedelta(hours=1)
NIGHT_LATE = timedelta(days=2)  # the bot stood still for two nights
BACKUP_OLD = timedelta(days=2)
DAY = timedelta(days=1)
ROOM = 1024**3  # bytes free on the disk


@dataclass
class Status:
    """`attention`: a sentence for each thing somebody should look after; `facts`: numbers by their subject."""

    facts: dict[str, Any] = field(default_factory=dict)
    attention: list[str] = field(default_factory=list)

    @property
    def well(self) -> bool:
        return not self.attention

    def as_json(self) -> str:
        whole = {"well": self.well, "attention": self.attention, **self.facts}
        return json.dumps(whole, ensure_ascii=False, indent=1, default=_plain)

    def as_text(self) -> str:
        lines = [f"{subject:<12} {_told(fact)}" for subject, fact in self.facts.items()]
        return "\n".join(
            [*lines, *(f"! {sentence}" for sentence in self.attention), "well" if self.well else "not well"]
        )


def _plain(value: Any) -> Any:
    return int(value.total_seconds()) if isinstance(value, timedelta) else str(value)


def _told(fact: Any) -> str:
    if isinstance(fact, dict):
        return ", ".join(f"{name.replace('_', ' ')} {_told(value)}" for name, value in fact.items()) or "none"
    if isinstance(fact, timedelta):
        return span_told(fact)
    if isinstance(fact, datetime):
        return f"{fact:%F %T} UTC"
    return "none" if fact is None else str(fact)


def span_told(span: timedelta) -> str:
    """The largest unit that says it: "40 s", "12 min", "5 h", "3 days"."""
    seconds = max(int(span.total_seconds()), 0)
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def bytes_told(size: float) -> str:
    for unit in ("B", "KB", "MB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} GB"


def status(settings: Settings, *, at: datetime) -> Status:
    """Changes nothing. What cannot be found out is said, too."""
    found = Status()
    database = Database(settings.database.url.get_secret_value())
    try:
        if database.is_sqlite and not Path(str(database.url.database)).exists():
            found.attention.append("there is no database yet: gridbot migrate makes it")
            return found
        _bot(found, settings, database)
        if _migrated(found, database):
            with Session(database.engine) as session:  # closed without a commit
                _letters(found, session, at)
                _failures(found, session, at)
                _cases(found, session, at)
                _people(found, session, settings)
                _files(found, session, at)
                _chores(found, session, at)
    except SQLAlchemyError as error:
        found.attention.append(f"the database cannot be asked ({type(error).__name__})")
    finally:
        database.close()
    _disk(found, settings)
    return found


def _bot(found: Status, settings: Settings, database: Database) -> None:
    """Whether one runs: it holds the lock of an SQLite file, or the couriers' seats of a PostgreSQL database."""
    platforms = platforms_of(settings)
    found.facts["bot"] = "runs" if _runs(database, [(one.name, one.account) for one in platforms]) else "does not run"
    if not platforms:
        found.attention.append("no platform is configured, so nothing is heard")
    elif found.facts["bot"] != "runs":
        found.attention.append("the bot does not run")


def _runs(database: Database, platforms: list[tuple[str, str]]) -> bool:
    if not database.is_sqlite:
        return any(Seat(database, f"courier:{key}").is_taken() for key in platforms)
    try:
        with only_one(database):
            return False
    except CannotRun:
        return True


def _migrated(found: Status, database: Database) -> bool:
    newest = revisions()[0]
    with database.engine.connect() as connection:
        here, size = None, None
        with suppress(SQLAlchemyError):
            here = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        connection.rollback()
        if not database.is_sqlite:
            size = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
    size = size or Path(str(database.url.database)).stat().st_size
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    found.facts["database"] = {"kind": kind, "size": bytes_told(size), "migration": here}
    if here != newest:
        found.attention.append(f"the database is at migration {here}, this gridbot at {newest}: gridbot migrate")
    return here == newest


def _letters(found: Status, session: Session, at: datetime) -> None:
    waits = health.letters(session, at=at)
    found.facts["letters"] = {"waiting": waits.due, "oldest": waits.oldest, "for_later": waits.later}
    if waits.oldest and waits.oldest > LETTER_LATE:
        found.attention.append(f"letters wait since {span_told(waits.oldest)}: nothing gets out")
    uncertain = health.uncertain(session)
    found.facts["uncertain"] = uncertain
    found.attention += [
        f"notice {key}: nobody knows whether it reached {count} groups; the office was asked to send it again or not"
        for key, count in uncertain.items()
    ]


def _failures(found: Status, session: Session, at: datetime) -> None:
    """Letters that reach nobody are an everyday thing; a message that could not be handled never is."""
    found.facts["not sent"] = health.failed_letters(session, since=at - DAY)
    found.facts["not handled"] = health.failed_messages(session, since=at - DAY)
    found.attention += [
        f"{count} messages could not be handled in the last 24 hours ({kind}): the log says where"
        for kind, count in found.facts["not handled"].items()
    ]


def _cases(found: Status, session: Session, at: datetime) -> None:
    """Late cases are the office's affair, not this machine's."""
    found.facts["cases"] = health.cases(session, at=at)


def _people(found: Status, session: Session, settings: Settings) -> None:
    unreached = list(reach.out_of_reach(session, settings.people))
    found.facts["unreached"] = len(unreached)
    found.attention += unreached


def _files(found: Status, session: Session, at: datetime) -> None:
    wanted = health.files(session, at=at, since=at - DAY)
    found.facts["files"] = {"wanted": wanted.wanted, "oldest": wanted.oldest, **wanted.lost}
    if wanted.oldest and wanted.oldest > FILE_LATE:
        found.attention.append(f"files of cases could not be fetched since {span_told(wanted.oldest)}")


def _chores(found: Status, session: Session, at: datetime) -> None:
    seen = health.last_deliveries(session)
    found.facts["last heard"] = {f"{platform}:{account}": at - when for (platform, account), when in seen.items()}
    found.facts["backup"] = found.facts["retention"] = None
    found.attention += _backup(found, session, at)
    night = chores.find(session, chores.RETENTION)
    if night and night.done_at:
        found.facts["retention"] = {"ago": at - night.done_at}
    if night and night.due_at and at - night.due_at > NIGHT_LATE:
        found.attention.append(f"what is over was not forgotten since {span_told(at - night.due_at)}")


def _backup(found: Status, session: Session, at: datetime) -> Iterator[str]:
    last = chores.find(session, chores.BACKUP)
    if last is None or last.done_at is None:
        yield "there was never a backup: gridbot backup"
        return
    age = at - last.done_at
    found.facts["backup"] = {"ago": age, "file": last.told}
    if age > BACKUP_OLD:
        yield f"the last backup is {span_told(age)} old"


def _disk(found: Status, settings: Settings) -> None:
    folder = settings.media.folder
    if not folder.exists():
        return
    free = shutil.disk_usage(folder).free
    found.facts["disk"] = {"free": bytes_told(free)}
    if free < ROOM:
        found.attention.append(f"the disk of {folder} has only {bytes_told(free)} left")
