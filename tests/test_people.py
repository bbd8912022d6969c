"""Meeting people, help by role, talk under a card, and what is kept only for a while."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, func, select
from village import GROUP, MORNING, Village

from storage.deliveries import Delivery
from storage.outbox import Letter
from storage.questions import OpenQuestion

LIFT = "3号楼电梯又坏了,按了没反应"
BOXES = "5号楼楼道堆满纸箱"


# -- first words ----------------------------------------------------------------------------------------------


def test_a_resident_is_greeted(village: Village) -> None:
    assert village.tells("王阿姨", "/start") == [
        "您好,我是小格,柳树村社区的网格助手。有事直接写:什么事、在哪里,可带图。进展会发到这里。只保存您反映的事,闲聊不存。"
    ]


def test_a_worker_is_told_the_duties(village: Village) -> None:
    assert village.tells("张网格员", "/start abc")[0].startswith("张网格员您好,您在柳树村社区的职责:网格员。")
    assert village.tells("马班长", "开始")[0].startswith("马班长您好,您在柳树村社区的职责:单位联系人。")


def test_anybody_may_ask_for_their_account(village: Village) -> None:
    assert village.tells("王阿姨", "我的账号") == ["您的账号:console:main:王阿姨"]


# -- help -----------------------------------------------------------------------------------------------------


def test_help_shows_a_resident_no_workers_command(village: Village) -> None:
    lines = village.tells("王阿姨", "帮助")[0].splitlines()
    names = {line.split(" — ")[0] for line in lines[1:]}
    assert lines[0] == "我是小格。有事直接写就行,也可以:"
    assert {"报事", "我的", "进度", "补充", "撤回", "催办", "评价", "帮助"} <= names
    assert not names & {"待办", "接单", "回复", "备注", "办结", "转办", "改类", "不是诉求", "代报", "为什么", "开始"}


@pytest.mark.parametrize("person", ["张网格员", "马班长", "赵主任"])
def test_help_shows_staff_everything(village: Village, person: str) -> None:
    lines = village.tells(person, "/help")[0].splitlines()
    names = {line.split(" — ")[0] for line in lines[1:]}
    assert lines[0] == "我是小格。回复卡片时不用写编号。"
    assert {
        "报事",
        "待办",
        "接单",
        "回复",
        "备注",
        "办结",
        "转办",
        "改类",
        "不是诉求",
        "代报",
        "为什么",
        "撤销",
    } <= names


# -- talk under a card ------------------------------------------------------------------------------------------


def test_under_the_card_the_reporter_adds_and_neighbours_chat(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.new(GROUP)
    staffed.says("王阿姨", "二单元那部", to="#1 ")
    assert staffed.new("张网格员")[-1].endswith("补充:二单元那部")
    staffed.says("王阿姨", "", photos=1, to="#1 ")
    assert staffed.new("张网格员")[-1].endswith("补充:[图片]")
    before = staffed.history()
    staffed.says("李明", "哈哈 又来", to="#1 ")
    staffed.says("王阿姨", "", to="#1 ")
    assert staffed.history() == before
    assert staffed.new(GROUP) == []


def test_under_the_card_a_neighbour_with_the_same_trouble_is_a_voice(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.says("陈姐", "3号楼电梯坏了,我也走楼梯", to="#1 ")
    assert staffed.history()[-1] == "joined"
    staffed.wait(minutes=1)
    assert "2 户反映" in staffed.card(1)


# -- what is kept only for a while ----------------------------------------------------------------------------------


def test_the_words_of_letters_go_after_seven_days(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.wait(days=6, hours=23)
    assert any("按了没反应" in text for text in staffed.look(_letters_of_the_first_day))
    staffed.wait(hours=1)
    assert staffed.look(_letters_of_the_first_day) == []
    staffed.tells("张网格员", "接单 1")
    staffed.wait(minutes=1)
    assert "处理中 · 张网格员" in staffed.card(1)


def _letters_of_the_first_day(session: Session) -> list[str]:
    first_day = select(Letter.text).where(Letter.request_id == 1, col(Letter.created_at) <= MORNING)
    return [text for text in session.exec(first_day) if text]


def test_delivery_ids_go_after_eight_days(village: Village) -> None:
    village.tells("王阿姨", "/start")
    village.wait(days=7, hours=23)
    assert village.look(lambda session: session.exec(select(func.count()).select_from(Delivery)).one()) == 1
    village.wait(hours=1)
    assert village.look(lambda session: session.exec(select(func.count()).select_from(Delivery)).one()) == 0


def test_a_question_nobody_answers_goes_after_a_quarter_of_an_hour(village: Village) -> None:
    village.tells("王阿姨", "报事")
    village.wait(minutes=14)
    assert village.look(lambda session: session.exec(select(OpenQuestion)).first()) is not None
    village.wait(minutes=1)
    assert village.look(lambda session: session.exec(select(OpenQuestion)).first()) is None
    assert village.tells("王阿姨", BOXES)[0].startswith("已登记 #1 楼道堆物")


def test_a_letter_that_waited_a_week_is_no_news_any_more(staffed: Village) -> None:
    staffed.wait(hours=14)  # 23:00: the card waits for the morning
    staffed.says("王阿姨", BOXES)
    staffed.new(GROUP)
    staffed.clock.at += timedelta(days=8)  # the bot was down
    staffed.do(staffed.stage.settle())
    assert "" not in staffed.new(GROUP) + staffed.new("张网格员")
