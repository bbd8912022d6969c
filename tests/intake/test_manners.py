"""Manners in a group: quiet hours, a budget, and bare words that are only sometimes commands."""

from dataclasses import replace

import pytest
from readings import LAMP, LIFT, TRAPPED
from sqlmodel import select
from village import GROUP, Village

from handlers.answering import short
from storage.people import Person


@pytest.fixture
def busy(staffed: Village) -> Village:
    """王阿姨 has reported the lift (#1), 李明 the lamp (#2); 张网格员 has both on his hands."""
    staffed.says("王阿姨", LIFT)
    staffed.says("李明", LAMP)
    staffed.wait(minutes=11)
    staffed.new(GROUP)
    staffed.new("张网格员")
    return staffed


# -- at night -----------------------------------------------------------------------------------------------------


def test_an_ordinary_case_at_night_makes_no_sound_before_morning(staffed: Village) -> None:
    staffed.wait(hours=14)  # 23:00
    staffed.new(GROUP)
    staffed.new("张网格员")
    said = staffed.says("王阿姨", LIFT)
    staffed.wait(hours=8)
    assert said.reactions == ["👀"]
    assert (staffed.new(GROUP), staffed.new("张网格员")) == ([], [])
    staffed.wait(hours=1)
    assert staffed.card(1).startswith("#1 电梯故障 · 3号楼")
    assert staffed.card(1, "张网格员").startswith("#1 电梯故障 · 3号楼")


def test_an_urgent_case_at_night_does_not_wait(staffed: Village) -> None:
    staffed.wait(hours=14)
    staffed.says("王阿姨", TRAPPED)
    assert staffed.card(1).startswith("#1 电梯困人")
    assert staffed.sees("张网格员")[-1].text.startswith("🔴 #1 电梯困人")


# -- the budget ---------------------------------------------------------------------------------------------------


def test_the_seventh_card_of_an_hour_waits_and_the_reaction_still_comes(staffed: Village) -> None:
    reactions = []
    for number in range(1, 8):
        reactions.append(staffed.says(f"邻居{number}", f"/report 第{number}件事").reactions)
        staffed.wait(minutes=1)
    assert reactions == [["👀"]] * 7
    assert [text.split(" ")[0] for text in staffed.new(GROUP)] == ["#1", "#2", "#3", "#4", "#5", "#6"]
    assert staffed.sees("张网格员")[-1].text.startswith("#7 ")  # the worker has it at once
    staffed.says("赵老师", TRAPPED)
    assert any(text.startswith("#8 电梯困人") for text in staffed.new(GROUP))  # what is urgent is outside it
    staffed.wait(hours=1)
    assert staffed.new(GROUP)[0].startswith("#7 ")


@pytest.fixture
def spent(busy: Village) -> Village:
    """A group that has heard enough of the bot for this hour; 王阿姨 can be reached alone, 李明 cannot."""
    busy.tells("王阿姨", "/start")
    busy.wait(hours=1)
    for number in range(1, 7):
        busy.says(f"邻居{number}", f"/report 第{number}件事")
    busy.new(GROUP)
    busy.new("王阿姨")
    return busy


def test_answers_spend_the_budget_too(busy: Village) -> None:
    busy.wait(hours=1)
    for _ in range(6):
        busy.says("陈姐", "/status 1")
    assert len(busy.new(GROUP)) == 6
    busy.says("邻居", "/report 另一件事")
    assert busy.new(GROUP) == []
    busy.wait(hours=1)
    assert busy.new(GROUP)[0].startswith("#3 ")


def test_an_answer_too_many_comes_alone(spent: Village) -> None:
    said = spent.says("王阿姨", "/status 1")
    assert (said.reactions, spent.new(GROUP)) == (["👌"], [])
    assert spent.new("王阿姨")[0].startswith("#1 电梯故障 · 3号楼\n已派单")
    spent.says("王阿姨", "二单元那部", to="已派单", at="王阿姨")  # a reply to it needs no number
    assert spent.history(1)[-1] == "added"


def test_an_answer_too_many_for_who_cannot_be_reached_is_not_posted_an_hour_late(spent: Village) -> None:
    assert spent.says("李明", "/status 1").reactions == ["👌"]
    assert spent.says("李明", "/urge 1").reactions == ["👌"]
    assert spent.case(1).urged == 1
    assert spent.says("李明", "/done 1").reactions == []  # a refusal is no yes
    spent.wait(hours=2)
    assert spent.new(GROUP) == []


def test_what_is_urgent_is_answered_in_spite_of_the_budget(spent: Village) -> None:
    spent.says("赵老师", TRAPPED)
    spent.new(GROUP)
    spent.says("李明", "/status 9")
    assert spent.new(GROUP)[0].startswith("#9 电梯困人")


