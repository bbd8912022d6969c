"""The cards: one in the group, one for each who must act, and what each of them may show."""

from village import GROUP, Village

LIFT = "3号楼电梯又坏了,按了没反应"
HEATING = "3号楼2单元501家里暖气不热"
QUARREL = "3号楼隔壁501老公打老婆"


def test_one_card_under_the_first_message_for_the_whole_way(staffed: Village) -> None:
    said = staffed.says("王阿姨", LIFT)
    staffed.presses("陈姐", "我家也是", at=GROUP)
    staffed.presses("张网格员", "接单")
    staffed.tells("张网格员", "回复 1 师傅三点到")
    staffed.wait(minutes=1)
    assert len(staffed.sees(GROUP)) == 1
    card = staffed.sees(GROUP)[0]
    assert card.reply_to == said.id
    assert card.text.splitlines() == [
        "#1 电梯故障 · 3号楼 · 2 户反映",
        "处理中 · 张网格员 09:00 接单 · 11月28日(周六) 09:00 前办结",
        "张网格员 09:00:师傅三点到",
    ]


def test_a_flat_shows_in_the_group_only_as_its_building(staffed: Village) -> None:
    staffed.says("王阿姨", HEATING)
    assert staffed.card(1).startswith("#1 暖气不热 · 3号楼\n")
    assert "501" not in staffed.card(1)
    assert staffed.card(1, at="孙经理").startswith("#1 暖气不热 · 3号楼2单元501室\n")


def test_a_case_without_a_place_says_none(staffed: Village) -> None:
    staffed.says("王阿姨", "垃圾没人清运")
    assert staffed.card(1).startswith("#1 垃圾清运\n")


def test_a_delicate_case_has_no_card_in_the_group(staffed: Village) -> None:
    said = staffed.says("周大姐", QUARREL)
    assert said.reactions == ["👀"]
    assert staffed.new(GROUP) == []
    assert staffed.card(1, at="张网格员").startswith("#1 家庭纠纷") or "家庭纠纷" in staffed.sees("张网格员")[-1].text


def test_who_works_on_it_sees_whose_words_they_are(staffed: Village) -> None:
    staffed.tells("李网格长", "代报 孙大爷 3-2-501 暖气不热")
    assert staffed.card(1, at="孙经理").endswith("「暖气不热」 孙大爷 3号楼2单元501室")


def test_the_working_card_counts_the_photos_as_they_come(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT, photos=2)
    assert staffed.card(1, at="张网格员").splitlines()[2:] == [f"「{LIFT}」 王阿姨", "照片 2"]
    assert "照片" not in staffed.card(1)
    staffed.tells("陈姐", LIFT, photos=1)
    staffed.says("王阿姨", "", photos=1, to="#1 ")
    staffed.wait(minutes=1)
    assert "\n照片 4" in staffed.sees("张网格员")[0].text
    staffed.tells("陈姐", "撤回 1")
    staffed.wait(minutes=1)
    assert "\n照片 3" in staffed.sees("张网格员")[0].text
    staffed.tells("张网格员", "不是诉求 1")
    staffed.wait(minutes=1)
    assert "照片" not in staffed.sees("张网格员")[0].text


def test_words_of_nobody_who_is_left_are_not_shown(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.presses("李明", "我家也是", at=GROUP)
    staffed.tells("王阿姨", "撤回 1")
    staffed.wait(minutes=1)
    assert staffed.sees("张网格员")[0].text.splitlines()[2:] == []


def test_a_danger_is_marked_and_a_taken_one_stays_with_its_taker(staffed: Village) -> None:
    staffed.says("王阿姨", "有人被困在3号楼电梯里了!")
    assert staffed.sees("张网格员")[-1].text.startswith("🔴 #1 ")
    staffed.wait(minutes=10)
    assert staffed.buttons("李网格长") == ["我在路上", "误报"]
    staffed.presses("李网格长", "我在路上")
    staffed.wait(minutes=1)
    assert staffed.buttons("李网格长") == ["办结", "回复", "转办", "更多"]
    assert staffed.buttons("张网格员", "处理中") == []


def test_at_night_an_ordinary_card_waits_for_the_morning(staffed: Village) -> None:
    staffed.wait(hours=14)
    staffed.new(GROUP)
    staffed.new("张网格员")
    staffed.says("王阿姨", LIFT)
    assert staffed.new(GROUP) == []
    assert staffed.new("张网格员") == []
    staffed.wait(hours=9)
    assert len(staffed.new(GROUP)) == 1
    assert len(staffed.new("张网格员")) == 1


def test_a_card_waiting_for_the_morning_shows_how_the_case_stands_then(staffed: Village) -> None:
    staffed.wait(hours=14)
    staffed.says("王阿姨", LIFT)
    staffed.tells("李网格长", "接单 1")
    staffed.wait(hours=9)
    assert "处理中 · 李网格长" in staffed.card(1)


def test_a_flat_is_for_staff_and_for_who_named_it(staffed: Village) -> None:
    staffed.tells("王阿姨", "报事 3号楼1单元301室暖气不热")
    assert "3号楼1单元301室" in staffed.tells("王阿姨", "我的")[0]
    staffed.tells("李明", "报事 3号楼暖气不热")
    assert "301" not in "".join(staffed.tells("李明", "我的") + staffed.tells("李明", "进度 1"))


def test_a_flat_in_a_workers_words_does_not_stand_in_the_group(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.tells("张网格员", "接单 1")
    staffed.tells("张网格员", "回复 1 已联系2-1-301和4单元502室,三点到")
    staffed.wait(seconds=5)
    assert staffed.card(1).endswith("已联系2号楼和,三点到")


def test_a_danger_told_as_a_detail_is_a_danger(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT)
    staffed.says("王阿姨", "/more 1 现在有人被困在3号楼电梯里了!")
    assert staffed.case(2).danger == "lift"
