"""`gridbot …`: what an operator types."""

import asyncio
import csv
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from bot import announce, clock, config, grids_csv, inviting, reach
from bot import backup as backup_
from bot import demo as demo_
from bot import evaluate as evaluate_
from bot import learn as learn_
from bot import replay as replay_
from bot import restore as restore_
from bot import run as run_
from bot import status as status_
from bot.app import App, reader_for
from bot.backup import CannotBackUp
from bot.config import Mistakes, Settings
from bot.inviting import CannotInvite
from bot.play import Unplayable
from bot.restore import CannotRestore
from bot.run import CannotRun
from nlp.labelled import Unusable
from nlp.reader import Reader
from storage import erasures, ledger
from storage.database import Database
from storage.invitations import GOOD_FOR
from storage.notices import Progress

ROOT = Path(__file__).resolve().parent.parent
app = typer.Typer(no_args_is_help=True, add_completion=False, help="Requests in residents' groups, seen through.")

ConfigFile = Annotated[Path, typer.Option("-c", "--config", help="the configuration file")]
DEFAULT = Path("config.toml")


@app.callback()
def main() -> None:
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")


def _fail(*sentences: str) -> NoReturn:
    for sentence in sentences:
        typer.echo(sentence, err=True)
    raise typer.Exit(1)


def _settings(path: Path) -> Settings:
    try:
        return config.load(path)
    except Mistakes as mistakes:
        _fail(*mistakes.sentences)


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    database = Database(settings.database.url.get_secret_value())
    try:
        yield database
    finally:
        database.close()


@app.command()
def demo(
    speed: Annotated[float, typer.Option(help="messages a second; 0: without pauses")] = 30,
    interactive: Annotated[bool, typer.Option(help="type on after the day")] = True,
) -> None:
    """Plays a sample day in a temporary database, then lets you type on."""
    try:
        asyncio.run(
            demo_.demo(
                _settings(ROOT / "config.example.toml"),
                ROOT / "examples" / "day.txt",
                speed=speed,
                interactive=interactive,
            )
        )
    except Unplayable as wrong:
        _fail(str(wrong))
    except KeyboardInterrupt:
        typer.echo()


@app.command()
def run(path: ConfigFile = DEFAULT) -> None:
    """Runs the bot on its platforms until it is told to stop (SIGTERM, Ctrl-C)."""
    try:
        run_.run(_settings(path))
    except CannotRun as why:
        _fail(str(why))


@app.command()
def check(path: ConfigFile = DEFAULT) -> None:
    """Says what is wrong with the configuration, and who cannot be reached; exit code 1 if it cannot run."""
    settings = _settings(path)
    for warning in config.warnings(settings, reach.invited(settings)):
        typer.echo(f"note: {warning}")
    for sentence in _misread(settings):
        typer.echo(f"note: {sentence}")
    for sentence in reach.unreached(settings):
        typer.echo(f"note: {sentence}")
    for platform in run_.platforms_of(settings):
        try:
            typer.echo(f"note: {asyncio.run(reach.greeted(platform))}")
        except CannotRun as why:
            _fail(str(why))
    if overridden := config.environment():
        typer.echo(f"overridden by the environment: {', '.join(overridden)}")
    for sentence in _of_a_start(settings):
        typer.echo(f"at the next start: {sentence}")
    typer.echo(
        f"{path}: {len(settings.grids)} grids, {len(settings.people)} people, {len(settings.units)} units, "
        f"{len(settings.groups)} groups, {len(settings.duties)} duties: ready."
    )


def _misread(settings: Settings) -> Iterator[str]:
    """The examples of a community's own categories that would not be heard as such."""
    reader = reader_for(settings)
    for entry in settings.categories:
        for example in entry.examples:
            reading = reader.read(example)
            if not reading.is_request or reading.category != entry.key:
                taken = reader.category_label(reading.category) if reading.category else "talk"
                yield f"categories.{entry.key}: the example {example!r} is taken for {taken}; add a keyword it holds"


def _of_a_start(settings: Settings) -> list[str]:
    """What the database makes of this configuration; nothing where there is no database yet."""
    with _database(settings) as database:
        if database.is_sqlite and not Path(str(database.url.database)).exists():
            return []
        bot = App(settings, database, [], clock.now)
        try:
            return bot.would_say()
        except SQLAlchemyError as error:
            return [f"the database cannot be looked at ({type(error).__name__})"]
        finally:
            bot.lanes.close()


