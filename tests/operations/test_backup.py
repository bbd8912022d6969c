"""Backup and restore: whole or not at all, while the bot runs, on both databases."""

import io
import json
import os
import re
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from conftest import POSTGRES
from sqlalchemy import text
from sqlmodel import Session, func, select
from typer.testing import Result
from village import GROUP, Village

from bot import archive, backup, dump
from bot.run import only_one
from storage import chores
from storage.chats import Chat, ChatKey, find
from storage.database import Database, alembic_config
from storage.events import first_break
from storage.grids import Grid, Level
from storage.outbox import Letter, LetterState, Purpose
from storage.texts import Text, keep
from tests.operations.conftest import state, wipe

LIFT = "3号楼电梯又坏了,按了没反应"
Gridbot = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def lift(staffed: Village) -> Village:
    """A case with words and a photo."""
    staffed.says("王阿姨", LIFT, photos=1)
    staffed.presses("陈姐", "我家也是", at=GROUP)
    return staffed


@pytest.fixture
def saved(lift: Village, gridbot: Gridbot, folder: Path) -> Path:
    """The backup of that."""
    done = gridbot("backup", folder)
    assert done.exit_code == 0, done.output
    (file,) = folder.iterdir()
    return file


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dump, "PAUSE", 0.01)
    monkeypatch.setattr(dump, "LOOKS", 200)


def words(database: Database) -> list[str]:
    with database.transaction() as session:
        return [body for body in session.exec(select(Text.body)) if body]


# -- there and back -----------------------------------------------------------------------------------------------


def test_a_new_machine_has_everything_again(saved: Path, lift: Village, gridbot: Gridbot, tmp_path: Path) -> None:
    before, pictures = state(lift.database), sorted(path.name for path in (tmp_path / "media").rglob("*.*"))
    wipe(lift.database)
    (tmp_path / "media").rename(tmp_path / "burnt")
    done = gridbot("restore", saved)
    assert done.exit_code == 0, done.output
    assert "restored: 1 cases and 1 files as they were at 20" in done.output
    assert state(lift.database) == before
    assert sorted(path.name for path in (tmp_path / "media").rglob("*.*")) == pictures
    lift.restart(lift.stage.app.settings)
    lift.tells("张网格员", "接单 1")
    assert lift.case().state == "accepted"
    assert lift.look(lambda session: first_break(session, 1)) is None
    lift.says("李明", "5号楼路灯不亮")
    assert lift.case(2).title  # numbers go on where they were


def test_a_backup_is_one_file_for_its_owner_alone(saved: Path) -> None:
    assert re.fullmatch(r"gridbot-\d{8}T\d{6}Z\.tar", saved.name)
    assert saved.stat().st_mode & 0o777 == 0o600
    manifest = archive.verified(saved)
    assert (manifest.rows["request"], manifest.missing, len(manifest.media)) == (1, (), 1)
    assert manifest.made_at <= datetime.now(UTC)
    with tarfile.open(saved) as tar:
        text = tar.extractfile(archive.MANIFEST).read()  # type: ignore[union-attr]
        seal = tar.extractfile(archive.SEAL).read().decode()  # type: ignore[union-attr]
        for name, member in manifest.members.items():
            assert sha256(tar.extractfile(name).read()).hexdigest() == member.sha256  # type: ignore[union-attr]
    assert seal == f"{sha256(text).hexdigest()}  manifest.json\n"
    assert "电梯" not in text.decode()


def test_what_came_after_the_backup_is_put_aside(saved: Path, lift: Village, gridbot: Gridbot, tmp_path: Path) -> None:
    before = state(lift.database)
    lift.says("李明", "5号楼楼道堆满纸箱没人管")
    refused = gridbot("restore", saved)
    assert refused.exit_code == 1
    assert re.search(r"the database is not empty \(2 cases, \d+ people\): --replace", refused.output)
    assert "nothing was changed" in refused.output
    assert len(words(lift.database)) == 2
    done = gridbot("restore", saved, "--replace")
    assert done.exit_code == 0, done.output
    assert state(lift.database) == before
    if lift.database.is_sqlite:
        (aside,) = re.findall(r"is now (.*); delete", done.output)
        old = Database(f"sqlite:///{aside}")
        assert len(words(old)) == 2
        old.close()


