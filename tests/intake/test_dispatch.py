"""Who must act, and who instead when a letter does not arrive; and what reporters are told where."""

import pytest
from readings import HEAT, LEAK, LIFT, LIFT_5, LIFT_AT_501, LIFT_SOMEWHERE, LIFT_TOO, QUARREL, RUBBISH
from sqlmodel import Session, delete, select, update
from village import GROUP, Village

from storage import grids, units
from storage.duties import Duty
from storage.people import Person, Rank, Role
from storage.units import Unit

FAILED = "这条消息没处理成,已记下故障。请过一会儿再试,或直接打电话给网格员。"
PEOPLE = ("张网格员", "刘网格员", "李网格长", "王总网格长", "赵主任", "孙经理", "马班长")


def holders(village: Village, number: int = 1) -> list[str]:
    """Who has a working card of the case with its first button."""
    return [
        person for person in PEOPLE if any(f"#{number} " in post.text and post.buttons for post in village.sees(person))
    ]


def person_named(session: Session, name: str) -> Person:
    return session.exec(select(Person).where(Person.name == name)).one()


def unreached(village: Village) -> list[str]:
    def names(session: Session) -> list[str]:
        events = [event for event in village.events() if event.kind == "unreached"]
        return [session.get_one(Person, event.data["person"]).name for event in events]

    return village.look(names)


def told(village: Village, person: str) -> str:
    return "\n".join(post.text for post in village.sees(person))


# -- by duty ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "lead", "asked"),
    [
        (LIFT, "张网格员", ["张网格员"]),
        (LIFT_SOMEWHERE, "张网格员", ["张网格员"]),
        (HEAT, "柳树物业", ["孙经理"]),
        (RUBBISH, "环卫所", []),
    ],
)
def test_the_duty_names_the_lead(staffed: Village, words: str, lead: str, asked: list[str]) -> None:
    staffed.says("王阿姨", words)
    assert f"已派单 {lead} · 今天" in staffed.card(1)
    assert holders(staffed) == asked
    unit_chat = [post.text.split("\n")[0] for post in staffed.sees("环卫群")]
    assert unit_chat == (["#1 垃圾清运 · 3号楼"] if lead == "环卫所" else [])


def test_the_nearest_duty_wins(staffed: Village) -> None:
    def add(session: Session) -> None:
        unit, grid = units.named(session, "物业"), grids.by_key(session, "b3")
        assert unit
        assert grid
        hours = {"accept_hours": 1, "finish_hours": 2}
        session.add(Duty(key="b3", category="*", grid_id=grid.id, lead_unit_id=unit.id, source="chat", **hours))

    staffed.look(add)
    staffed.says("王阿姨", LIFT)
    staffed.says("王阿姨", LIFT_5, at="东网格群")
    assert "已派单 柳树物业 · 今天 10:00 前接单" in staffed.card(1)
    assert "已派单 张网格员 · 今天 13:00 前接单" in staffed.card(2, "东网格群")


def test_a_unit_that_is_gone_leaves_its_work_to_the_worker(staffed: Village) -> None:
    staffed.look(lambda session: session.exec(update(Unit).values(gone=True)))
    staffed.says("王阿姨", HEAT)
    assert holders(staffed) == ["张网格员"]


def test_without_anybody_who_answers_the_person_is_told_that_it_failed(staffed: Village) -> None:
    staffed.look(lambda session: session.exec(update(Role).values(gone=True)))
    assert staffed.tells("王阿姨", LIFT) == [FAILED]
    staffed.look(lambda session: session.exec(delete(Duty)))
    assert staffed.tells("王阿姨", LIFT) == [FAILED]
    assert staffed.tells("王阿姨", "我的") == ["您最近没有反映过事情。直接写是什么事、在哪里就行。"]


# -- undelivered dispatches ---------------------------------------------------------------------------------------


