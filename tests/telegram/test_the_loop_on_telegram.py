"""Whole conversations on Telegram: the real library, the real app, a strict Bot API."""

from street import Street
from village import GROUP

LIFT = "3号楼电梯又坏了,按了没反应"


def test_a_message_becomes_a_case_that_is_worked_done_and_rated(street: Street) -> None:
    said = street.says("王阿姨", LIFT)
    assert said.reactions == ["👀"]
    assert street.card().startswith("#1 电梯故障 · 3号楼\n已派单 张网格员 · 今天 13:00 前接单")
    card = street.newest(GROUP, "#1")
    assert card.labels == ["我家也是", "补充"]
    assert card.reply_to == said.id
    assert [[button["text"] for button in row] for row in street.newest("张网格员", "#1").buttons] == [
        ["接单", "转办", "不是诉求"],
        ["更多"],
    ]

    street.says("李明", "可不是嘛 昨天就不对劲")
    assert street.fake.texts(GROUP) == [street.card()]  # silence

    street.wait(minutes=6)
    assert street.presses("张网格员", "接单") == "已接单 #1 电梯故障 · 3号楼"
    street.wait(minutes=1)
    assert "处理中 · 张网格员 09:06 接单" in street.card()
    assert street.newest(GROUP, "#1").edited == 1
    done = street.tells("张网格员", "好了", photos=1, to=street.newest("张网格员", "#1"))
    assert done == ["#1 已记为办结:已解决。"]

    question = street.newest(GROUP, "解决了吗")
    assert question.text == "#1 电梯故障 · 3号楼:张网格员说已解决(09:07,有照片)。解决了吗?"
    assert question.reply_to == said.id
    street.presses("王阿姨", "没有", at=GROUP)
    street.wait(minutes=1)
    street.presses("李网格长", "接单")
    street.tells("李网格长", "办结 1 换了主板")
    street.presses("王阿姨", "已解决", at=GROUP)
    street.wait(minutes=1)
    street.presses("王阿姨", "满意", at=GROUP)
    assert street.cases()[0].state == "rated"
    assert street.history()[-1] == "closed_by_tap"


def test_another_voice_joins_by_the_button_and_is_counted_once(street: Street) -> None:
    street.says("王阿姨", LIFT)
    street.presses("陈姐", "我家也是", at=GROUP)
    street.wait(minutes=1)
    assert "2 户反映" in street.card()
    assert street.presses("陈姐", "我家也是", at=GROUP)
    street.wait(minutes=1)
    assert "2 户反映" in street.card()


def test_the_small_question_brings_the_text_back_with_its_button(street: Street) -> None:
    street.says("小刘", "这味儿没法开窗了")
    assert street.fake.texts(GROUP) == ["是要登记一件事吗?"]
    street.presses("小刘", "登记", at=GROUP)
    assert len(street.cases()) == 1
    assert "是要登记一件事吗?" not in street.fake.texts(GROUP)


def test_danger_is_answered_as_a_reply_and_told_to_the_duty_worker(street: Street) -> None:
    said = street.says("赵", "有人被困在3号楼电梯里了!")
    first = street.fake.sees(GROUP)[0]
    assert "6600-0096" in first.text
    assert first.reply_to == said.id
    assert street.newest("张网格员", "电梯困人")


def test_the_bot_named_in_a_group_hears_a_command(street: Street) -> None:
    street.says("王阿姨", LIFT)
    before = len(street.fake.sees(GROUP))
    street.says("王阿姨", "@xiaoge_bot 帮助")
    assert len(street.fake.sees(GROUP)) == before + 1
    street.says("王阿姨", "/help@another_bot")
    street.says("王阿姨", "/help@xiaoge_bot")
    assert len(street.fake.sees(GROUP)) == before + 2
