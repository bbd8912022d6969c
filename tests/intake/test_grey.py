"""Not sure: one small question that keeps nothing, and a worker who registers what was missed."""

import pytest
from readings import BURNING, DUST, LIFT, SMELL
from sqlmodel import Session, SQLModel, select
from village import GROUP, Village

from storage.reports import reporters
from storage.requests import Request

QUESTION = "是要登记一件事吗?"


def kept(village: Village, words: str) -> bool:
    """Whether any row of any table holds these words."""

    def search(session: Session) -> bool:
        return any(
            words in str(row)
            for table in SQLModel.metadata.sorted_tables
            for row in session.connection().execute(table.select())
        )

    return village.look(search)


def cases(village: Village) -> int:
    return village.look(lambda session: len(session.exec(select(Request)).all()))


def test_the_question_is_small_and_disappears_after_ten_minutes(staffed: Village) -> None:
    said = staffed.says("小刘", SMELL)
    question = staffed.sees(GROUP)[0]
    assert (question.text, question.reply_to) == (QUESTION, said.id)
    assert staffed.buttons(GROUP) == ["登记", "不用"]
    assert said.reactions == []
    staffed.wait(minutes=9)
    assert staffed.sees(GROUP) == [question]
    staffed.wait(minutes=2)
    assert staffed.sees(GROUP) == []
    assert not kept(staffed, SMELL)


def test_yes_brings_the_words_back_and_registers_them(staffed: Village) -> None:
    said = staffed.says("小刘", SMELL)
    assert staffed.presses("小刘", "登记", at=GROUP) == "已登记。"
    staffed.wait(minutes=1)
    assert said.reactions == ["👀"]
    assert [post.text.split("\n")[0] for post in staffed.sees(GROUP)] == ["#1 油烟异味 · 3号楼"]
    assert "「这味儿没法开窗了」 小刘" in staffed.card(1, "环卫群")
    assert kept(staffed, SMELL)


def test_only_who_said_it_or_a_worker_may_answer(staffed: Village) -> None:
    staffed.says("小刘", SMELL)
    question = staffed.sees(GROUP)[0]
    for command in ("/register", "/no"):
        press = staffed.console.press("李明", question, command)
        assert staffed.do(staffed.stage.hear(press)) == "由说这句话的人来选。"
    assert cases(staffed) == 0
    assert staffed.presses("张网格员", "登记", at=GROUP) == "已登记。"
    assert staffed.look(lambda session: reporters(session, 1)[0][1].name) == "小刘"
    press = staffed.console.press("小刘", question, "/register")
    assert staffed.do(staffed.stage.hear(press)) == "这条消息已经登记过了。"
    assert cases(staffed) == 1


def test_no_takes_the_question_away(staffed: Village) -> None:
    staffed.says("小刘", SMELL)
    assert staffed.presses("小刘", "不用", at=GROUP) == "好的,不登记。"
    assert staffed.sees(GROUP) == []
    staffed.wait(minutes=20)
    assert not kept(staffed, SMELL)
    assert cases(staffed) == 0


def test_a_message_that_is_gone_cannot_be_registered(staffed: Village) -> None:
    said = staffed.says("小刘", SMELL)
    staffed.console.posted[GROUP].remove(said)
    assert staffed.presses("小刘", "登记", at=GROUP) == ("请回复要登记的那条消息再发「登记」;或者发:报事 加上内容。")
    assert staffed.presses("小刘", "不用", at=GROUP) == "好的,不登记。"


def test_at_night_nothing_is_asked_in_a_group(staffed: Village) -> None:
    staffed.wait(hours=14)  # 23:00
    staffed.new(GROUP)
    staffed.says("小刘", SMELL)
    staffed.wait(hours=10)
    assert staffed.new(GROUP) == []
    assert not kept(staffed, SMELL)