def test_a_dispatch_that_does_not_arrive_goes_to_the_stand_in_then_up(staffed: Village) -> None:
    staffed.console.blocked.add("张网格员")
    staffed.says("王阿姨", LIFT)
    assert holders(staffed) == ["刘网格员"]
    assert unreached(staffed) == ["张网格员"]
    assert staffed.presses("刘网格员", "接单").startswith("已接单 #1")  # type: ignore[union-attr]

    staffed.console.blocked.add("刘网格员")
    staffed.says("李明", "/report 别的事")
    assert holders(staffed, 2) == ["李网格长"]


def test_one_after_the_other_and_in_the_end_nobody(staffed: Village) -> None:
    staffed.console.blocked |= set(PEOPLE)
    staffed.says("王阿姨", LIFT)
    assert unreached(staffed) == ["张网格员", "刘网格员", "李网格长", "王总网格长", "赵主任"]
    assert staffed.history()[-1] == "nobody_reached"
    assert staffed.card(1).startswith("#1 电梯故障 · 3号楼\n已派单 张网格员")


def test_people_who_never_wrote_to_the_bot_cannot_be_reached(village: Village) -> None:
    village.tells("王总网格长", "/start")
    village.says("王阿姨", LIFT)
    assert holders(village) == ["王总网格长"]
    assert unreached(village) == ["张网格员", "刘网格员", "李网格长"]
    village.tells("李网格长", "/start")  # from now on they can
    village.says("李明", "/report 别的事")
    assert holders(village, 2) == ["李网格长"]


def test_a_unit_whose_chat_is_gone_is_asked_through_its_people(staffed: Village) -> None:
    staffed.console.blocked.add("环卫群")
    staffed.says("王阿姨", RUBBISH)
    assert holders(staffed) == ["马班长"]


def test_a_unit_nobody_of_which_can_be_reached_leaves_it_to_the_leader(staffed: Village) -> None:
    staffed.console.blocked.add("孙经理")
    staffed.says("王阿姨", HEAT)
    assert holders(staffed) == ["李网格长"]


