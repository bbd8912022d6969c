"""Danger: whom to call at once and from memory, then one person after the other until somebody accepts."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from readings import FIGHT, FIRE, GAS, LIFT, LIVE, TRAPPED, TRAPPED_TOO
from sqlmodel import select
from village import GROUP, Village

from bot.platforms import Outgoing, RetryLater
from handlers.danger import FirstWords
from handlers.house import House
from handlers.known import Known
from handlers.wording import Wording
from storage.requests import Request

FIRST = "请先打电梯救援 6600-0096。有人不适打 120。安抚里面的人,不要扒门。已通知值班 张网格员。值班电话 6600-0002。"
EAST = "东网格群"


def at_night(village: Village) -> Village:
    village.wait(hours=13, minutes=41)  # 22:41
    village.new(GROUP)
    return village


def cases(village: Village) -> int:
    return village.look(lambda session: len(session.exec(select(Request)).all()))


def told(village: Village, *people: str) -> list[str]:
    """Who of them has a working card of the case."""
    return [person for person in people if any("🔴 #1" in post.text for post in village.sees(person))]


def test_the_first_words_come_at_once_and_the_case_follows_at_any_hour(staffed: Village) -> None:
    at_night(staffed)
    said = staffed.says("赵老师", TRAPPED)
    assert staffed.new(GROUP)[0] == FIRST
    assert next(post for post in staffed.sees(GROUP) if post.text == FIRST).reply_to == said.id
    assert staffed.card(1).startswith("#1 电梯困人 · 3号楼\n已派单 张网格员 · 今天 22:51 前接单")
    assert staffed.sees("张网格员")[-1].text.startswith("🔴 #1 电梯困人 · 3号楼")
    assert staffed.buttons("张网格员") == ["我在路上", "误报"]


def test_every_ten_minutes_one_step_up_until_the_end_of_the_chain(staffed: Village) -> None:
    at_night(staffed)
    staffed.says("赵老师", TRAPPED)
    chain = ("张网格员", "李网格长", "王总网格长", "赵主任")
    for step in range(1, 5):
        assert told(staffed, *chain) == list(chain[:step])
        staffed.wait(minutes=10)
    assert "chain_ended" in staffed.history()
    staffed.wait(hours=1)
    assert "chain_ended" in staffed.history()
    assert cases(staffed) == 1


def test_whoever_accepts_stops_the_chain(staffed: Village) -> None:
    staffed.says("赵老师", TRAPPED)
    staffed.wait(minutes=11)
    assert staffed.presses("李网格长", "我在路上").startswith("已接单 #1")  # type: ignore[union-attr]
    staffed.wait(hours=1)
    assert told(staffed, "王总网格长", "赵主任") == []


def test_the_words_come_once_per_chat_and_danger_in_ten_minutes(staffed: Village) -> None:
    staffed.says("赵老师", TRAPPED)
    staffed.says("李明", TRAPPED_TOO)
    assert staffed.new(GROUP).count(FIRST) == 1
    assert cases(staffed) == 1
    assert staffed.history()[-1] == "joined"
    staffed.wait(minutes=1)
    assert "2 户反映" in staffed.card(1)

    staffed.says("陈姐", FIRE)  # another danger
    assert staffed.new(GROUP)[-2].startswith("请先打火警 119。人先撤到楼外")
    staffed.says("钱师傅", TRAPPED, at=EAST)  # another chat
    assert staffed.new(EAST)[0].startswith("请先打电梯救援")
    staffed.wait(minutes=10)
    staffed.says("李明", TRAPPED)
    assert staffed.new(GROUP).count(FIRST) == 1
    assert cases(staffed) == 2


def test_what_happens_again_hours_later_is_a_new_case(staffed: Village) -> None:
    staffed.says("赵老师", TRAPPED)
    staffed.presses("张网格员", "我在路上")
    staffed.wait(hours=3)
    staffed.says("李明", TRAPPED)
    assert staffed.case(2).danger == "lift"


def test_a_danger_does_not_disappear_in_the_case_its_reporter_has(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.says("王阿姨", TRAPPED)
    assert (staffed.case(1).danger, staffed.case(2).danger) == (None, "lift")
    staffed.says("王阿姨", TRAPPED_TOO)  # the next cry is about the danger
    assert cases(staffed) == 2
    assert staffed.history(2)[-1] == "added"


def test_a_danger_is_no_answer_to_an_open_question(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.presses("李明", "补充", at=GROUP)
    staffed.says("李明", TRAPPED, to="#1")
    assert staffed.case(2).danger == "lift"
    assert FIRST in staffed.new(GROUP)
    assert staffed.tells("陈姐", "报事") == ["请写下是什么事、在哪里,可带图。"]
    assert staffed.tells("陈姐", FIRE)[0].startswith("请先打火警 119。")
    assert staffed.case(3).danger == "fire"


def test_a_danger_in_a_command_does_not_wait_either(staffed: Village) -> None:
    staffed.says("赵老师", "/report " + TRAPPED)
    assert staffed.new(GROUP)[0] == FIRST
    assert staffed.case().danger == "lift"


def test_a_worker_in_the_group_is_believed(staffed: Village) -> None:
    staffed.says("张网格员", TRAPPED)
    assert staffed.new(GROUP)[0] == FIRST
    assert staffed.case().danger == "lift"


def test_alone_the_community_phone_is_given_out(staffed: Village) -> None:
    answers = staffed.tells("王阿姨", TRAPPED)
    assert answers[0] == "请先打电梯救援 6600-0096。有人不适打 120。安抚里面的人,不要扒门。值班电话 6600-0001。"
    assert answers[1].startswith("已登记 #1 电梯困人 · 3号楼")


def test_where_no_special_line_is_known_the_fire_brigade_is_called(staffed: Village) -> None:
    staffed.says("赵老师", LIVE)
    assert staffed.new(GROUP)[0].startswith("请先打火警 119。不要用手拉人,先断电。")


def test_a_house_without_a_duty_phone_says_only_what_it_knows(staffed: Village) -> None:
    house = House("无电话社区")
    words = FirstWords(house, Wording("zh_CN", house.zone))
    message = staffed.console.message("赵老师", "赵老师", FIRE)
    reading = staffed.stage.app.reader.read(FIRE)
    assert words(message, reading, Known()) == "请先打火警 119。人先撤到楼外,不要坐电梯。"
    assert words(message, reading, Known()) is None
    assert words(message, None, Known()) is None


def test_the_words_go_out_while_the_database_is_down(staffed: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(key: Any, work: Callable[..., Any]) -> "Future[Any]":
        future: Future[Any] = Future()
        future.set_exception(ConnectionError("no database"))
        return future

    app = staffed.stage.app
    message = staffed.console.message("赵老师", GROUP, TRAPPED)
    with monkeypatch.context() as outage:
        outage.setattr(app.lanes, "submit", refuse)
        for _ in range(2):  # the platform brings it again
            with pytest.raises(ConnectionError):
                staffed.do(app.receive(message))
    assert staffed.new(GROUP) == [FIRST]
    staffed.do(staffed.stage.hear(message))
    assert staffed.case().danger == "lift"
    assert FIRST not in staffed.new(GROUP)


def test_a_group_that_cannot_be_reached_still_gets_its_case(staffed: Village) -> None:
    staffed.console.blocked.add(GROUP)
    staffed.says("赵老师", TRAPPED)
    assert told(staffed, "张网格员") == ["张网格员"]


def test_a_unit_leads_and_the_duty_worker_knows(staffed: Village) -> None:
    """The first words name the worker, so the worker must have it, too; then the chain above."""
    staffed.says("赵老师", GAS)
    assert staffed.case().lead_unit_id is not None
    assert told(staffed, "孙经理", "张网格员", "李网格长") == ["孙经理", "张网格员"]
    staffed.wait(minutes=10)
    assert told(staffed, "李网格长", "王总网格长") == ["李网格长"]


def test_a_possible_danger_wakes_no_chain(staffed: Village) -> None:
    at_night(staffed)
    said = staffed.says("赵老师", FIGHT)
    assert said.reactions == ["👀"]
    assert staffed.new(GROUP)[0].startswith("#1 治安 · 3号楼")  # no first words
    assert told(staffed, "张网格员", "李网格长") == ["张网格员"]
    staffed.wait(hours=2)
    assert told(staffed, "张网格员", "李网格长", "王总网格长") == ["张网格员"]
    assert staffed.history().count("raised") == 1  # the ordinary step for what nobody accepted in time


# -- 误报 ---------------------------------------------------------------------------------------------------------


def test_a_worker_calls_a_false_alarm(staffed: Village) -> None:
    staffed.says("赵老师", TRAPPED)
    staffed.wait(minutes=12)
    assert staffed.presses("李网格长", "误报") == "#1 已按误报处理,不再上报。"
    staffed.wait(hours=1)
    assert staffed.case().state == "withdrawn"
    assert told(staffed, "王总网格长") == []
    assert staffed.card(1).endswith("已撤回")
    assert staffed.tells("张网格员", "误报 1") == ["#1 已撤回。"]


def test_the_reporter_may_call_it_off_within_two_minutes(staffed: Village) -> None:
    staffed.says("赵老师", TRAPPED)
    staffed.says("李明", TRAPPED_TOO)
    staffed.wait(minutes=1)
    staffed.says("李明", "误报 1")  # who only joined
    too_late = "#1 要由值班人员确认是误报;报险的人只能在 2 分钟内撤。"
    assert staffed.new(GROUP)[-1] == too_late
    assert staffed.says("赵老师", "误报 1").reactions == ["👌"]
    assert staffed.case().state == "withdrawn"

    staffed.says("赵老师", FIRE)
    staffed.wait(minutes=3)
    staffed.says("赵老师", "误报 2 是烧烤")
    assert staffed.new(GROUP)[-1] == too_late.replace("#1", "#2")
    assert staffed.case(2).state == "dispatched"


def test_what_is_no_danger_is_no_false_alarm(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    assert staffed.tells("张网格员", "误报 1") == ["#1 不是险情。"]


def test_first_words_the_platform_refuses_are_said_by_the_outbox(
    staffed: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, refusals = staffed.console.send, [RetryLater("429")]

    async def moody(outgoing: Outgoing) -> str | None:
        if refusals:
            raise refusals.pop()
        return await send(outgoing)

    monkeypatch.setattr(staffed.console, "send", moody)
    said = staffed.says("赵老师", TRAPPED)
    first = next(post for post in staffed.sees(GROUP) if post.text == FIRST)
    assert first.reply_to == said.id


def test_nobody_may_stop_the_chain_by_withdrawing_later(staffed: Village) -> None:
    staffed.says("赵老师", TRAPPED)
    staffed.wait(minutes=5)
    assert "2 分钟内" in staffed.tells("赵老师", "撤回 1")[0]
    assert staffed.case().state == "dispatched"


def test_at_the_end_of_the_chain_everybody_is_told_again(staffed: Village) -> None:
    staffed.says("赵老师", TRAPPED)
    staffed.wait(minutes=41)
    staffed.new("张网格员")
    staffed.wait(minutes=10)
    assert staffed.new("张网格员") == ["🔴 #1 电梯困人 · 3号楼\n还没有人接单,请马上处理。"]
    staffed.presses("张网格员", "我在路上")
    staffed.new("李网格长")
    staffed.wait(minutes=30)
    assert staffed.new("李网格长") == []
