"""A survey in the groups: the question, one answer a person, and what came of it."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select
from village import GROUP, Village

from storage.chats import Chat
from storage.notices import Notice
from storage.surveys import Ballot

EAST = "东网格群"
LI = "李网格长"
ASKED = (
    "【问卷】楼道保洁您满意吗?\n"
    "点下面的选项,或回复本条写选项。一人一次,可以改,不记名。11月26日(周四) 09:00截止。{}\n——柳树村社区"
)


def ask(village: Village, what: str = "楼道保洁您满意吗?", where: str = "全部") -> None:
    """Number 2, in both groups."""
    village.tells(LI, "调查")
    village.tells(LI, where)
    village.tells(LI, what)
    village.presses(LI, "发送")


def answered(village: Village) -> list[tuple[int, int]]:
    """The ballots: the grid and the choice."""
    return village.look(lambda session: [(one.grid_id, one.choice) for one in session.exec(select(Ballot))])


def test_one_tap_is_an_answer_and_another_changes_it(office: Village) -> None:
    ask(office)
    assert office.new(GROUP) == [ASKED.format("")]
    assert office.buttons(GROUP) == ["满意", "基本满意", "不满意"]
    assert office.presses("王阿姨", "满意", at=GROUP) == "已记「满意」,截止前可以改。"
    assert office.presses("王阿姨", "不满意", at=GROUP) == "已改为「不满意」。"
    assert [choice for _, choice in answered(office)] == [2]
    assert office.new(GROUP) == []
    office.wait(minutes=1)
    assert office.sees(GROUP)[-1].text == ASKED.format("\n3号楼已有 1 人作答。")
    assert office.buttons(GROUP) == ["满意", "基本满意", "不满意"]
    assert office.sees(EAST)[-1].text == ASKED.format("")


def test_who_sits_in_two_groups_answers_once(office: Village) -> None:
    ask(office)
    office.presses("王阿姨", "满意", at=GROUP)
    assert office.presses("王阿姨", "满意", at=EAST) == "已改为「满意」。"
    assert len(answered(office)) == 1


def test_a_rush_of_answers_changes_the_group_s_message_once_a_minute(office: Village) -> None:
    ask(office)
    for number in range(8):
        office.presses(f"居民{number}", "满意", at=GROUP)
    assert office.sees(GROUP)[-1].edited == 0
    office.wait(minutes=1)
    assert office.sees(GROUP)[-1].edited == 1
    assert "已有 8 人作答" in office.sees(GROUP)[-1].text


@pytest.mark.parametrize("words", ["满意", "满意。", "1", " 满意!"])
def test_a_reply_with_an_option_or_its_number_is_an_answer(office: Village, words: str) -> None:
    ask(office)
    office.says("王阿姨", words, to="问卷")
    assert [choice for _, choice in answered(office)] == [0]
    assert office.sees(GROUP)[-1].text.startswith("【问卷】")  # nothing was said in words


@pytest.mark.parametrize("words", ["收到", "还行吧", "4", "0", "满意极了"])
def test_a_reply_that_is_no_option_is_talk(office: Village, words: str) -> None:
    ask(office)
    office.says("王阿姨", words, to="问卷")
    assert answered(office) == []
    assert len(office.new(GROUP)) == 1
    assert office.look(lambda session: session.get_one(Notice, 2)).received == 0


def test_an_option_not_said_to_us_is_talk(office: Village) -> None:
    ask(office)
    office.says("王阿姨", "满意")
    assert answered(office) == []


def test_a_request_in_reply_to_it_is_a_case_about_it(office: Village) -> None:
    ask(office)
    office.says("王阿姨", "扫是扫了,楼道灯坏了没人修", to="问卷")
    assert office.card(1).startswith("#1 楼道灯不亮")


def test_options_that_are_numbers_are_taken_as_they_stand(office: Village) -> None:
    ask(office, what="垃圾桶放几个合适?2/3/1")
    office.presses("王阿姨", "2", at=GROUP)
    office.says("老李", "2", to="问卷")
    assert [choice for _, choice in answered(office)] == [0, 0]


def test_only_where_it_was_put_it_can_be_answered(office: Village) -> None:
    ask(office, where="3号楼")
    office.says("王阿姨", "/ballot 2 1", at=EAST)
    assert office.tells("王阿姨", "/ballot 2 1") == ["没有这条通知,或不归您管。"]
    for words in ("/ballot 2 4", "/ballot 2", "/ballot 2 x", "/ballot 99 1", "/ballot 1 1", "/ballot 9999999999 1"):
        office.says("王阿姨", words)
    assert answered(office) == []
    office.says("王阿姨", "/ballot 2 1")
    assert len(answered(office)) == 1


def test_a_group_that_was_unbound_since_has_no_answer(office: Village) -> None:
    ask(office)

    def unbind(session: Session) -> None:
        session.exec(select(Chat).where(Chat.title == "3号楼群")).one().grid_id = None

    office.look(unbind)
    office.says("王阿姨", "满意", to="问卷")
    assert answered(office) == []


def test_at_its_end_the_groups_read_what_came_of_it(office: Village) -> None:
    ask(office)
    for number in range(5):
        office.presses(f"居民{number}", "满意" if number else "不满意", at=GROUP)
    office.presses("老李", "基本满意", at=EAST)
    office.wait(days=3)
    assert office.sees(GROUP)[0].text == (
        "【问卷结果】楼道保洁您满意吗?\n满意 4(67%)\n基本满意 1(17%)\n不满意 1(17%)\n"
        "共 6 人作答,其中3号楼 5 人。\n——柳树村社区"
    )
    assert "其中东网格 1 人" in office.sees(EAST)[0].text
    assert office.sees(GROUP)[0].buttons == ()


def test_of_a_few_answers_nobody_reads_how_they_split(office: Village) -> None:
    ask(office)
    for number in range(4):
        office.presses(f"居民{number}", "满意", at=GROUP)
    office.wait(days=3)
    assert office.sees(GROUP)[0].text == (
        "【问卷结果】楼道保洁您满意吗?\n不足 5 人作答,不公布怎么选的。\n共 4 人作答。\n——柳树村社区"
    )


def test_once_closed_nothing_tells_who_chose_what_and_late_answers_do_not_count(office: Village) -> None:
    ask(office)
    office.presses("王阿姨", "满意", at=GROUP)
    office.wait(days=3)
    notice = office.look(lambda session: session.get_one(Notice, 2))
    assert (answered(office), notice.salt, notice.closes_at) == ([], None, None)
    office.says("老李", "/ballot 2 1")
    office.says("老李", "满意", to="问卷")
    assert answered(office) == []
    assert "共 1 人作答" in office.sees(GROUP)[0].text


def test_who_answers_is_not_remembered(office: Village) -> None:
    """No row is made for somebody who only answers."""
    ask(office)
    office.presses("路过的人", "满意", at=GROUP)
    names = office.look(lambda session: list(session.exec(select(Ballot.mark))))
    assert len(names) == 1
    assert "路过" not in names[0]
    office.tells(LI, "调查列表")
    office.presses(LI, "2 楼道保洁您满意吗?")
    assert "1 人作答" in office.sees(LI)[-1].text


def test_where_it_stands_is_forgotten_a_week_after_its_end(office: Village) -> None:
    ask(office)
    office.wait(days=9)
    assert office.look(lambda session: session.get_one(Notice, 2)).forget_at is not None
    office.wait(days=2)
    assert office.look(lambda session: session.get_one(Notice, 2)).forget_at is None
    assert office.sees(GROUP)[0].text.startswith("【问卷结果】")


def test_a_bot_that_was_away_at_the_end_counts_as_soon_as_it_is_back(office: Village) -> None:
    ask(office)
    office.presses("王阿姨", "满意", at=GROUP)
    office.wait(minutes=2)
    office.clock.at += timedelta(days=15)
    office.wait(minutes=1)
    assert office.sees(GROUP)[0].text.startswith("【问卷结果】")
    assert len(office.sees(GROUP)) == 1
