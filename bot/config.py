"""The configuration: config.toml, overridden by GRIDBOT_* variables; unknown keys and broken references are errors."""

import os
import re
import tomllib
from collections.abc import Collection, Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from handlers.house import PUBLIC_LINES, House, Line
from handlers.wording import catalogue
from nlp import lexicon
from storage.chats import ChatKey
from storage.duties import ANY
from storage.grids import Level
from storage.people import Rank


def _address(text: str) -> str:
    key = ChatKey.parse(text)
    if key.platform == "telegram" and not re.fullmatch(r"-?\d+", key.address):
        raise ValueError(f"a Telegram user or group is a number, not {key.address!r}")
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"unknown time zone {text!r}") from error
    return text


_CRON = re.compile(r"[\d*/,-]+( [\d*/,-]+){2} [\d*/,-]+ [a-z*,-]+")


def _schedule(text: str) -> str:
    occurrence(text, datetime.now(ZoneInfo("UTC")), ZoneInfo("UTC"))
    return text


def occurrence(schedule: str, after: datetime, zone: ZoneInfo) -> datetime | None:
    """The first time a schedule comes due after `after`; None if a single time has passed. ValueError if unreadable.

    A schedule is "2026-11-24 09:00" or five cron fields with the weekday by name ("0 9 * * mon"): numbers there mean
    Monday or Sunday depending on the program, so they are refused.
    """
    if _CRON.fullmatch(schedule):
        fired = CronTrigger.from_crontab(schedule, timezone=zone).get_next_fire_time(None, after + timedelta(seconds=1))
        return fired if isinstance(fired, datetime) else None
    try:
        at = datetime.strptime(schedule, "%Y-%m-%d %H:%M").replace(tzinfo=zone)
    except ValueError as error:
        raise ValueError('write "2026-11-24 09:00", or cron with the weekday by name: "0 9 * * mon"') from error
    return at if at > after else None


def _language(text: str) -> str:
    try:
        catalogue(text)
    except (OSError, ValueError) as error:
        raise ValueError(f"nobody has written the sentences of {text!r} yet") from error
    return text


def _url(url: SecretStr) -> SecretStr:
    try:
        make_url(url.get_secret_value())
    except ArgumentError:
        raise ValueError('write "sqlite:///file.db" or "postgresql://user@host/name"') from None
    return url


def _token(token: SecretStr) -> SecretStr:
    """It becomes a part of addresses. What else it must be the server of `base_url` decides."""
    if not re.fullmatch(r"[\w:.~-]+", token.get_secret_value(), re.ASCII):
        raise ValueError("a token looks like 123456:ABC-DEF; @BotFather shows it")
    return token


Language = Annotated[str, AfterValidator(_language)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_url)]
Token = Annotated[SecretStr, AfterValidator(_token)]
Address = Annotated[str, AfterValidator(_address)]
Zone = Annotated[str, AfterValidator(_zone)]
Schedule = Annotated[str, AfterValidator(_schedule)]
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,24}$")]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Community(Part):
    name: str
    bot_name: str = "小格"
    language: Language = "zh_CN"
    timezone: Zone = "Asia/Shanghai"
    duty_phone: str = ""
    places: tuple[str, ...] = ()


class DatabaseSettings(Part):
    url: DatabaseUrl = SecretStr("sqlite:///gridbot.db")


class TelegramSettings(Part):
    """`base_url` is the library's: the token and the method follow it. Another than Telegram's own is self-hosted."""

    token: Token
    base_url: str = Field(default="https://api.telegram.org/bot", pattern=r"^https?://")
    account: str = "main"
    mode: Literal["polling", "webhook"] = "polling"
    webhook_url: str | None = Field(default=None, pattern=r"^https?://[^/]+/.+")
    secret: SecretStr | None = None  # Telegram takes A-Z, a-z, 0-9, _ and -

    @model_validator(mode="after")
    def _webhook_is_whole(self) -> Self:
        if self.mode == "webhook" and not self.webhook_url:
            raise ValueError("mode webhook needs webhook_url, with a path of its own")
        if self.mode == "webhook" and not re.fullmatch(r"[\w-]{16,256}", self._secret, re.ASCII):
            raise ValueError("mode webhook needs secret: 16 to 256 of A-Z, a-z, 0-9, _ and -")
        return self

    @property
    def _secret(self) -> str:
        return self.secret.get_secret_value() if self.secret else ""


