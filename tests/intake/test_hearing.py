"""Plain talk in a group: what becomes a case, what joins one, and what is never written down."""

from dataclasses import replace

import pytest
from readings import (
    AT_3,
    AT_5,
    BURST,
    DOORWAY,
    LAMP,
    LIFT,
    LIFT_5,
    LIFT_SOMEWHERE,
    LIFT_TOO,
    RUBBISH,
    SMELL,
)
from sqlmodel import SQLModel, func, select
from village import GROUP, Village

from handlers.message import Sender
from storage import chats
from storage.chats import ChatKey, Mode
from storage.reports import Report, all_of
from storage.texts import Text

EAST = "东网格群"


def rows(village: Village) -> dict[str, int]:
    """How many rows every table has."""
    return village.look(
        lambda session: {
            table.name: session.exec(select(func.count()).select_from(table)).one()
            for table in SQLModel.metadata.sorted_tables
        }
    )


def set_mode(village: Village, group: str, mode: Mode) -> None:
    def change(session: object) -> None:
        chat = chats.find(session, ChatKey("console", "main", group))  # type: ignore[arg-type]
        assert chat
        chat.mode = mode

    village.look(change)
    village.do(village.stage.app.refresh())


def reports(village: Village, number: int = 1) -> list[Report]:
    return village.look(lambda session: all_of(session, number))


def test_a_sure_request_gets_a_reaction_and_one_card_that_is_edited(staffed: Village) -> None:
    said = staffed.says("王阿姨", LIFT)
    assert said.reactions == ["👀"]
    assert staffed.card(1).startswith("#1 电梯故障 · 3号楼\n已派单 张网格员")

    staffed.wait(minutes=1)
    staffed.presses("张网格员", "接单")
    staffed.wait(minutes=1)
    staffed.tells("张网格员", "回复 1 维保师傅三点到")
    staffed.wait(minutes=1)
    assert len(staffed.sees(GROUP)) == 1
    assert staffed.card(1).splitlines()[2] == "张网格员 09:02:维保师傅三点到"
    assert staffed.sees(GROUP)[0].reply_to == said.id


def test_chatter_leaves_no_row_behind(staffed: Village) -> None:
    before = rows(staffed)
    for person, words in (
        ("王阿姨", "电梯里碰到你家狗了好可爱"),
        ("李明", "谁家有多余的梯子借一下"),
        ("陈姐", "电梯修好了,谢谢张网格员"),
        ("张网格员", "大家晚上早点回家"),
        ("李明", "我的手机丢了"),
        ("陈姐", "接单软件谁有"),
        ("王阿姨", "我家也是"),
        ("王阿姨", "/weather 明天"),
    ):
        assert staffed.says(person, words).reactions == []
    staffed.says("李明", "", photos=1)
    staffed.says("李明", "我家也是", to="电梯修好了")
    assert rows(staffed) == before
    assert staffed.new(GROUP) == []


def test_a_group_nobody_bound_is_neither_read_nor_answered(staffed: Village) -> None:
    before = rows(staffed)
    for words in (LIFT, "/report 3号楼电梯坏了", "待办"):
        assert staffed.says("王阿姨", words, at="牌友群").reactions == []
    staffed.says("王阿姨", LIFT, at="牌友群", mentioned=True)
    assert rows(staffed) == before
    assert staffed.new("牌友群") == []


def test_a_group_that_was_bound_when_the_words_were_heard_but_is_gone_since(staffed: Village) -> None:
    """The snapshot may be seconds old; the database decides."""
    app = staffed.stage.app
    unknown = ChatKey("console", "main", "牌友群")
    app.known.chats[unknown] = app.known.chats[ChatKey("console", "main", GROUP)]
    before = rows(staffed)
    staffed.says("王阿姨", LIFT, at="牌友群")
    assert rows(staffed) == before