def test_a_database_that_was_only_migrated_counts_as_empty(saved: Path, lift: Village, gridbot: Gridbot) -> None:
    before = state(lift.database)
    wipe(lift.database)
    assert gridbot("migrate").exit_code == 0
    done = gridbot("restore", saved)
    assert done.exit_code == 0, done.output
    assert state(lift.database) == before


def test_a_broken_sqlite_file_is_no_hindrance(saved: Path, lift: Village, gridbot: Gridbot) -> None:
    if not lift.database.is_sqlite:
        pytest.skip("a file of SQLite")
    before = state(lift.database)
    Path(str(lift.database.url.database)).write_bytes(b"the disk is full of dust" * 999)
    assert "it cannot even be read" in gridbot("restore", saved).output
    broken = gridbot("backup", saved.parent / "other")
    assert (broken.exit_code, list((saved.parent / "other").iterdir())) == (1, [])
    assert gridbot("restore", saved, "--replace").exit_code == 0
    assert state(lift.database) == before


def test_status_and_the_ledger_know_of_both(saved: Path, lift: Village, gridbot: Gridbot) -> None:
    def told(key: str) -> str:
        chore = lift.look(lambda session: chores.find(session, key))
        return chore.told if chore else "never"

    assert (told(chores.BACKUP), told(chores.RESTORE)) == (saved.name, "never")
    gridbot("restore", saved, "--replace")
    assert (told(chores.BACKUP), told(chores.RESTORE)) == ("never", saved.name)  # as the database was then


def test_a_waiting_notice_is_not_sent_again_unasked(lift: Village, gridbot: Gridbot, folder: Path) -> None:
    def notice(session: Session) -> None:
        chat = find(session, ChatKey("console", "main", GROUP))
        assert chat
        facts = {"chat_id": chat.id, "platform": "console", "account": "main", "text": "明天停水"}
        for purpose in (Purpose.NOTICE, Purpose.TELL):
            session.add(Letter(purpose=purpose, created_at=lift.clock.at, not_before=lift.clock.at, **facts))

    lift.look(notice)
    gridbot("backup", folder)
    (file,) = folder.iterdir()
    gridbot("restore", file, "--replace")
    states = lift.look(lambda session: dict(session.execute(select(Letter.purpose, Letter.state)
        .where(Letter.text == "明天停水")).all()))  # fmt: skip
    assert states == {Purpose.NOTICE: LetterState.SENDING, Purpose.TELL: LetterState.WAITING}


# -- one moment ---------------------------------------------------------------------------------------------------


def test_while_the_bot_writes_a_backup_is_one_moment(gridbot: Gridbot, database: Database, folder: Path) -> None:
    """Every transaction writes a text and a grid: in no backup is there one without the other."""
    stop, wrote = threading.Event(), threading.Event()

    def write() -> None:
        for number in range(100_000):
            if stop.is_set():
                return
            with database.transaction() as session:
                keep(session, f"第{number}句")
                session.add(Grid(key=f"g{number}", name="", level=Level.GRID, path=f"g{number}/", source="chat"))
            wrote.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        wrote.wait(10)
        moments = [datetime(2026, 11, 23, hour, tzinfo=UTC) for hour in range(4)]
        made = [backup.backup(_settings(folder), folder, at=at).manifest for at in moments]
    finally:
        stop.set()
        writer.join()
    for manifest in made:
        assert manifest.rows["text"] == manifest.rows["grid"] > 0
    assert len({manifest.rows["text"] for manifest in made}) > 1  # it did go on
    assert [archive.verified(file).rows for file in sorted(folder.iterdir())] == [one.rows for one in made]


def _settings(folder: Path):  # type: ignore[no-untyped-def]
    from bot.config import load  # noqa: PLC0415

    return load(folder.parent / "config.toml")


# -- what is refused ----------------------------------------------------------------------------------------------


def _altered(file: Path, content: bytes) -> Path:
    other = file.with_name("altered.tar")
    other.write_bytes(content)
    return other


