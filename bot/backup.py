"""`gridbot backup`: one file with the database and the files of cases, whole or not there, while the bot runs."""

import os
import re
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from bot import archive, dump
from bot.archive import Manifest, Writer
from bot.config import Settings
from bot.dump import DumpFailed, Taken
from bot.run import secrets_of
from bot.store import Store
from storage import chores
from storage.database import Database

NAME = re.compile(r"gridbot-\d{8}T\d{6}Z\.tar")
SCRATCH = ".gridbot-backup-"  # a folder beside the archives; one that is left over was broken off
LEFT_OVER = 24 * 3600  # seconds


class CannotBackUp(Exception):  # noqa: N818 (the sentence the operator reads)
    """Why there is no backup."""


@dataclass(frozen=True)
class Made:
    """`notes` are sentences about what is not as it should be."""

    file: Path
    manifest: Manifest
    notes: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()


def backup(
    settings: Settings, folder: Path, *, at: datetime, keep: int | None = None, config: Path | None = None
) -> Made:
    """Writes `gridbot-<UTC>.tar` into the folder; with `keep` only so many stay. CannotBackUp, and nothing is there."""
    database = Database(settings.database.url.get_secret_value())
    target = folder / f"gridbot-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}.tar"
    try:
        copied = _without_secrets(config, secrets_of(settings, database)) if config else None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(folder)
        if target.exists():
            raise CannotBackUp(f"{target} is there already")
        with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=folder) as scratch:
            manifest = _write(database, Store(settings.media.folder), Path(scratch), target, at=at, config=copied)
        notes = [*_missing(manifest), *_noted(database, target.name, at)]
        return Made(target, manifest, tuple(notes), tuple(_rotate(folder, keep)))
    except DumpFailed as why:
        raise CannotBackUp(str(why)) from None
    except OSError as error:
        raise CannotBackUp(f"{error.filename or folder}: {error.strerror}") from None
    finally:
        database.close()


def _without_secrets(config: Path, secrets: list[str]) -> bytes:
    text = config.read_bytes()
    if any(secret and secret.encode() in text for secret in secrets):
        raise CannotBackUp(f"{config} holds a password or a token, and a backup never does: set it in the environment")
    return text


def _write(
    database: Database, store: Store, scratch: Path, target: Path, *, at: datetime, config: bytes | None
) -> Manifest:
    """The files after the database, so that every row's file is there, or was erased meanwhile."""
    kind = "sqlite" if database.is_sqlite else "postgresql"
    copy, whole = scratch / archive.DATABASES[kind], scratch / target.name
    taken = dump.take(database, copy)
    with os.fdopen(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        writer = Writer(out)
        writer.add_file(copy.name, copy)
        missing = _add_files(writer, store, taken)
        if config is not None:
            writer.add_bytes(archive.CONFIG, config)
        manifest = Manifest(
            gridbot=version("gridbot"), made_at=at, kind=kind, place=taken.place, revision=taken.revision,
            rows=taken.rows, members=dict(writer.members), missing=tuple(missing),
        )  # fmt: skip
        writer.seal(manifest)
        out.flush()
        os.fsync(out.fileno())
    whole.replace(target)
    _on_the_disk(target.parent)
    return manifest


def _add_files(writer: Writer, store: Store, taken: Taken) -> list[str]:
    """Returns the digests of what is not in the folder, or not what its name says any more."""
    missing = []
    for digest, mime in taken.files:
        path = store.path(digest, mime)
        try:
            content = path.read_bytes()  # 20 MB at most
        except FileNotFoundError:
            missing.append(digest)
            continue
        if sha256(content).hexdigest() != digest:
            missing.append(digest)
            continue
        writer.add_bytes(f"media/{digest[:2]}/{path.name}", content)
    return missing


def _on_the_disk(folder: Path) -> None:
    """The name, too; Windows knows no such thing."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _missing(manifest: Manifest) -> list[str]:
    count = len(manifest.missing)
    return [f"{count} files of cases are not in the media folder, or damaged there"] if count else []


def _noted(database: Database, name: str, at: datetime) -> list[str]:
    """`gridbot status` tells the last backup; a database before its migration cannot note it."""
    try:
        with database.transaction() as session:
            chores.done(session, chores.BACKUP, at=at, told=name)
    except SQLAlchemyError as error:
        return [f"the backup is good, but the database could not note it ({type(error).__name__})"]
    return []


def _rotate(folder: Path, keep: int | None) -> list[str]:
    """Deletes all but the newest; only files of our own name."""
    ours = sorted(path for path in folder.iterdir() if path.is_file() and NAME.fullmatch(path.name))
    old = ours[:-keep] if keep else []
    for path in old:
        path.unlink()
    return [path.name for path in old]


def _sweep(folder: Path) -> None:
    """Takes away what a backup that was broken off left long ago."""
    for left in folder.glob(f"{SCRATCH}*"):
        if left.is_dir() and time.time() - left.stat().st_mtime > LEFT_OVER:
            shutil.rmtree(left, ignore_errors=True)
