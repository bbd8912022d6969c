"""Plays: what a line may look like, and what a person hears who writes it wrong."""

from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from village import GROUP, Village

from bot.play import Line, Unplayable, parse, script

ZONE = ZoneInfo("Asia/Shanghai")


def test_a_line_names_who_speaks_where() -> None:
    assert parse("王阿姨@3号楼群  电梯坏了 真的") == Line("王阿姨", "3号楼群", "电梯坏了 真的")
    assert parse("08:05 张网格员 待办") == Line("张网格员", "张网格员", "待办", time(8, 5))
    assert parse("7:05 张网格员 待办").at == time(7, 5)


@pytest.mark.parametrize("text", ["电梯坏了", "@3号楼群 电梯坏了", ""])
def test_a_line_without_person_or_words_is_refused(text: str) -> None:
    with pytest.raises(Unplayable):
        parse(text)


def test_a_script_has_dates_times_and_comments(tmp_path: Path) -> None:
    path = tmp_path / "day.txt"
    path.write_text(
        "# a day\n\n== 2026-11-23\n09:00 王阿姨@3号楼群 早\n== 2026-11-24\n08:00 王阿姨 我的\n", encoding="utf-8"
    )
    moments = [at for at, _ in script(path, ZONE)]
    assert moments == [datetime(2026, 11, 23, 9, tzinfo=ZONE), datetime(2026, 11, 24, 8, tzinfo=ZONE)]
    path.write_text("== 2026-11-23\n王阿姨@3号楼群 早\n", encoding="utf-8")
    with pytest.raises(Unplayable, match=r"day\.txt:2: a line needs its time"):
        list(script(path, ZONE))


def test_buttons_and_quotes_are_found_in_what_the_chat_shows(staffed: Village) -> None:
    def perform(text: str) -> str | None:
        return staffed.do(staffed.play.perform(parse(text)))

    perform("王阿姨@3号楼群 3号楼电梯又坏了,按了没反应")
    assert perform("张网格员 <接单|电梯>") == "已接单 #1 电梯故障 · 3号楼"
    perform("张网格员 ^#1^ 好了 [图片]")
    assert "有照片" in staffed.new(GROUP)[-1]
    perform("王阿姨@3号楼群 <已解决>")
    assert staffed.case().verdict == "solved"
    for wrong in ("张网格员 <起飞>", "张网格员 <接单|火箭>", "张网格员 ^火箭^ 好了"):
        with pytest.raises(Unplayable):
            perform(wrong)
