"""Days as people write them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.dates import JUST_GONE, day_of

MONDAY = date(2026, 11, 23)
DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("今天", (2026, 11, 23)), ("明天", (2026, 11, 24)), (" 大后天 ", (2026, 11, 26)),
        ("周五", (2026, 11, 27)), ("星期天", (2026, 11, 29)), ("礼拜一", (2026, 11, 23)), ("周7", (2026, 11, 29)),
        ("下周三", (2026, 12, 2)), ("下个星期一", (2026, 11, 30)), ("本周日", (2026, 11, 29)),
        ("11-28", (2026, 11, 28)), ("11/28", (2026, 11, 28)), ("１１月２８日", (2026, 11, 28)),
        ("11月28号", (2026, 11, 28)), ("十一月二十八日", (2026, 11, 28)), ("28号", (2026, 11, 28)),
        ("二十日", (2026, 12, 20)), ("31号", (2026, 12, 31)),
        ("2026-12-01", (2026, 12, 1)), ("2026年12月1日", (2026, 12, 1)), ("2025-01-01", (2025, 1, 1)),
        ("1-5", (2027, 1, 5)), ("11-20", (2026, 11, 20)), ("2月29日", (2028, 2, 29)),
    ],
)  # fmt: skip
def test_a_day_is_understood(said: str, meant: tuple[int, int, int]) -> None:
    assert day_of(said, MONDAY) == date(*meant)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "以后",
        "2月30日",
        "13-1",
        "40号",
        "0号",
        "3-2-501",
        "明天25点",
        "周八",
        "2026-02-29",
        "3号楼",
        "999",
        "11-28-3",
    ],
)
def test_what_is_no_day_is_none(said: str) -> None:
    assert day_of(said, MONDAY) is None


@given(DAYS, DAYS)
def test_a_full_date_is_that_day_whenever_it_is_said(day: date, today: date) -> None:
    assert day_of(day.isoformat(), today) == day
    assert day_of(f"{day.year}年{day.month}月{day.day}日", today) == day


@given(DAYS, st.integers(0, 360))
def test_without_its_year_it_is_the_one_to_come_or_just_gone(today: date, span: int) -> None:
    day = today - JUST_GONE + timedelta(days=span)
    found = day_of(f"{day.month}-{day.day}", today)
    assert found is not None
    assert (found.month, found.day) == (day.month, day.day)
    assert found == day or found < today  # a leap year may bring it nearer


@given(DAYS, st.sampled_from("一二三四五六日天"))
def test_a_weekday_is_within_seven_days_and_next_week_after_it(today: date, weekday: str) -> None:
    coming, next_week = day_of(f"周{weekday}", today), day_of(f"下周{weekday}", today)
    assert coming is not None
    assert next_week is not None
    assert timedelta() <= coming - today < timedelta(days=7)
    assert coming.weekday() == next_week.weekday() == "一二三四五六日".index(weekday.replace("天", "日"))
    assert next_week - coming in {timedelta(), timedelta(days=7)}


@given(DAYS, st.integers(1, 31))
def test_a_day_of_the_month_comes_within_two_months(today: date, day: int) -> None:
    found = day_of(f"{day}号", today)
    assert found is not None
    assert (found.day, timedelta() <= found - today < timedelta(days=62)) == (day, True)


@given(st.text(max_size=12), DAYS)
def test_nothing_makes_it_stumble(text: str, today: date) -> None:
    assert day_of(text, today) is None or isinstance(day_of(text, today), date)