def test_a_truncated_archive_is_refused_wherever_it_was_cut(saved: Path, lift: Village, gridbot: Gridbot) -> None:
    before, content = state(lift.database), saved.read_bytes()
    whole = len(content.rstrip(b"\0"))
    for length in {0, 1, 511, 512, 700, whole // 3, whole // 2, whole - 600, whole - 100, whole - 1}:
        refused = gridbot("restore", _altered(saved, content[:length]), "--replace")
        assert refused.exit_code == 1
        assert len(refused.output.splitlines()) == 2, refused.output
        assert "is not whole" in refused.output
    assert state(lift.database) == before


def test_an_altered_archive_is_refused(saved: Path, lift: Village, gridbot: Gridbot) -> None:
    before, content = state(lift.database), saved.read_bytes()
    with tarfile.open(saved) as tar:
        places = {info.name: (info.offset, info.offset_data, info.size) for info in tar}
    for header, data, size in places.values():
        for place in (header + 3, data, data + size // 2, data + size - 1):
            changed = bytearray(content)
            changed[place] ^= 1
            refused = gridbot("restore", _altered(saved, bytes(changed)), "--replace")
            assert refused.exit_code == 1, place
            assert len(refused.output.splitlines()) == 2, refused.output
    assert state(lift.database) == before


def _rebuilt(file: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """An archive whose members somebody changed with a tar program."""
    with tarfile.open(file) as tar:
        members = {info.name: tar.extractfile(info).read() for info in tar}  # type: ignore[union-attr]
    change(members)
    other = file.with_name("rebuilt.tar")
    with tarfile.open(other, "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name.removesuffix("#2"))
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return other


def _sealed(there: dict[str, bytes], **changes: object) -> None:
    manifest = {**json.loads(there[archive.MANIFEST]), **changes}
    there[archive.MANIFEST] = json.dumps(manifest).encode()
    there[archive.SEAL] = f"{sha256(there[archive.MANIFEST]).hexdigest()}  manifest.json\n".encode()


CHANGES: dict[str, tuple[str, Callable[[dict[str, bytes]], None]]] = {
    "a way out of the folder": ("holds what no backup", lambda members: members.update({"../../etc/passwd": b"x"})),
    "an absolute way": ("holds what no backup", lambda members: members.update({"/etc/passwd": b"x"})),
    "one more file": ("was added since", lambda members: members.update({f"media/ab/{'a' * 64}.jpg": b"x"})),
    "a file twice": ("is in it twice", lambda members: members.update({"manifest.json#2": b"{}"})),
    "a file less": ("is missing", lambda members: members.pop(next(name for name in members if "media" in name))),
    "no manifest": ("the manifest at its end is missing", lambda members: members.pop("manifest.json")),
    "another manifest": ("its manifest was altered", lambda members: members.update({"manifest.json": b"{}"})),
    "another form": ("was made by a newer gridbot", lambda members: _sealed(members, format=2)),
    "SQL for a name": ("was made by a newer gridbot", lambda members: _sealed(members, rows={"a; DROP TABLE b": 1})),
    "a newer migration": ("which is newer: install that version", lambda members: _sealed(members, revision="9999")),
    "no database": ("there is no database in it", lambda members: _sealed(members, members={}) or [
        members.pop(name) for name in list(members) if not name.startswith("manifest")]),
    "other counts": ("", lambda members: _sealed(members, rows={"request": 7})),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_an_archive_somebody_tampered_with_changes_nothing(
    saved: Path, lift: Village, gridbot: Gridbot, change: str, tmp_path: Path
) -> None:
    before = state(lift.database)
    pictures = sorted((tmp_path / "media").rglob("*.*"))
    for picture in pictures:
        picture.rename(tmp_path / picture.name)
    sentence, done = CHANGES[change]
    refused = gridbot("restore", _rebuilt(saved, done), "--replace")
    assert refused.exit_code == 1
    assert sentence in refused.output
    assert state(lift.database) == before
    assert list((tmp_path / "media").rglob("*.*")) == []  # no file of the archive was left there
    assert not list(tmp_path.rglob(".gridbot-*"))


def test_no_archive_is_one_sentence(gridbot: Gridbot, tmp_path: Path) -> None:
    assert "cannot be read (No such file or directory)" in gridbot("restore", tmp_path / "none.tar").output
    (tmp_path / "letter.tar").write_text("亲爱的居民们", encoding="utf-8")
    assert "is not whole, or no backup of gridbot" in gridbot("restore", tmp_path / "letter.tar").output
    with tarfile.open(tmp_path / "linked.tar", "w") as tar:
        info = tarfile.TarInfo("database.sqlite3")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(info)
    assert "holds what no backup of gridbot holds" in gridbot("restore", tmp_path / "linked.tar").output


def test_under_a_running_bot_nothing_is_restored(
    saved: Path, lift: Village, gridbot: Gridbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dump, "LOOKS", 2)
    before = state(lift.database)
    running = Database(lift.database.url.render_as_string(hide_password=False))
    with only_one(running), running.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        connection.rollback()
        refused = gridbot("restore", saved, "--replace")
    running.close()
    assert refused.exit_code == 1
    told = "another gridbot already runs on" if running.is_sqlite else "1 other connections use this database: stop"
    assert told in refused.output
    assert state(lift.database) == before


def test_a_backup_of_the_other_kind_is_refused(
    saved: Path, lift: Village, gridbot: Gridbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "postgresql://127.0.0.1/elsewhere" if lift.database.is_sqlite else "sqlite:///elsewhere.db"
    monkeypatch.setenv("GRIDBOT_DATABASE__URL", other)
    refused = gridbot("restore", saved)
    kind, here = ("sqlite", "postgresql") if lift.database.is_sqlite else ("postgresql", "sqlite")
    assert f"this is a backup of {kind}, and database.url names {here}" in refused.output
    assert not Path("elsewhere.db").exists()


def test_a_disk_that_fills_up_changes_nothing(
    saved: Path, lift: Village, gridbot: Gridbot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before, full = state(lift.database), OSError(28, "No space left on device", "gridbot.db")

    def fails(*_: object, **__: object) -> None:
        raise full

    monkeypatch.setattr(archive, "take_out", fails)
    assert "gridbot.db: No space left on device" in gridbot("restore", saved, "--replace").output
    monkeypatch.setattr(os, "fsync", fails)
    refused = gridbot("backup", saved.parent / "second")
    assert (refused.exit_code, list((saved.parent / "second").iterdir())) == (1, [])
    assert "No space left on device" in refused.output
    assert state(lift.database) == before


# -- the folder of backups ----------------------------------------------------------------------------------------


def test_only_so_many_are_kept_and_nothing_else_is_touched(lift: Village, gridbot: Gridbot, folder: Path) -> None:
    folder.mkdir()
    ours = [f"gridbot-202611{day:02}T034000Z.tar" for day in range(1, 6)]
    others = ["gridbot-20261101T034000Z.tar.gz", "holiday.tar", "gridbot-2026.tar"]
    for name in (*ours, *others):
        (folder / name).write_text(name, encoding="utf-8")
    left = folder / f"{backup.SCRATCH}old"
    left.mkdir()
    os.utime(left, (0, 0))
    young = folder / f"{backup.SCRATCH}young"
    young.mkdir()
    done = gridbot("backup", folder, "--keep", 3)
    assert done.exit_code == 0, done.output
    assert f"deleted: {', '.join(ours[:3])}" in done.output
    there = {path.name for path in folder.iterdir()}
    assert there - {*ours[3:], *others, young.name} == {name for name in there if name > "gridbot-202611062"} - {
        *others
    }
    assert len(there) == 7
    assert gridbot("backup", folder, "--keep", 0).exit_code == 2


def test_two_backups_in_one_second_are_not_one(lift: Village, gridbot: Gridbot, folder: Path, config: Path) -> None:
    at = datetime(2026, 11, 23, 3, 40, tzinfo=UTC)
    lift.database.close()
    made = backup.backup(_settings(folder), folder, at=at)
    content = made.file.read_bytes()
    with pytest.raises(backup.CannotBackUp, match="is there already"):
        backup.backup(_settings(folder), folder, at=at)
    assert made.file.read_bytes() == content


def test_the_configuration_comes_along_only_without_secrets(
    lift: Village, gridbot: Gridbot, folder: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gridbot("backup", folder / "plain").exit_code == 0
    assert gridbot("backup", folder / "with", "--with-config").exit_code == 0
    (plain,), (whole,) = (folder / "plain").iterdir(), (folder / "with").iterdir()
    assert "config.toml" not in archive.verified(plain).members
    with tarfile.open(whole) as tar:
        assert tar.extractfile("config.toml").read() == config.read_bytes()  # type: ignore[union-attr]
    monkeypatch.setenv("GRIDBOT_PLATFORMS__TELEGRAM__TOKEN", "123456:ABC-DEF")
    for file in (plain, whole):
        assert b"123456:ABC-DEF" not in file.read_bytes()
    config.write_text(f"{config.read_text(encoding='utf-8')}\n# 123456:ABC-DEF\n", encoding="utf-8")
    refused = gridbot("backup", folder / "third", "--with-config")
    assert (refused.exit_code, (folder / "third").exists()) == (1, False)
    assert "holds a password or a token" in refused.output


def test_files_that_are_not_there_are_named(lift: Village, gridbot: Gridbot, folder: Path, tmp_path: Path) -> None:
    (picture,) = (tmp_path / "media").rglob("*.*")
    picture.write_bytes(b"rotten")
    done = gridbot("backup", folder / "one")
    assert "note: 1 files of cases are not in the media folder, or damaged there" in done.output
    picture.unlink()
    gridbot("backup", folder / "two")
    for file in folder.glob("*/*.tar"):
        assert archive.verified(file).missing == (picture.stem,)
        assert archive.verified(file).media == []


def test_where_there_is_nothing_to_back_up_it_says_so(
    gridbot: Gridbot, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for url, sentence in {
        f"sqlite:///{tmp_path / 'none.db'}": "there is no database at",
        "sqlite:///:memory:": "a database in memory has no backup",
        "postgresql://127.0.0.1:1/none": "the database cannot be read (OperationalError)",
    }.items():
        monkeypatch.setenv("GRIDBOT_DATABASE__URL", url)
        refused = gridbot("backup", folder)
        assert refused.exit_code == 1
        assert sentence in refused.output
    (tmp_path / "other.db").touch()
    monkeypatch.setenv("GRIDBOT_DATABASE__URL", f"sqlite:///{tmp_path / 'other.db'}")
    assert "is not gridbot's" in gridbot("backup", folder).output
    assert list(folder.iterdir()) == []
    (tmp_path / "file").touch()
    assert "File exists" in gridbot("backup", tmp_path / "file").output


# -- older databases ----------------------------------------------------------------------------------------------


def test_before_an_upgrade_the_old_database_is_backed_up_and_comes_back_upgraded(
    database: Database, gridbot: Gridbot, folder: Path
) -> None:
    from alembic import command  # noqa: PLC0415

    wipe(database)
    with database.engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0002")
        connection.execute(text("INSERT INTO text (body, digest) VALUES ('电梯坏了', 'd')"))
    done = gridbot("backup", folder)
    assert done.exit_code == 0, done.output
    assert "the database could not note it" in done.output
    (file,) = folder.iterdir()
    assert archive.verified(file).revision == "0002"
    wipe(database)
    again = gridbot("restore", file)
    assert again.exit_code == 0, again.output
    assert words(database) == ["电梯坏了"]
    with database.transaction() as session:
        assert session.exec(select(func.count()).select_from(Chat)).one() == 0


# -- PostgreSQL's programs ----------------------------------------------------------------------------------------


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[list[str], dict[str, str]]]]:
    """What was called, with which environment; nothing runs."""
    called: list[tuple[list[str], dict[str, str]]] = []

    def run(command: list[str], *, env: dict[str, str], **_: object) -> subprocess.CompletedProcess[bytes]:
        called.append((command, env))
        said = b"psql: connecting as gridbot with geheim\npsql:x.sql:3: ERROR:  55P03\n"
        return subprocess.CompletedProcess(command, 1, b"", said)

    monkeypatch.setattr(dump.subprocess, "run", run)
    return called


def test_the_password_is_in_no_argument_and_in_no_sentence(programs: list[tuple[list[str], dict[str, str]]]) -> None:
    database = Database("postgresql://gridbot:geheim@db.example:5433/city?sslmode=require")
    with pytest.raises(dump.DumpFailed) as failed:
        dump._postgres(database, "psql", ["--quiet"])
    ((command, environment),) = programs
    assert "geheim" not in " ".join(command)
    assert environment["PGPASSWORD"] == "geheim"
    assert set(command[2].removeprefix("--dbname=").split()) == {
        "user=gridbot", "host=db.example", "port=5433", "dbname=city", "sslmode=require",
    }  # fmt: skip
    assert str(failed.value) == "psql failed: psql:x.sql:3: ERROR:  55P03"


def test_a_program_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(dump.DumpFailed, match="pg_dump is not installed here"):
        dump._program("pg_dump", [], {})


@pytest.mark.skipif(not POSTGRES, reason="needs PostgreSQL")
@pytest.mark.parametrize("database_is", ["sqlite"])
def test_another_schema_is_refused(database_is: str, tmp_path: Path) -> None:
    database = Database(str(POSTGRES))
    taken = dump.Taken("0001", {}, [], "elsewhere")
    with pytest.raises(dump.DumpFailed, match=r"the schema elsewhere, and database\.url leads to"):
        dump.bring_postgres(database, tmp_path / "database.dump", taken, instead_of=())
    database.close()
