"""Photos, voices and places with a case: before the words, with them, after them; from residents and from workers."""

import pytest
from sqlmodel import select
from village import GROUP, Village

from bot.platforms import RetryLater, TooLarge, Undeliverable
from handlers.beforehand import JOINING, PER_SEAT
from handlers.message import Attached
from storage import attachments
from storage.attachments import Attachment, Keeping, Media
from storage.reports import Report

LIFT = "3号楼电梯又坏了,按了没反应"
MEADOW = "今天菜场的菜真新鲜,大家快去看看"
VOICE = Attached(Media.VOICE, "v1")
PLACE = Attached(Media.LOCATION, place=(31.2, 121.5))


def kept(village: Village, number: int = 1) -> list[Attachment]:
    return village.look(lambda session: attachments.of_case(session, number))


def media(village: Village, number: int = 1) -> list[str]:
    return [one.media.value for one in kept(village, number)]


def reports(village: Village) -> list[Report]:
    return village.look(lambda session: list(session.exec(select(Report))))


@pytest.fixture
def lift(staffed: Village) -> Village:
    staffed.says("王阿姨", LIFT)
    staffed.new("张网格员")
    staffed.new(GROUP)
    return staffed


# -- a resident in the group --------------------------------------------------------------------------------------


def test_a_photo_before_the_words_goes_with_them(staffed: Village) -> None:
    staffed.says("王阿姨", "", photos=1)
    staffed.says("陈姐", "", photos=1)  # another's photo is no part of it
    staffed.says("王阿姨", "看", photos=1)
    staffed.wait(minutes=2)
    assert staffed.says("王阿姨", LIFT, photos=1).reactions == ["👀"]
    assert media(staffed) == ["photo", "photo", "photo"]
    assert "\n照片 3" in staffed.card(1, "张网格员")

    staffed.says("王阿姨", "5号楼门口路灯不亮")  # what went with one case does not go with the next
    assert media(staffed, 2) == []


def test_a_photo_of_something_else_is_let_go(staffed: Village) -> None:
    staffed.says("王阿姨", "", photos=2)
    staffed.says("王阿姨", MEADOW)
    staffed.says("王阿姨", MEADOW, photos=1)
    staffed.says("王阿姨", LIFT)
    assert media(staffed) == []


def test_a_photo_of_long_ago_is_let_go(staffed: Village) -> None:
    staffed.says("王阿姨", "", photos=1)
    staffed.wait(seconds=JOINING.total_seconds())
    staffed.says("王阿姨", LIFT)
    assert media(staffed) == []


def test_only_so_many_wait_for_words(staffed: Village) -> None:
    staffed.says("王阿姨", "", photos=PER_SEAT + 5)
    staffed.says("王阿姨", LIFT)
    assert len(kept(staffed)) == PER_SEAT


def test_thirty_photos_are_one_report_and_one_answer(lift: Village) -> None:
    reactions = [lift.says("王阿姨", "", photos=1).reactions for _ in range(30)]
    assert reactions == [["👌"]] + [[]] * 29
    assert (len(kept(lift)), len(reports(lift))) == (30, 1)
    assert lift.new("张网格员") == []
    lift.wait(minutes=1)
    assert "\n照片 30" in lift.card(1, "张网格员")
    assert lift.new(GROUP) == []


def test_a_photo_hours_later_is_told_to_the_lead_once(lift: Village) -> None:
    lift.wait(hours=1)
    for _ in range(3):
        lift.says("王阿姨", "", photos=1, to="#1")
    assert lift.new("张网格员")[-1:] == ["#1 电梯故障 · 3号楼\n补充:[图片]"]
    assert len(reports(lift)) == 2
    lift.says("王阿姨", "", attached=(VOICE,), to="#1")
    assert lift.new("张网格员") == []


def test_every_kind_is_counted_on_the_working_card_only(lift: Village) -> None:
    film, paper = Attached(Media.VIDEO, "f1"), Attached(Media.DOCUMENT, "d1", "通知.pdf", 900)
    lift.says("王阿姨", "", attached=(VOICE, PLACE, film, paper), photos=1)
    lift.wait(minutes=1)
    assert "\n照片 1 · 视频 1 · 语音 1 · 文件 1 · 位置 1" in lift.card(1, "张网格员")
    assert "照片" not in lift.card(1)
    lift.presses("张网格员", "更多")
    assert lift.buttons("张网格员")[0] == "照片"
    assert [one.state for one in kept(lift)] == ["stored"] * 5


