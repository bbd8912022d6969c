"""Leave: whole days in which somebody else is sent what comes; what was open stays, and both are told."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select
from village import GROUP, Village

from bot.config import Settings
from storage.leaves import Leave
from storage.people import Person

LIFT = "3号楼电梯又坏了,按了没反应"
BOXES = "5号楼楼道堆满纸箱"
TRAPPED = "有人被困在3号楼电梯里了!"
EAST = "东网格群"
HOW = "请这样写:请假 11-28 11-30 刘网格员;替别人请:请假 张网格员 明天 周五 刘网格员。"


def lead(village: Village, number: int = 1) -> str:
    return village.look(lambda session: session.get_one(Person, village.case(number).lead_person_id).name)


def leaves(village: Village) -> list[Leave]:
    return village.look(lambda session: list(session.exec(select(Leave)).all()))


@pytest.fixture
def alone(staffed: Village) -> Village:
    """The village where 刘网格员 stands in for nobody by the file; he may only relieve."""

    def no_stand_in(session: Session) -> None:
        session.exec(select(Person).where(Person.key == "zhang")).one().stand_in_key = None

    staffed.look(no_stand_in)
    return staffed


def test_while_somebody_is_away_the_other_is_sent_what_comes(alone: Village) -> None:
    alone.says("王阿姨", LIFT)
    assert alone.tells("张网格员", "请假 明天 周五 刘网格员") == [
        "张网格员11月24日(周二)—11月27日(周五)请假,刘网格员替班。"
    ]
    alone.says("李明", BOXES, at=EAST)
    assert (lead(alone, 1), lead(alone, 2)) == ("张网格员", "张网格员")
    alone.tells("张网格员", "接单 1")
    alone.tells("张网格员", "接单 2")
    for name in ("张网格员", "刘网格员"):
        alone.new(name)
    alone.wait(hours=23)  # Tuesday, 8:00; it began in the night, and is told in the morning
    assert alone.new("刘网格员") == [
        "张网格员从今天起请假到11月27日(周五),由您替班,新派的事会发给您。张网格员手上 2 件:#1 #2"
    ]
    assert alone.buttons("刘网格员") == ["#1", "#2"]
    assert (lead(alone, 1), lead(alone, 2)) == ("张网格员", "张网格员")

    alone.says("陈姐", "/report 别的事", at=EAST)
    alone.wait(minutes=1)
    assert lead(alone, 3) == "刘网格员"
    assert alone.card(3, at="刘网格员").startswith("#3")
    assert alone.tells("刘网格员", "备注 1 在等配件")[0].startswith("#1 已备注")
    assert alone.tells("刘网格员", "待办")[0].startswith("1 件:")
    assert alone.tells("刘网格员", "任命 王阿姨 网格员 3号楼") == ["「任命」由网格长以上使用。"]
    alone.presses("刘网格员", "接单", about="#3 ")

    for name in ("张网格员", "刘网格员"):
        alone.new(name)
    alone.wait(days=4)
    told = alone.new("刘网格员")
    assert "张网格员回来了,替班结束。您替班时接的 1 件已转回:#3" in told
    assert "请假结束,新派的事又发给您,谢谢刘网格员替班。张网格员手上 3 件:#1 #2 #3" in alone.new("张网格员")
    assert lead(alone, 3) == "张网格员"
    assert alone.case(3).state == "accepted"
    assert alone.tells("刘网格员", "待办") == ["「待办」由工作人员使用。"]
    alone.says("王阿姨", "/report 又一件", at=EAST)
    assert lead(alone, 4) == "张网格员"


def test_a_danger_goes_to_who_is_there(alone: Village) -> None:
    assert alone.tells("张网格员", "请假 今天 今天 刘网格员")[-1].endswith("刘网格员替班。")
    alone.new("刘网格员")
    alone.says("赵师傅", TRAPPED)
    assert "已通知值班 刘网格员" in alone.sees(GROUP)[0].text
    assert alone.new("刘网格员")[0].startswith("🔴 #1 电梯困人")
    alone.wait(minutes=10)
    assert alone.new("李网格长")[0].startswith("🔴 #1 电梯困人")
    assert alone.presses("刘网格员", "我在路上").startswith("已接单 #1")  # type: ignore[union-attr]


def test_a_danger_led_by_a_unit_wakes_the_relief_who_may_take_it(alone: Village) -> None:
    alone.tells("张网格员", "请假 今天 今天 刘网格员")
    alone.says("王阿姨", "3号楼暖气管爆了,热水喷得到处都是", at=GROUP)
    assert alone.tells("刘网格员", "备注 1 在去的路上")[0].startswith("#1 已备注")


def test_reminders_and_the_step_up_pass_by_who_is_away(alone: Village) -> None:
    alone.says("王阿姨", LIFT)
    alone.tells("张网格员", "请假 今天 周五 刘网格员")
    for name in ("张网格员", "刘网格员", "李网格长"):
        alone.new(name)
    alone.wait(hours=3)
    assert [text for text in alone.new("刘网格员") if "到期" in text]
    alone.wait(hours=1)
    assert "张网格员未按时接单,请您过问。" in alone.new("李网格长")[-1]
    assert not [text for text in alone.new("张网格员") if "到期" in text]


def test_what_is_reopened_does_not_wait_for_who_is_away(alone: Village) -> None:
    alone.says("王阿姨", LIFT)
    alone.tells("张网格员", "办结 1 修好了")
    alone.tells("张网格员", "请假 今天 周五 刘网格员")
    alone.tells("王阿姨", "解决 1 没有")
    assert lead(alone) == "李网格长"


def test_the_stand_in_of_the_file_needs_no_name(staffed: Village) -> None:
    assert staffed.tells("张网格员", "请假 11-28 11-30") == ["张网格员11月28日(周六)—11月30日(周一)请假,刘网格员替班。"]
    assert staffed.tells("李网格长", "请假 明天") == ["谁替班?例:请假 明天 周五 刘网格员。"]


@pytest.mark.parametrize(
    "words", ["请假 明天到周五 刘网格员", "请假 明天 到 11月27日 刘网格员", "/off 2026-11-24至11/27 liu"]
)
def test_days_are_written_as_people_write_them(staffed: Village, words: str) -> None:
    assert staffed.tells("张网格员", words) == ["张网格员11月24日(周二)—11月27日(周五)请假,刘网格员替班。"]


def test_one_day_is_one_day(staffed: Village) -> None:
    assert staffed.tells("张网格员", "请假 周三 刘网格员") == ["张网格员11月25日(周三)请假,刘网格员替班。"]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("请假 11-20 周五 刘网格员", "11月20日(周五)已经过去了。"),
        ("请假 周五 周三 刘网格员", "11月25日(周三)在11月27日(周五)前面,请先写开始、再写结束。"),
        ("请假 明天 周五 张网格员", "替班人不能是本人。"),
        ("请假 明天 周五 王阿姨", "不认识「王阿姨」。写工作人员的姓名,或回复TA的消息。"),
        ("请假 李网格长 明天 周五 刘网格员", "李网格长不归您管,请找上一级或管理员。"),
        ("请假 明天 周三 周五 刘网格员", HOW),
        ("请假 张网格员 刘网格员 明天 周五 李网格长", HOW),
        ("请假 张网格员 刘网格员", HOW),
        ("请假 取消 吧 好吗", HOW),
        ("请假 2月30日 刘网格员", HOW),
        ("请假 明天到哪天", "不认识「明天到哪天」。写工作人员的姓名,或回复TA的消息。"),
        ("请假", "张网格员没有请假。登记:请假 明天 周五 替班人。"),
        ("/off cancel 99", "没有这次请假,或已经结束。"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_sentence(staffed: Village, words: str, answer: str) -> None:
    assert staffed.tells("张网格员", words) == [answer]
    assert leaves(staffed) == []


def test_residents_take_no_leave(staffed: Village) -> None:
    assert staffed.tells("王阿姨", "/off 明天 周五 刘网格员") == ["「请假」由工作人员使用。"]


def test_leaves_neither_overlap_nor_go_in_circles(staffed: Village) -> None:
    staffed.tells("张网格员", "请假 明天 周五 李网格长")
    assert staffed.tells("张网格员", "请假 周五 周日 刘网格员") == ["张网格员11月24日(周二)—11月27日(周五)已经请过假。"]
    assert staffed.tells("李网格长", "请假 周五 周日 王总网格长") == [
        "李网格长11月24日(周二)—11月27日(周五)要替张网格员的班,请先改那边。"
    ]
    assert staffed.tells("王总网格长", "请假 周三 周日 张网格员") == [
        "张网格员11月24日(周二)—11月27日(周五)也请假,请换一位替班。"
    ]
    assert staffed.tells("李网格长", "请假 周六 周日 王总网格长")[0].endswith("王总网格长替班。")


def test_who_cannot_be_reached_stands_in_for_nobody(village: Village) -> None:
    village.reach("张网格员")
    assert village.tells("张网格员", "请假 明天 周五 刘网格员") == [
        "刘网格员还没有私聊过小格,收不到派单,请换一位或请TA先私聊。"
    ]


def test_a_leader_enters_it_for_somebody_who_is_told(staffed: Village) -> None:
    staffed.new("张网格员")
    assert staffed.tells("李网格长", "/off 张网格员 明天 周五 刘网格员") == [
        "张网格员11月24日(周二)—11月27日(周五)请假,刘网格员替班。"
    ]
    assert staffed.new("张网格员") == [
        "李网格长为您登记请假:11月24日(周二)—11月27日(周五),刘网格员替班。发「请假」可查看、取消。"
    ]
    assert staffed.tells("李网格长", "请假 张网格员")[0].splitlines() == [
        "张网格员的请假:", "· 11月24日(周二)—11月27日(周五),刘网格员替班",
    ]  # fmt: skip
    assert staffed.tells("李网格长", "请假 王总网格长") == ["王总网格长不归您管,请找上一级或管理员。"]


def test_a_leave_is_called_off_before_it_begins(alone: Village) -> None:
    alone.tells("张网格员", "请假 明天 周五 刘网格员")
    alone.tells("张网格员", "请假")
    assert alone.buttons("张网格员") == ["取消 11月24日(周二)—11月27日(周五)"]
    assert alone.presses("张网格员", "取消 11月24日(周二)—11月27日(周五)") == (
        "张网格员11月24日(周二)—11月27日(周五)的请假已取消。"
    )
    alone.new("刘网格员")
    alone.wait(days=1)
    alone.says("王阿姨", LIFT)
    assert (lead(alone), alone.new("刘网格员")) == ("张网格员", [])
    assert alone.tells("张网格员", "/off cancel 1") == ["没有这次请假,或已经结束。"]


def test_one_that_runs_is_called_off_at_once(alone: Village) -> None:
    alone.tells("张网格员", "请假 今天 周五 刘网格员")
    alone.says("王阿姨", LIFT)
    assert lead(alone) == "刘网格员"
    assert alone.tells("孙经理", "/off cancel 1") == ["张网格员不归您管,请找上一级或管理员。"]
    alone.new("刘网格员")
    alone.tells("李网格长", "/off cancel 1")
    alone.wait(minutes=1)
    assert lead(alone) == "张网格员"
    assert any(text.startswith("张网格员回来了") for text in alone.new("刘网格员"))
    assert leaves(alone)[0].cancelled_at is not None


def test_the_bot_may_sleep_through_a_beginning_or_a_whole_leave(alone: Village, settings: Settings) -> None:
    alone.tells("张网格员", "请假 明天 周三 刘网格员")
    alone.clock.at += timedelta(days=5)
    alone.new("刘网格员")
    alone.restart(settings)
    alone.wait(minutes=1)
    assert (alone.new("刘网格员"), leaves(alone)[0].end_at) == ([], None)


def test_a_restart_keeps_the_relief(alone: Village, settings: Settings) -> None:
    alone.tells("张网格员", "请假 今天 周五 刘网格员")
    alone.says("王阿姨", LIFT)
    assert alone.restart(settings) == []
    assert lead(alone) == "刘网格员"
    assert ("console", "main", "刘网格员") in alone.stage.app.known.staff


def test_who_is_dismissed_stands_in_no_more(alone: Village) -> None:
    alone.tells("赵主任", "任命 刘网格员 网格员 5号楼")
    alone.tells("张网格员", "请假 今天 周五 刘网格员")
    alone.says("王阿姨", LIFT)
    alone.tells("赵主任", "免去 刘网格员")
    assert lead(alone) == "张网格员"
    assert leaves(alone)[0].end_at is None


def test_many_open_cases_are_counted_not_listed_for_ever(alone: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.leave.LISTED", 1)
    alone.says("王阿姨", LIFT)
    alone.says("李明", BOXES, at=EAST)
    alone.new("刘网格员")
    alone.tells("张网格员", "请假 今天 周五 刘网格员")
    assert alone.new("刘网格员")[0].endswith("张网格员手上 2 件:#1 …")


def test_a_contact_on_leave_is_relieved_by_a_colleague(staffed: Village) -> None:
    assert staffed.tells("孙经理", "请假 今天 周五 马班长") == ["孙经理11月23日(周一)—11月27日(周五)请假,马班长替班。"]
    staffed.says("王阿姨", "3号楼暖气不热")
    staffed.wait(minutes=1)
    assert staffed.card(1, at="马班长").startswith("#1")


def test_one_leave_follows_another_without_a_gap(alone: Village) -> None:
    alone.tells("张网格员", "请假 今天 今天 刘网格员")
    alone.tells("张网格员", "请假 明天 明天 刘网格员")
    alone.tells("张网格员", "请假 周三 周三 李网格长")
    alone.new("刘网格员")
    alone.new("张网格员")
    alone.wait(days=1)
    alone.says("王阿姨", LIFT)
    assert lead(alone) == "刘网格员"
    assert not any("回来了" in text for text in alone.new("刘网格员"))
    alone.wait(days=1)
    assert lead(alone) == "李网格长"
    assert any(text.startswith("张网格员回来了,替班结束。您替班时接的 1 件已转回:#1") for text in alone.new("刘网格员"))
    assert not any("请假结束" in text for text in alone.new("张网格员"))
    alone.wait(days=1)
    assert any("请假结束" in text for text in alone.new("张网格员"))
    assert lead(alone) == "李网格长"  # he answers for it anyway


def test_for_who_never_wrote_it_can_be_entered_all_the_same(village: Village) -> None:
    village.reach("李网格长", "刘网格员")
    assert village.tells("李网格长", "请假 张网格员 今天 今天 刘网格员")[0].endswith("刘网格员替班。")
    village.says("王阿姨", LIFT)
    village.wait(days=1)
    assert village.sees("张网格员") == []


def test_of_two_of_one_name_the_relief_is_chosen(staffed: Village) -> None:
    def rename(session: Session) -> None:
        session.exec(select(Person).where(Person.key == "liu")).one().name = "李网格长"

    staffed.look(rename)
    assert staffed.tells("张网格员", "请假 明天 周五 李网格长") == ["有几位「李网格长」,是哪一位?"]
    staffed.presses("张网格员", "李网格长 东网格网格长")
    assert leaves(staffed)[0].relief_id == staffed.look(
        lambda session: session.exec(select(Person.id).where(Person.key == "li")).one()
    )


def test_who_was_dismissed_may_not_stand_in(alone: Village) -> None:
    alone.says("周师傅", "大家好")
    alone.says("李网格长", "/任命 网格员 3号楼", to="大家好")
    alone.tells("周师傅", "/start")
    assert alone.tells("张网格员", "请假 明天 周五 周师傅")[0].endswith("周师傅替班。")
    alone.tells("李网格长", "免去 周师傅")
    assert alone.tells("张网格员", "请假 明天 周五 周师傅")[0].startswith("不认识「周师傅」。")


def test_who_stands_in_for_a_leader_does_the_work_and_appoints_nobody(alone: Village) -> None:
    alone.tells("李网格长", "请假 今天 周五 刘网格员")
    alone.says("王阿姨", LIFT)
    assert alone.tells("刘网格员", "备注 1 看过了")[0].startswith("#1 已备注")
    for words in ("任命 张网格员 网格长 3号楼", "免去 张网格员 网格员", "交接 张网格员 刘网格员"):
        assert "不归您管" in alone.tells("刘网格员", words)[0] or "配置文件" in alone.tells("刘网格员", words)[0]
    alone.says("刘网格员", "/绑群 3号楼", at="新群")
    assert alone.sees("新群")[-1].text == "3号楼不归您管,请找上一级或管理员。"