class MediaSettings(Part):
    """Where photos and files of cases lie, by default beside the place the bot is started in."""

    folder: Path = Path("media")


class Retention(Part):
    """Days, counted as handlers/keeping.py says. Who may still go to court needs the words: half a year at least.

    Administrative Litigation Law (行政诉讼法) art. 46: six months; Administrative Reconsideration Law art. 20: 60 days.
    """

    cases_days: int = Field(default=365, ge=30, le=36500)
    people_days: int = Field(default=90, ge=1, le=36500)


class LearningSettings(Part):
    """Lessons wait for the office's yes; with "auto" those that make nothing worse count at once."""

    apply: Literal["ask", "auto"] = "ask"


class LogSettings(Part):
    """Without a file the log goes to standard error, for systemd or a container to keep."""

    file: Path | None = None
    megabytes: float = Field(default=10, gt=0)  # of one file; then it is put aside and a new one begun
    keep: int = Field(default=5, ge=1)  # files put aside


class HttpSettings(Part):
    """Where the bot listens: webhooks, /healthz, /readyz, /metrics. Something in front of it speaks TLS."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)


class Platforms(Part):
    telegram: TelegramSettings | None = None


class Manners(Part):
    messages_per_hour: int = Field(default=6, ge=1)
    quiet_from: time = time(22)
    quiet_to: time = time(7, 30)


class Urgent(Part):
    accept_minutes: int = Field(default=10, ge=1)
    finish_hours: float = Field(default=2, gt=0)


class EmergencyLine(Part):
    name: str
    number: str


class GridEntry(Part):
    key: Key
    name: str
    level: Level
    under: str | None = None
    place: str | None = None
    households: int | None = Field(default=None, ge=0)


class UnitEntry(Part):
    key: Key
    name: str
    aliases: tuple[str, ...] = ()
    chat: Address | None = None
    phone: str | None = None


class RoleEntry(Part):
    rank: Rank
    grid: str | None = None
    unit: str | None = None


class PersonEntry(Part):
    key: Key
    name: str
    roles: tuple[RoleEntry, ...]
    accounts: tuple[Address, ...] = ()
    phone: str | None = None
    stand_in: str | None = None


class GroupEntry(Part):
    chat: Address
    title: str
    grid: str


class DutyEntry(Part):
    key: Key
    category: str
    grid: str
    lead: str = "worker"
    accept_hours: float = Field(gt=0)
    finish_hours: float = Field(gt=0)


class NoticeEntry(Part):
    key: Key
    grid: str
    schedule: Schedule
    text: str = Field(min_length=1, max_length=4000)
    pin: bool = False
    urgent: bool = False
    receipts: bool = True
    valid_hours: float = Field(default=24, gt=0)


class CategoryEntry(Part):
    key: Key
    label: str
    department: str = "城乡建设"
    keywords: tuple[str, ...] = Field(min_length=1)
    examples: tuple[str, ...] = ()


class Settings(BaseSettings):
    """The whole file. Every level forbids unknown keys."""

    model_config = SettingsConfigDict(
        env_prefix="GRIDBOT_", env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    community: Community
    database: DatabaseSettings = DatabaseSettings()
    platforms: Platforms = Platforms()
    http: HttpSettings | None = None
    media: MediaSettings = MediaSettings()
    retention: Retention = Retention()
    learning: LearningSettings = LearningSettings()
    logs: LogSettings = LogSettings()
    manners: Manners = Manners()
    urgent: Urgent = Urgent()
    lines: dict[Literal["lift", "gas", "electric", "police", "fire", "medical"], EmergencyLine] = {}
    grids: tuple[GridEntry, ...] = Field(min_length=1)
    units: tuple[UnitEntry, ...] = ()
    people: tuple[PersonEntry, ...] = ()
    groups: tuple[GroupEntry, ...] = ()
    duties: tuple[DutyEntry, ...] = ()
    notices: tuple[NoticeEntry, ...] = ()
    categories: tuple[CategoryEntry, ...] = ()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (the interface)
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, TomlConfigSettingsSource(settings_cls, _reading)

    def house(self) -> House:
        return House(
            community=self.community.name,
            bot_name=self.community.bot_name,
            language=self.community.language,
            zone=ZoneInfo(self.community.timezone),
            budget=self.manners.messages_per_hour,
            quiet_from=self.manners.quiet_from,
            quiet_to=self.manners.quiet_to,
            lines={**PUBLIC_LINES, **{key: Line(line.name, line.number) for key, line in self.lines.items()}},
            duty_phone=self.community.duty_phone,
            urgent_accept=timedelta(minutes=self.urgent.accept_minutes),
            urgent_finish=timedelta(hours=self.urgent.finish_hours),
            cases_kept=timedelta(days=self.retention.cases_days),
            people_kept=timedelta(days=self.retention.people_days),
            learns_alone=self.learning.apply == "auto",
        )


class Mistakes(Exception):  # noqa: N818 (what is wrong, in sentences)
    """The configuration cannot be used; `sentences` say what to change."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