def test_whoever_joins_brings_their_own(lift: Village) -> None:
    lift.says("陈姐", "我家也是", photos=1, to="#1")
    lift.says("陈姐", "我家也是", photos=1, to="#1")
    assert len(kept(lift)) == 2
    assert lift.case().state == "dispatched"
    lift.tells("陈姐", "撤回 1")
    lift.wait(minutes=1)
    assert "照片" not in lift.card(1, "张网格员")


def test_a_thumb_that_sends_a_photo_is_silent_no_more(lift: Village) -> None:
    lift.says("王阿姨", "", photos=1)
    assert [row.silent for row in reports(lift)] == [False]


def test_what_the_reader_missed_is_registered_with_its_photo(staffed: Village) -> None:
    staffed.says("小刘", "三单元的铁盒子又趴窝了", photos=1)
    staffed.says("张网格员", "登记", to="铁盒子")
    assert media(staffed) == ["photo"]


def test_the_small_question_brings_the_photos_back(staffed: Village) -> None:
    staffed.says("小刘", "一到饭点油烟味就上来", photos=1)
    staffed.says("小刘", "", photos=1)
    staffed.presses("小刘", "登记", at=GROUP)
    assert media(staffed) == ["photo", "photo"]


# -- a resident alone ---------------------------------------------------------------------------------------------


def test_a_photo_alone_is_asked_about_once(staffed: Village) -> None:
    assert staffed.tells("王阿姨", "", photos=1) == ["收到了。是什么事、在哪里?写一句就登记。"]
    assert staffed.tells("王阿姨", "", photos=1) == []
    assert staffed.tells("王阿姨", "这里走不过去")[0].startswith("已登记 #1 ")
    assert media(staffed) == ["photo", "photo"]


def test_a_photo_alone_may_belong_to_an_open_case(lift: Village) -> None:
    lift.tells("王阿姨", "/start")
    lift.wait(minutes=20)
    which = "收到了,是哪一件的?新的事就写一句:什么事、在哪里。"
    assert lift.tells("王阿姨", "", photos=2) == [which]
    lift.presses("王阿姨", "#1 电梯故障")
    assert lift.toast == "#1 已附上。"
    assert media(lift) == ["photo", "photo"]
    assert lift.presses("王阿姨", "#1 电梯故障") == "没有等着附上的照片,请再发一次。"
    lift.wait(minutes=20)
    lift.tells("王阿姨", "", photos=1)
    lift.tells("张网格员", "办结 1 好了")
    assert lift.presses("王阿姨", "#1 电梯故障") == "#1 已经结束。"


def test_dropping_the_question_drops_nothing_that_follows(staffed: Village) -> None:
    staffed.tells("王阿姨", "", photos=1)
    assert staffed.tells("王阿姨", "算了") == ["好的。"]
    assert staffed.tells("王阿姨", LIFT)[0].startswith("已登记 #1 电梯故障")


# -- a worker ---------------------------------------------------------------------------------------------------------


def test_evidence_with_the_words_is_shown_to_the_reporter(lift: Village) -> None:
    lift.tells("王阿姨", "/start")
    lift.tells("张网格员", "办结 1 换了主板", photos=2)
    asked = lift.sees("王阿姨")[-1]
    assert "有照片" in asked.text
    assert [file.media for file in asked.files] == ["photo", "photo"]


def test_evidence_that_follows_is_shown_after_it(lift: Village) -> None:
    lift.tells("王阿姨", "/start")
    lift.tells("张网格员", "办结 1 换了主板")
    assert lift.tells("张网格员", "", photos=1) == ["#1 已附上。"]
    assert lift.tells("张网格员", "", photos=1) == []
    lift.wait(minutes=1)
    *_, asked, shown = lift.sees("王阿姨")
    assert "有照片" in asked.text
    assert (shown.text, len(shown.files)) == ("#1 现场照片", 2)
    lift.presses("王阿姨", "已解决")
    lift.tells("张网格员", "", photos=1)
    lift.wait(minutes=1)
    assert lift.sees("王阿姨")[-1].text == "#1 现场照片"
    assert len(kept(lift)) == 3