def test_a_group_that_is_switched_off_hears_nothing(staffed: Village) -> None:
    set_mode(staffed, GROUP, Mode.OFF)
    before = rows(staffed)
    staffed.says("王阿姨", LIFT)
    staffed.says("王阿姨", "/report 3号楼电梯坏了")
    assert rows(staffed) == before


def test_a_group_where_the_bot_hears_only_what_is_said_to_it(staffed: Village) -> None:
    set_mode(staffed, GROUP, Mode.ADDRESSED)
    before = rows(staffed)
    assert staffed.says("王阿姨", LIFT).reactions == []
    assert rows(staffed) == before
    assert staffed.says("王阿姨", LIFT, mentioned=True).reactions == ["👀"]
    assert staffed.says("李明", "/report " + LIFT_TOO).reactions == ["👀"]
    assert staffed.says("李明", "催办 1").reactions == []
    assert staffed.new(GROUP)[-1].endswith("第 1 次催办。")


def test_the_chat_of_a_unit_is_no_place_for_requests(staffed: Village) -> None:
    before = rows(staffed)
    staffed.says("小工", RUBBISH, at="环卫群")
    assert rows(staffed) == before
    staffed.says("马班长", "/report " + RUBBISH, at="环卫群")
    assert staffed.case().title == "垃圾清运"


def test_other_bots_are_not_heard(staffed: Village) -> None:
    message = staffed.console.message("天气小助手", GROUP, LIFT)
    message = replace(message, sender=Sender("天气小助手", "天气小助手", is_bot=True))
    before = rows(staffed)
    assert staffed.do(staffed.stage.hear(message)) is None
    assert rows(staffed) == before


def test_the_same_delivery_twice_does_nothing_the_second_time(staffed: Village) -> None:
    message = staffed.console.message("王阿姨", GROUP, LIFT)
    staffed.do(staffed.stage.hear(message))
    once = rows(staffed)
    staffed.do(staffed.stage.hear(message))
    assert rows(staffed) == once
    post = staffed.sees(GROUP)[0]
    press = staffed.console.press("李明", post, "/metoo 1")
    assert staffed.do(staffed.stage.hear(press)) == "#1 已加上您家。"
    assert staffed.do(staffed.stage.hear(press)) is None
    assert len(reports(staffed)) == 2


# -- joining ------------------------------------------------------------------------------------------------------


