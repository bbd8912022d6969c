"""Alone with the bot: receipts, questions, callers, and what must not be said in a group."""

from typing import Any

import pytest
from readings import (
    AT_3,
    HEAT,
    LAMP,
    LEAK,
    LIFT,
    LIFT_5,
    LIFT_SOMEWHERE,
    LIFT_TOO,
    ODD,
    QUARREL,
    URGE,
    URGE_LIFT,
)
from sqlmodel import select
from village import GROUP, Village

from storage.people import Person
from storage.reports import all_of, reporters
from storage.requests import Request

HEARD_NOTHING = "没听出要办的事。要反映问题请直接写是什么事、在哪里;或发「帮助」。"
ASKED = "请写下是什么事、在哪里,可带图。"


def caller(village: Village, number: int = 1) -> Person:
    return village.look(lambda session: reporters(session, number)[0][1])


def receipt(village: Village, person: str, words: str) -> str:
    """The bot's answer, not the working card that may come with it."""
    return next(text for text in village.tells(person, words) if not text.startswith("#"))


def cases(village: Village) -> list[Request]:
    return village.look(lambda session: list(session.exec(select(Request).order_by(Request.id))))  # type: ignore[arg-type]


def test_a_request_gets_a_receipt_with_buttons(staffed: Village) -> None:
    assert staffed.tells("王阿姨", LIFT) == ["已登记 #1 电梯故障 · 3号楼\n已派单 张网格员 · 今天 13:00 前接单"]
    assert staffed.buttons("王阿姨") == ["补充", "撤回"]
    assert staffed.new(GROUP) == []
    assert staffed.case().chat_id is None

    staffed.wait(hours=1)
    assert staffed.tells("王阿姨", "门也关不上", to="已登记 #1") == ["#1 已补充。"]  # a reply needs no number
    assert staffed.tells("李明", LIFT_TOO) == [
        "已有人反映,您这条并在一起:#1 电梯故障 · 3号楼 · 2 户反映\n已派单 张网格员 · 今天 13:00 前接单"
    ]
    assert staffed.buttons("李明") == ["补充", "撤回"]


def test_what_is_no_request_gets_a_hint_how_to_make_one(staffed: Village) -> None:
    assert staffed.tells("王阿姨", "你好呀") == [HEARD_NOTHING]
    assert staffed.tells("王阿姨", "/weather") == [HEARD_NOTHING]
    assert staffed.tells("张网格员", "师傅三点到") == []
    assert cases(staffed) == []


def test_a_worker_alone_is_asked_whether_it_is_a_case(staffed: Village) -> None:
    assert staffed.tells("张网格员", LIFT) == ["是要登记一件事吗?"]
    assert staffed.presses("张网格员", "登记") is None
    assert staffed.card(1, "张网格员").startswith("#1 电梯故障 · 3号楼")
    assert "已登记 #1" in "".join(staffed.new("张网格员"))


def test_a_report_without_words_is_asked_for_them(staffed: Village) -> None:
    for asking in ("/report", "报事"):
        assert staffed.tells("王阿姨", asking) == [ASKED]
    assert receipt(staffed, "王阿姨", LIFT).startswith("已登记 #1 电梯故障")


def test_whoever_says_report_means_it(staffed: Village) -> None:
    assert receipt(staffed, "王阿姨", "报事 " + ODD).startswith("已登记 #1 其他 · 3号楼\n")
    assert receipt(staffed, "王阿姨", "报事 110报警了也没人来").startswith("已登记 #2 其他\n")
    case = staffed.case()
    assert (case.kind, case.category, case.department) == ("report", "other", "城乡建设")
    assert staffed.events(2)[0].data == {"why": []}
    assert "「110报警了也没人来」" in staffed.card(2, "张网格员")


