"""Deadlines: one reminder before, one step up on breach, and nobody woken at night."""

from datetime import timedelta

import pytest
from village import Village

LIFT = "3号楼电梯又坏了,按了没反应"
RUBBISH = "3号楼门口垃圾没人清运"
HEATING = "3号楼2单元501家里暖气不热"
NIGHT_WATCH = "3号楼着火了,冒烟"


@pytest.fixture
def lift(staffed: Village) -> Village:
    staffed.says("王阿姨", LIFT)
    for person in ("张网格员", "李网格长", "王总网格长"):
        staffed.new(person)
    return staffed


def test_one_reminder_before_the_deadline_of_taking(lift: Village) -> None:
    lift.wait(hours=3)
    assert lift.new("张网格员") == ["⏰ #1 电梯故障 · 3号楼 — 今天 13:00 到期"]
    assert lift.buttons("张网格员") == ["接单"]
    lift.wait(minutes=59)
    assert lift.new("张网格员") == []
    lift.presses("张网格员", "接单")
    assert lift.case().state == "accepted"


def test_one_reminder_before_the_deadline_of_finishing(lift: Village) -> None:
    lift.presses("张网格员", "接单")
    lift.new("张网格员")
    lift.wait(days=4)
    assert lift.new("张网格员") == ["⏰ #1 电梯故障 · 3号楼 — 明天 09:00 到期"]
    lift.presses("张网格员", "办结")
    assert lift.case().state == "done"
    lift.wait(days=2)
    assert lift.new("李网格长") == []


def test_who_takes_it_late_goes_one_step_up_once(lift: Village) -> None:
    lift.wait(hours=4)
    assert lift.new("李网格长") == ["⏰ #1 电梯故障 · 3号楼\n张网格员未按时接单,请您过问。"]
    assert lift.buttons("李网格长") == ["接单", "转办"]
    lift.wait(days=3)
    assert lift.new("李网格长") == []
    assert lift.new("王总网格长") == []
    lift.presses("李网格长", "接单")
    assert "处理中 · 李网格长" in lift.tells("王阿姨", "进度 1")[0]


def test_who_finishes_late_goes_one_step_up_once_more(lift: Village) -> None:
    lift.wait(hours=5)
    lift.presses("张网格员", "接单")
    lift.new("李网格长")
    lift.wait(days=5)
    assert lift.new("李网格长") == ["⏰ #1 电梯故障 · 3号楼\n张网格员未按时办结,请您过问。"]
    assert lift.buttons("李网格长") == ["进度", "转办"]
    assert lift.new("王总网格长") == []
    assert lift.history().count("raised") == 2


def test_a_units_case_goes_up_to_the_leader(staffed: Village) -> None:
    staffed.says("王阿姨", RUBBISH)
    staffed.new("环卫群")
    staffed.wait(hours=4)
    assert staffed.new("环卫群") == ["⏰ #1 垃圾清运 · 3号楼 — 今天 13:00 到期"]
    assert staffed.new("李网格长") == ["⏰ #1 垃圾清运 · 3号楼\n环卫所未按时接单,请您过问。"]


def test_a_unit_without_a_chat_is_reminded_through_its_people(staffed: Village) -> None:
    staffed.tells("陈姐", HEATING)
    staffed.new("孙经理")
    staffed.wait(minutes=90)
    assert staffed.new("孙经理") == ["⏰ #1 暖气不热 · 3号楼2单元501室 — 今天 11:00 到期"]


def test_at_the_top_of_the_chain_there_is_nobody_to_tell(lift: Village) -> None:
    lift.tells("赵主任", "接单 1")
    lift.new("王总网格长")
    lift.wait(days=6)
    raised = lift.events()[-1]
    assert (raised.kind, raised.data) == ("raised", {"person": None, "step": "finish"})
    assert lift.new("王总网格长") == []


def test_at_night_nobody_is_reminded_but_in_the_evening_before(staffed: Village) -> None:
    staffed.wait(hours=12)
    staffed.says("王阿姨", LIFT)  # 21:00, to be taken before 01:00
    staffed.new("张网格员")
    staffed.wait(minutes=29)
    assert staffed.new("张网格员") == []
    staffed.wait(minutes=1)
    assert staffed.new("张网格员") == ["⏰ #1 电梯故障 · 3号楼 — 明天 01:00 到期"]
    staffed.wait(hours=9, minutes=30)
    assert staffed.new("张网格员") == []
    assert staffed.new("李网格长") == []
    staffed.wait(minutes=31)
    assert [text for text in staffed.new("张网格员") if "到期" in text] == []
    assert len(staffed.new("李网格长")) == 1


def test_an_urgent_case_knows_no_night(staffed: Village) -> None:
    staffed.wait(hours=14)
    staffed.says("王阿姨", NIGHT_WATCH)
    staffed.wait(minutes=8)
    assert [text for text in staffed.new("张网格员") if "到期" in text]
    staffed.wait(minutes=2)
    assert staffed.buttons("李网格长") == ["我在路上", "误报"]
    assert staffed.presses("李网格长", "我在路上") is not None
    staffed.wait(hours=2)
    assert any("未按时办结" in text for text in staffed.new("王总网格长"))


def test_who_cannot_be_reached_is_reminded_through_who_has_the_card(staffed: Village) -> None:
    staffed.console.blocked.add("张网格员")
    staffed.says("王阿姨", LIFT)
    assert staffed.buttons("刘网格员") == ["接单", "转办", "不是诉求", "更多"]
    staffed.new("刘网格员")
    staffed.wait(hours=3)
    assert staffed.new("刘网格员") == ["⏰ #1 电梯故障 · 3号楼 — 今天 13:00 到期"]


def test_a_unit_nobody_of_which_can_be_reached(staffed: Village) -> None:
    staffed.console.blocked.add("孙经理")
    staffed.tells("陈姐", HEATING)
    staffed.new("李网格长")
    staffed.new("王总网格长")
    staffed.wait(minutes=90)
    told = staffed.new("李网格长") + staffed.new("王总网格长")
    assert any("11:00 到期" in text for text in told)


def test_a_reminder_restored_by_undo_comes_again_only_once(lift: Village) -> None:
    lift.presses("张网格员", "接单")
    lift.tells("张网格员", "撤销")
    lift.wait(hours=3)
    assert len([text for text in lift.new("张网格员") if "到期" in text]) == 1


def test_a_late_case_goes_past_a_leader_who_cannot_be_reached(lift: Village) -> None:
    lift.console.blocked.add("李网格长")
    lift.wait(hours=4)
    assert lift.history()[-2:] == ["raised", "unreached"]
    assert lift.new("王总网格长")[0].startswith("#1 电梯故障 · 3号楼\n已派单 张网格员")


def test_a_reminder_that_slept_through_its_deadline_stays_unsaid(lift: Village) -> None:
    lift.new("张网格员")
    lift.clock.at += timedelta(hours=5)  # the bot was down
    lift.do(lift.stage.settle())
    assert lift.new("张网格员") == []
    assert lift.history()[-2:] == ["reminded", "raised"]