TESTING = {"GRIDBOT_TEST_POSTGRES"}  # read by the tests, no setting
_reading = Path("config.toml")  # pydantic-settings takes the file from the class; load() sets it for one call


def load(path: Path) -> Settings:
    """Reads and checks the file; Mistakes lists everything that is wrong at once."""
    global _reading  # noqa: PLW0603 (see above)
    fields = {f"GRIDBOT_{name.upper()}" for name in Settings.model_fields}
    if strange := [name for name in environment() if name.split("__")[0] not in fields]:
        raise Mistakes([f"{name}: no such setting" for name in strange])
    try:
        text = path.read_text(encoding="utf-8")
        tomllib.loads(text)
    except OSError as error:
        raise Mistakes([f"{path}: cannot be read ({error.strerror})"]) from error
    except UnicodeDecodeError as error:
        raise Mistakes([f"{path}: is not UTF-8; save it again with that encoding"]) from error
    except tomllib.TOMLDecodeError as error:
        raise Mistakes([f"{path}: not valid TOML: {error}"]) from error
    _reading = path
    try:
        settings = Settings()
    except ValidationError as error:
        raise Mistakes([_sentence(path, text, problem) for problem in error.errors(include_input=False)]) from None
    if wrong := list(broken(settings)):
        raise Mistakes([f"{path}: {sentence}" for sentence in wrong])
    return settings


def _sentence(path: Path, text: str, problem: Any) -> str:
    """One validation error with the key's full path, and its line where a text search finds it."""
    where = ".".join(str(part) for part in problem["loc"])
    line = _line_of(text, problem["loc"])
    what = "unknown key" if problem["type"] == "extra_forbidden" else problem["msg"]
    return f"{path}{f':{line}' if line else ''}: {where}: {what}"


def _line_of(text: str, loc: tuple[str | int, ...]) -> int | None:
    names = [part for part in loc if isinstance(part, str)]
    if not names:
        return None
    pattern = re.compile(rf"^\s*(\[+[\w.]*\b{re.escape(names[-1])}\]+|\"?{re.escape(names[-1])}\"?\s*=)", re.MULTILINE)
    hits = list(pattern.finditer(text))
    return text.count("\n", 0, hits[0].start(1)) + 1 if len(hits) == 1 else None


def broken(settings: Settings) -> Iterator[str]:
    """Every reference that leads nowhere, every key that is there twice, every hole a case could fall into."""
    for kind in ("grids", "units", "people", "duties", "notices", "categories"):
        keys = [entry.key for entry in getattr(settings, kind)]
        yield from (f"{kind}: the key {key!r} is there twice" for key in sorted({k for k in keys if keys.count(k) > 1}))
    grids = {grid.key: grid for grid in settings.grids}
    units = {unit.key for unit in settings.units}
    people = {person.key for person in settings.people}
    for grid in settings.grids:
        if grid.under is not None and grid.under not in grids:
            yield f"grids.{grid.key}.under: there is no grid {grid.under!r}"
    if [grid for grid in settings.grids if path_of(grid, grids) is None]:
        yield "grids: some grids are under each other in a circle"
    for person in settings.people:
        if person.stand_in is not None and person.stand_in not in people:
            yield f"people.{person.key}.stand_in: there is no person {person.stand_in!r}"
        for role in person.roles:
            yield from _role(person.key, role, set(grids), units)
    for name, entries in (("groups", settings.groups), ("duties", settings.duties), ("notices", settings.notices)):
        for entry in entries:
            label = entry.title if isinstance(entry, GroupEntry) else entry.key
            if entry.grid not in grids:
                yield f"{name}.{label}.grid: there is no grid {entry.grid!r}"
    for duty in settings.duties:
        if duty.lead != "worker" and duty.lead not in units:
            yield f'duties.{duty.key}.lead: there is no unit {duty.lead!r} (write a unit\'s key, or "worker")'
    yield from _shared(settings)
    yield from _holes(settings)


