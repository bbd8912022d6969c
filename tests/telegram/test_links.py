"""A link in the group opens the private chat, and there stands what was asked for."""

import pytest
from street import Street
from village import GROUP

LIFT = "3号楼电梯又坏了,按了没反应"
GREETING = "您好,我是小格"


def test_asked_in_the_group_the_answer_is_one_tap_away(street: Street) -> None:
    street.says("王阿姨", LIFT)
    street.says("王阿姨", "@xiaoge_bot 我的")
    assert "这里不方便说,点这里私聊看:https://t.me/xiaoge_bot?start=w" in street.fake.texts(GROUP)[-1]
    told = street.tells("王阿姨", "/start w")
    assert told[0].startswith(GREETING)
    assert "#1 电梯故障 · 3号楼" in told[1]
    assert len(told) == 2


def test_a_case_comes_back_by_its_number(street: Street) -> None:
    street.says("王阿姨", LIFT)
    told = street.tells("王阿姨", "/start c1")
    assert told[0].startswith(GREETING)
    assert told[1].startswith("#1 电梯故障 · 3号楼\n已派单 张网格员")


def test_what_a_delicate_case_says_is_opened_alone(street: Street) -> None:
    street.says("周阿姨", "老王家天天打老婆")
    case = street.cases()[0]
    assert case.delicate
    street.says("周阿姨", "进度 1")
    assert street.fake.texts(GROUP)[-1].endswith("https://t.me/xiaoge_bot?start=c1")


@pytest.mark.parametrize("code", ["c1", "c99", "c", "c1x", "x", "c1234567890", "c-1", ""])
def test_an_unknown_code_or_anothers_case_is_a_plain_start(street: Street, code: str) -> None:
    street.says("王阿姨", LIFT)
    told = street.tells("李明", f"/start {code}".strip())
    assert len(told) == 1
    assert told[0].startswith(GREETING)


def test_a_worker_is_greeted_with_what_is_open(street: Street) -> None:
    street.says("王阿姨", LIFT)
    told = street.tells("张网格员", "/start w")
    assert "#1 电梯故障" in told[-1]
    assert told[0].startswith("张网格员您好")


def test_in_a_group_a_code_brings_nothing_out(street: Street) -> None:
    street.says("王阿姨", LIFT)
    before = len(street.fake.texts(GROUP))
    street.says("王阿姨", "/start@xiaoge_bot c1")
    said = street.fake.texts(GROUP)[before:]
    assert [text.partition(",")[0] for text in said] == ["这里不方便说"]


def test_the_contact_of_a_unit_with_a_chat_finds_its_cards_there(street: Street) -> None:
    street.says("王阿姨", "3号楼垃圾没人清")
    assert street.newest("环卫群", "#1")
    assert len(street.tells("马班长", "/start")) == 1
