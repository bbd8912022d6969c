"""Workers at work: by button, by slash, in plain Chinese, as a reply to a card, and with everything wrong."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select
from village import GROUP, MORNING, Village

from storage import figures
from storage.outbox import Letter
from storage.requests import Outcome
from storage.texts import Text

LIFT = "3号楼电梯又坏了,按了没反应"
BOXES = "5号楼楼道堆满纸箱"
RUBBISH = "3号楼门口垃圾没人清运"
HEATING = "3号楼2单元501家里暖气不热"
QUARREL = "3号楼隔壁501老公打老婆"


@pytest.fixture
def lift(staffed: Village) -> Village:
    """王阿姨 reported the lift in the group; 张网格员 has the card."""
    staffed.says("王阿姨", LIFT)
    staffed.new(GROUP)
    staffed.new("张网格员")
    return staffed


@pytest.fixture
def two(lift: Village) -> Village:
    """And 李明 the boxes of building 5, also for 张网格员."""
    lift.says("李明", BOXES)
    return lift


# -- taking ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["/take 1", "接单 1", "接单1", "接单 #1号", "接单"])
def test_a_worker_takes_a_case_in_words(lift: Village, words: str) -> None:
    assert lift.tells("张网格员", words) == ["已接单 #1 电梯故障 · 3号楼"]
    assert lift.history()[-1] == "accepted"


def test_a_reply_to_the_card_needs_no_number(two: Village) -> None:
    two.tells("张网格员", "接单", to="#1")
    two.tells("张网格员", "接单", to="#2")
    assert [two.case(1).state, two.case(2).state] == ["accepted", "accepted"]


def test_with_several_cases_the_bot_asks_which(two: Village) -> None:
    assert two.tells("张网格员", "接单") == ["是哪一件?"]
    assert two.buttons("张网格员") == ["#1 电梯故障", "#2 楼道堆物"]
    assert two.presses("张网格员", "#2 楼道堆物") == "已接单 #2 楼道堆物 · 5号楼"


def test_a_case_that_is_taken_says_by_whom_and_when(lift: Village) -> None:
    lift.wait(minutes=6)
    lift.presses("张网格员", "接单")
    lift.wait(minutes=5)
    assert lift.tells("李网格长", "接单 1") == ["#1 张网格员 09:06 已接。"]
    assert lift.case().lead_person_id == lift.events()[-1].actor_id


def test_who_takes_it_leads_it_and_gets_the_card(lift: Village) -> None:
    lift.tells("李网格长", "接单 1")
    lift.wait(minutes=1)
    assert "李网格长 09:00 接单" in lift.card(1)
    assert lift.buttons("李网格长", "处理中") == ["办结", "回复", "转办", "更多"]
    assert lift.buttons("张网格员", "处理中") == []
    assert lift.tells("张网格员", "接单 1") == ["#1 李网格长 09:00 已接。"]


def test_at_night_the_leader_who_takes_a_case_has_the_card_at_once(lift: Village) -> None:
    lift.wait(hours=14)
    lift.tells("李网格长", "接单 1")
    assert lift.buttons("李网格长", "处理中") == ["办结", "回复", "转办", "更多"]


def test_a_stand_in_may_take_it(lift: Village) -> None:
    assert lift.tells("刘网格员", "接单 1")[-1] == "已接单 #1 电梯故障 · 3号楼"
    assert lift.tells("刘网格员", "办结 换了主板") == ["#1 已记为办结:已解决。"]


def test_a_unit_stays_the_lead_when_its_contact_takes_the_case(staffed: Village) -> None:
    staffed.says("王阿姨", RUBBISH)
    said = staffed.says("马班长", "接单", at="环卫群", to="#1")
    assert said.reactions == ["👌"]
    staffed.wait(minutes=1)
    assert staffed.sees("环卫群")[-1].text.splitlines()[1].startswith("处理中 · 环卫所 09:00 接单")
    assert staffed.buttons("环卫群", "#1") == ["办结", "回复", "转办", "更多"]
    assert staffed.tells("马班长", "办结") == ["#1 已记为办结:已解决。"]
    staffed.wait(minutes=1)
    assert staffed.sees(GROUP)[0].text.endswith("✅ 已办结:已解决 · 环卫所")


def test_a_units_case_belongs_to_the_worker_who_takes_it(staffed: Village) -> None:
    staffed.says("王阿姨", RUBBISH)
    staffed.tells("张网格员", "接单 1")
    staffed.wait(minutes=1)
    assert "处理中 · 张网格员" in staffed.card(1)
    assert staffed.buttons("环卫群", "#1") == []


def test_a_case_of_other_peoples_does_not_exist_for_strangers(lift: Village) -> None:
    assert lift.tells("马班长", "接单 1") == ["没有 #1。"]
    assert lift.tells("张网格员", "接单 999") == ["没有 #999。您手上的是 #1。"]
    assert lift.tells("马班长", "接单") == ["没有您可以操作的事项。"]


def test_the_reporter_is_told_what_she_may_do_instead(lift: Village) -> None:
    refusal = "办理由承办人操作;您可以 催办 1,或 撤回 1。"
    for words in ("办结 1", "/take 1", "转办 1 物业 推一推", "改类 1 其他", "备注 1 急", "不是诉求 1", "为什么 1"):
        assert lift.tells("王阿姨", words) == [refusal]
    assert lift.history() == ["registered", "dispatched"]


# -- what a state does not allow ----------------------------------------------------------------------------------

DONE = "#1 已办结。没解决的话,反映人点「没有」就会重新打开。"


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("done", DONE),
        ("rated", "#1 已评价关闭。"),
        ("closed", "#1 已关闭。"),
        ("withdrawn", "#1 已撤回。"),
        ("mistaken", "#1 已作为误登记删除。"),
    ],
)
def test_an_ended_case_refuses_with_where_it_stands(lift: Village, state: str, sentence: str) -> None:
    if state in {"done", "rated", "closed"}:
        lift.tells("张网格员", "办结 1")
    if state == "rated":
        lift.presses("王阿姨", "已解决", at=GROUP)
        lift.wait(minutes=1)
        lift.presses("王阿姨", "满意", at=GROUP)
    if state == "closed":
        lift.wait(days=8)
    if state == "withdrawn":
        lift.says("王阿姨", "撤回 1")
    if state == "mistaken":
        lift.tells("张网格员", "不是诉求 1")
    assert lift.case().state == state
    for words in ("接单 1", "办结 1", "办结 1 暂不能解决", "转办 1 物业 管道", "回复 1 马上到", "不是诉求 1"):
        assert lift.tells("张网格员", words) == [sentence]
    if state != "done":
        assert lift.tells("张网格员", "改结果 1 部分解决") == [sentence]
    if state == "mistaken":
        for words in ("备注 1 看错了", "改类 1 绿化"):
            assert lift.tells("张网格员", words) == [sentence]


# -- replies and notes --------------------------------------------------------------------------------------------


def test_a_reply_is_one_line_on_the_card_and_pings_nobody(lift: Village) -> None:
    lift.presses("张网格员", "接单")
    assert lift.tells("张网格员", "回复 1 维保师傅三点到,电话13812345678") == ["#1 已告诉反映人。"]
    lift.wait(minutes=1)
    assert lift.card(1).endswith("张网格员 09:00:维保师傅三点到,电话138******78")
    assert lift.new(GROUP) == []
    assert lift.new("王阿姨") == []


def test_the_card_shows_the_last_reply_until_another_has_the_case(lift: Village) -> None:
    lift.tells("张网格员", "回复 1 师傅在路上")
    lift.tells("张网格员", "回复 1 师傅到了")
    lift.wait(minutes=1)
    assert lift.card(1).endswith("师傅到了")
    assert "师傅在路上" not in lift.card(1)
    lift.tells("张网格员", "转办 1 物业 主板要换")
    lift.wait(minutes=1)
    assert "师傅" not in lift.card(1)


def test_without_words_the_bot_asks_for_them(lift: Village) -> None:
    lift.presses("张网格员", "接单")
    lift.wait(minutes=1)
    assert lift.presses("张网格员", "回复") is None  # a question stands until it is answered
    assert lift.sees("张网格员")[-1].text == "要告诉反映人什么?"
    assert lift.tells("张网格员", "三点到") == ["#1 已告诉反映人。"]
    assert lift.tells("张网格员", "回复 1", photos=1) == ["要告诉反映人什么?"]
    assert lift.tells("张网格员", "四点到") == ["#1 已告诉反映人。"]
    assert lift.tells("张网格员", "备注 1") == ["备注什么?居民看不到。"]
    assert lift.tells("张网格员", "算了") == ["好的。"]
    assert lift.history()[-2:] == ["replied", "replied"]


def test_who_reported_in_private_gets_a_letter(lift: Village) -> None:
    lift.tells("陈姐", LIFT)
    lift.tells("张网格员", "回复 1 师傅三点到")
    assert lift.new("陈姐")[-1] == "#1 电梯故障 · 3号楼 · 2 户反映\n张网格员:师傅三点到"
    assert lift.new("王阿姨") == []


def test_a_reply_about_a_private_case_goes_to_its_reporter(staffed: Village) -> None:
    staffed.tells("陈姐", HEATING)
    staffed.tells("孙经理", "回复 1 下午上门")
    assert staffed.new("陈姐")[-1] == "#1 暖气不热 · 3号楼2单元501室\n孙经理:下午上门"


def test_a_delicate_case_says_only_its_number_in_the_group(staffed: Village) -> None:
    staffed.says("周大姐", QUARREL)
    staffed.tells("张网格员", "回复 1 民警已联系")
    assert staffed.new(GROUP) == ["#1 有进展,请私聊我查看。"]
    staffed.tells("周大姐", "/start")
    staffed.tells("张网格员", "回复 1 已劝开")
    assert staffed.new("周大姐")[-1].endswith("张网格员:已劝开")


def test_a_callers_worker_is_not_told_his_own_words(staffed: Village) -> None:
    staffed.tells("张网格员", "代报 孙大爷 3-2-501 电梯坏了")
    staffed.new("张网格员")
    staffed.says("王阿姨", LIFT)
    staffed.tells("李网格长", "回复 1 师傅在路上")
    assert any("师傅在路上" in text for text in staffed.new("张网格员"))


def test_a_note_is_seen_by_no_resident(lift: Village) -> None:
    noted = "#1 已备注(居民看不到)。要告诉居民请发:回复 1 内容"
    assert lift.tells("张网格员", "备注 1 业主欠费 13812345678") == [noted]
    assert lift.tells("张网格员", "配件要等", to="按了没反应") == [noted]
    lift.wait(minutes=1)
    assert "欠费" not in lift.card(1)
    history = lift.tells("王阿姨", "进度 1")[0]
    assert "备注" not in history
    assert "欠费" not in history
    assert "备注:业主欠费 138******78" in lift.tells("张网格员", "进度 1")[0]


def test_a_photo_in_reply_to_the_card_is_a_note(lift: Village) -> None:
    lift.tells("张网格员", "", photos=2, to="#1")
    assert lift.events()[-1].kind == "noted"


# -- done -----------------------------------------------------------------------------------------------------


def test_done_without_taking_first_counts_as_taken(lift: Village) -> None:
    lift.wait(minutes=30)
    assert lift.tells("张网格员", "修好了") == ["#1 已记为办结:已解决。"]
    assert lift.buttons("张网格员") == ["改为部分解决", "改为暂不能解决", "撤销"]
    assert lift.case().accepted_at == lift.case().done_at


@pytest.mark.parametrize("words", ["部分解决 换了按钮,门还响", "部分解决:换了按钮,门还响"])
def test_the_outcome_may_be_named_first(lift: Village, words: str) -> None:
    assert lift.tells("张网格员", f"办结 1 {words}") == ["#1 已记为办结:部分解决。"]
    assert lift.new(GROUP)[-1] == "#1 电梯故障 · 3号楼:张网格员说部分解决(09:00)。「换了按钮,门还响」。解决了吗?"


def test_what_cannot_be_solved_needs_its_basis_and_tells_the_reporter(lift: Village) -> None:
    assert lift.tells("张网格员", "办结 1 暂不能解决") == ["为什么暂不能解决?请写明依据,会告诉反映人。"]
    assert lift.case().state == "dispatched"
    assert lift.tells("张网格员", "超出质保,待业主大会") == ["#1 已记为办结:暂不能解决。"]
    question = "#1 电梯故障 · 3号楼:张网格员说暂不能解决(09:00)。「超出质保,待业主大会」。解决了吗?"
    assert lift.new(GROUP) == [question]


def test_a_photo_is_mentioned_in_the_question(lift: Village) -> None:
    lift.tells("张网格员", "办结 1 换了主板", photos=1)
    question = "#1 电梯故障 · 3号楼:张网格员说已解决(09:00,有照片)。「换了主板」。解决了吗?"
    assert lift.new(GROUP) == [question]


def test_another_outcome_edits_the_question(lift: Village) -> None:
    lift.tells("张网格员", "好了", photos=1)
    lift.wait(minutes=1)
    lift.presses("张网格员", "改为部分解决")
    lift.wait(minutes=1)
    assert len(lift.new(GROUP)) == 1
    assert lift.card(1) == "#1 电梯故障 · 3号楼:张网格员说部分解决(09:00,有照片)。解决了吗?"
    lift.presses("张网格员", "改为暂不能解决")
    assert lift.tells("张网格员", "配件停产") == ["#1 已记为办结:暂不能解决。"]
    lift.wait(minutes=1)
    assert lift.card(1) == "#1 电梯故障 · 3号楼:张网格员说暂不能解决(09:00,有照片)。「配件停产」。解决了吗?"
    assert lift.case().outcome == Outcome.UNSOLVED


def test_the_outcome_can_be_changed_in_words(lift: Village) -> None:
    assert lift.tells("张网格员", "改结果 1 部分解决") == ["#1 现在不能改结果,办结后才能改。"]
    lift.tells("张网格员", "办结 1")
    assert lift.tells("张网格员", "改结果 1") == ["#1 现在记的是已解决,改为?"]
    assert lift.buttons("张网格员") == ["改为部分解决", "改为暂不能解决"]
    assert lift.tells("张网格员", "改结果 1 部分解决") == ["#1 已记为办结:部分解决。"]
    lift.presses("王阿姨", "部分", at=GROUP)
    assert lift.tells("张网格员", "改结果 1 已解决") == ["#1 居民已经回答,以居民说的为准。"]


def test_an_internal_note_never_gets_into_the_question(lift: Village) -> None:
    lift.tells("张网格员", "办结 1 换了主板")
    lift.tells("张网格员", "备注 1 业主难缠")
    lift.tells("张网格员", "改结果 1 部分解决")
    lift.wait(minutes=1)
    assert lift.card(1).endswith("「换了主板」。解决了吗?")


# -- in the group -------------------------------------------------------------------------------------------------


def test_in_the_group_a_reply_to_the_card_is_answered_by_a_nod(lift: Village) -> None:
    for words in ("接单", "回复 三点到", "备注 等配件", "改类 其他", "改类 公共设施", "办结 换了主板"):
        said = lift.says("张网格员", words, to="#1 ")
        lift.wait(minutes=1)
        assert said.reactions == ["👌"], words
    assert [text for text in lift.new(GROUP) if "解决了吗" not in text] == []
    assert lift.buttons("张网格员", "已记为办结") == ["改为部分解决", "改为暂不能解决", "撤销"]


def test_in_the_group_choices_go_to_the_private_chat(lift: Village) -> None:
    for words, first in (("转办", "#1 转给哪个单位?"), ("改类", "#1 改成哪一类?"), ("更多", "#1 电梯故障 · 3号楼")):
        said = lift.says("张网格员", words, to="#1 ")
        assert said.reactions == ["👌"]
        assert lift.new("张网格员")[-1] == first
    assert lift.new(GROUP) == []


def test_a_worker_who_cannot_be_reached_alone_is_asked_to_write(village: Village) -> None:
    village.says("王阿姨", LIFT)
    said = village.says("李网格长", "为什么 1")
    assert village.new(GROUP)[-1] == "这里不方便说,请私聊我再发一次。"
    assert village.sees(GROUP)[-1].reply_to == said.id
    said = village.says("李网格长", "办结 1")
    assert said.reactions == ["👌"]


# -- transfer -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["柳树物业", "物业", "wuye"])
def test_a_transfer_gives_the_unit_a_new_card_with_the_reason(lift: Village, unit: str) -> None:
    lift.wait(minutes=30)
    assert lift.tells("张网格员", f"转办 1 {unit} 主板要换,归维保") == ["#1 已转柳树物业。"]
    lift.wait(minutes=1)
    card = lift.new("孙经理")
    assert len(card) == 1
    assert card[0].endswith("张网格员 09:30:主板要换,归维保")
    assert lift.buttons("孙经理") == ["接单", "转办", "不是诉求", "更多"]
    assert lift.buttons("张网格员", "电梯故障") == []
    assert "柳树物业 · 今天 13:30 前接单" in lift.card(1)


def test_a_transfer_asks_for_the_unit_and_the_reason(lift: Village) -> None:
    lift.presses("张网格员", "转办")
    assert lift.buttons("张网格员") == ["柳树物业", "环卫所"]
    lift.presses("张网格员", "柳树物业")
    assert lift.sees("张网格员")[-1].text == "转给柳树物业的原因?"
    assert lift.tells("张网格员", "主板归维保 13812345678") == ["#1 已转柳树物业。"]
    assert lift.look(lambda session: session.get_one(Text, lift.events()[-1].text_id).body) == "主板归维保 138******78"


def test_a_transfer_that_leads_nowhere(lift: Village) -> None:
    assert lift.tells("张网格员", "转办 1 消防队 有烟") == ["没有单位「消防队」。现有:柳树物业 环卫所"]
    lift.tells("张网格员", "转办 1 物业:主板")
    assert lift.tells("张网格员", "转办 1 柳树物业 快点") == ["#1 已经由柳树物业负责。"]
    lift.tells("孙经理", "转办 1")
    assert lift.buttons("孙经理") == ["环卫所"]


def test_a_unit_passes_a_case_on_to_another_unit(staffed: Village) -> None:
    staffed.says("王阿姨", RUBBISH)
    staffed.tells("马班长", "转办 1 物业 小区里面的")
    staffed.wait(minutes=1)
    assert staffed.buttons("环卫群", "#1") == []
    assert "垃圾" in staffed.new("孙经理")[0]


# -- another category -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["停车交通", "traffic", "停车"])
def test_a_category_by_label_key_or_word(lift: Village, words: str) -> None:
    assert lift.tells("张网格员", f"改类 1 {words}") == ["#1 已改为停车交通。"]
    lift.wait(minutes=1)
    assert lift.card(1).startswith("#1 停车交通 · 3号楼")
    assert lift.history()[-1] == "reclassed"


def test_a_category_by_button(lift: Village) -> None:
    assert lift.tells("张网格员", "改类 1") == ["#1 改成哪一类?"]
    assert lift.presses("张网格员", "绿化") == "#1 已改为绿化。"
    unknown = lift.tells("张网格员", "改类 1 外星人")[0]
    assert unknown.startswith("没有类别「外星人」。现有:公共设施 水电气暖网 环境卫生 ")


def test_a_category_of_another_duty_moves_the_case(lift: Village) -> None:
    lift.tells("张网格员", "改类 1 环境卫生")
    lift.wait(minutes=1)
    assert "环卫所" in lift.card(1)
    assert lift.new("环卫群")[0].startswith("#1 环境卫生 · 3号楼")
    assert lift.buttons("张网格员", "环境卫生") == []


def test_a_case_already_with_the_new_duty_stays_as_it_is(lift: Village) -> None:
    lift.tells("张网格员", "转办 1 物业 管道")
    lift.tells("孙经理", "接单 1")
    lift.tells("孙经理", "改类 1 水电气暖网")
    assert lift.case().state == "accepted"


def test_a_done_case_can_still_be_sorted(lift: Village) -> None:
    lift.tells("张网格员", "办结 1")
    assert lift.tells("张网格员", "改类 1 环境卫生") == ["#1 已改为环境卫生。"]
    assert lift.case().state == "done"


# -- not a request ------------------------------------------------------------------------------------------------


def test_a_false_catch_is_gone_with_one_tap(lift: Village) -> None:
    lift.says("王阿姨", "补充 1 二单元那部")
    lift.tells("张网格员", "回复 1 去看看")
    lift.wait(minutes=1)
    assert lift.presses("张网格员", "不是诉求") == "#1 已删除,原文不再保留。"
    lift.wait(minutes=1)
    assert lift.sees(GROUP) == []
    assert lift.sees("张网格员")[0].text.endswith("不是诉求,已删除")
    assert lift.look(_words_of_case_1) == set()
    assert lift.tells("张网格员", "撤销") == ["「误登记」不能撤销。"]
    assert lift.tells("张网格员", "待办") == ["手上没有待办。"]
    assert lift.look(lambda session: figures.between(session, MORNING, MORNING + timedelta(days=1))).cases == 0


def _words_of_case_1(session: Session) -> set[str]:
    """Whatever is still kept of what people wrote about it."""
    texts = [text.body for text in session.exec(select(Text))] + [
        letter.text for letter in session.exec(select(Letter))
    ]
    return {text for text in texts if text and any(word in text for word in ("按了", "二单元", "看看"))}


def test_at_night_a_false_catch_wakes_nobody_in_the_morning(staffed: Village) -> None:
    staffed.wait(hours=14)
    staffed.new(GROUP)
    staffed.says("王阿姨", LIFT)
    staffed.tells("李网格长", "不是诉求 1")
    staffed.wait(hours=12)
    assert staffed.new(GROUP) == []
    assert staffed.new("张网格员") == []


def test_who_reported_in_private_hears_that_it_is_none(staffed: Village) -> None:
    staffed.tells("陈姐", HEATING)
    staffed.tells("孙经理", "不是诉求 1")
    news = "#1 没有作为诉求登记,原文已删除。要反映问题请再写一次:什么事、在哪里。"
    assert staffed.new("陈姐")[-1] == news


# -- more ------------------------------------------------------------------------------------------------------


def test_more_shows_what_does_not_fit_on_the_card(lift: Village) -> None:
    lift.presses("张网格员", "更多")
    assert lift.buttons("张网格员") == ["备注", "改类", "不是诉求", "为什么", "办结"]
    lift.presses("张网格员", "办结")
    lift.tells("张网格员", "更多 1")
    assert lift.buttons("张网格员") == ["为什么"]


def test_why_shows_the_words_that_decided_and_not_the_message(lift: Village) -> None:
    why = lift.tells("张网格员", "为什么 1")[0]
    assert why.startswith("#1 反映 · 公共设施\n· ")
    assert LIFT not in why
