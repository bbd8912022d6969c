"""One's own cases: the list, the way a case went, withdrawing, and taking one's last move back."""

import pytest
from village import GROUP, Village

LIFT = "3号楼电梯又坏了,按了没反应"
BOXES = "5号楼楼道堆满纸箱"
RUBBISH = "3号楼门口垃圾没人清运"
HEATING = "3号楼2单元501家里暖气不热"
TRAPPED = "有人被困在3号楼电梯里了!"
QUARREL = "3号楼隔壁501老公打老婆"


@pytest.fixture
def lift(staffed: Village) -> Village:
    """王阿姨 reported the lift in the group; 张网格员 has the card."""
    staffed.says("王阿姨", LIFT)
    staffed.new(GROUP)
    staffed.new("张网格员")
    return staffed


# -- lists ----------------------------------------------------------------------------------------------------


def test_who_reported_nothing_has_an_empty_list(staffed: Village) -> None:
    assert staffed.tells("小刘", "我的") == ["您最近没有反映过事情。直接写是什么事、在哪里就行。"]
    assert staffed.tells("张网格员", "待办") == ["手上没有待办。"]


def test_my_cases_newest_first_and_the_finished_ones_too(lift: Village) -> None:
    lift.says("王阿姨", BOXES)
    lift.tells("张网格员", "办结 1")
    lines = lift.tells("王阿姨", "/my")[0].splitlines()
    assert lines[0] == "您反映的 2 件:"
    assert lines[1].startswith("· #2 楼道堆物 · 5号楼 — 已派单 张网格员")
    assert lines[2] == "· #1 电梯故障 · 3号楼 — ✅ 已办结:已解决 · 张网格员"


def test_a_workers_morning(lift: Village) -> None:
    lift.wait(hours=1)
    lift.says("李明", BOXES)
    lift.says("王阿姨", TRAPPED)
    lines = lift.tells("张网格员", "待办")[0].splitlines()
    assert lines[0] == "3 件:"
    assert lines[1].startswith("🔴 #3 ")
    assert lines[2].startswith("· #1 电梯故障 · 3号楼 — 已派单")
    assert lines[3].startswith("· #2 楼道堆物 · 5号楼 — 已派单")
    assert lift.buttons("张网格员")[1:] == ["#1 电梯故障", "#2 楼道堆物"]
    lift.tells("张网格员", "接单 3")  # or everybody would be called for six days
    lift.wait(days=6)
    assert "⏰ #1 电梯故障" in lift.tells("张网格员", "/todo")[0]
    lift.presses("张网格员", "#1 电梯故障")
    assert lift.buttons("张网格员") == ["接单", "转办", "不是诉求", "更多"]


def test_a_contact_sees_the_cases_of_the_unit(staffed: Village) -> None:
    staffed.says("王阿姨", RUBBISH)
    assert "#1 垃圾清运" in staffed.tells("马班长", "待办")[0]
    assert staffed.says("马班长", "待办", at="环卫群", mentioned=True)
    assert staffed.new("环卫群")[-1].startswith("1 件:")


def test_a_list_asked_for_in_the_group_comes_privately(lift: Village) -> None:
    said = lift.says("张网格员", "/todo")
    assert said.reactions == ["👌"]
    assert lift.new("张网格员")[-1].startswith("1 件:")
    assert lift.new(GROUP) == []
    lift.says("王阿姨", "/my")
    assert lift.new(GROUP) == ["这里不方便说,请私聊我再发一次。"]


def test_a_resident_has_no_todo(lift: Village) -> None:
    assert lift.tells("王阿姨", "待办") == ["「待办」由工作人员使用。"]


# -- the way a case went --------------------------------------------------------------------------------------------


def test_the_reporter_sees_where_it_stands_and_no_internal_line(lift: Village) -> None:
    lift.wait(minutes=5)
    lift.tells("张网格员", "接单 1")
    lift.tells("张网格员", "备注 1 老是他家")
    lift.tells("张网格员", "回复 1 师傅三点到")
    lift.tells("张网格员", "转办 1 物业 业主难缠")
    assert lift.tells("王阿姨", "进度")[0].splitlines() == [
        "#1 电梯故障 · 3号楼",
        "已派单 柳树物业 · 今天 13:05 前接单",
        "09:00 王阿姨 登记",
        "09:00 小格 派单",
        "09:05 张网格员 接单",
        "09:05 张网格员 回复:师傅三点到",
        "09:05 张网格员 转办",
    ]
    assert lift.buttons("王阿姨") == ["补充", "撤回"]


def test_who_works_on_it_sees_every_line(lift: Village) -> None:
    lift.tells("陈姐", "进度 1")
    lift.says("陈姐", "我家也是", to="#1")
    lift.tells("张网格员", "备注 1 老是他家")
    lift.tells("张网格员", "转办 1 物业 业主难缠")
    history = lift.tells("张网格员", "进度 1")[0].splitlines()
    assert "09:00 陈姐 又一户反映" in history
    assert "09:00 张网格员 备注:老是他家" in history
    assert history[-1] == "09:00 张网格员 转办:业主难缠"


