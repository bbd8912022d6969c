"""Every sentence the bot says: one gettext catalogue per language, read at import; handlers name the sentence."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.messages.pofile import read_po


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """The sentences of a language by name. FileNotFoundError if nobody has written them."""
    with files(__name__).joinpath(f"{language}.po").open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file, locale=language) if entry.id}


class Wording:
    """`say("taken", number=12)`. A sentence that is not in the catalogue is a KeyError, found by the tests."""

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        self.language = language
        self.zone = zone
        self.sentences = catalogue(language)
        self._locale = Locale.parse(language)

    def __call__(self, sentence: str, **values: object) -> str:
        return self.sentences[sentence].format(**values)

    def when(self, at: datetime, now: datetime) -> str:
        """ "今天 18:00", "明天 09:00" or "11月26日(周四) 18:00", in the community's zone."""
        local, today = at.astimezone(self.zone), now.astimezone(self.zone).date()
        day = {0: self("day.today"), 1: self("day.tomorrow")}.get((local.date() - today).days)
        return f"{day or self.day(at)} {local:%H:%M}"

    def past(self, at: datetime, now: datetime) -> str:
        """ "14:06" for earlier today, else with its day."""
        today = now.astimezone(self.zone).date()
        return self.clock(at) if at.astimezone(self.zone).date() == today else f"{self.day(at)} {self.clock(at)}"

    def day(self, at: datetime) -> str:
        return format_date(at.astimezone(self.zone).date(), self("day.pattern"), locale=self._locale)

    def clock(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%H:%M}"