def test_alone_it_is_asked_at_any_hour_and_answered_with_a_receipt(staffed: Village) -> None:
    staffed.wait(hours=14)
    assert staffed.tells("小刘", SMELL) == [QUESTION]
    assert staffed.presses("小刘", "登记") is None
    assert [post.text.split("\n")[0] for post in staffed.sees("小刘")] == ["已登记 #1 油烟异味 · 3号楼"]
    assert staffed.buttons("小刘") == ["补充", "撤回"]

    staffed.tells("小刘", DUST)
    assert staffed.tells("小刘", "不用") == ["好的,不登记。"]
    assert cases(staffed) == 1


def test_a_question_the_hour_has_no_room_for_is_never_asked(staffed: Village) -> None:
    for number in range(6):
        staffed.says(f"邻居{number}", SMELL)
    staffed.says("小刘", DUST)
    assert len(staffed.sees(GROUP)) == 6
    staffed.wait(hours=2)
    assert staffed.sees(GROUP) == []
    assert staffed.new(GROUP) == [QUESTION] * 6


def test_registering_what_is_open_already_adds_a_voice(staffed: Village) -> None:
    staffed.says("小刘", SMELL)
    staffed.presses("小刘", "登记", at=GROUP)
    said = staffed.says("李明", SMELL)
    assert staffed.presses("李明", "登记", at=GROUP) == "#1 已加上您家。"
    staffed.wait(minutes=1)
    assert said.reactions == ["👀"]
    assert staffed.card(1).startswith("#1 油烟异味 · 3号楼 · 2 户反映")
    assert cases(staffed) == 1


def test_a_worker_registers_what_was_missed_by_replying_to_it(staffed: Village) -> None:
    missed = staffed.says("小刘", "三单元的铁盒子又趴窝了")
    answer = staffed.says("张网格员", "登记", to="铁盒子")
    assert (missed.reactions, answer.reactions) == (["👀"], ["👌"])
    assert "「三单元的铁盒子又趴窝了」 小刘" in staffed.card(1, "张网格员")
    staffed.says("张网格员", "登记", to="铁盒子")
    assert staffed.new(GROUP)[-1] == "这条消息已经登记过了。"
    assert cases(staffed) == 1


def test_a_photo_without_words_cannot_be_registered(staffed: Village) -> None:
    staffed.says("小刘", "", photos=1)
    message = staffed.console.message("张网格员", GROUP, "登记", reply_to=staffed.console.posted[GROUP][-1])
    staffed.do(staffed.stage.hear(message))
    assert staffed.new(GROUP) == ["请回复要登记的那条消息再发「登记」;或者发:报事 加上内容。"]


@pytest.mark.parametrize("words", ["登记", "好了", "不用", "帮助"])
def test_a_reply_among_neighbours_is_talk(staffed: Village, words: str) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.says("小刘", "晚上有人遛狗吗")
    staffed.new(GROUP)
    for person in ("李明", "张网格员") if words != "登记" else ("李明",):
        assert staffed.says(person, words, to="遛狗").reactions == []
    assert staffed.new(GROUP) == []
    assert staffed.case().state == "dispatched"
    assert cases(staffed) == 1


def test_a_worker_finishes_a_case_by_replying_to_the_report_itself(staffed: Village) -> None:
    said = staffed.says("王阿姨", LIFT)
    message = staffed.console.message("张网格员", GROUP, "好了", reply_to=said)
    staffed.do(staffed.stage.hear(message))
    assert staffed.case().state == "done"


def test_words_that_may_mean_danger_are_registered_without_a_public_card(staffed: Village) -> None:
    """The worker is asked at once, and undoes it with a tap."""
    staffed.wait(hours=14)
    staffed.new(GROUP)
    said = staffed.says("小刘", BURNING)
    assert said.reactions == ["👀"]
    assert staffed.new(GROUP) == []
    assert staffed.sees("张网格员")[-1].text.startswith("🔴 #1 火情")
    assert staffed.buttons("张网格员") == ["接单", "转办", "不是诉求", "更多"]
    staffed.presses("张网格员", "不是诉求")
    assert not kept(staffed, BURNING)
