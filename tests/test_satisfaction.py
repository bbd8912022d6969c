"""After done: the two taps, 没有 and 不满意, and the seven silent days."""

import pytest
from village import GROUP, Village

LIFT = "3号楼电梯又坏了,按了没反应"
RUBBISH = "3号楼门口垃圾没人清运"
QUARREL = "3号楼隔壁501老公打老婆"
QUESTION = "解决了吗?"
SATISFIED = "满意吗?"


@pytest.fixture
def lift(staffed: Village) -> Village:
    """王阿姨 reported the lift in the group, 张网格员 repaired it."""
    staffed.says("王阿姨", LIFT)
    return staffed


@pytest.fixture
def done(lift: Village) -> Village:
    lift.tells("张网格员", "办结 1 换了主板")
    lift.new(GROUP)
    return lift


def question(village: Village, chat: str = GROUP) -> str:
    return village.sees(chat)[-1].text


# -- two taps ---------------------------------------------------------------------------------------------------


def test_two_taps_in_the_group(done: Village) -> None:
    assert done.buttons(GROUP) == ["已解决", "部分", "没有"]
    assert done.presses("王阿姨", "部分", at=GROUP) == "记下了。满意吗?"
    done.wait(minutes=1)
    assert question(done) == "#1 电梯故障 · 3号楼:满意吗?"
    assert done.buttons(GROUP) == ["满意", "基本满意", "不满意"]
    assert done.presses("王阿姨", "基本满意", at=GROUP) == "记下了,谢谢您。"
    done.wait(minutes=1)
    assert question(done) == "#1 电梯故障 · 3号楼:记下了,谢谢您。"
    assert done.buttons(GROUP) == []
    case = done.case()
    assert (case.state, case.outcome, case.verdict, case.satisfaction) == ("rated", "solved", "partly", "fair")
    assert "部分解决" in done.sees(GROUP)[0].text


def test_two_taps_in_private(staffed: Village) -> None:
    staffed.tells("陈姐", "3号楼2单元501家里暖气不热")
    staffed.tells("孙经理", "办结 1")
    assert question(staffed, "陈姐").startswith("#1 暖气不热 · 3号楼2单元501室:柳树物业说已解决")
    staffed.presses("陈姐", "已解决")
    staffed.wait(minutes=1)
    assert staffed.buttons("陈姐") == ["满意", "基本满意", "不满意"]
    staffed.presses("陈姐", "满意")
    staffed.wait(minutes=1)
    assert question(staffed, "陈姐") == "#1 暖气不热 · 3号楼2单元501室:记下了,谢谢您。"
    assert staffed.case().state == "rated"


def test_who_reported_in_the_group_and_can_be_reached_is_asked_alone(staffed: Village) -> None:
    staffed.tells("王阿姨", "/start")
    staffed.says("王阿姨", LIFT)
    staffed.tells("张网格员", "办结 1")
    assert QUESTION in question(staffed, "王阿姨")
    assert QUESTION not in question(staffed)


@pytest.fixture
def shared(lift: Village) -> Village:
    """王阿姨 and 李明 share one question in the group."""
    lift.presses("李明", "我家也是", at=GROUP)
    lift.tells("张网格员", "办结 1")
    return lift


BOTH = ["已解决", "部分", "没有", "满意", "基本满意", "不满意"]


def test_who_taps_first_in_a_group_is_asked_the_second_without_waiting_for_the_others(shared: Village) -> None:
    assert shared.buttons(GROUP) == BOTH[:3]
    assert shared.presses("王阿姨", "已解决", at=GROUP) == "记下了。满意吗?"
    shared.wait(minutes=1)
    assert question(shared).endswith("解决了吗?满意吗?")
    assert shared.buttons(GROUP) == BOTH
    assert shared.presses("王阿姨", "基本满意", at=GROUP) == "记下了,谢谢您。"
    shared.wait(minutes=1)
    assert shared.buttons(GROUP) == BOTH  # 李明 has said nothing yet
    assert shared.presses("李明", "部分", at=GROUP) == "记下了。满意吗?"
    shared.wait(minutes=1)
    assert (question(shared), shared.buttons(GROUP)) == ("#1 电梯故障 · 3号楼 · 2 户反映:满意吗?", BOTH[3:])
    shared.presses("李明", "满意", at=GROUP)
    shared.wait(minutes=1)
    assert (question(shared), shared.buttons(GROUP)) == ("#1 电梯故障 · 3号楼 · 2 户反映:记下了,谢谢您。", [])
    case = shared.case()
    assert (case.state, case.verdict, case.satisfaction) == ("rated", "partly", "fair")


