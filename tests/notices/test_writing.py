"""Writing a notice in private: for whom, what, when; as it will look; confirmed or let go."""

import pytest
from sqlmodel import Session, select
from village import GROUP, Village

from bot.platforms import Undeliverable
from handlers.message import Attached
from storage.attachments import Media
from storage.chats import Chat
from storage.grids import Grid
from storage.notices import Notice
from storage.people import Role

EAST = "东网格群"
LI = "李网格长"
WATER = "【停水通知】11月24日(周二) 09:00–15:00,3号楼停水,管道检修。请提前储水,关好水龙头。\n——柳树村社区"


def rows(village: Village) -> list[Notice]:
    return village.look(lambda session: list(session.exec(select(Notice).where(Notice.source == "chat"))))


def written(village: Village, who: str = LI, what: str = "明早9点到下午3点停水,管道检修", where: str = "3号楼") -> str:
    """Up to the preview, which is returned."""
    village.tells(who, "通知")
    village.tells(who, where)
    return village.tells(who, what)[-1]


def test_from_the_first_word_to_the_groups(office: Village) -> None:
    assert office.tells(LI, "通知") == ["发给哪里?可以点,也可以写,例:1-5号楼。"]
    assert office.buttons(LI) == ["东网格", "3号楼", "5号楼"]
    office.presses(LI, "3号楼")
    assert office.new(LI)[-1] == "写内容,可带图。"
    rule = "────────────"
    assert office.tells(LI, "明早9点到下午3点停水,管道检修") == [
        f"这样发给3号楼的 1 个群(约 1 秒):\n{rule}\n{WATER}\n{rule}"
    ]
    assert office.buttons(LI) == ["发送", "今晚 19:00 发", "定时", "改", "算了"]
    assert office.new(GROUP) == []
    office.presses(LI, "发送")
    assert office.new(LI)[-1] == "「停水通知」正在发给 1 个群,约 1 秒。"
    assert office.new(GROUP) == [WATER]
    assert office.buttons(GROUP) == ["收到", "有疑问"]
    assert office.new(EAST) == []
    office.wait(minutes=2)
    assert office.new(LI) == ["通知「停水通知」已发完,1 个群收到。"]


def test_with_the_words_at_once_only_the_place_is_asked(office: Village) -> None:
    assert office.tells(LI, "通知 明天消杀") == ["发给哪里?可以点,也可以写,例:1-5号楼。"]
    preview = office.tells(LI, "全部")[-1]
    assert "这样发给东网格的 2 个群" in preview
    assert "【消杀通知】11月24日(周二),东网格消杀。" in preview


def test_who_has_one_grid_with_nothing_below_is_not_asked_where(office: Village) -> None:
    def only_a_house(session: Session) -> None:
        role = session.exec(select(Role).where(Role.key == "zhang:worker:east")).one()
        role.grid_id = session.exec(select(Grid.id).where(Grid.key == "b3")).one()

    office.look(only_a_house)
    assert office.tells("张网格员", "通知") == ["写内容,可带图。"]
    assert "这样发给3号楼的 1 个群" in office.tells("张网格员", "停水")[-1]


def test_a_row_of_houses_is_named_as_such_and_what_is_not_built_is_left_out(office: Village) -> None:
    assert "这样发给3号楼、5号楼的 2 个群" in written(office, where="3-5号楼")


@pytest.mark.parametrize(
    ("where", "refused"),
    [
        ("7号楼", "没有「7号楼」。例:5号楼。"),
        ("月亮", "没有「月亮」。例:5号楼。"),
        ("柳树村社区", "柳树村社区不归您管。"),
        ("、", "没有「、」。例:5号楼。"),
    ],
)
def test_a_place_that_is_none_or_not_ones_own_is_asked_again(office: Village, where: str, refused: str) -> None:
    office.tells(LI, "通知")
    assert office.tells(LI, where) == [refused]
    assert office.tells(LI, "3号楼、5号楼")[-1] == "写内容,可带图。"


