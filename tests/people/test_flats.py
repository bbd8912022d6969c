"""A flat one binds tells where to find one: it is a place for what one reports alone, and never a right."""

import pytest
from sqlmodel import select
from village import GROUP, Village

from storage.people import Person

LIFT = "电梯又坏了,按了没反应"


def flat(village: Village, name: str) -> str | None:
    return village.look(lambda session: session.exec(select(Person.flat).where(Person.name == name)).one())


@pytest.mark.parametrize("words", ["绑定 3-2-501", "/bind 3号楼2单元501室", "绑定 三号楼二单元501"])
def test_a_flat_is_kept_in_its_normal_form(staffed: Village, words: str) -> None:
    (told,) = staffed.tells("王阿姨", words)
    assert told.startswith("已记下3号楼2单元501室。")
    assert flat(staffed, "王阿姨") == "3号楼2单元501室"


def test_what_is_no_flat_is_said_so_and_nothing_changes(staffed: Village) -> None:
    staffed.tells("王阿姨", "绑定 3-2-501")
    assert staffed.tells("王阿姨", "绑定 东门") == ["没看懂房号「东门」。例:绑定 3-2-501,绑定 3号楼2单元501。"]
    assert staffed.tells("王阿姨", "绑定") == ["您绑定的是3号楼2单元501室。改:绑定 3-2-501;清除:绑定 无。"]
    assert staffed.tells("王阿姨", "绑定 无") == ["房号已清除。"]
    assert flat(staffed, "王阿姨") is None
    assert staffed.tells("王阿姨", "/bind") == ["请写楼号-单元-房号,例:绑定 3-2-501。只有承办的工作人员看得到。"]


def test_in_a_group_it_is_answered_alone(staffed: Village) -> None:
    staffed.says("王阿姨", "/绑定 3-2-501")
    assert "请私聊我再发一次" in staffed.sees(GROUP)[-1].text
    staffed.tells("王阿姨", "/start")
    staffed.says("王阿姨", "/绑定 3-2-501")
    assert staffed.sees("王阿姨")[-1].text.startswith("已记下3号楼2单元501室。")
    assert all("501" not in post.text for post in staffed.sees(GROUP))


def test_a_report_alone_without_a_place_is_about_ones_own_building(staffed: Village) -> None:
    staffed.tells("王阿姨", "绑定 5-2-501")
    assert staffed.tells("王阿姨", LIFT)[0].startswith("已登记 #1 电梯故障 · 5号楼\n")
    case = staffed.case()
    assert case.places == "5号楼"
    staffed.wait(minutes=1)
    assert "王阿姨 5号楼2单元501室" in staffed.card(1, at="张网格员")


def test_a_place_that_is_named_wins_and_the_group_has_its_own(staffed: Village) -> None:
    staffed.tells("王阿姨", "绑定 5-2-501")
    staffed.tells("王阿姨", "3号楼电梯又坏了,按了没反应")
    assert staffed.case(1).places == "3号楼"
    staffed.says("王阿姨", "路灯坏了好几天没人修")
    assert staffed.case(2).places == ""
    assert "501" not in "".join(post.text for post in staffed.sees(GROUP))


def test_a_flat_gives_no_right(staffed: Village) -> None:
    staffed.tells("王阿姨", "绑定 3-2-501")
    staffed.says("李明", "3号楼电梯又坏了,按了没反应")
    assert staffed.tells("王阿姨", "接单 1") == ["没有 #1。"]
    assert staffed.tells("王阿姨", "待办") == ["「待办」由工作人员使用。"]
