"""Times as people type them: 明早9点到下午3点, 周五 19:30, 每周一三五 8:00; read against the clock of the community."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from nlp.dates import day_of
from nlp.numerals import number
from nlp.spelling import plain

_HAN: Final = "零〇一二三四五六七八九十"
_NUMBER: Final = rf"(?:\d{{1,2}}|[{_HAN}]{{1,3}})"
_WEEKDAYS: Final = "一二三四五六日"
_NAMES: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NEAR: Final = {"今": 0, "明": 1, "后": 2, "大后": 3}
_LATE: Final = frozenset({"下午", "傍晚", "晚上", "晚", "夜里"})  # hours up to 12 are of the second half of the day
_PART: Final = r"凌晨|早上|早晨|清早|上午|中午|下午|傍晚|晚上|夜里|早|晚"
_WEEK: Final = r"(?:周|星期|礼拜)"
_DAY: Final = (
    rf"(?P<near>大后|今|明|后)(?:天|日|(?=[早晚]))"
    rf"|(?<!每)(?<!逢)(?P<next>下|这|本)?个?{_WEEK}(?P<weekday>[一二三四五六日天])"
    rf"|(?:(?P<year>20\d\d)[年/.\-])?(?P<month>{_NUMBER})(?:月(?P<day>{_NUMBER})[日号]?|[/.\-](?P<dashed>\d{{1,2}})(?![\d.\-]|\s*(?:号|[栋幢座楼单室])))"
)
_CLOCK: Final = (
    rf"(?:(?P<part>{_PART})\s*)?(?:(?P<hour>\d{{1,2}})[:：](?P<minute>\d{{2}})(?!\d)"
    rf"|(?P<hours>{_NUMBER})[点时](?!间)(?:(?P<half>半|一刻|三刻|整)|(?P<minutes>{_NUMBER})分?)?钟?)"
)
_LATER: Final = re.compile(rf"(?P<much>半|{_NUMBER}|\d{{1,3}})\s*个?(?P<unit>小时|钟头|分钟)(?:之|以)?后")
_LASTING: Final = re.compile(rf"(?P<much>半|{_NUMBER}|两|\d{{1,3}})\s*个?(?P<unit>分钟|小时|钟头|天|日|周|星期|礼拜)")
_UNITS: Final = {
    "分钟": timedelta(minutes=1),
    "小时": timedelta(hours=1),
    "钟头": timedelta(hours=1),
    "天": timedelta(days=1),
    "日": timedelta(days=1),
    "周": timedelta(weeks=1),
    "星期": timedelta(weeks=1),
    "礼拜": timedelta(weeks=1),
}
_GAP: Final = r"[\s,，]*"
_DAY_AT: Final = re.compile(_DAY)
_CLOCK_AT: Final = re.compile(_CLOCK)
_TO: Final = re.compile(r"\s*(?:到|至|~|～|—+|–|-)\s*")
_EVERY: Final = re.compile(
    rf"(?:每|逢)(?:个)?(?:(?P<daily>天|日)|(?P<work>工作日)|{_WEEK}(?P<days>[一二三四五六日天、,和]+)|月(?P<of_month>{_NUMBER})[日号])"
)
_LONGEST: Final = timedelta(days=60)
_QUARTERS: Final = {"半": 30, "一刻": 15, "三刻": 45, "整": 0}


class _NoSuchTime(Exception):  # noqa: N818 (what it is)
    """The calendar or the clock has no such thing: the 30th of February, 25 o'clock."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time found in a text, from `start` to before `stop`; `end` where it lasts. Whole days have no `clock`."""

    start: int
    stop: int
    begin: datetime
    end: datetime | None = None
    clock: bool = True


def find(text: str, now: datetime) -> Span | None:
    """The first time a text names, seen from `now` (local, without a zone).

    None if there is none, if it is none the calendar has, and for what happens again and again.
    """
    text = plain(text)
    if _EVERY.search(text):
        return None
    if found := _LATER.search(text):
        return Span(found.start(), found.end(), _after(found, now))
    try:
        first = next((one for at in range(len(text)) if (one := _point(text, at, now))), None)
        return _lasting(text, first, now) if first else None
    except _NoSuchTime:
        return None


def moment(text: str, now: datetime) -> datetime | None:
    """What a text that is a time and nothing else means; None for anything else, and for what has passed."""
    found = find(text, now)
    if found is None or found.end is not None or not found.clock or not _is_all(text, found):
        return None
    return found.begin if found.begin > now else None


def duration(text: str) -> timedelta | None:
    """ "3天", "24小时", "两周"; None for anything else."""
    found = _LASTING.fullmatch(plain(text).strip())
    if found is None:
        return None
    much = 0.5 if found["much"] == "半" else float(number(found["much"].replace("两", "二")))
    return much * _UNITS[found["unit"]] or None