def test_a_place_named_later_brings_the_case_to_the_right_hands(staffed: Village) -> None:
    assert staffed.tells("王阿姨", LIFT_SOMEWHERE) == ["已登记 #1 电梯故障\n已派单 王总网格长 · 今天 13:00 前接单"]
    assert staffed.tells("王阿姨", AT_3) == ["#1 已补充。"]
    staffed.wait(minutes=1)
    assert staffed.card(1, "张网格员").startswith("#1 电梯故障 · 3号楼\n已派单 张网格员")
    assert staffed.buttons("王总网格长") == []

    staffed.wait(minutes=20)  # from now on 王阿姨 is known to live there
    assert "已派单 张网格员" in staffed.tells("王阿姨", "报事 别的事")[0]


def test_a_place_named_later_takes_no_case_out_of_the_hands_that_have_it(staffed: Village) -> None:
    staffed.tells("王阿姨", LIFT_SOMEWHERE)
    staffed.presses("王总网格长", "接单")
    staffed.tells("王阿姨", AT_3)
    assert (staffed.case().places, staffed.case().dispatches) == ("3号楼", 1)


# -- for somebody else --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "name", "flat", "place"),
    [
        ("孙大爷 2-1-301 " + HEAT, "孙大爷", "2号楼1单元301室", "3号楼"),
        ("孙大爷 3号楼1单元301室 屋里太冷", "孙大爷", "3号楼1单元301室", ""),
        ("孙大爷 " + LIFT, "孙大爷", None, "3号楼"),
        ("3-1-301 " + LIFT, "来电居民", "3号楼1单元301室", "3号楼"),
        ("电梯坏了 在3号楼", "来电居民", None, ""),
        (LIFT, "来电居民", None, "3号楼"),
        ("3号楼 没人扫地", "来电居民", None, ""),
    ],
)
def test_a_worker_registers_for_a_caller(
    staffed: Village, monkeypatch: pytest.MonkeyPatch, words: str, name: str, flat: str | None, place: str
) -> None:
    reader = staffed.stage.app.reader
    read = reader.read
    heard = []

    def listen(text: str, *context: Any, **more: Any) -> Any:
        heard.append(text)
        return read(text.removeprefix(f"{flat} "), *context, **more)

    monkeypatch.setattr(reader, "read", listen)
    assert receipt(staffed, "张网格员", "代报 " + words).startswith("已登记 #1 ")
    assert (caller(staffed).name, caller(staffed).flat) == (name, flat)
    assert staffed.case().places == place
    assert any(text.startswith(flat or words.removeprefix(f"{name} ")) for text in heard)


def test_for_asks_what_to_write_and_is_for_staff(staffed: Village) -> None:
    assert staffed.tells("王阿姨", "代报 孙大爷 暖气不热") == ["「代报」由工作人员使用。"]
    assert staffed.tells("张网格员", "代报") == ["请写:姓名 房号 事情。例:孙大爷 2-1-301 暖气不热"]
    where_they_work = "已登记 #1 其他\n已派单 张网格员"
    assert receipt(staffed, "张网格员", "孙大爷 屋里冷").startswith(where_they_work)


def test_a_caller_is_answered_for_by_whoever_registered(staffed: Village) -> None:
    staffed.tells("孙经理", "代报 孙大爷 " + LIFT)  # a unit's contact has no grid of their own
    staffed.tells("张网格员", "办结 1 修好了")
    assert staffed.card(1, "孙经理").endswith("解决了吗?")
    assert staffed.presses("孙经理", "已解决") == "记下了。满意吗?"