def test_satisfied_without_the_first_tap_says_it_is_solved(shared: Village) -> None:
    shared.presses("王阿姨", "部分", at=GROUP)
    shared.wait(minutes=1)
    assert shared.presses("李明", "满意", at=GROUP) == "记下了,谢谢您。"
    assert shared.history()[-3:] == ["verdict", "verdict", "rated"]
    shared.wait(minutes=1)
    assert shared.buttons(GROUP) == BOTH[3:]  # for 王阿姨
    shared.presses("王阿姨", "满意", at=GROUP)
    assert (shared.case().state, shared.case().verdict) == ("rated", "partly")


def test_fairly_satisfied_leaves_the_first_answer_to_the_worker(shared: Village) -> None:
    shared.presses("王阿姨", "已解决", at=GROUP)
    shared.wait(minutes=1)
    shared.presses("李明", "基本满意", at=GROUP)
    shared.wait(minutes=1)
    shared.presses("王阿姨", "满意", at=GROUP)
    assert (shared.case().state, shared.case().verdict, shared.case().satisfaction) == ("rated", "solved", "fair")


def test_the_first_tap_after_the_second_is_thanked(shared: Village) -> None:
    shared.presses("王阿姨", "已解决", at=GROUP)
    shared.wait(minutes=1)
    shared.presses("李明", "基本满意", at=GROUP)
    assert shared.tells("李明", "解决 1 部分")[0].startswith("记下了,谢谢您。")
    assert shared.case().verdict == "partly"


def test_unhappy_in_the_shared_question_reopens_for_all(shared: Village) -> None:
    shared.presses("王阿姨", "已解决", at=GROUP)
    shared.wait(minutes=1)
    assert "重新打开,交给李网格长" in str(shared.presses("李明", "不满意", at=GROUP))
    shared.wait(minutes=1)
    assert (question(shared), shared.buttons(GROUP)) == ("#1 已重新打开,交给李网格长。", [])


def test_who_answers_alone_leaves_no_flat_in_the_groups_question(staffed: Village) -> None:
    staffed.says("王阿姨", "3号楼2单元501暖气不热")
    staffed.says("李明", "3号楼2单元501暖气不热")
    staffed.tells("孙经理", "办结 1")
    staffed.tells("王阿姨", "解决 1 已解决")
    staffed.wait(minutes=1)
    assert staffed.buttons(GROUP) == BOTH
    assert "501" not in question(staffed)


def test_one_alone_and_one_in_the_group_are_asked_each_where_they_are(lift: Village) -> None:
    lift.tells("陈姐", LIFT)
    lift.tells("张网格员", "办结 1")
    lift.presses("陈姐", "已解决")
    lift.wait(minutes=1)
    assert SATISFIED in question(lift, "陈姐")
    assert QUESTION in question(lift)
    lift.presses("王阿姨", "已解决", at=GROUP)
    lift.wait(minutes=1)
    assert SATISFIED in question(lift)


def test_who_first_writes_to_the_bot_after_the_question_still_answers_in_the_group(done: Village) -> None:
    done.tells("王阿姨", "/start")
    done.presses("王阿姨", "已解决", at=GROUP)
    done.wait(minutes=1)
    assert SATISFIED in question(done)


def test_who_blocked_the_bot_is_asked_in_the_group(staffed: Village) -> None:
    staffed.tells("王阿姨", "/start")
    staffed.says("王阿姨", LIFT)
    staffed.console.blocked.add("王阿姨")
    staffed.tells("张网格员", "办结 1")
    assert QUESTION in question(staffed)
    staffed.presses("王阿姨", "已解决", at=GROUP)
    staffed.wait(minutes=1)
    assert SATISFIED in question(staffed)


def test_for_a_caller_the_registering_worker_answers(staffed: Village) -> None:
    staffed.tells("张网格员", "代报 孙大爷 3号楼电梯坏了")
    staffed.tells("李网格长", "办结 1")
    assert QUESTION in question(staffed, "张网格员")
    staffed.presses("张网格员", "已解决")
    staffed.wait(minutes=1)
    staffed.presses("张网格员", "满意")
    staffed.wait(minutes=1)
    assert question(staffed, "张网格员").endswith("记下了,谢谢您。")
    assert staffed.case().state == "rated"


def test_others_cannot_answer(done: Village) -> None:
    refusal = "#1 不是您反映的,这一步由反映人操作。"
    assert done.presses("陈姐", "没有", at=GROUP) == "没有您可以操作的事项。"
    assert done.presses("张网格员", "已解决", at=GROUP) == refusal
    assert done.case().state == "done"


@pytest.mark.parametrize("words", ["评价 1 满意", "/rate 1 good", "评价 满意"])
def test_the_rating_in_words(done: Village, words: str) -> None:
    assert done.tells("王阿姨", words) == ["记下了,谢谢您。"]
    assert done.case().satisfaction == "good"