def test_evidence_that_follows_at_once_comes_with_the_question(lift: Village) -> None:
    lift.tells("王阿姨", "/start")
    lift.wait(hours=14)
    lift.tells("张网格员", "办结 1 换了主板")  # at night the question waits
    lift.tells("张网格员", "", photos=1)
    lift.wait(hours=10)
    assert [len(post.files) for post in lift.sees("王阿姨")[-1:]] == [1]
    assert "有照片" in lift.sees("王阿姨")[-1].text


def test_what_was_undone_has_no_evidence(lift: Village) -> None:
    lift.tells("张网格员", "办结 1")
    lift.tells("张网格员", "撤销")
    assert lift.tells("张网格员", "", photos=1) == ["收到了,是哪一件的?新的事就写一句:什么事、在哪里。"]
    lift.presses("张网格员", "#1 电梯故障")
    assert lift.history()[-1] == "noted"
    assert lift.tells("张网格员", "", photos=1) == []  # it goes with the note
    assert len(kept(lift)) == 2
    assert "照片" not in lift.card(1, "张网格员")  # what residents sent is counted there


def test_a_worker_without_cases_is_asked_what_it_is(staffed: Village) -> None:
    assert staffed.tells("刘网格员", "", photos=1) == ["收到了。是什么事、在哪里?写一句就登记。"]


def test_a_reply_takes_its_photo_along(lift: Village) -> None:
    lift.tells("李明", "3号楼电梯坏了")
    lift.tells("张网格员", "回复 1", photos=1)
    lift.tells("张网格员", "配件到了")
    news = lift.sees("李明")[-1]
    assert "配件到了" in news.text
    assert len(news.files) == 1


# -- seeing them ------------------------------------------------------------------------------------------------------


def test_the_worker_sees_all_with_one_tap(lift: Village) -> None:
    lift.says("王阿姨", "", photos=2)
    lift.wait(minutes=1)
    lift.presses("张网格员", "照片", about="#1")
    shown = lift.sees("张网格员")[-1]
    assert (shown.text, len(shown.files)) == ("#1 电梯故障 · 3号楼\n照片 2", 2)


def test_a_reporter_sees_their_own_and_the_evidence(lift: Village) -> None:
    lift.says("陈姐", "我家也是", photos=1, to="#1")
    lift.says("王阿姨", "", photos=1)
    lift.tells("张网格员", "备注 1 内部", photos=1)
    assert lift.tells("陈姐", "照片 1") == ["#1 电梯故障 · 3号楼 · 2 户反映\n照片 1"]
    lift.tells("张网格员", "办结 1 好了", photos=1)
    assert lift.tells("陈姐", "照片 1") == ["#1 电梯故障 · 3号楼 · 2 户反映\n照片 2"]
    assert lift.tells("李明", "照片 1") == ["没有 #1。"]


def test_where_there_is_nothing_it_says_so(lift: Village) -> None:
    assert lift.tells("张网格员", "照片 1") == ["#1 没有照片和文件。"]


# -- what is lost, and what is to be forgotten ------------------------------------------------------------------------


def test_a_file_too_large_is_told_to_its_sender_once(lift: Village) -> None:
    lift.tells("王阿姨", "/start")
    for name in ("a", "b"):
        lift.console.contents[name] = TooLarge("file is too big")
    lift.new("王阿姨")
    lift.says("王阿姨", "", attached=(Attached(Media.VIDEO, "a"), Attached(Media.VIDEO, "b")))
    assert lift.new("王阿姨") == ["#1 您发的文件太大,取不下来(最大 20 MB)。请发小一点的,或者截几张图。"]
    lift.wait(minutes=1)
    assert "\n没取到 2" in lift.card(1, "张网格员")
    assert lift.tells("张网格员", "照片 1") == ["#1 的照片和文件没取到,请向反映人要。"]


def test_who_cannot_be_told_alone_is_told_by_a_reply(lift: Village) -> None:
    lift.console.contents = {name: Undeliverable("the link is dead") for name in ("a", "b")}
    for name in ("a", "b"):
        lift.says("王阿姨", "", attached=(Attached(Media.PHOTO, name),))
    assert lift.new(GROUP) == ["#1 您发的文件打不开了,请再发一次。"]


