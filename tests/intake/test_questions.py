"""An open question: what the next words of a person complete, and what they do not."""

from readings import LAMP, LIFT
from sqlmodel import select
from village import GROUP, Village

from handlers.router import COMMANDS
from storage.questions import OpenQuestion

ASKED = "请写下是什么事、在哪里,可带图。"
MORE = "请写要补充的内容,可带图。"


def still_open(village: Village) -> list[str]:
    return village.look(lambda session: list(session.exec(select(OpenQuestion.command))))


def test_a_slash_command_goes_before_and_leaves_the_question_open(staffed: Village) -> None:
    staffed.tells("王阿姨", "报事")
    assert staffed.tells("王阿姨", "/my")[0].startswith("您最近没有反映过")
    assert still_open(staffed) == ["/report "]
    assert staffed.tells("王阿姨", LIFT)[0].startswith("已登记 #1 电梯故障")
    assert still_open(staffed) == []


def test_never_mind_drops_the_question(staffed: Village) -> None:
    for words in ("算了", "取消", "不用"):
        staffed.tells("王阿姨", "报事")
        assert staffed.tells("王阿姨", words) == ["好的。"]
        assert still_open(staffed) == []
    assert staffed.tells("王阿姨", "今天天气好")[0].startswith("没听出要办的事。")


def test_in_a_group_only_a_reply_to_the_bot_is_an_answer(staffed: Village) -> None:
    staffed.says("王阿姨", "/report")
    assert staffed.new(GROUP) == [f"王阿姨:{ASKED}(请回复这条消息)"]
    assert staffed.says("王阿姨", "晚饭吃什么").reactions == []
    assert staffed.says("王阿姨", "晚饭吃什么", mentioned=True).reactions == []
    assert staffed.says("李明", "楼道灯的事", to=ASKED).reactions == []  # who was not asked
    assert staffed.says("王阿姨", "楼道灯的事", to=ASKED).reactions == ["👀"]
    assert still_open(staffed) == []
    assert staffed.card(1).startswith("#1 其他")


def test_the_card_of_another_case_takes_no_answer(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.says("李明", LAMP)
    staffed.presses("李明", "补充", "#1", at=GROUP)
    staffed.says("李明", "东边那盏", to="#2")
    assert (staffed.history(1)[-1], staffed.history(2)[-1]) == ("dispatched", "added")
    staffed.says("李明", "西边那台", to="#1")
    assert staffed.history(1)[-1] == "added"


def test_an_answer_that_cannot_be_keeps_the_question_open(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    assert staffed.tells("张网格员", "补充 1") == [MORE]
    staffed.tells("李网格长", "不是诉求 1")
    assert staffed.tells("张网格员", "门也坏了") == ["#1 已经结束。"]
    assert still_open(staffed) == ["/more 1 "]
    assert staffed.tells("张网格员", "算了") == ["好的。"]


def test_a_question_nobody_answered_is_forgotten(staffed: Village) -> None:
    staffed.tells("王阿姨", "报事")
    staffed.wait(hours=13)
    assert staffed.tells("王阿姨", "晚饭吃什么")[0].startswith("没听出要办的事。")


def test_a_question_survives_a_restart(staffed: Village) -> None:
    staffed.tells("王阿姨", "报事")
    staffed.do(staffed.stage.app.refresh())
    assert staffed.tells("王阿姨", "晚饭的事")[0].startswith("已登记 #1 其他")


def test_a_question_for_a_command_that_is_no_more_is_passed_over(staffed: Village) -> None:
    staffed.tells("王阿姨", "报事")

    def rename(session: object) -> None:
        question = session.exec(select(OpenQuestion)).one()  # type: ignore[attr-defined]
        question.command = "/dance "

    staffed.look(rename)
    assert "dance" not in COMMANDS
    assert staffed.tells("王阿姨", LIFT)[0].startswith("已登记 #1 电梯故障")


def test_a_photo_answers_what_may_be_a_photo(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    assert staffed.tells("王阿姨", "补充 1") == [MORE]
    assert staffed.tells("王阿姨", "", photos=1) == ["#1 已补充。"]
    assert staffed.tells("王阿姨", "报事") == [ASKED]
    which = "收到了,是哪一件的?新的事就写一句:什么事、在哪里。"
    assert staffed.tells("王阿姨", "", photos=1) == [which]  # a photo alone is no matter


def test_a_command_with_a_number_is_no_answer(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    assert staffed.tells("王阿姨", "补充 1") == [MORE]
    assert staffed.tells("王阿姨", "进度 1")[0].startswith("#1 电梯故障 · 3号楼\n已派单 张网格员")
    assert still_open(staffed) == ["/more 1 "]


def test_a_bare_command_is_no_answer_and_a_question_does_not_stand_for_long(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.tells("张网格员", "接单 1")
    staffed.tells("张网格员", "回复 1")
    assert staffed.tells("张网格员", "待办")[0].startswith("1 件")
    staffed.wait(minutes=16)
    assert staffed.tells("张网格员", "晚上吃什么") == []
    assert "replied" not in staffed.history()


def test_a_button_that_asks_in_a_group_leaves_a_message_to_reply_to(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    assert staffed.presses("李明", "补充", at=GROUP) is None
    assert staffed.new(GROUP)[-1] == f"李明:{MORE}(请回复这条消息)"
    staffed.says("李明", "二单元那部", to="请回复这条消息")
    assert staffed.history()[-1] == "added"


def test_in_a_group_who_can_be_reached_is_asked_alone(staffed: Village) -> None:
    staffed.tells("王阿姨", "/start")
    staffed.says("王阿姨", LIFT)
    staffed.new(GROUP)
    assert staffed.presses("王阿姨", "补充", at=GROUP) == "已私聊发给您。"
    assert (staffed.new(GROUP), staffed.sees("王阿姨")[-1].text) == ([], MORE)
    staffed.tells("王阿姨", "二单元那部")
    assert staffed.history()[-1] == "added"
    assert staffed.says("张网格员", "/for").reactions == ["👌"]  # a name and a flat are not for the group
    assert staffed.sees("张网格员")[-1].text.startswith("请写:姓名 房号 事情")


def test_a_question_about_the_group_is_put_in_the_group(staffed: Village) -> None:
    """A neighbour may add to a public card only where it stands; a report belongs to the group it is made in."""
    staffed.tells("陈姐", "/start")
    staffed.says("王阿姨", LIFT)
    staffed.new(GROUP)
    staffed.presses("陈姐", "补充", at=GROUP)
    staffed.says("陈姐", "/report")
    assert staffed.new(GROUP) == [f"陈姐:{MORE}(请回复这条消息)", f"陈姐:{ASKED}(请回复这条消息)"]


def test_a_question_too_many_is_put_alone_or_the_whole_command_is_shown(staffed: Village) -> None:
    staffed.tells("陈姐", "/start")
    for number in range(1, 7):
        staffed.says(f"邻居{number}", f"/report 第{number}件事")
    staffed.new(GROUP)
    assert staffed.presses("李明", "补充", "#1", at=GROUP) == "请在群里直接发:补充 1 加上内容"
    assert staffed.says("李明", "/report").reactions == []
    assert still_open(staffed) == []
    assert staffed.says("李明", "补充 1 在二楼").reactions == ["👌"]
    assert staffed.says("陈姐", "/report").reactions == ["👌"]
    assert staffed.sees("陈姐")[-1].text == ASKED
    assert staffed.new(GROUP) == []
