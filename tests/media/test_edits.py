"""Edited messages: a case gets the new words silently, anything else is read anew."""

from dataclasses import replace
from datetime import timedelta

import pytest
from village import GROUP, Village

from bot.platforms.console import Posted
from storage import reports, texts

LIFT = "3号楼电梯又坏了,按了没反应"


def edits(village: Village, post: Posted, words: str, *, at: str = GROUP) -> None:
    message = village.console.message(post.author, at, words)
    village.console.posted[at].pop()
    village.do(village.stage.hear(replace(message, message=post.id, edited=True)))


def said(village: Village, number: int = 1) -> list[str | None]:
    return village.look(
        lambda session: [
            session.get_one(texts.Text, row.text_id).body if row.text_id else None
            for row in reports.all_of(session, number)
        ]
    )


@pytest.fixture
def post(staffed: Village) -> Posted:
    post = staffed.says("王阿姨", LIFT)
    staffed.new("张网格员")
    staffed.new(GROUP)
    return post


def test_the_case_has_the_new_words_and_nobody_is_pinged(staffed: Village, post: Posted) -> None:
    edits(staffed, post, "3号楼电梯又坏了,门也关不上")
    staffed.wait(minutes=1)
    assert said(staffed) == ["3号楼电梯又坏了,门也关不上"]
    assert "「3号楼电梯又坏了,门也关不上」" in staffed.card(1, "张网格员")
    assert (staffed.new("张网格员"), staffed.new(GROUP)) == ([], [])
    assert staffed.history()[-1] == "reworded"
    status = "\n".join(staffed.tells("张网格员", "进度 1"))
    assert f"改了话,原话:{LIFT}" in status


def test_another_place_is_on_the_card(staffed: Village, post: Posted) -> None:
    edits(staffed, post, "5号楼电梯又坏了,按了没反应")
    staffed.wait(minutes=1)
    assert staffed.card(1, "张网格员").startswith("#1 电梯故障 · 5号楼")


def test_a_place_that_was_missing_leads_to_other_hands(staffed: Village) -> None:
    post = staffed.says("王阿姨", "电梯又坏了,按了没反应", at="王阿姨")
    before = staffed.case().lead_person_id
    edits(staffed, post, LIFT, at="王阿姨")
    assert staffed.case().lead_person_id != before
    assert staffed.card(1, "张网格员").startswith("#1 电梯故障 · 3号楼")


def test_with_other_voices_the_place_stays(staffed: Village, post: Posted) -> None:
    staffed.says("陈姐", "我家也是", to="#1")
    edits(staffed, post, "5号楼电梯又坏了,按了没反应")
    assert staffed.case().places == "3号楼"


def test_whoever_has_taken_it_is_told(staffed: Village, post: Posted) -> None:
    staffed.presses("张网格员", "接单")
    edits(staffed, post, "3号楼电梯又坏了,里面有味")
    assert staffed.new("张网格员")[-1] == "#1 电梯故障 · 3号楼\n反映人把话改成:3号楼电梯又坏了,里面有味"


def test_the_same_words_change_nothing(staffed: Village, post: Posted) -> None:
    before = staffed.history()
    edits(staffed, post, LIFT)
    staffed.tells("张网格员", "办结 1 好了")
    edits(staffed, post, "3号楼电梯又坏了,是昨天的事")
    assert staffed.history() == [*before, "done"]


def test_what_becomes_a_request_is_one(staffed: Village) -> None:
    post = staffed.says("小刘", "一到饭点油烟味就上来")
    assert staffed.buttons(GROUP) == ["登记", "不用"]
    edits(staffed, post, LIFT)
    assert staffed.case().title == "电梯故障"
    assert all("是要登记" not in one.text for one in staffed.sees(GROUP))


def test_talk_that_becomes_a_request_is_one(staffed: Village) -> None:
    edits(staffed, staffed.says("小刘", "大家早"), LIFT)
    assert staffed.case().title == "电梯故障"


def test_talk_that_is_edited_stays_talk(staffed: Village) -> None:
    post = staffed.says("小刘", "今天的菜真新鲜")
    edits(staffed, post, "今天的菜真新鲜啊")
    alone = staffed.says("小刘", "你好呀", at="小刘")
    staffed.new("小刘")
    edits(staffed, alone, "你好", at="小刘")
    assert (staffed.new("小刘"), staffed.new(GROUP)) == ([], [])
    plain = staffed.says("李明", "大家早", at="没有绑定的群")
    edits(staffed, plain, LIFT, at="没有绑定的群")
    assert staffed.look(lambda session: reports.cases_of(session, 1)) == []


def test_a_photos_words_come_later(staffed: Village, post: Posted) -> None:
    photo = staffed.says("王阿姨", "", photos=1)
    staffed.wait(seconds=timedelta(hours=1).total_seconds())
    added = staffed.says("王阿姨", "", photos=1, to="#1")
    edits(staffed, added, "3号楼电梯门夹人")
    assert said(staffed) == [LIFT, "3号楼电梯门夹人"]
    assert photo.id != added.id