def test_without_an_answer_the_bot_shows_the_choices(done: Village) -> None:
    assert done.tells("王阿姨", "评价 1") == ["#1 满意吗?"]
    assert done.buttons("王阿姨") == ["满意", "基本满意", "不满意"]
    assert done.tells("王阿姨", "解决 1") == ["#1 解决了吗?"]
    assert done.buttons("王阿姨") == ["已解决", "部分", "没有"]


@pytest.mark.parametrize(
    ("words", "state"),
    [("没有,还是不动", "dispatched"), ("已解决", "done"), ("满意", "rated"), ("不满意", "dispatched")],
)
def test_a_reply_to_the_question_answers_it(done: Village, words: str, state: str) -> None:
    done.says("王阿姨", words, to=QUESTION)
    assert done.case().state == state


def test_other_words_under_the_question_are_no_answer(done: Village) -> None:
    done.says("王阿姨", "辛苦啦", to=QUESTION)
    done.says("陈姐", "辛苦啦", to=QUESTION)
    assert done.new(GROUP) == []
    done.tells("张网格员", "撤销")
    done.tells("王阿姨", "/start")
    done.tells("张网格员", "办结 1")
    assert done.tells("王阿姨", "辛苦啦", to=QUESTION) == ["#1 解决了吗?"]


def test_a_case_still_worked_on_asks_for_patience(lift: Village) -> None:
    assert lift.tells("王阿姨", "评价 1 不满意") == ["#1 还在办,办结后会问您。"]
    lift.tells("王阿姨", "撤回 1")
    assert lift.tells("王阿姨", "/solved 1 没有") == ["#1 已撤回。"]


def test_the_question_waits_for_the_morning(lift: Village) -> None:
    lift.wait(hours=14)
    lift.tells("张网格员", "办结 1 换了主板")
    assert QUESTION not in question(lift)
    lift.wait(hours=8, minutes=31)
    assert QUESTION in question(lift)


# -- reopening --------------------------------------------------------------------------------------------------


def test_a_no_reopens_and_goes_up_the_chain(done: Village) -> None:
    answer = "明白,#1 重新打开,交给李网格长。要补充请回复卡片。"
    assert done.presses("王阿姨", "没有", at=GROUP) == answer
    done.wait(minutes=1)
    case = done.case()
    assert (case.state, case.reopened, case.outcome, case.verdict) == ("dispatched", 1, None, None)
    assert question(done) == "#1 已重新打开,交给李网格长。"
    assert done.buttons(GROUP) == []
    assert "第 1 次重办\n已派单 李网格长" in done.sees(GROUP)[0].text
    assert done.buttons("李网格长") == ["接单", "转办", "不是诉求", "更多"]
    assert done.buttons("张网格员", "已派单") == []


def test_it_never_comes_back_to_the_same_hand(done: Village) -> None:
    for hand, heir in (
        ("张网格员", "李网格长"),
        ("李网格长", "王总网格长"),
        ("王总网格长", "赵主任"),
        ("赵主任", "王总网格长"),
    ):
        assert done.case().state == "done", hand
        assert f"交给{heir}" in str(done.presses("王阿姨", "没有", at=GROUP))
        done.wait(minutes=1)
        done.tells(heir, "办结 1")
        done.wait(minutes=1)
    assert done.case().reopened == 4


def test_what_the_stand_in_closed_goes_above_both(lift: Village) -> None:
    lift.tells("刘网格员", "办结 1")
    assert "交给李网格长" in str(lift.presses("王阿姨", "没有", at=GROUP))


def test_a_units_case_goes_to_the_leader(staffed: Village) -> None:
    staffed.says("王阿姨", RUBBISH)
    staffed.tells("马班长", "办结 1")
    assert "交给李网格长" in str(staffed.presses("王阿姨", "没有", at=GROUP))


def test_who_is_alone_at_the_top_gets_it_anyway(staffed: Village) -> None:
    """A grid whose only people are those of the community."""
    staffed.tells("陈姐", "小广场路灯坏了,一片黑")
    staffed.tells("王总网格长", "办结 1")
    staffed.presses("陈姐", "没有")
    staffed.tells("赵主任", "办结 1")
    staffed.presses("陈姐", "没有")
    staffed.wait(minutes=1)
    assert "已派单 王总网格长" in staffed.tells("陈姐", "/status 1")[0]


def test_unhappy_reopens_too_with_the_reason(done: Village) -> None:
    done.presses("王阿姨", "已解决", at=GROUP)
    answer = "抱歉没办好,#1 重新打开,交给李网格长。想补充什么可以直接写在这里。"
    assert done.tells("王阿姨", "评价 1 不满意,等了三天,电话13812345678") == [answer]
    assert done.history()[-3:] == ["rated", "reopening", "reopened"]
    assert done.case().satisfaction is None