def test_a_neighbour_with_the_same_matter_is_another_voice(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.wait(hours=1)
    said = staffed.says("李明", LIFT_TOO)
    staffed.wait(minutes=1)
    assert said.reactions == ["👀"]
    assert staffed.card(1).startswith("#1 电梯故障 · 3号楼 · 2 户反映")
    assert len(staffed.sees(GROUP)) == 1
    assert staffed.history()[-1] == "joined"

    staffed.says("王阿姨", LIFT_TOO)  # who is a voice already adds words
    staffed.wait(minutes=1)
    assert staffed.card(1).startswith("#1 电梯故障 · 3号楼 · 2 户反映")
    assert staffed.history()[-1] == "added"


def test_another_matter_of_the_same_kind_at_the_same_place_is_another_case(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.says("王阿姨", LAMP)
    staffed.says("李明", LAMP)
    assert [report.person_id for report in reports(staffed)] == [reports(staffed, 2)[0].person_id]
    assert staffed.case(2).title == "路灯不亮"
    assert len(reports(staffed, 2)) == 2


@pytest.mark.parametrize("words", [LIFT_5, LIFT_SOMEWHERE])
def test_the_same_matter_at_another_place_or_at_none_is_another_case(staffed: Village, words: str) -> None:
    staffed.says("王阿姨", LIFT, at=EAST)
    staffed.says("李明", words, at=EAST)
    assert staffed.case(2).title == "电梯故障"


def test_the_same_matter_a_week_later_is_another_case(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.wait(days=8)
    staffed.says("李明", LIFT_TOO)
    assert staffed.case(2).title == "电梯故障"


def test_what_is_urgent_does_not_disappear_in_a_case_that_is_not(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.says("王阿姨", BURST)
    staffed.says("李明", BURST)
    assert (staffed.case(1).urgent, staffed.case(2).urgent) == (False, True)
    assert len(reports(staffed, 2)) == 2


# -- what follows -------------------------------------------------------------------------------------------------


def test_the_next_words_and_a_photo_of_the_same_person_belong_to_the_case(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.new("张网格员")
    staffed.wait(minutes=4)
    assert staffed.says("王阿姨", DOORWAY).reactions == ["👌"]
    staffed.wait(minutes=4)
    staffed.says("王阿姨", "", photos=2)
    first, second = reports(staffed)
    assert (first.first, second.first) == (True, False)
    assert staffed.new("张网格员") == ["#1 电梯故障 · 3号楼\n补充:在二单元门口"]
    staffed.wait(minutes=1)
    assert "\n照片 2" in staffed.sees("张网格员")[0].text

    assert staffed.says("李明", DOORWAY).reactions == []  # somebody else's talk
    staffed.wait(minutes=11)
    assert staffed.says("王阿姨", DOORWAY).reactions == []
    assert len(reports(staffed)) == 2


def test_a_fragment_joins_also_after_the_snapshot_was_read_anew(staffed: Village) -> None:
    staffed.says("李明", LAMP)
    staffed.wait(minutes=20)
    staffed.says("王阿姨", LIFT)
    staffed.do(staffed.stage.app.refresh())
    assert staffed.says("李明", DOORWAY).reactions == []
    assert staffed.says("王阿姨", DOORWAY).reactions == ["👌"]


def test_a_place_that_was_missing_is_filled_in(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT_SOMEWHERE, at=EAST)
    assert staffed.case().places == ""
    staffed.says("王阿姨", AT_3, at=EAST)
    assert staffed.case().places == "3号楼"
    staffed.wait(minutes=1)
    assert staffed.card(1, EAST).startswith("#1 电梯故障 · 3号楼\n")
    staffed.says("王阿姨", AT_5, at=EAST)  # 5号楼 is another matter by now
    assert staffed.case(2).places == "5号楼"


def test_a_neighbours_photo_waits_for_words_of_their_own(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.says("李明", "", photos=1)
    staffed.says("李明", LIFT_5)
    assert staffed.case(2).places == "5号楼"
    staffed.wait(minutes=1)
    assert "照片" not in staffed.sees("张网格员")[0].text
    assert any(
        "\n照片 1" in post.text
        for post in staffed.sees("李网格长") + staffed.sees("刘网格员") + staffed.sees("张网格员")
    )


def test_a_neighbour_names_the_place_and_is_no_voice_by_that(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT_SOMEWHERE, at=EAST)
    staffed.says("李明", "", at=EAST, photos=1)
    assert staffed.says("李明", AT_3, at=EAST).reactions == ["👌"]
    assert staffed.case().places == "3号楼"
    assert staffed.says("陈姐", AT_5, at=EAST).reactions == []
    assert [one.first for one in reports(staffed)] == [True, False]
    staffed.wait(minutes=1)
    assert "户反映" not in staffed.card(1, EAST)


def test_the_same_person_later_is_heard_as_anybody(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.tells("张网格员", "办结 1 换了主板")
    staffed.says("王阿姨", LIFT_TOO)
    assert staffed.case(2).title == "电梯故障"


# -- 我家也是 -----------------------------------------------------------------------------------------------------


def test_me_too_by_button_counts_each_household_once(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    assert staffed.presses("陈姐", "我家也是", at=GROUP) == "#1 已加上您家。"
    assert staffed.presses("陈姐", "我家也是", at=GROUP) == "#1 已经有您家了。"
    assert staffed.presses("王阿姨", "我家也是", at=GROUP) == "#1 已经有您家了。"
    staffed.wait(minutes=1)
    assert "2 户反映" in staffed.card(1)
    post = staffed.sees(GROUP)[0]

    staffed.presses("张网格员", "不是诉求")
    press = staffed.console.press("李明", post, "/metoo 1")
    assert staffed.do(staffed.stage.hear(press)) == "#1 已经结束。"


def test_me_too_in_words_right_after_a_case_was_opened(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.wait(minutes=2)
    said = staffed.says("陈姐", "我家也是,买菜提着走了九层")
    assert said.reactions == ["👀"]
    staffed.wait(minutes=1)
    assert staffed.card(1).startswith("#1 电梯故障 · 3号楼 · 2 户反映")

    staffed.wait(minutes=8)
    assert staffed.says("李明", "我家也是").reactions == []  # what of?
    assert staffed.says("李明", "我家也是 1").reactions == ["👀"]
    assert len(reports(staffed)) == 3


def test_me_too_in_words_is_about_nothing_where_two_cases_were_opened(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.says("李明", LAMP)
    assert staffed.says("陈姐", "我家也是").reactions == []
    assert staffed.says("陈姐", "我家也是", to=LAMP).reactions == ["👀"]  # a reply to who reported it
    assert len(reports(staffed, 2)) == 2


# -- 补充 and masks -----------------------------------------------------------------------------------------------


def test_more_by_button_asks_and_takes_the_answer(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.new("张网格员")
    assert staffed.presses("陈姐", "补充", at=GROUP) is None
    assert staffed.new(GROUP)[-1] == "陈姐:请写要补充的内容,可带图。(请回复这条消息)"
    assert staffed.says("陈姐", "二单元那台,门关不上").reactions == []  # talk, as it is no reply to the bot
    assert staffed.says("陈姐", "二单元那台,门关不上", to="#1").reactions == ["👌"]
    assert staffed.new("张网格员") == ["#1 电梯故障 · 3号楼\n补充:二单元那台,门关不上"]

    staffed.says("王阿姨", "", photos=1, to="#1")
    assert staffed.new("张网格员") == ["#1 电梯故障 · 3号楼\n补充:[图片]"]
    staffed.tells("张网格员", "办结 1 修好了")
    staffed.says("陈姐", "补充 1 又坏了")
    assert staffed.new(GROUP)[-1] == "#1 已经结束。"


def test_a_worker_who_adds_to_their_own_case_is_not_told_of_it(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.new("张网格员")
    assert staffed.tells("张网格员", "补充 1 是东边那台") == ["#1 已补充。"]
    assert staffed.new("张网格员") == ["#1 已补充。"]


def test_numbers_that_belong_to_a_person_are_hidden_before_anything_is_kept(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.tells("王阿姨", "补充 1 我电话 13812345678,身份证 110101199003070038")
    kept = staffed.look(lambda session: [text.body for text in session.exec(select(Text).order_by(Text.id))])
    assert kept == [LIFT, "我电话 138******78,身份证 110**************8"]
    assert staffed.new("张网格员")[-1] == "#1 电梯故障 · 3号楼\n补充:我电话 138******78,身份证 110**************8"


def test_flats_are_never_shown_in_the_group(staffed: Village) -> None:
    staffed.tells("李明", "/start")
    staffed.says("王阿姨", LIFT)
    staffed.says("王阿姨", "补充 1 我家3号楼2单元501也听得见")
    staffed.says("王阿姨", "催办 1")
    assert not any("501" in text for text in staffed.new(GROUP))


def test_a_request_that_is_too_long_is_cut(staffed: Village) -> None:
    staffed.says("王阿姨", "/report " + "水" * 3000)
    assert staffed.look(lambda session: session.exec(select(Text.body)).one()) == "水" * 2000


def test_a_case_that_only_a_neighbours_other_group_knows_stays_one_case(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    said = staffed.says("李明", LIFT_TOO, at=EAST)
    assert said.reactions == ["👀"]
    assert staffed.sees(EAST) == []
    assert len(reports(staffed)) == 2


def test_an_unsure_message_and_a_sure_one_are_two_things(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.says("王阿姨", SMELL)
    assert len(reports(staffed)) == 1