def test_a_card_of_a_case_that_ended_needs_no_other_hands(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.console.blocked.add("张网格员")
    staffed.new("刘网格员")
    staffed.says("王阿姨", "撤回 1")
    staffed.wait(minutes=1)
    assert staffed.case().state == "withdrawn"
    assert holders(staffed) == ["张网格员"]  # what stands there can no longer be edited
    assert staffed.new("刘网格员") == []


# -- the next step up ---------------------------------------------------------------------------------------------


def test_who_stands_in_is_followed_by_the_leader(staffed: Village) -> None:
    staffed.console.blocked.add("张网格员")
    staffed.says("王阿姨", LIFT)
    staffed.presses("刘网格员", "接单")
    staffed.wait(days=6)
    assert "刘网格员未按时办结,请您过问。" in told(staffed, "李网格长")


def test_a_unit_that_is_late_is_the_leaders_matter(staffed: Village) -> None:
    staffed.says("王阿姨", HEAT)
    staffed.wait(hours=3)
    assert "柳树物业未按时接单,请您过问。" in told(staffed, "李网格长")


def test_at_the_top_nobody_is_told(staffed: Village) -> None:
    staffed.tells("王阿姨", LIFT_SOMEWHERE)
    staffed.tells("赵主任", "接单 1")
    staffed.wait(days=6)
    assert staffed.events()[-1].data == {"person": None, "step": "finish"}


def test_a_grid_without_a_worker_is_led_by_who_is_next(staffed: Village) -> None:
    staffed.look(lambda session: session.exec(update(Role).where(Role.rank == Rank.WORKER).values(gone=True)))  # type: ignore[arg-type]
    staffed.says("王阿姨", LIFT)
    assert holders(staffed) == ["李网格长"]


def test_who_took_it_from_outside_the_chain_is_followed_from_below(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)

    def promote(session: Session) -> None:
        liu = person_named(session, "刘网格员")
        role = session.exec(select(Role).where(Role.rank == Rank.WORKER)).one()
        person_named(session, "张网格员").stand_in_key = None
        session.add(Role(key="liu", person_id=liu.id or 0, rank=Rank.WORKER, grid_id=role.grid_id, source="chat"))

    staffed.look(promote)
    staffed.tells("刘网格员", "接单 1")
    staffed.wait(days=6)
    assert "刘网格员未按时办结,请您过问。" in told(staffed, "张网格员")


# -- telling the reporters ----------------------------------------------------------------------------------------


def test_reporters_are_asked_alone_where_they_can_be_and_once_in_the_group_for_the_others(staffed: Village) -> None:
    staffed.tells("李明", "/start")
    said = staffed.says("王阿姨", LIFT)
    staffed.says("李明", LIFT_TOO)
    staffed.presses("陈姐", "我家也是", at=GROUP)
    staffed.tells("张网格员", "办结 1 修好了")
    assert staffed.card(1, "李明").endswith("解决了吗?")
    asked = [post for post in staffed.sees(GROUP) if post.text.endswith("解决了吗?")]
    assert [post.reply_to for post in asked] == [said.id]


def test_a_reporter_who_blocked_the_bot_is_asked_in_the_group(staffed: Village) -> None:
    staffed.tells("王阿姨", "/start")
    staffed.says("王阿姨", LIFT)
    staffed.console.blocked.add("王阿姨")
    staffed.tells("张网格员", "办结 1 修好了")
    assert staffed.card(1).endswith("解决了吗?")
    assert staffed.buttons(GROUP) == ["已解决", "部分", "没有"]
    assert staffed.presses("王阿姨", "已解决", at=GROUP) == "记下了。满意吗?"
    assert "unreached" in staffed.history()

    staffed.says("王阿姨", RUBBISH)  # known to be out of reach: the group at once
    staffed.tells("马班长", "办结 2 清了")
    assert staffed.card(2).endswith("解决了吗?")


def test_a_reporter_alone_who_blocked_the_bot_is_lost(staffed: Village) -> None:
    staffed.tells("王阿姨", LIFT)
    staffed.console.blocked.add("王阿姨")
    staffed.tells("张网格员", "办结 1 修好了")
    assert staffed.new(GROUP) == []
    assert staffed.history()[-1] == "unreached"


def test_in_the_group_a_flat_is_not_shown(staffed: Village) -> None:
    staffed.says("王阿姨", LEAK)
    staffed.tells("张网格员", "办结 1 修好了")
    assert staffed.new(GROUP) == ["#1 有进展,请私聊我查看。"]


def test_news_of_a_case_from_a_private_chat_show_no_flat_to_a_neighbour_in_the_group(staffed: Village) -> None:
    staffed.tells("王阿姨", LIFT_AT_501)
    staffed.says("李明", LIFT_TOO, at="东网格群")
    assert staffed.history()[-1] == "joined"
    staffed.tells("张网格员", "回复 1 3号楼2单元501室已上门")
    assert staffed.new("王阿姨")[-1].endswith("3号楼2单元501室已上门")
    assert staffed.new("东网格群")[-1].startswith("#1 电梯故障 · 3号楼 · 2 户反映\n张网格员:3号楼已上门")


def test_a_group_that_cannot_be_reached_is_nobodys_fault(staffed: Village) -> None:
    staffed.says("王阿姨", QUARREL)
    staffed.console.blocked.add(GROUP)
    staffed.tells("张网格员", "办结 1 谈过了")
    assert staffed.case().state == "done"
    assert unreached(staffed) == []


def test_a_worker_out_of_reach_is_no_reporter(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.console.blocked.add("张网格员")
    staffed.says("王阿姨", "催办 1")
    assert "unreached" in staffed.history()
    assert not any("居民催办" in text for text in staffed.new(GROUP))


def test_a_worker_who_blocks_the_bot_after_his_card_is_given_up_once(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.wait(seconds=5)
    staffed.console.blocked.add("张网格员")
    staffed.presses("李明", "我家也是", at=GROUP)
    staffed.wait(minutes=1)
    assert staffed.history().count("unreached") == 1
    assert any("#1" in post.text for post in staffed.sees("刘网格员"))