def test_a_picture_that_cannot_be_cleaned_is_not_kept(lift: Village) -> None:
    lift.tells("张网格员", "/start")
    lift.console.contents["h"] = b"\0\0\0\x18ftypheic" + bytes(40)
    lift.tells("张网格员", "办结 1 好了", attached=(Attached(Media.DOCUMENT, "h", "IMG.HEIC"),))
    assert "#1 您发的图片格式存不了,请直接当照片发。" in lift.new("张网格员")


def test_what_fails_twice_is_fetched_at_the_third_try(lift: Village) -> None:
    lift.console.contents["p"] = RetryLater("timed out")
    lift.says("王阿姨", "", attached=(Attached(Media.DOCUMENT, "p", "a.pdf"),))
    lift.wait(seconds=3)
    assert [(one.state, one.tries) for one in kept(lift)] == [(Keeping.WANTED, 2)]
    lift.console.contents["p"] = b"%PDF-1.7 abc"
    lift.wait(seconds=20)
    assert [(one.state, one.mime, one.size) for one in kept(lift)] == [(Keeping.STORED, "application/pdf", 12)]


def test_what_fails_for_a_day_is_lost(lift: Village) -> None:
    lift.console.contents["p"] = RetryLater("timed out")
    lift.says("王阿姨", "", attached=(Attached(Media.PHOTO, "p"),))
    lift.wait(days=1, hours=3)
    assert [(one.state, one.reason) for one in kept(lift)] == [(Keeping.LOST, "gone")]


def test_a_letter_waits_for_a_document_and_then_leaves_without(lift: Village) -> None:
    lift.console.contents["p"] = RetryLater("timed out")
    lift.says("王阿姨", "", attached=(Attached(Media.DOCUMENT, "p", "a.pdf"),), photos=1)
    assert lift.tells("张网格员", "照片 1") == []
    lift.wait(minutes=2)
    shown = lift.sees("张网格员")[-1]
    assert (shown.text, [file.media for file in shown.files]) == ("#1 电梯故障 · 3号楼\n照片 1 · 文件 1", ["photo"])


def test_what_was_no_request_leaves_no_file(lift: Village) -> None:
    lift.console.contents["p"] = RetryLater("timed out")
    lift.says("王阿姨", "", photos=1, attached=(PLACE, Attached(Media.VIDEO, "p")))
    lift.says("陈姐", "5号楼门口路灯不亮", photos=1)  # the same grey picture
    folder = lift.stage.app.store.folder
    assert len([file for file in folder.rglob("*") if file.is_file()]) == 1
    lift.presses("张网格员", "不是诉求", about="#1")
    assert kept(lift) == []
    assert len([file for file in folder.rglob("*") if file.is_file()]) == 1
    lift.presses("张网格员", "不是诉求", about="#2")
    lift.wait(hours=2)
    assert [file for file in folder.rglob("*") if file.is_file()] == []
    rows = lift.look(lambda session: list(session.exec(select(Attachment))))
    assert {(row.state, row.digest, row.latitude, row.next_at) for row in rows} == {(Keeping.ERASED, None, None, None)}


def test_what_is_erased_while_it_is_fetched_is_taken_away_again(lift: Village) -> None:
    lift.says("王阿姨", "", photos=1)

    def erase(session: object) -> None:
        one = attachments.of_case(session, 1)[0]  # type: ignore[arg-type]
        one.state, one.digest = Keeping.ERASED, None
        attachments.stored(one, "ab", "image/png", 5, at=lift.clock.at)

    lift.look(erase)
    lift.wait(seconds=1)
    rows = lift.look(lambda session: list(session.exec(select(Attachment))))
    assert [(row.state, row.digest) for row in rows] == [(Keeping.ERASED, None)]


def test_what_is_erased_and_then_lost_is_nobodys_loss(lift: Village) -> None:
    lift.console.contents["p"] = RetryLater("timed out")
    lift.says("王阿姨", "", attached=(Attached(Media.PHOTO, "p"),))
    lift.new(GROUP)
    lift.look(lambda session: attachments.erase(session, attachments.of_case(session, 1), at=lift.clock.at))
    lift.console.contents["p"] = Undeliverable("gone")
    lift.wait(minutes=1)
    assert lift.new(GROUP) == []