def test_a_button_too_many_is_answered_beside_it(spent: Village) -> None:
    spent.tells("张网格员", "办结 2 好了")
    spent.wait(seconds=5)
    post = spent.sees(GROUP)[-1]
    assert "解决了吗?" in post.text
    for person, toast in (("李明", "#2 满意吗?"), ("王阿姨", "没有您可以操作的事项。")):
        press = replace(spent.console.press(person, post, "/solved 2 solved"), text="/rate 2")
        assert spent.do(spent.stage.hear(press)) == toast
    spent.new("王阿姨")
    spent.tells("张网格员", "办结 1")
    spent.tells("王阿姨", "/start")
    press = replace(spent.console.press("王阿姨", post, "/solved 2 solved"), text="/rate 1")
    assert spent.do(spent.stage.hear(press)) == "已私聊发给您。"
    assert spent.buttons("王阿姨") == ["满意", "基本满意", "不满意"]


def test_in_a_units_own_chat_nothing_is_counted(busy: Village) -> None:
    for _ in range(8):
        busy.says("马班长", "/help", at="环卫群")
    assert len(busy.new("环卫群")) == 8


# -- what is long or one's own ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("words", "begins"), [("/help", "我是小格"), ("/start", "您好,我是小格"), ("/my", "您反映的")])
def test_a_long_or_personal_answer_comes_alone(busy: Village, words: str, begins: str) -> None:
    assert busy.says("王阿姨", words).reactions == []
    assert busy.new(GROUP) == ["这里不方便说,请私聊我再发一次。"]
    busy.tells("王阿姨", "/start")
    busy.new("王阿姨")
    assert busy.says("王阿姨", words).reactions == ["👌"]
    assert busy.new("王阿姨")[0].startswith(begins)
    assert busy.new(GROUP) == []


def test_a_choice_among_ones_own_cases_is_nobody_elses(busy: Village) -> None:
    busy.tells("李明", "/report 家里的事")
    busy.new("李明")
    assert busy.says("李明", "/cancel").reactions == ["👌"]
    assert (busy.new("李明"), busy.buttons("李明")) == (["是哪一件?"], ["#3 其他", "#2 路灯不亮"])
    assert busy.new(GROUP) == []
    busy.says("王阿姨", "/report 另一件")
    busy.new(GROUP)
    busy.says("王阿姨", "/cancel")
    assert busy.new(GROUP) == ["是哪一件?"]
    busy.says("王阿姨", "/status 99")
    assert busy.new(GROUP) == ["没有 #99。"]


def test_a_refused_button_is_never_a_message_in_the_group(busy: Village) -> None:

    def press(person: str, command: str) -> str | None:
        post = next(post for post in reversed(busy.sees(GROUP)) if post.buttons)
        pressed = replace(busy.console.press(person, post, post.buttons[0][1]), text=command)
        toast: str | None = busy.do(busy.stage.hear(pressed))
        return toast

    unknown = press("张网格员", "/class 1 没有这个类别的名字")
    assert unknown
    assert unknown.startswith("没有类别「没有这个类别的名字」。现有:")
    busy.says("王阿姨", "/report 另一件")
    for number in (1, 3):
        busy.tells("张网格员", f"办结 {number} 好了")
    busy.new(GROUP)
    assert press("王阿姨", "/rate 99") == "是哪一件?"
    busy.tells("王阿姨", "/start")
    assert press("王阿姨", "/rate 99") == "是哪一件?"  # this time the choices come alone
    assert busy.buttons("王阿姨") == ["#3 其他", "#1 电梯故障"]
    assert busy.new(GROUP) == []


def test_a_toast_is_cut_where_the_speech_pauses() -> None:
    assert short("短。") == "短。"
    assert short("一" * 200) == "一" * 179 + "…"
    assert short("一" * 120 + "。" + "二" * 100) == "一" * 120 + "…"


# -- talk or command ----------------------------------------------------------------------------------------------


TALK = (
    "我的手机丢了",
    "接单软件谁有",
    "待办事项都做完了",
    "接单",
    "好了",
    "好了 2 点见",
    "帮助",
    "我的",
    "待办",
    "撤回",
    "办结2件了",
    "评价 5 星",
    "+12",
    "接单 3",
    "催办 99",
    "登记",
    "我家也是",
)


def test_bare_words_among_neighbours_are_talk(busy: Village) -> None:
    for words in TALK:
        for person in ("陈姐", "王阿姨", "张网格员"):
            assert busy.says(person, words).reactions == [], words
    assert busy.new(GROUP) == []
    assert (busy.case(1).state, busy.case(2).state) == ("dispatched", "dispatched")


