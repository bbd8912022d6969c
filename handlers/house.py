"""The house rules: what a community configures and handlers go by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Line:
    """A telephone line to give out: what it is called and its number."""

    name: str
    number: str


NIGHT = time(3, 10)  # when hardly anybody writes

PUBLIC_LINES: Mapping[str, Line] = {
    "police": Line("报警", "110"),
    "fire": Line("火警", "119"),
    "medical": Line("急救", "120"),
}


@dataclass(frozen=True, slots=True)
class House:
    """Times of day are in `zone`; `budget` is letters of the bot per group and hour."""

    community: str
    bot_name: str = "小格"
    language: str = "zh_CN"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    budget: int = 6
    quiet_from: time = time(22)
    quiet_to: time = time(7, 30)
    lines: Mapping[str, Line] = field(default_factory=lambda: dict(PUBLIC_LINES))
    duty_phone: str = ""
    urgent_accept: timedelta = timedelta(minutes=10)
    urgent_finish: timedelta = timedelta(hours=2)
    cases_kept: timedelta = timedelta(days=365)  # the words and files of a case, from its end
    people_kept: timedelta = timedelta(days=90)  # who a resident is, from the last word and without a case
    learns_alone: bool = False  # lessons that make nothing worse count without anybody's yes

    def night_after(self, at: datetime) -> datetime:
        """The next time the night's work begins."""
        local = at.astimezone(self.zone)
        day = local.date() if local.time() < NIGHT else local.date() + timedelta(days=1)
        return datetime.combine(day, NIGHT, self.zone).astimezone(at.tzinfo)

    def quiet(self, at: datetime) -> bool:
        """Quiet hours may span midnight; equal ends mean none."""
        clock = at.astimezone(self.zone).time()
        if self.quiet_from <= self.quiet_to:
            return self.quiet_from <= clock < self.quiet_to
        return clock >= self.quiet_from or clock < self.quiet_to

    def awake(self, at: datetime) -> datetime:
        """`at`, or the end of the quiet hours it falls into."""
        if not self.quiet(at):
            return at
        local = at.astimezone(self.zone)
        day = local.date() if local.time() < self.quiet_to else local.date() + timedelta(days=1)
        return datetime.combine(day, self.quiet_to, self.zone).astimezone(at.tzinfo)

    def evening_before(self, at: datetime) -> datetime:
        """`at`, or the beginning of the quiet hours it falls into."""
        if not self.quiet(at):
            return at
        local = at.astimezone(self.zone)
        day = local.date() if local.time() >= self.quiet_from else local.date() - timedelta(days=1)
        return datetime.combine(day, self.quiet_from, self.zone).astimezone(at.tzinfo)
