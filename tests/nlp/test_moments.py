"""Times people type: what is read, what is no time, and that nothing breaks it."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import moments
from nlp.moments import duration, find, moment, recurrence

NOW = datetime.fromisoformat("2026-11-23T14:00")  # a Monday; the community's own clock has no zone here


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return NOW.replace(month=month, day=day, hour=hour, minute=minute)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("今晚 19:00", at(23, 19)),
        ("今天下午三点二十分", at(23, 15, 20)),
        ("明早9点", at(24, 9)),
        ("后天上午10点半", at(25, 10, 30)),
        ("大后天 8点一刻", at(26, 8, 15)),
        ("周五 19:30", at(27, 19, 30)),
        ("周一 9:00", at(30, 9)),
        ("周一 15:00", at(23, 15)),
        ("下周一上午9点", at(30, 9)),
        ("星期天晚八点", at(29, 20)),
        ("11月28日 8:00", at(28, 8)),
        ("12-1 8:00", at(1, 8, month=12)),
        ("12/1,上午9点", at(1, 9, month=12)),
        ("十二月一号九点整", at(1, 9, month=12)),
        ("2026-12-01 09:00", at(1, 9, month=12)),
        ("1月5日 9:00", at(5, 9, month=1).replace(year=2027)),
        ("9:00", at(24, 9)),
        ("15:00", at(23, 15)),
        ("中午12点", at(24, 12)),
        ("中午1点", at(24, 13)),
        ("晚上12点", at(24, 0)),
        ("凌晨12点", at(24, 0)),
        ("明天24点", at(25, 0)),
        ("半小时后", at(23, 14, 30)),
        ("两天后 9:00", None),
        ("2小时后", at(23, 16)),
        ("40分钟以后", at(23, 14, 40)),
        ("20:00。", at(23, 20)),
        # no time, too little of one, or gone by
        ("明天25点", None),
        ("明天 9:60", None),
        ("24:30", None),
        ("2月30日 9:00", None),
        ("2026-02-30 9:00", None),
        ("今天 9:00", None),
        ("本周一 9:00", None),
        ("28号 9:00", None),
        ("2025-12-01 09:00", None),
        ("明天", None),
        ("明天9点停水", None),
        ("明天9点到11点", None),
        ("每天 8:00", None),
        ("", None),
    ],
)
def test_a_moment_is_read_as_it_is_meant(text: str, when: datetime | None) -> None:
    assert moment(text, NOW) == when


@pytest.mark.parametrize(
    ("text", "words", "begin", "end"),
    [
        ("明早9点到下午3点停水", "明早9点到下午3点", at(24, 9), at(24, 15)),
        ("11月28日8:00-12:00体检", "11月28日8:00-12:00", at(28, 8), at(28, 12)),
        ("明天9点到3点", "明天9点到3点", at(24, 9), at(24, 15)),
        ("今晚22:00至6:00", "今晚22:00至6:00", at(23, 22), at(24, 6)),
        ("今晚10点到11点半", "今晚10点到11点半", at(23, 22), at(23, 23, 30)),
        ("11月28日8点至11月29日18点停电", "11月28日8点至11月29日18点", at(28, 8), at(29, 18)),
        ("管道检修,11月28日到11月30日", "11月28日到11月30日", at(28, 0), at(30, 0)),
        ("1-5号楼明天停水", "明天", at(24, 0), None),
        ("3-2 明天9点停水", "明天9点", at(24, 9), None),
        ("周三停水", "周三", at(25, 0), None),
        ("明天到了再说", "明天", at(24, 0), None),
        ("11月30日到11月28日", "11月30日", at(30, 0), None),
        ("明天9点到周五", "明天9点", at(24, 9), None),
    ],
)
def test_a_time_in_a_text_is_found_with_its_end(text: str, words: str, begin: datetime, end: datetime | None) -> None:
    found = find(text, NOW)
    assert found
    assert (text[found.start : found.stop], found.begin, found.end) == (words, begin, end)


@pytest.mark.parametrize(
    "text", ["3号楼电梯坏了", "5-1-301漏水", "停电2小时", "每周一 8:00收垃圾", "电话6600-0001", "3-2", "明天25点停水"]
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert find(text, NOW) is None


@pytest.mark.parametrize(
    ("text", "cron"),
    [
        ("每天 8:00", "0 8 * * *"),
        ("每周一 9:00", "0 9 * * mon"),
        ("每周一三五 8点半", "30 8 * * mon,wed,fri"),
        ("每星期六、天,晚上7点", "0 19 * * sat,sun"),
        ("每工作日9:00", "0 9 * * mon-fri"),
        ("每月1日 8点", "0 8 1 * *"),
        ("每月31日 8点", None),
        ("每周一", None),
        ("每周一 25:00", None),
        ("每天24点", None),
        ("明天 8:00", None),
    ],
)
def test_what_happens_again_and_again_is_a_cron_line(text: str, cron: str | None) -> None:
    assert recurrence(text) == cron


@given(st.text(alphabet="今明后天周一二三日月点半早晚上午下到至-:/.0123456789每小时后 ,号楼", max_size=24))
def test_no_text_breaks_it_and_what_is_found_lies_in_the_text(text: str) -> None:
    found = find(text, NOW)
    if found:
        assert 0 <= found.start < found.stop <= len(text)
        assert found.end is None or found.end >= found.begin
    when = moment(text, NOW)
    assert when is None or when > NOW
    recurrence(text)


@given(st.datetimes(NOW + timedelta(minutes=1), NOW + timedelta(days=300)))
def test_every_moment_to_come_is_read_back(when: datetime) -> None:
    when = when.replace(second=0, microsecond=0)
    for text in (f"{when:%Y-%m-%d %H:%M}", f"{when.month}月{when.day}日{when.hour}点{when.minute}分"):
        assert moments.moment(text, NOW) == (when if when > NOW else None)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("3天", timedelta(days=3)),
        ("24小时", timedelta(hours=24)),
        ("两周", timedelta(days=14)),
        ("一个星期", timedelta(days=7)),
        ("半天", timedelta(hours=12)),
        (" 90 分钟 ", timedelta(minutes=90)),
        ("十二个钟头", timedelta(hours=12)),
        ("0天", None),
        ("两年", None),
        ("3天后", None),
        ("开放3天", None),
        ("", None),
    ],
)
def test_how_long(text: str, span: timedelta | None) -> None:
    assert duration(text) == span


@given(st.integers(1, 99), st.sampled_from(["分钟", "小时", "天", "周"]))
def test_a_longer_span_is_longer(many: int, unit: str) -> None:
    one, more = duration(f"1{unit}"), duration(f"{many}{unit}")
    assert one
    assert more == many * one
