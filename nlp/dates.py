"""A day as people write it: 明天, 周五, 下周三, 11-28, 11月28日, 28号, 2026-12-01."""

import re
from datetime import date, timedelta
from typing import Final

from nlp.numerals import HAN, number
from nlp.spelling import plain

JUST_GONE: Final = timedelta(days=60)  # a day without a year that passed within these is meant as past
_NEAR: Final = {"今天": 0, "今日": 0, "明天": 1, "明日": 1, "后天": 2, "大后天": 3}
_WEEKDAYS: Final = "一二三四五六日"
_WEEKDAY: Final = re.compile(r"(?P<week>这|本|下)?个?(?:周|星期|礼拜)(?P<day>[一二三四五六日天1-7])")
_N: Final = rf"(?:\d{{1,2}}|[{HAN[:-1]}]{{1,3}})"
_DATE: Final = re.compile(
    rf"(?:(?P<year>\d{{4}})(?:年|[-/.]))?(?:(?P<month>{_N})(?:月|[-/.]))(?P<day>{_N})[日号]?|(?P<alone>{_N})[日号]"
)
_YEARS: Final = 9  # until 29 February surely comes again


def day_of(text: str, today: date) -> date | None:
    """The day a word means, said `today`; None if it means none (明天25点, 2月30日). It may lie in the past."""
    text = plain(text.strip())
    if text in _NEAR:
        return today + timedelta(days=_NEAR[text])
    if found := _WEEKDAY.fullmatch(text):
        return _weekday(found["week"], found["day"].replace("天", "日"), today)
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    if found["alone"]:
        return _of_month(int(number(found["alone"])), today)
    month, day = int(number(found["month"])), int(number(found["day"]))
    return _exact(int(found["year"]), month, day) if found["year"] else _of_year(month, day, today)


def _weekday(week: str | None, day: str, today: date) -> date:
    """周五 is the next one, today included; 本周五 and 下周五 count from Monday, and 本周一 may be past."""
    wanted = int(day) - 1 if day.isdecimal() else _WEEKDAYS.index(day)
    if week is None:
        return today + timedelta(days=(wanted - today.weekday()) % 7)
    return today + timedelta(days=wanted - today.weekday() + (7 if week == "下" else 0))


def _of_month(day: int, today: date) -> date | None:
    """28号: this month's, or the next month's that has it."""
    for ahead in range(_YEARS):
        year, month = divmod(today.month - 1 + ahead, 12)
        found = _exact(today.year + year, month + 1, day)
        if found and found >= today:
            return found
    return None


def _of_year(month: int, day: int, today: date) -> date | None:
    for year in range(today.year - 1, today.year + _YEARS):
        found = _exact(year, month, day)
        if found and today - found <= JUST_GONE:
            return found
    return None


def _exact(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
