"""`gridbot restore`: an archive is proven first, brought back beside, and put in place at once or not at all."""

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from bot import archive, dump
from bot.archive import Manifest, Unusable
from bot.config import Settings
from bot.dump import DumpFailed, Taken
from bot.run import CannotRun, only_one
from bot.store import PART
from storage import chores, outbox
from storage.database import Database, revisions

BESIDE = ("", "-wal", "-shm")  # the files of an SQLite database


class CannotRestore(Exception):  # noqa: N818 (the sentence the operator reads)
    """Why nothing was restored; nothing has changed."""


@dataclass(frozen=True)
class Restored:
    """`aside`: where the SQLite database lies that was there before."""

    manifest: Manifest
    files: int
    aside: Path | None


def restore(settings: Settings, file: Path, *, replace: bool, at: datetime) -> Restored:
    """CannotRestore, and nothing has changed."""
    database = Database(settings.database.url.get_secret_value())
    try:
        with ExitStack() as held:
            restored = _restore(settings, database, file, replace=replace, at=at, held=held)
            database.migrate()
            with database.transaction() as session:
                outbox.doubt(session)
                chores.done(session, chores.RESTORE, at=at, told=file.name)
        return restored
    finally:
        database.close()


def _restore(
    settings: Settings, database: Database, file: Path, *, replace: bool, at: datetime, held: ExitStack
) -> Restored:
    try:
        manifest = archive.verified(file)
        _fits(manifest, database)
        held.enter_context(only_one(database))
        if not database.is_sqlite:
            held.enter_context(dump.alone_on(database))
        there = _rows(database)
        if there and not replace:
            raise CannotRestore(f"the database is not empty ({_told(there)}): --replace puts the backup in its place")
        aside = f"before-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        return _bring(Place(database, settings.media.folder, there, aside), file, manifest)
    except (Unusable, DumpFailed, CannotRun) as why:
        raise CannotRestore(str(why)) from None
    except SQLAlchemyError as error:
        raise CannotRestore(f"the database cannot be reached ({type(error).__name__})") from None
    except OSError as error:
        raise CannotRestore(f"{error.filename or settings.media.folder}: {error.strerror}") from None


def _fits(manifest: Manifest, database: Database) -> None:
    here = "sqlite" if database.is_sqlite else "postgresql"
    if manifest.kind != here:
        raise CannotRestore(f"this is a backup of {manifest.kind}, and database.url names {here}")
    if manifest.revision not in revisions():
        raise CannotRestore(
            f"this backup was made by gridbot {manifest.gridbot} (migration {manifest.revision}), which is newer: "
            "install that version first"
        )


def _rows(database: Database) -> dict[str, int]:
    """How many rows there are in each table that has any; the first thing an empty database gets is its tables."""
    if database.is_sqlite:
        file = dump.sqlite_file(database)
        if not file.exists():
            return {}
    try:
        with database.engine.connect() as connection:
            tables = [name for name in inspect(connection).get_table_names() if name != dump.VERSION]
            counts = {name: dump.count(connection, name) for name in tables}
    except SQLAlchemyError:
        if not database.is_sqlite:
            raise
        return {"unreadable": 1}
    finally:
        if database.is_sqlite:
            database.close()  # nobody may have the file open while it is put aside
    return {name: count for name, count in counts.items() if count}


def _told(there: dict[str, int]) -> str:
    if "unreadable" in there:
        return "it cannot even be read"
    return f"{there.get('request', 0)} cases, {there.get('person', 0)} people"


@dataclass(frozen=True)
class Place:
    """Where it goes: what is `there` now, and what an SQLite file is called once it is put `aside`."""

    database: Database
    media: Path
    there: dict[str, int]
    aside: str


def _bring(place: Place, file: Path, manifest: Manifest) -> Restored:
    folder = dump.sqlite_file(place.database).resolve().parent if place.database.is_sqlite else None
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    with tempfile.TemporaryDirectory(prefix=".gridbot-restore-", dir=folder) as scratch:
        copy = Path(scratch) / manifest.database
        archive.take_out(file, manifest.database, copy)
        try:
            _bring_files(place.media, file, written)
            aside = _swap(place, copy, manifest)
        except BaseException:
            for path in written:
                path.unlink(missing_ok=True)
            raise
    return Restored(manifest, len(written), aside)


def _bring_files(folder: Path, file: Path, written: list[Path]) -> None:
    """Those that are not there; a file's name is the hash of what is in it, so nothing is overwritten."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, content in archive.media(file):
        path = folder / name[:2] / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            written.append(path)
            part = path.with_name(f"{name}{PART}")
            part.write_bytes(content)
            part.replace(path)


def _swap(place: Place, copy: Path, manifest: Manifest) -> Path | None:
    """Returns where the old database lies now, if it was put aside."""
    taken = Taken(manifest.revision, manifest.rows, [], manifest.place)
    if not place.database.is_sqlite:
        dump.bring_postgres(place.database, copy, taken, instead_of=place.there)
        return None
    found = dump.look_into(copy)
    if (found.revision, found.rows) != (manifest.revision, manifest.rows):
        raise CannotRestore("the database of this backup is not what its manifest says")
    target = dump.sqlite_file(place.database)
    aside = target.with_name(f"{target.name}.{place.aside}") if place.there else None
    for end in BESIDE:  # the log of the old one must never be read into the new
        old = target.with_name(f"{target.name}{end}")
        if old.exists() and aside:
            old.replace(aside.with_name(f"{aside.name}{end}"))
        else:
            old.unlink(missing_ok=True)
    copy.replace(target)
    return aside