def test_the_reporters_next_words_join_the_case(staffed: Village) -> None:
    staffed.tells("王阿姨", LIFT)
    staffed.tells("张网格员", "办结 1")
    staffed.presses("王阿姨", "没有")
    assert staffed.tells("王阿姨", "门关到一半就弹开")[-1] == "#1 已补充。"
    assert staffed.new("李网格长")[-1].endswith("补充:门关到一半就弹开")
    assert staffed.history()[-1] == "added"


def test_the_second_round_is_asked_anew_without_the_first_ones_words(lift: Village) -> None:
    lift.tells("张网格员", "办结 1 换了主板", photos=1)
    lift.presses("王阿姨", "没有", at=GROUP)
    lift.wait(minutes=1)
    lift.tells("李网格长", "办结 1")
    assert question(lift) == "#1 电梯故障 · 3号楼 · 第 1 次重办:李网格长说已解决(09:01)。解决了吗?"
    lift.presses("王阿姨", "已解决", at=GROUP)
    lift.wait(minutes=1)
    assert SATISFIED in question(lift)


def test_a_no_of_one_withdraws_everybodys_question(lift: Village) -> None:
    lift.tells("陈姐", LIFT)
    lift.tells("张网格员", "办结 1")
    lift.presses("陈姐", "已解决")
    lift.presses("王阿姨", "没有", at=GROUP)
    lift.wait(minutes=1)
    assert question(lift, "陈姐") == "#1 已重新打开,交给李网格长。"
    assert lift.buttons("陈姐") == []


def test_who_was_not_asked_yet_is_not_told_of_the_reopening(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.tells("陈姐", LIFT)
    staffed.wait(hours=14)
    staffed.tells("张网格员", "办结 1")
    staffed.new("陈姐")
    staffed.tells("王阿姨", "/solved 1 没有")
    staffed.wait(hours=9)
    assert not [text for text in staffed.new("陈姐") if "重新打开" in text]


def test_after_ten_days_it_is_too_late(done: Village) -> None:
    done.wait(days=9)
    assert "重新打开" in str(done.presses("王阿姨", "没有", at=GROUP))
    done.tells("李网格长", "办结 1")
    done.wait(days=9)
    assert done.buttons(GROUP, QUESTION) == ["已解决", "部分", "没有"]
    done.wait(days=2)
    assert done.buttons(GROUP, "#1 办结已超过 10 天。还有问题请再报一次。") == []
    assert done.tells("王阿姨", "解决 1 没有") == ["#1 办结已超过 10 天。还有问题请再报一次。"]
    assert done.case().close_at is None


def test_a_question_that_was_answered_is_left_alone_in_the_end(lift: Village) -> None:
    lift.tells("陈姐", LIFT)
    lift.tells("张网格员", "办结 1")
    lift.presses("陈姐", "已解决")
    lift.wait(minutes=1)
    lift.presses("陈姐", "满意")
    lift.wait(days=11)
    assert question(lift, "陈姐").endswith("谢谢您。")
    assert lift.buttons(GROUP, "#1 办结已超过 10 天") == []


# -- closing ------------------------------------------------------------------------------------------------------


def test_seven_silent_days_close_it(done: Village) -> None:
    done.wait(days=7)
    case = done.case()
    assert (case.state, done.history()[-1]) == ("closed", "closed_by_silence")
    assert case.verdict is None
    done.presses("王阿姨", "已解决", at=GROUP)
    done.wait(minutes=1)
    done.presses("王阿姨", "满意", at=GROUP)
    assert (done.case().state, done.history()[-1]) == ("rated", "closed_by_tap")


def test_an_answer_of_some_is_no_silence(lift: Village) -> None:
    lift.presses("李明", "我家也是", at=GROUP)
    lift.tells("张网格员", "办结 1")
    lift.presses("王阿姨", "已解决", at=GROUP)
    lift.wait(days=7)
    assert (lift.case().state, lift.history()[-1]) == ("rated", "closed_by_tap")
    lift.presses("李明", "已解决", at=GROUP)
    lift.wait(minutes=1)
    for person in ("李明", "王阿姨"):
        lift.presses(person, "满意", at=GROUP)
    assert lift.history().count("closed_by_tap") == 1


def test_a_delicate_case_is_asked_about_alone(staffed: Village) -> None:
    staffed.tells("周大姐", "/start")
    staffed.says("周大姐", QUARREL)
    staffed.tells("张网格员", "办结 1")
    assert QUESTION in question(staffed, "周大姐")
    assert staffed.new(GROUP) == []