def recurrence(text: str) -> str | None:
    """ "每周一 9:00" as a cron line with day names, "0 9 * * mon"; None if it is no such thing."""
    text = plain(text).strip()
    every = _EVERY.match(text)
    clock = _CLOCK_AT.fullmatch(text, every.end() + len(_gap(text, every.end()))) if every else None
    if every is None or clock is None:
        return None
    try:
        at, carried = _time(clock)
    except _NoSuchTime:
        return None
    which = _which_days(every)
    return f"{at.minute} {at.hour} {which}" if which and not carried else None


def _which_days(every: re.Match[str]) -> str | None:
    """Day of the month, month and day of the week; None for a day that not every month has."""
    if every["daily"]:
        return "* * *"
    if every["work"]:
        return "* * mon-fri"
    if every["of_month"]:
        of_month = int(number(every["of_month"]))
        return f"{of_month} * *" if 1 <= of_month <= 28 else None
    chosen = [_NAMES[_WEEKDAYS.index(day.replace("天", "日"))] for day in every["days"] if day not in "、,和"]
    return f"* * {','.join(dict.fromkeys(chosen))}"


def _gap(text: str, at: int) -> str:
    found = re.compile(_GAP).match(text, at)
    return found[0] if found else ""


def _is_all(text: str, found: Span) -> bool:
    return not (text[: found.start] + text[found.stop :]).strip(" ,，。")


def _after(found: re.Match[str], now: datetime) -> datetime:
    much = 0.5 if found["much"] == "半" else float(number(found["much"]))
    return now + (timedelta(minutes=much) if found["unit"] == "分钟" else timedelta(hours=much))


def _point(text: str, at: int, now: datetime, since: datetime | None = None) -> Span | None:
    """A day, a time of day, or both, that begins at a place of the text. `since`: the beginning, of what it ends."""
    if since is None and at and text[at].isdigit() and (text[at - 1].isdigit() or text[at - 1] in ".-:/"):
        return None  # the tail of another number
    named = _DAY_AT.match(text, at)
    rest = named.end() + len(_gap(text, named.end())) if named else at
    clock = _CLOCK_AT.match(text, rest)
    if named and named["dashed"] and not (named["year"] or clock):
        return None  # "3-2" alone is rather a house
    if named is None and clock is None:
        return None
    day = _day(named, since or now) if named else None
    if clock is None:
        return Span(at, named.end() if named else rest, datetime.combine(day or now.date(), time()), clock=False)
    moment, carried = _time(clock)
    found = datetime.combine(day or (since or now).date(), moment) + timedelta(days=carried)
    if since is not None:
        half = day is None and not clock["part"] and moment.hour < 12
        found = _ending(found, since, by_half=half, by_day=day is None)
    elif found <= now and named is None:
        found += timedelta(days=1)
    elif found <= now and named and named["weekday"] and not named["next"]:
        found += timedelta(days=7)
    return Span(at, clock.end(), found)


def _ending(end: datetime, since: datetime, *, by_half: bool, by_day: bool) -> datetime:
    """ "9点到3点" ends in the afternoon, "22:00-6:00" on the next day."""
    if end > since:
        return end
    if by_half and end + timedelta(hours=12) > since:
        return end + timedelta(hours=12)
    return end + timedelta(days=1) if by_day else end


def _lasting(text: str, first: Span, now: datetime) -> Span:
    """The same with its end, if one follows."""
    to = _TO.match(text, first.stop)
    last = _point(text, to.end(), now, since=first.begin) if to and to[0] else None
    if last is None or last.clock != first.clock or not timedelta() <= last.begin - first.begin <= _LONGEST:
        return first
    return Span(first.start, last.stop, first.begin, last.begin, first.clock)


def _day(found: re.Match[str], now: datetime) -> date:
    if found["near"]:
        return now.date() + timedelta(days=_NEAR[found["near"]])
    day = day_of(found[0], now.date())
    if day is None:
        raise _NoSuchTime
    return day


def _time(found: re.Match[str]) -> tuple[time, int]:
    """The time of day and how many days it carries over: 晚上12点 is 0:00 of the next."""
    hour = int(found["hour"]) if found["hour"] else int(number(found["hours"]))
    minute = int(found["minute"] or 0) or _QUARTERS.get(found["half"] or "", 0)
    minute = minute or (int(number(found["minutes"])) if found["minutes"] else 0)
    part = found["part"] or ""
    if (part in _LATE and 1 <= hour <= 11) or (part == "中午" and 1 <= hour <= 2):
        hour += 12
    elif (part in {"晚上", "晚", "夜里"} and hour == 12) or (part == "凌晨" and hour == 12):
        hour = 24 if part != "凌晨" else 0
    if minute > 59 or hour > 24 or (hour == 24 and minute):
        raise _NoSuchTime
    return time(hour % 24, minute), hour // 24