def test_a_verb_and_a_number_about_ones_own_case_is_a_command(busy: Village) -> None:
    assert busy.says("张网格员", "接单 1").reactions == ["👌"]
    assert busy.case(1).state == "accepted"
    assert busy.says("王阿姨", "撤回 1 自己修了").reactions == ["👌"]
    assert busy.case(1).state == "withdrawn"
    assert busy.says("陈姐", "补充 2 是东边那盏").reactions == ["👌"]  # public cards invite everybody
    assert busy.says("陈姐", "撤回 2").reactions == []  # but this is 李明's
    assert busy.says("陈姐", "接单 2").reactions == []
    assert busy.case(2).state == "dispatched"


def test_said_to_the_bot_bare_words_are_commands(busy: Village) -> None:
    assert busy.says("张网格员", "接单", to="#1").reactions == ["👌"]
    assert busy.case(1).state == "accepted"
    busy.says("张网格员", "进度 1", mentioned=True)
    assert busy.new(GROUP)[-1].startswith("#1 电梯故障")


def test_a_mention_is_read_even_while_a_question_is_open(busy: Village) -> None:
    busy.presses("陈姐", "补充", "#1", at=GROUP)
    assert busy.says("陈姐", LAMP, mentioned=True).reactions == ["👀"]
    assert busy.history(2)[-1] == "joined"


# -- one clear sentence -------------------------------------------------------------------------------------------


REFUSED = (
    ("张网格员", "接单 999", "没有 #999。您手上的是 #1 #2。"),
    ("王阿姨", "进度 999", "没有 #999。您手上的是 #1。"),
    ("陈姐", "进度 1", "没有 #1。"),  # what one may not see does not exist
    ("王阿姨", "办结 1", "办理由承办人操作;您可以 催办 1,或 撤回 1。"),
    ("张网格员", "撤回 1", "#1 不是您反映的,这一步由反映人操作。"),
    ("陈姐", "接单", "没有您可以操作的事项。"),
    ("张网格员", "接单", "是哪一件?"),
    ("王阿姨", "待办", "「待办」由工作人员使用。"),
    ("张网格员", "我家也是 99", "没有 #99。您手上的是 #1 #2。"),
)


def test_what_cannot_be_is_said_in_one_sentence(busy: Village) -> None:
    for person, words, answer in REFUSED:
        assert busy.tells(person, words) == [answer], words
    assert busy.case(1).state == "dispatched"


def test_the_only_case_needs_no_number(busy: Village) -> None:
    busy.says("李明", "撤回 2")
    assert busy.tells("张网格员", "接单") == ["已接单 #1 电梯故障 · 3号楼"]
    assert busy.tells("王阿姨", "撤回") == ["#1 已撤回。"]
    assert busy.tells("王阿姨", "撤回") == ["没有您可以操作的事项。"]


def test_in_a_group_a_refusal_is_said_once_and_to_a_button_only_to_who_pressed(busy: Village) -> None:
    busy.says("王阿姨", "/done 1")
    assert busy.new(GROUP) == ["办理由承办人操作;您可以 催办 1,或 撤回 1。"]
    press = replace(busy.console.press("陈姐", busy.sees(GROUP)[0], "/metoo 1"), text="/take 1")
    assert busy.do(busy.stage.hear(press)) == "没有 #1。"
    assert busy.new(GROUP) == []


def test_a_score_is_no_case(busy: Village) -> None:
    assert busy.tells("王阿姨", "评价 5") == ["没有您可以操作的事项。"]
    busy.says("王阿姨", "/report 另一件")
    for number in (1, 3):
        busy.tells("张网格员", f"办结 {number} 好了")
    busy.new("王阿姨")
    assert busy.tells("王阿姨", "评价 5") == ["是哪一件?"]
    assert busy.buttons("王阿姨") == ["#3 其他", "#1 电梯故障"]
    assert busy.presses("王阿姨", "#1 电梯故障") is None
    assert busy.buttons("王阿姨") == ["满意", "基本满意", "不满意"]
    assert busy.tells("王阿姨", "评价 2") == ["是哪一件?"]  # 李明's case is none of hers
    busy.presses("王阿姨", "#3 其他")


def test_a_button_of_a_command_that_is_no_more_does_nothing(busy: Village) -> None:
    press = replace(busy.console.press("陈姐", busy.sees(GROUP)[0], "/metoo 1"), text="/dance 1")
    assert busy.do(busy.stage.hear(press)) is None
    assert busy.new(GROUP) == []


def test_talk_under_the_bots_words_makes_nobody_known(busy: Village) -> None:
    busy.wait(hours=7)  # the notice at 16:00
    busy.says("过路人", "谢谢提醒", to="人走断电")
    names = busy.look(lambda session: session.exec(select(Person.name)).all())
    assert "过路人" not in names
    assert busy.new(GROUP) == ["冬季用电,人走断电。\n——柳树村社区"]