@app.command()
def migrate(path: ConfigFile = DEFAULT) -> None:
    """Brings the database to the newest version; the other commands do it at their start."""
    with _database(_settings(path)) as database:
        database.migrate()
    typer.echo("the database is up to date")


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="where the archives lie")] = Path("backups"),
    path: ConfigFile = DEFAULT,
    keep: Annotated[int | None, typer.Option(min=1, help="delete older archives until so many are left")] = None,
    with_config: Annotated[bool, typer.Option("--with-config", help="the configuration file, too")] = False,
) -> None:
    """Writes the database and the files of cases into one archive, while the bot runs."""
    try:
        made = backup_.backup(_settings(path), folder, at=clock.now(), keep=keep, config=path if with_config else None)
    except CannotBackUp as why:
        _fail(str(why))
    for note in made.notes:
        typer.echo(f"note: {note}", err=True)
    rows, size = made.manifest.rows, made.file.stat().st_size
    typer.echo(
        f"{made.file}: {rows.get('request', 0)} cases, {len(made.manifest.media)} files, {status_.bytes_told(size)}"
    )
    if made.deleted:
        typer.echo(f"deleted: {', '.join(made.deleted)}")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="an archive of gridbot backup")],
    path: ConfigFile = DEFAULT,
    replace: Annotated[bool, typer.Option("--replace", help="in the place of a database that is not empty")] = False,
) -> None:
    """Proves an archive and brings it back, all or nothing; the bot must be stopped."""
    try:
        restored = restore_.restore(_settings(path), file, replace=replace, at=clock.now())
    except CannotRestore as why:
        _fail(str(why), "nothing was changed")
    rows, made_at = restored.manifest.rows, restored.manifest.made_at
    typer.echo(
        f"restored: {rows.get('request', 0)} cases and {restored.files} files as they were at {made_at:%F %T} UTC"
    )
    if restored.aside:
        typer.echo(f"the database that was there is now {restored.aside}; delete it once all is well")


@app.command()
def status(
    path: ConfigFile = DEFAULT,
    as_json: Annotated[bool, typer.Option("--json", help="for a monitor")] = False,
) -> None:
    """Says how the bot is; exit code 1 if something needs attention."""
    found = status_.status(_settings(path), at=clock.now())
    typer.echo(found.as_json() if as_json else found.as_text())
    raise typer.Exit(0 if found.well else 1)


@app.command()
def erased(path: ConfigFile = DEFAULT) -> None:
    """Prints the ledger of what was deleted, as CSV: day, what, how many, by which rule."""
    with _database(_settings(path)) as database:
        database.migrate()
        with database.transaction() as session:
            lines = [(line.day, line.what.value, line.how_many, line.rule) for line in erasures.lines(session)]
    writer = csv.writer(sys.stdout)
    writer.writerow(("day", "what", "how_many", "rule"))
    writer.writerows(lines)


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="JSON lines, - for standard input")],
    path: ConfigFile = DEFAULT,
    as_json: Annotated[bool, typer.Option("--json", help="every reply as a JSON line")] = False,
    until: Annotated[datetime | None, typer.Option(help="let the timers run on to this time (UTC)")] = None,
) -> None:
    """Feeds a log of messages into the configured database, with the log's own clock."""
    settings = _settings(path)
    lines = sys.stdin.read().splitlines() if str(file) == "-" else _lines(file)
    try:
        log = list(replay_.read(lines))
    except replay_.Unreadable as wrong:
        _fail(f"{file}: {wrong}")
    show = replay_.as_json if as_json else replay_.as_text
    end = until.replace(tzinfo=UTC) if until else None
    with _database(settings) as database:
        asyncio.run(replay_.replay(settings, database, log, lambda line: typer.echo(show(line)), until=end))


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        _fail(f"{file}: cannot be read ({error.strerror})")
    except UnicodeDecodeError:
        _fail(f"{file}: is not UTF-8; save it again with that encoding")