def test_a_caller_with_the_same_matter_is_another_voice(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    assert receipt(staffed, "张网格员", "代报 孙大爷 " + LIFT_TOO).startswith("已有人反映,您这条并在一起:#1")
    assert staffed.look(lambda session: len(all_of(session, 1))) == 2


def test_a_case_for_a_caller_shows_no_flat_in_the_group(staffed: Village) -> None:
    said = staffed.says("张网格员", "/for 孙大爷 3-1-301 " + LIFT)
    staffed.wait(minutes=1)
    assert said.reactions == ["👀"]
    assert not any("301" in text or "孙大爷" in text for text in staffed.new(GROUP))
    assert "孙大爷 3号楼1单元301室" in staffed.card(1, "张网格员")


# -- what is delicate ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [QUARREL, LEAK])
def test_a_delicate_matter_has_no_card(staffed: Village, words: str) -> None:
    said = staffed.says("王阿姨", words)
    staffed.wait(minutes=1)
    assert said.reactions == ["👀"]
    assert staffed.new(GROUP) == []
    assert staffed.new("王阿姨") == []  # who never wrote to the bot cannot be told alone
    assert staffed.case().delicate in {"family", "flat"}

    staffed.tells("李明", "/start")
    staffed.new("李明")
    staffed.says("李明", words)
    assert staffed.new("李明") == [
        f"已登记 #2 {staffed.case().title}"
        + staffed.card(2, "张网格员")[2 + len(staffed.case().title) + 1 :].split("\n「")[0]
    ]
    assert staffed.buttons("李明") == ["补充", "撤回"]


def test_news_of_a_delicate_matter_say_only_its_number_in_the_group(staffed: Village) -> None:
    staffed.says("王阿姨", QUARREL)
    staffed.tells("张网格员", "办结 1 上门谈过")
    assert staffed.new(GROUP) == ["#1 有进展,请私聊我查看。"]


def test_urging_a_delicate_matter_is_answered_alone(staffed: Village) -> None:
    staffed.says("王阿姨", QUARREL)
    assert staffed.says("王阿姨", "催办 1").reactions == ["👌"]
    assert staffed.new(GROUP) == []
    assert staffed.case().urged == 1
    assert staffed.tells("王阿姨", "催办 1")[0].endswith("已转告张网格员,第 2 次催办。")


def test_choosing_among_ones_cases_in_a_group_hides_the_delicate_ones(staffed: Village) -> None:
    staffed.says("王阿姨", QUARREL)
    staffed.says("王阿姨", LIFT)
    staffed.says("王阿姨", "撤回", mentioned=True)
    assert staffed.new(GROUP)[-1] == "是哪一件?"
    assert staffed.buttons(GROUP) == ["#2 电梯故障", "#1"]
    assert staffed.tells("王阿姨", "撤回") == ["是哪一件?"]
    assert staffed.buttons("王阿姨") == ["#2 电梯故障", "#1 家庭纠纷"]


# -- urging -------------------------------------------------------------------------------------------------------


def test_urging_finds_the_case_counts_and_tells_the_lead(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT_5, at="东网格群")
    staffed.says("王阿姨", LIFT)
    staffed.new("张网格员")
    staffed.says("王阿姨", URGE_LIFT)
    assert staffed.new(GROUP)[-1] == (
        "#2 电梯故障 · 3号楼:已派单 张网格员 · 今天 13:00 前接单。已转告张网格员,第 1 次催办。"
    )
    assert staffed.new("张网格员") == ["#2 电梯故障 · 3号楼\n居民催办,第 1 次。"]
    staffed.says("李明", URGE_LIFT)  # the group's case, urged by a neighbour
    assert staffed.new(GROUP)[-1].endswith("第 2 次催办。")
    staffed.says("王阿姨", "催办", to="第 2 次催办")  # a reply to the answer needs no number
    assert staffed.new(GROUP)[-1].endswith("第 3 次催办。")
    assert len(cases(staffed)) == 2
    staffed.tells("张网格员", "办结 2 换了主板")
    assert staffed.tells("王阿姨", "催办 2") == ["#2 已经结束。"]


def test_urging_without_saying_what_means_ones_only_case(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.wait(minutes=11)
    staffed.says("王阿姨", URGE)
    assert staffed.new(GROUP)[-1].startswith("#1 电梯故障 · 3号楼:")
    staffed.says("李明", URGE)  # who has none opens one
    assert staffed.case(2).kind == "urge"
    staffed.says("王阿姨", LAMP)
    staffed.wait(minutes=11)
    staffed.says("王阿姨", URGE)  # which of her two?
    assert staffed.case(4).kind == "urge"


def test_urging_in_a_group_says_nothing_of_ones_delicate_case(staffed: Village) -> None:
    staffed.says("王阿姨", QUARREL)
    staffed.wait(minutes=11)
    staffed.says("王阿姨", URGE)
    assert not any("家庭纠纷" in text for text in staffed.new(GROUP))
    assert staffed.case(1).urged == 0