def _shared(settings: Settings) -> Iterator[str]:
    """What two entries claim though only one can have it, and who leads but cannot be reached."""
    accounts = [account for person in settings.people for account in person.accounts]
    chats = [group.chat for group in settings.groups] + [unit.chat for unit in settings.units if unit.chat]
    for name, claimed in (("people", accounts), ("groups and units", chats)):
        for twice in sorted({each for each in claimed if claimed.count(each) > 1}):
            yield f"{name}: {twice!r} is there twice"
    led = {duty.lead for duty in settings.duties}
    contacts = {role.unit for person in settings.people for role in person.roles}
    for unit in settings.units:
        if unit.key in led and unit.chat is None and unit.key not in contacts:
            yield f"units.{unit.key}: leads a duty but has neither a chat nor a contact, so nothing would reach it"
    for category in settings.categories:
        if category.key in lexicon.categories():
            yield f"categories.{category.key}: there is a category of that key; choose another"


def _role(person: str, role: RoleEntry, grids: set[str], units: set[str]) -> Iterator[str]:
    if role.rank == Rank.CONTACT:
        if role.unit not in units:
            yield f"people.{person}.roles: a contact needs the unit it speaks for; there is no unit {role.unit!r}"
    elif role.grid not in grids:
        yield f"people.{person}.roles: {role.rank.value} needs its grid; there is no grid {role.grid!r}"


def _holes(settings: Settings) -> Iterator[str]:
    roots = [grid.key for grid in settings.grids if grid.under is None]
    for root in roots:
        if not any(duty.category == ANY and duty.grid == root for duty in settings.duties):
            yield f'duties: nobody leads what no duty names; add one with category = "*" and grid = "{root}"'
        ranks = {Rank.WORKER, Rank.LEADER, Rank.CHIEF, Rank.ADMIN}
        if not any(role.grid == root and role.rank in ranks for person in settings.people for role in person.roles):
            yield f"people: nobody answers for {root!r}; give somebody the rank chief or admin there"


def path_of(grid: GridEntry, grids: dict[str, GridEntry]) -> str | None:
    """The keys from the root, each ended by "/"; None where grids are under each other in a circle."""
    keys: list[str] = []
    while True:
        if grid.key in keys:
            return None
        keys.append(grid.key)
        if grid.under not in grids:
            return "".join(f"{key}/" for key in reversed(keys))
        grid = grids[grid.under]


def warnings(settings: Settings, invited: Collection[str] = ()) -> Iterator[str]:
    """What works but is probably not meant. `invited` are the keys of people whose accounts the database knows."""
    for grid in settings.grids:
        if grid.level == Level.MICROGRID and grid.households is not None and not 300 <= grid.households <= 500:
            yield f"grids.{grid.key}: {grid.households} households; a micro-grid holds 300–500"
    for person in settings.people:
        if not person.accounts and person.key not in invited:
            yield (
                f"people.{person.key}: no account, so nothing reaches {person.name}; "
                f"gridbot invite --person {person.key} prints the link to send them"
            )
    idle = {person.key for person in settings.people if not person.roles}
    for person in settings.people:
        if person.stand_in in idle:
            yield f"people.{person.stand_in}: stands in for {person.name} but has no role of their own"
    led = {duty.lead for duty in settings.duties}
    contacts = {role.unit for person in settings.people for role in person.roles}
    for unit in settings.units:
        if unit.chat is None and unit.key not in contacts:
            yield f"units.{unit.key}: neither a chat nor a contact, so nothing can be sent to {unit.name}"
        if unit.key not in led:
            yield f"units.{unit.key}: leads no duty; it gets only what is transferred to it"


def environment() -> list[str]:
    """The GRIDBOT_* variables that are set, by name only."""
    return sorted(name for name in os.environ if name.startswith("GRIDBOT_") and name not in TESTING)