@app.command()
def notice(  # noqa: PLR0917 (the options of a command)
    words: Annotated[str, typer.Argument(help="what it says")],
    to: Annotated[str, typer.Option(help="for whom: 全社区, a grid's name or key, 1-5号楼")],
    path: ConfigFile = DEFAULT,
    at: Annotated[str | None, typer.Option(help="明天 9:00, 周五 19:30, 每月1日 8:00; now if left out")] = None,
    urgent: Annotated[bool, typer.Option("--urgent", help="also in quiet hours")] = False,
    pin: Annotated[bool, typer.Option("--pin", help="it stays on top of each group")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="print what it would do, and do nothing")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="show how far it comes")] = False,
) -> None:
    """Puts a notice down for the running bot to say."""
    settings = _settings(path)
    with _database(settings) as database:
        database.migrate()
        try:
            made = announce.plan(settings, database, words, to=to, at=at, urgent=urgent, pin=pin, keep=not dry_run)
        except announce.Refused as why:
            _fail(str(why))
        typer.echo(made.text)
        typer.echo(f"-- {len(made.groups)} groups, {made.takes}, {made.when}")
        if dry_run:
            typer.echo("\n".join(made.groups))
            typer.echo("dry run: nothing was sent")
        elif watch:
            _bar(announce.watch(database, made.number), len(made.groups))


def _bar(steps: Iterator[Progress], groups: int) -> None:
    progress = Progress(0, 0, 0, 0)
    with typer.progressbar(length=groups, show_pos=True) as bar:
        for progress in steps:
            bar.update(progress.sent + progress.failed + progress.uncertain - bar.pos)
    if progress.waiting or not progress.all:
        _fail(f"{progress.sent} of {groups} sent, and nothing leaves: is `gridbot run` running?")
    typer.echo(f"{progress.sent} sent, {progress.failed} failed, {progress.uncertain} uncertain")


@app.command()
def export(
    path: ConfigFile = DEFAULT,
    form: Annotated[str, typer.Option("--format", help="json or csv")] = "json",
) -> None:
    """Prints the ledger: every case with its reports and its history."""
    if form not in {"json", "csv"}:
        _fail(f"--format: {form!r} is neither json nor csv")
    with _database(_settings(path)) as database:
        database.migrate()
        with database.transaction() as session:
            entries = list(ledger.entries(session))
    if form == "json":
        typer.echo(json.dumps(entries, ensure_ascii=False, indent=2))
    else:
        _csv(entries)


def _csv(entries: list[dict[str, Any]]) -> None:
    """One row per case; reports and events as JSON in their cells."""
    if not entries:
        return
    writer = csv.writer(sys.stdout)
    writer.writerow(entries[0])
    for entry in entries:
        writer.writerow([_cell(value) for value in entry.values()])


def _cell(value: Any) -> Any:
    """A cell that begins like a formula would be one in a spreadsheet (OWASP, CSV injection)."""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


@app.command()
def classify(
    file: Annotated[Path, typer.Argument(help="lines of text, or JSON lines with `text`; - for standard input")] = Path(
        "-"
    ),
    path: Annotated[
        Path | None, typer.Option("-c", "--config", help="reads with this community's places and categories")
    ] = None,
) -> None:
    """Reads lines and prints what the reader makes of each, as a JSON line."""
    reader = reader_for(_settings(path)) if path else Reader()
    for line in sys.stdin if str(file) == "-" else _lines(file):
        if text := _text_of(line.rstrip("\r\n")):
            typer.echo(json.dumps(classified(reader, text), ensure_ascii=False))


@app.command()
def evaluate(
    files: Annotated[list[Path], typer.Argument(help="labelled messages as JSON lines, or CSV with title,department")],
    path: Annotated[
        Path | None, typer.Option("-c", "--config", help="reads with this community's places and categories")
    ] = None,
) -> None:
    """Measures the reader on labelled messages: precision, recall, F1 with 95 % intervals, confusion, worst errors."""
    reader = reader_for(_settings(path)) if path else Reader()
    for file in files:
        try:
            for line in evaluate_.of_file(file, reader):
                typer.echo(line)
        except (Unusable, OSError, UnicodeDecodeError) as why:
            _fail(str(why))