def test_one_resident_is_not_told_anothers_name(lift: Village) -> None:
    lift.tells("陈姐", LIFT)
    history = lift.tells("陈姐", "进度 1")[0].splitlines()
    assert history[2] == "09:00 居民 登记"


def test_in_the_group_the_way_is_what_the_card_says(lift: Village) -> None:
    lift.tells("张网格员", "回复 1 师傅三点到")
    for person in ("王阿姨", "张网格员", "陈姐"):
        lift.says(person, "/status 1")
        lift.wait(minutes=1)
        assert lift.new(GROUP)[-1].splitlines()[2:] == ["张网格员 09:00:师傅三点到"]


def test_a_delicate_case_is_not_told_in_the_group(staffed: Village) -> None:
    staffed.tells("周大姐", "/start")
    staffed.says("周大姐", QUARREL)
    said = staffed.says("周大姐", "进度 1")
    assert "👌" in said.reactions
    assert staffed.new(GROUP) == []
    assert staffed.new("周大姐")[-1].startswith("#1 家庭纠纷")


def test_a_number_of_somebody_elses_case_does_not_exist(lift: Village) -> None:
    assert lift.tells("陈姐", "进度 1") == ["没有 #1。"]


# -- withdrawing ----------------------------------------------------------------------------------------------------


def test_the_last_voice_takes_the_case_with_it(lift: Village) -> None:
    assert lift.says("王阿姨", "撤回 1 自己好了 13812345678").reactions == ["👌"]
    lift.wait(minutes=1)
    assert lift.card(1) == "#1 电梯故障 · 3号楼\n已撤回"
    assert lift.buttons(GROUP) == []
    assert lift.new("张网格员")[-1] == "#1 电梯故障 · 3号楼\n反映人已撤回。"
    assert "13812345678" not in lift.tells("张网格员", "进度 1")[0]
    assert lift.tells("王阿姨", "撤回 1") == ["#1 已撤回。"]


def test_one_of_several_takes_only_her_voice(lift: Village) -> None:
    lift.presses("李明", "我家也是", at=GROUP)
    assert lift.tells("王阿姨", "撤回 1") == ["#1 您的反映已撤回,还有 1 户在等。"]
    lift.wait(minutes=1)
    assert lift.case().state == "dispatched"
    assert "户反映" not in lift.card(1)
    assert LIFT not in lift.sees("张网格员")[0].text
    assert lift.tells("王阿姨", "撤销") == ["「撤回一户」不能撤销。"]
    assert lift.tells("李明", "撤回") == ["#1 已撤回。"]


def test_a_callers_voice_is_withdrawn_by_who_registered_it(staffed: Village) -> None:
    staffed.tells("张网格员", "代报 孙大爷 3号楼电梯坏了")
    staffed.says("王阿姨", LIFT)
    assert staffed.case().state == "dispatched"
    assert staffed.tells("张网格员", "撤回 1") == ["#1 您的反映已撤回,还有 1 户在等。"]
    assert staffed.case().state == "dispatched"


def test_who_did_not_report_it_cannot_withdraw_it(lift: Village) -> None:
    assert lift.tells("张网格员", "撤回 1") == ["#1 不是您反映的,这一步由反映人操作。"]


# -- undo -------------------------------------------------------------------------------------------------------------


def test_a_hasty_take_is_undone(lift: Village) -> None:
    lift.presses("张网格员", "接单")
    lift.wait(minutes=9)
    assert lift.tells("张网格员", "撤销") == ["#1 已撤销「接单」。已派单 张网格员 · 今天 13:00 前接单"]
    assert lift.history()[-2:] == ["accepted", "undone"]
    assert lift.tells("张网格员", "/undo") == ["#1 后来又有变化,不能撤销。"]
    lift.wait(minutes=1)
    assert lift.buttons("张网格员", "按了没反应") == ["接单", "转办", "不是诉求", "更多"]


def test_after_ten_minutes_it_stands(lift: Village) -> None:
    lift.presses("张网格员", "接单")
    lift.wait(minutes=11)
    assert lift.tells("张网格员", "撤销") == ["10 分钟内没有可撤销的操作。"]


def test_nobody_undoes_anothers_move(lift: Village) -> None:
    lift.presses("张网格员", "接单")
    assert lift.tells("李网格长", "撤销") == ["10 分钟内没有可撤销的操作。"]
    assert lift.tells("李网格长", "撤销 1") == ["10 分钟内没有可撤销的操作。"]
    assert lift.tells("陈姐", "撤销 #1") == ["10 分钟内没有可撤销的操作。"]
    assert lift.case().state == "accepted"


def test_what_was_said_since_cannot_be_undone(lift: Village) -> None:
    lift.presses("张网格员", "接单")
    lift.presses("李明", "我家也是", at=GROUP)
    assert lift.tells("张网格员", "撤销") == ["#1 后来又有变化,不能撤销。"]
    lift.tells("张网格员", "回复 1 三点到")
    assert lift.tells("张网格员", "撤销") == ["「回复」不能撤销。"]


