"""Under a notice: that one has it, counted once and never by name; and a question, which becomes a case."""

import pytest
from sqlmodel import Session, select
from village import GROUP, Village

from storage.notices import Notice
from storage.outbox import Card
from storage.people import Person
from storage.receipts import Receipt

EAST = "东网格群"
LI = "李网格长"


@pytest.fixture
def said(office: Village) -> Village:
    """李网格长 told both groups of the water."""
    office.tells(LI, "通知")
    office.tells(LI, "全部")
    office.tells(LI, "【停水通知】明天停水。")
    office.presses(LI, "发送")
    office.new(LI)
    return office


def received(village: Village) -> int:
    return village.look(lambda session: session.get_one(Notice, 2).received)


def test_a_press_counts_once_a_person_wherever_it_is_pressed(said: Village) -> None:
    assert said.presses("王阿姨", "收到", at=GROUP) == "已记收到。"
    assert said.presses("王阿姨", "收到", at=GROUP) == "已记收到。"
    assert said.presses("王阿姨", "收到", at=EAST) == "已记收到。"
    assert said.presses("李明", "收到", at=GROUP) == "已记收到。"
    assert received(said) == 2
    assert "收到 2" in said.tells(LI, "通知列表")[0]
    assert len(said.sees(GROUP)) == 1


def test_said_in_words_it_counts_too_and_gets_a_nod(said: Village) -> None:
    said.says("王阿姨", "收到。", to="停水")
    said.says("李明", "谢谢", to="停水")
    said.says("陈姐", "收到")
    assert received(said) == 1
    assert len(said.sees(GROUP)) == 1


def test_who_it_was_is_kept_nowhere(said: Village) -> None:
    said.presses("王阿姨", "收到", at=GROUP)
    names = said.look(lambda session: session.exec(select(Person.name)).all())
    assert "王阿姨" not in names
    (mark,) = said.look(lambda session: session.exec(select(Receipt.mark)).all())
    assert "王阿姨" not in mark
    said.wait(days=7, hours=1)
    assert said.look(lambda session: session.exec(select(Receipt)).all()) == []
    assert said.look(lambda session: session.get_one(Notice, 2).salt) is None
    standing = said.look(lambda session: session.exec(select(Card.key)).all())
    assert [key for key in standing if key.startswith("notice:")] == []  # it can be taken back no more
    assert received(said) == 1
    assert said.presses("李明", "收到", at=GROUP) == "好的。"
    assert received(said) == 1


def test_the_next_occurrence_counts_anew(village: Village) -> None:
    village.wait(hours=7)
    village.presses("王阿姨", "收到", at=GROUP)
    assert village.look(lambda session: session.get_one(Notice, 1).received) == 1
    village.wait(days=7)
    assert village.look(lambda session: session.get_one(Notice, 1).received) == 0
    village.presses("王阿姨", "收到", at=GROUP)
    assert village.look(lambda session: session.get_one(Notice, 1).received) == 1


@pytest.mark.parametrize("words", ["got 9", "got", "got x", "unclear 9 怎么回事", "unclear", "got 12345678901"])
def test_a_notice_there_is_not(said: Village, words: str) -> None:
    assert said.tells("王阿姨", f"/{words}") == ["没有这条通知,或不归您管。"]


# -- questions ------------------------------------------------------------------------------------------------------


def test_a_question_is_put_alone_and_goes_to_who_made_the_notice(said: Village) -> None:
    said.tells("王阿姨", "/start")
    said.new("王阿姨")
    assert said.presses("王阿姨", "有疑问", at=GROUP) == "已私聊发给您。"
    assert said.new("王阿姨") == ["对通知「停水通知」有什么疑问?直接写。"]
    assert said.tells("王阿姨", "几点来水") == ["已登记 #1 停水\n已派单 李网格长 · 今天 11:00 前接单"]
    case = said.case()
    assert (case.kind, case.notice_id, case.chat_id) == ("consult", 2, None)
    assert "关于通知「停水通知」" in said.card(1, LI)
    assert "疑问 1" in said.tells(LI, "通知列表")[0]
    said.wait(minutes=1)
    assert len(said.sees(GROUP)) == 1


def test_who_cannot_be_reached_alone_replies_to_the_notice(said: Village) -> None:
    assert said.presses("王阿姨", "有疑问", at=GROUP) == "请回复这条通知,写下您的疑问。"
    said.says("王阿姨", "几点来水", to="停水")
    assert said.case().notice_id == 2


def test_a_question_without_any_button(said: Village) -> None:
    said.says("王阿姨", "请问3号楼也停水吗?几点来水?", to="停水")
    case = said.case()
    assert (case.notice_id, case.places) == (2, "3号楼")


def test_talk_under_a_notice_is_talk(said: Village) -> None:
    said.says("王阿姨", "又停,唉", to="停水")
    assert said.look(lambda session: session.exec(select(Receipt)).all()) == []
    said.says("王阿姨", "大家记得接水哈", to="停水")
    said.wait(minutes=1)
    assert [post.text for post in said.sees(GROUP)] == ["【停水通知】明天停水。\n——柳树村社区"]


def test_alone_the_question_is_put_at_once(said: Village) -> None:
    assert said.tells("王阿姨", "/unclear 2") == ["对通知「停水通知」有什么疑问?直接写。"]
    said.tells("王阿姨", "几点来水")
    assert said.case().notice_id == 2


def test_where_the_maker_answers_for_nothing_any_more_the_duty_decides(said: Village) -> None:
    def left(session: Session) -> None:
        session.exec(select(Person).where(Person.name == LI)).one().gone = True

    said.look(left)
    said.tells("王阿姨", "/unclear 2 几点来水")
    assert said.case().lead_unit_id is not None


def test_a_notice_of_the_file_is_asked_about_where_the_duty_says(staffed: Village) -> None:
    staffed.wait(hours=7)
    staffed.tells("王阿姨", "/unclear 1 电费怎么算")
    assert staffed.case().notice_id == 1