@app.command()
def learn(
    path: ConfigFile = DEFAULT,
    yes: Annotated[bool, typer.Option("--yes", help="let all that is proposed count from now on")] = False,
    show: Annotated[bool, typer.Option("--show", help="only what counts now")] = False,
    export: Annotated[bool, typer.Option("--export", help="what was learnt and the corrections, as JSON")] = False,
    reset: Annotated[bool, typer.Option("--reset", help="forget everything learnt here")] = False,
) -> None:
    """Draws lessons from what people corrected and tries each on all corrections and examples; none counts unasked."""
    if yes + show + export + reset > 1:
        _fail("say one of --yes, --show, --export, --reset")
    settings = _settings(path)
    with _database(settings) as database:
        database.migrate()
        with database.transaction() as session:
            if show:
                lines = learn_.known(session)
            elif export:
                lines = learn_.exported(session)
            elif reset:
                lines = learn_.forgotten(session)
            else:
                lines = learn_.proposed(session, reader_for(settings), yes=yes)
        for line in lines:
            typer.echo(line)


def _text_of(line: str) -> str:
    if line.startswith("{"):
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            return line
        return str(record.get("text", "")) if isinstance(record, dict) else line
    return line


def classified(reader: Reader, text: str) -> dict[str, Any]:
    reading = reader.read(text)
    return {
        "text": text,
        "is_request": reading.is_request,
        "kind": reading.kind,
        "category": reading.category,
        "department": reading.department,
        "urgent": reading.urgent,
        "danger": {"key": reading.danger.key, "grade": reading.danger.grade} if reading.danger else None,
        "places": list(reading.places),
        "ambiguous": list(reading.ambiguous),
        "score": round(reading.score, 3),
        "why": list(reading.why),
    }


# -- people and grids ---------------------------------------------------------------------------------------------

grids_app = typer.Typer(no_args_is_help=True, help="The tree of grids.")
app.add_typer(grids_app, name="grids")


@app.command()
def invite(
    rank: Annotated[str | None, typer.Argument(help="管理员, 网格长, 网格员 … or admin, leader, worker …")] = None,
    grid: Annotated[str | None, typer.Option(help="the key of the grid the role is for")] = None,
    unit: Annotated[str | None, typer.Option(help="the key of the unit a contact speaks for")] = None,
    person: Annotated[str | None, typer.Option(help="in place of a rank: the key of a person of the file")] = None,
    path: ConfigFile = DEFAULT,
) -> None:
    """Prints a one-time link or code: whoever opens it holds the role, and nobody has to know a number."""
    settings, now = _settings(path), clock.now()
    if (rank is None) == (person is None):
        _fail("say either a rank, or --person and the key of somebody of the file")
    with _database(settings) as database:
        database.migrate()
        try:
            with database.transaction() as session:
                code = (
                    inviting.for_person(session, settings, person, at=now)
                    if person
                    else inviting.for_rank(session, settings, rank or "", grid=grid, unit=unit, at=now)
                )
        except CannotInvite as why:
            _fail(str(why))
    for link in asyncio.run(inviting.links(run_.platforms_of(settings), code)):
        typer.echo(link)
    typer.echo(f"to the bot, alone, once, within {GOOD_FOR.days} days:  /start {code}")


@grids_app.command("import")
def import_grids(
    file: Annotated[
        Path, typer.Argument(help="CSV: key,name,level,under,place,households or 编号,名称,级别,上级,地点,户数")
    ],
    path: ConfigFile = DEFAULT,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would change, and change nothing")] = False,
) -> None:
    """Brings grids in from a table: all rows, or none if one of them is wrong."""
    settings = _settings(path)
    with _database(settings) as database:
        database.migrate()
        try:
            lines = grids_csv.read(file)
            with Session(database.engine, expire_on_commit=False) as session, session.begin() as transaction:
                inviting.know_the_file(session, settings, clock.now())
                done = grids_csv.bring_in(session, lines)
                if dry_run:
                    transaction.rollback()
        except grids_csv.Unreadable as wrong:
            _fail(*(f"{file}: {sentence}" for sentence in wrong.sentences))
    for warning in done.warnings:
        typer.echo(f"note: {warning}")
    for what, keys in (("added", done.added), ("changed", done.changed), ("unchanged", done.unchanged)):
        typer.echo(f"{'would be ' if dry_run else ''}{what}: {len(keys)}" + (f" ({', '.join(keys)})" if keys else ""))