def test_the_case_named_or_replied_to_is_the_one_undone(lift: Village) -> None:
    lift.tells("张网格员", "接单 1")
    lift.says("李明", BOXES)
    lift.tells("张网格员", "接单 2")
    assert lift.tells("张网格员", "撤销", to="按了没反应")[0].startswith("#1 已撤销「接单」")
    assert lift.tells("张网格员", "撤销 #2")[0].startswith("#2 已撤销「接单」")


def test_undoing_done_takes_the_question_back(lift: Village) -> None:
    lift.tells("陈姐", LIFT)
    lift.tells("张网格员", "好了")
    assert "解决了吗" in lift.sees(GROUP)[-1].text
    assert "解决了吗" in lift.sees("陈姐")[-1].text
    assert lift.presses("张网格员", "撤销").startswith("#1 已撤销「办结」")
    lift.wait(minutes=1)
    assert "解决了吗" not in lift.sees(GROUP)[-1].text
    assert "解决了吗" not in lift.sees("陈姐")[-1].text
    lift.tells("张网格员", "好了")
    assert "解决了吗" in lift.sees(GROUP)[-1].text
    assert lift.presses("王阿姨", "已解决", at=GROUP)


def test_at_night_the_question_undone_never_leaves(lift: Village) -> None:
    lift.tells("陈姐", LIFT)
    lift.wait(hours=14)
    lift.tells("张网格员", "好了")
    lift.tells("张网格员", "撤销")
    lift.wait(hours=10)
    assert not [text for text in lift.new(GROUP) + lift.new("陈姐") if "解决了吗" in text]


def test_an_earlier_round_keeps_its_words_when_a_later_done_is_undone(lift: Village) -> None:
    lift.tells("张网格员", "好了")
    lift.presses("王阿姨", "没有", at=GROUP)
    lift.wait(minutes=1)
    assert lift.sees(GROUP)[-1].text == "#1 已重新打开,交给李网格长。"
    lift.tells("李网格长", "办结 1")
    lift.tells("李网格长", "撤销")
    lift.wait(minutes=1)
    assert lift.sees(GROUP)[-1].text == "#1 已重新打开,交给李网格长。"


def test_undoing_an_outcome_puts_the_question_back_as_it_was(lift: Village) -> None:
    lift.tells("张网格员", "办结 1 换了主板")
    lift.wait(minutes=1)
    lift.presses("张网格员", "改为暂不能解决")
    lift.tells("张网格员", "配件停产")
    lift.wait(minutes=1)
    assert lift.card(1).endswith("张网格员说暂不能解决(09:00)。「配件停产」。解决了吗?")
    assert lift.tells("张网格员", "撤销 1")[0].startswith("#1 已撤销「改结果」")
    lift.wait(minutes=1)
    assert lift.card(1).endswith("张网格员说已解决(09:00)。「换了主板」。解决了吗?")


def test_undoing_a_transfer_gives_the_card_back(lift: Village) -> None:
    lift.tells("张网格员", "转办 1 物业 主板")
    lift.tells("张网格员", "撤销")
    lift.wait(minutes=1)
    assert lift.buttons("张网格员", "按了没反应") == ["接单", "转办", "不是诉求", "更多"]
    assert lift.buttons("孙经理") == []
    before = len(lift.sees("孙经理"))
    lift.tells("张网格员", "转办 1 物业 还是主板")
    assert len(lift.sees("孙经理")) == before + 1
    assert lift.sees("孙经理")[-1].text.endswith("还是主板")


def test_at_night_a_transfer_undone_reaches_nobody(lift: Village) -> None:
    lift.wait(hours=14)
    lift.new("孙经理")
    lift.tells("张网格员", "转办 1 物业 主板")
    lift.tells("张网格员", "撤销")
    lift.wait(hours=10)
    assert lift.new("孙经理") == []


def test_undoing_another_category_brings_the_case_back_from_the_other_lead(lift: Village) -> None:
    lift.tells("张网格员", "改类 1 环境卫生")
    assert lift.tells("张网格员", "撤销") == ["#1 已撤销「改类」。已派单 张网格员 · 今天 13:00 前接单"]
    assert lift.case().category == "facility"
    lift.wait(minutes=1)
    assert lift.card(1).startswith("#1 电梯故障")
    assert lift.buttons("环卫群") == []


def test_undoing_a_withdrawal_tells_the_lead(lift: Village) -> None:
    lift.tells("王阿姨", "撤回 1")
    lift.tells("王阿姨", "撤销")
    lift.wait(minutes=1)
    assert lift.new("张网格员")[-1] == "#1 电梯故障 · 3号楼\n反映人取消了撤回,请继续办理。"
    assert lift.buttons(GROUP) == ["我家也是", "补充"]


def test_in_the_group_an_undo_is_a_nod(lift: Village) -> None:
    lift.says("张网格员", "接单", to="#1 ")
    assert lift.says("张网格员", "撤销", to="#1 ").reactions == ["👌"]
    assert lift.case().state == "dispatched"