def test_a_house_without_a_group_is_reached_through_the_grid_above(office: Village) -> None:
    written(office, where="5号楼", what="明天停电")
    office.presses(LI, "发送")
    assert [text[:6] for text in office.new(EAST)] == ["【停电通知】"]
    assert office.new(GROUP) == []


def test_without_any_group_it_is_said_at_once(office: Village) -> None:
    def unbind(session: Session) -> None:
        for chat in session.exec(select(Chat)):
            chat.grid_id = None

    office.look(unbind)
    office.tells(LI, "通知")
    assert office.tells(LI, "5号楼") == ["5号楼还没有绑定的群,发不出去。换个地方?"]


def test_at_a_time(office: Village) -> None:
    written(office)
    office.presses(LI, "定时")
    assert office.new(LI)[-1].startswith("什么时候发?例:")
    assert office.tells(LI, "明天25点") == ["没看懂时间「明天25点」,或已经过了。例:明天 9:00,周五 19:30,每月1日 8:00。"]
    assert office.tells(LI, "今晚 19:30") == ["「停水通知」定在今天 19:30发给 1 个群。"]
    assert office.buttons(LI) == ["改期", "取消"]
    office.wait(hours=10, minutes=29)
    assert office.new(GROUP) == []
    office.wait(minutes=1)
    assert office.new(GROUP) == [WATER]


def test_this_evening_with_one_tap(office: Village) -> None:
    written(office)
    office.presses(LI, "今晚 19:00 发")
    assert office.new(LI)[-1] == "「停水通知」定在今天 19:00发给 1 个群。"


def test_again_and_again(office: Village) -> None:
    written(office, what="倒垃圾请分类")
    office.presses(LI, "定时")
    assert office.tells(LI, "每周三 8:00") == ["「通知」定在11月25日(周三) 08:00发给 1 个群。"]
    office.wait(days=14)
    assert office.new(GROUP) == ["【通知】倒垃圾请分类。\n——柳树村社区"] * 2


def test_at_night_it_waits_or_is_called_urgent(office: Village) -> None:
    office.wait(hours=13, minutes=30)
    assert written(office).endswith("现在是安静时段,发送会等到明天 07:30。")
    assert office.buttons(LI) == ["发送", "现在就发", "定时", "改", "算了"]
    office.presses(LI, "发送")
    assert "定在明天 07:30" in office.new(LI)[-1]
    written(office, what="水管爆了,今晚停水")
    office.presses(LI, "现在就发")
    assert len(office.new(GROUP)) == 1
    office.wait(hours=9)
    assert office.new(GROUP) == [WATER]


def test_changed_before_it_leaves(office: Village) -> None:
    written(office)
    office.presses(LI, "改")
    assert office.new(LI)[-1] == "写内容,可带图。"
    assert "【停水通知】11月25日(周三) 10:00,3号楼停水。" in office.tells(LI, "周三10点停水")[-1]
    office.presses(LI, "发送", about="周三")
    assert len(office.new(GROUP)) == 1
    assert office.presses(LI, "发送", about="这样发给") == "这条已经定了或发出了,发「通知列表」可以改、改期或撤回。"
    for step in ("to 2 3号楼", "text 2 别的", "at 2 明天9:00", "drop 2", "haste 2"):
        assert office.tells(LI, f"/notice {step}") == ["这条已经定了或发出了,发「通知列表」可以改、改期或撤回。"]


def test_let_go_nothing_is_kept(office: Village) -> None:
    written(office)
    assert office.presses(LI, "算了") == "好,不发了。"
    office.wait(days=2)
    assert office.new(GROUP) == []
    assert [(row.text, row.gone) for row in rows(office)] == [("", True)]
    assert office.presses(LI, "发送") == "没有这条通知,或不归您管。"


def test_beginning_again_lets_the_last_draft_go(office: Village) -> None:
    written(office)
    office.tells(LI, "通知")
    assert [(row.text, row.draft) for row in rows(office)] == [("", False), ("", True)]


def test_it_is_written_alone(office: Village) -> None:
    office.says(LI, "/notice 明天停水", at=EAST)
    assert office.new(EAST) == []
    assert office.new(LI) == ["通知请在这里写:发「通知」。"]


def test_a_draft_is_its_writers_own(office: Village) -> None:
    written(office)
    assert office.tells("王总网格长", "/notice go 2") == ["没有这条通知,或不归您管。"]
    assert office.tells("张网格员", "/notice show 99") == ["没有这条通知,或不归您管。"]


def test_residents_write_none(office: Village) -> None:
    refused = office.tells("王阿姨", "/notice 停水")
    assert "通知" in refused[0]
    assert rows(office) == []


def test_what_is_too_long_is_said_so(office: Village) -> None:
    office.tells(LI, "通知")
    office.tells(LI, "3号楼")
    assert office.tells(LI, "长" * 3501) == ["太长了:3501 字,最多 3500 字。"]
    assert "长" * 3500 in office.tells(LI, "长" * 3500)[-1]


def test_an_unfinished_one_is_not_sent(office: Village) -> None:
    office.tells(LI, "通知")
    assert office.tells(LI, "/notice go 2") == ["这条通知还没写完,发「通知」重新开始。"]
    assert office.tells(LI, "/notice edit 2 好") == ["这条通知还没写完,发「通知」重新开始。"]
    assert office.tells(LI, "/notice text 2") == ["写内容,可带图。"]
    assert office.tells(LI, "随便写写") == ["发给哪里?可以点,也可以写,例:1-5号楼。"]
    assert "随便写写" in office.tells(LI, "3号楼")[-1]


def test_after_a_restart_it_is_where_it_was(office: Village) -> None:
    settings = office.stage.app.settings
    office.tells(LI, "通知")
    office.tells(LI, "3号楼")
    office.restart(settings)
    assert WATER in office.tells(LI, "明早9点到下午3点停水,管道检修")[-1]
    office.restart(settings)
    office.presses(LI, "发送")
    assert office.new(GROUP) == [WATER]


# -- with pictures --------------------------------------------------------------------------------------------------


def test_with_a_picture(office: Village) -> None:
    office.tells(LI, "通知")
    office.tells(LI, "3号楼")
    assert office.tells(LI, "明天义诊", photos=1)[-1].endswith("随附:照片 1")
    office.presses(LI, "发送")
    post = office.sees(GROUP)[-1]
    assert [one.media for one in post.files] == [Media.PHOTO]


def test_an_album_is_one_answer(office: Village) -> None:
    office.tells(LI, "通知")
    office.tells(LI, "3号楼")
    assert office.tells(LI, "", photos=1) == ["图收到了,再写一句内容。"]
    assert office.tells(LI, "", photos=1) == []
    assert office.tells(LI, "明天义诊")[-1].endswith("────────────")  # the text of another message


def test_pictures_after_the_words_join_the_draft(office: Village) -> None:
    written(office, what="明天义诊")
    assert office.tells(LI, "", photos=2)[-1].endswith("随附:照片 2")
    office.presses(LI, "发送", about="随附")
    assert len(office.sees(GROUP)[-1].files) == 2


def test_pictures_under_the_step_itself_still_want_words(office: Village) -> None:
    office.tells(LI, "通知")
    office.tells(LI, "3号楼")
    assert office.tells(LI, "/notice text 2", photos=1) == ["图收到了,再写一句内容。"]
    assert office.tells(LI, "明天义诊")[-1].startswith("这样发给3号楼")


def test_a_picture_that_cannot_be_had_is_missed_and_the_words_leave_without(office: Village) -> None:
    office.tells(LI, "通知")
    office.tells(LI, "3号楼")
    office.console.contents["p"] = Undeliverable("the link is dead")
    office.tells(LI, "明天义诊", attached=(Attached(Media.PHOTO, "p"),))
    assert office.sees(LI)[-1].text == "通知「健康服务」的图没取到,要带图请「改」,再发一次。"
    office.presses(LI, "发送")
    assert office.sees(GROUP)[-1].files == ()


def test_a_place_on_the_map_is_no_picture(office: Village) -> None:
    office.tells(LI, "通知")
    office.tells(LI, "3号楼")
    here = Attached(Media.LOCATION, place=(31.2, 121.4))
    assert "随附" not in office.tells(LI, "明天义诊", attached=(here,))[-1]
