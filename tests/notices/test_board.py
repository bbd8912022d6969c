"""The list of notices: how far each has come; changing, postponing, cancelling, taking back."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select
from village import GROUP, Village

from bot.config import Settings
from handlers import notices
from storage.notices import Notice
from storage.outbox import Letter, LetterState
from storage.people import Address

EAST = "东网格群"
LI = "李网格长"
STOP = "【停水通知】停水。请提前储水,关好水龙头。\n——柳树村社区"


def say(village: Village, what: str = "【停水通知】停水。请提前储水,关好水龙头。", where: str = "全部") -> None:
    village.tells(LI, "通知")
    village.tells(LI, where)
    village.tells(LI, what)
    village.presses(LI, "发送")


def plan(village: Village, when: str = "明天 9:00", what: str = "【停水通知】停水。") -> None:
    village.tells(LI, "通知")
    village.tells(LI, "全部")
    village.tells(LI, what)
    village.presses(LI, "定时")
    village.tells(LI, when)


def row(village: Village) -> Notice:
    return village.look(lambda session: session.get_one(Notice, 2))


def test_with_nothing_to_say_the_list_is_a_sentence(office: Village) -> None:
    assert office.tells(LI, "通知列表") == ["没有要发的通知,最近两周也没发过。"]


def test_the_list_tells_what_comes_and_how_far_what_went_has_come(office: Village) -> None:
    say(office)
    office.console.blocked.add(EAST)
    say(office, what="明天消杀")
    plan(office)
    assert office.tells(LI, "通知列表") == [
        "通知 3 条:\n4 停水通知 — 明天 09:00 发\n3 消杀通知 — 已发 1/2 个群(1 个没发进去)\n2 停水通知 — 已发 2/2 个群"
    ]
    assert office.buttons(LI) == ["4 停水通知", "3 消杀通知", "2 停水通知"]
    office.presses(LI, "2 停水通知")
    assert office.sees(LI)[-1].text == f"通知 2 · 东网格\n已发 2/2 个群\n{STOP}"
    assert office.buttons(LI) == ["改内容", "撤回"]
    office.presses(LI, "4 停水通知")
    assert office.buttons(LI) == ["改内容", "改期", "取消"]


def test_others_who_answer_for_the_grid_see_it_too_and_nobody_else(office: Village) -> None:
    plan(office)
    assert "明天 09:00" in office.tells("王总网格长", "通知列表")[0]
    assert office.tells("张网格员", "通知列表")[0].startswith("通知 1 条")
    for somebody in ("孙经理", "王阿姨"):
        assert "停水" not in office.tells(somebody, "/notices")[0]
        assert "停水" not in office.tells(somebody, "/notice show 2")[0]


def test_after_two_weeks_it_leaves_the_list(office: Village) -> None:
    say(office)
    office.wait(days=15)
    assert office.tells(LI, "通知列表") == ["没有要发的通知,最近两周也没发过。"]
    assert office.tells(LI, "/notice show 2")[0].startswith("通知 2 · 东网格\n已发 2/2 个群")


# -- changing -------------------------------------------------------------------------------------------------------


def test_corrected_it_changes_where_it_stands_and_says_nothing_new(office: Village) -> None:
    say(office)
    office.wait(minutes=5)
    office.tells(LI, "通知列表")
    office.presses(LI, "2 停水通知")
    office.presses(LI, "改内容")
    assert office.new(LI)[-1] == "写内容,可带图。"
    assert office.tells(LI, "【停水通知】改到周三停水。")[0].startswith("改好了,已发出的群里也会跟着改:")
    office.wait(minutes=1)
    posts = office.sees(GROUP)
    assert [(post.text, post.edited) for post in posts] == [("【停水通知】改到周三停水。\n——柳树村社区", 1)]
    assert office.buttons(GROUP) == ["收到", "有疑问"]


def test_corrected_before_it_leaves(office: Village) -> None:
    plan(office)
    assert "改到周三" in office.tells(LI, "/notice edit 2 【停水通知】改到周三停水。")[0]
    office.wait(days=1)
    assert office.new(GROUP) == ["【停水通知】改到周三停水。\n——柳树村社区"]
    assert office.tells(LI, f"/notice edit 2 {'长' * 3501}") == ["太长了:3501 字,最多 3500 字。"]


def test_after_two_days_it_can_be_changed_no_more(office: Village) -> None:
    say(office)
    office.wait(days=2)
    for word in ("edit 2 别的", "withdraw 2"):
        assert office.tells(LI, f"/notice {word}") == ["这条已经改不了、撤不回了。"]


def test_postponed(office: Village) -> None:
    plan(office)
    assert office.tells(LI, "/notice move 2")[-1].startswith("什么时候发?")
    assert office.tells(LI, "周三 10:00") == ["「停水通知」改在11月25日(周三) 10:00发。"]
    office.wait(days=1, hours=5)
    assert office.new(GROUP) == []
    office.wait(days=1)
    assert office.new(GROUP) == ["【停水通知】停水。\n——柳树村社区"]
    assert office.tells(LI, "/notice move 2 明天 9:00") == ["这条已经定了或发出了,发「通知列表」可以改、改期或撤回。"]
    assert office.tells(LI, "/notice cancel 2") == ["这条已经定了或发出了,发「通知列表」可以改、改期或撤回。"]


def test_what_comes_again_is_postponed_once_or_for_good(office: Village) -> None:
    plan(office, when="每天 9:00")
    office.tells(LI, "/notice move 2 明天 12:00")
    office.wait(days=1, hours=2)
    assert office.new(GROUP) == []
    office.wait(hours=22)
    assert len(office.new(GROUP)) == 2  # at twelve, and again at nine
    office.tells(LI, "/notice move 2 每周五 9:00")
    office.wait(days=6)
    assert len(office.new(GROUP)) == 1


def test_cancelled_it_does_not_come(office: Village) -> None:
    plan(office)
    assert office.presses(LI, "取消") == "「停水通知」不发了。"
    office.wait(days=2)
    assert office.new(GROUP) == []
    assert office.tells(LI, "/notice show 2")[0].startswith("通知 2 · 东网格\n已取消\n")


def test_of_the_file_one_occurrence_is_left_out_and_the_words_stay(village: Village, settings: Settings) -> None:
    village.reach(LI)
    village.tells(LI, "/notice show 1")
    assert village.buttons(LI) == ["改期", "取消"]
    assert village.tells(LI, "/notice edit 1 别的") == ["这条写在配置文件里,内容请管理员在那里改。"]
    assert village.presses(LI, "取消", about="通知 1") == "「冬季用电,人走断电。」这次不发,下次11月30日(周一) 16:00。"
    village.restart(settings)
    village.wait(days=3)
    assert village.new(GROUP) == []
    village.wait(days=5)
    assert len(village.new(GROUP)) == 1


def test_of_the_file_one_occurrence_is_postponed(village: Village, settings: Settings) -> None:
    village.reach(LI)
    assert "明天 10:00" in village.tells(LI, "/notice move 1 明天 10:00")[0]
    village.restart(settings)
    village.wait(hours=20)
    assert village.new(GROUP) == []
    village.wait(hours=6)
    assert len(village.new(GROUP)) == 1
    village.wait(days=7)
    assert len(village.new(GROUP)) == 1


# -- taking back ----------------------------------------------------------------------------------------------------


def test_taken_back_it_is_gone_from_the_groups(office: Village) -> None:
    say(office)
    office.presses(LI, "撤回")
    assert office.sees(LI)[-1].text == "要从 2 个群撤回「停水通知」吗?"
    assert len(office.sees(GROUP)) == 1
    assert office.presses(LI, "确定撤回") == "正在从 2 个群撤回「停水通知」。"
    office.wait(minutes=1)
    assert (office.sees(GROUP), office.sees(EAST)) == ([], [])
    assert office.presses(LI, "确定撤回") == "这条已经改不了、撤不回了。"
    assert "已撤回" in office.tells(LI, "通知列表")[0]
    office.wait(minutes=5)
    assert [text for text in office.new(LI) if "已发完" in text] == []


def test_taken_back_while_it_goes_out_the_rest_never_leaves(office: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the first of two groups had its letter written."""
    monkeypatch.setattr(notices, "CHUNK", 1)
    plan(office)

    def stopped_in_between(session: Session) -> None:
        notice = session.get_one(Notice, 2)
        notice.began_at = notice.said_for = office.clock.at
        notice.sent_through, notice.schedule = 1, "2026-11-23 09:00"

    office.look(stopped_in_between)
    assert office.tells(LI, "/notice cancel 2") == ["这条已经定了或发出了,发「通知列表」可以改、改期或撤回。"]
    office.tells(LI, "/notice withdraw 2 yes")
    office.wait(days=2)
    assert (office.sees(GROUP), office.sees(EAST)) == ([], [])


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_many_are_taken_back_in_chunks(office: Village, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    say(office)
    monkeypatch.setattr(notices, "CHUNK", chunk)
    office.tells(LI, "/notice withdraw 2 yes")
    office.wait(minutes=1)
    assert (office.sees(GROUP), office.sees(EAST)) == ([], [])


def test_what_did_not_arrive_or_may_not_have_is_left_alone(office: Village) -> None:
    office.console.blocked.add(EAST)
    say(office)

    def uncertain(session: Session) -> None:
        letter = session.exec(select(Letter).where(Letter.notice_id == 2, Letter.state == LetterState.SENT)).first()
        assert letter
        letter.state = LetterState.UNCERTAIN

    office.look(uncertain)
    assert "(2 个没发进去)" in office.tells(LI, "通知列表")[0]
    office.tells(LI, "/notice withdraw 2 yes")
    office.wait(minutes=1)
    states = office.look(lambda session: session.exec(select(Letter.state).where(Letter.notice_id == 2)).all())
    assert sorted(states) == ["dropped", "failed"]


# -- how it went ----------------------------------------------------------------------------------------------------


def test_who_sent_it_hears_which_groups_missed_it(office: Village) -> None:
    office.console.blocked.add(EAST)
    say(office)
    office.wait(minutes=2)
    assert office.new(LI)[-1] == "通知「停水通知」已发完,1 个群收到。1 个群没发进去:东网格群。"


def test_while_letters_wait_the_report_waits_too(office: Village) -> None:
    say(office)

    def waits(session: Session) -> None:
        letter = session.exec(select(Letter).where(Letter.notice_id == 2)).first()
        assert letter
        letter.state, letter.not_before = LetterState.WAITING, office.clock.at + timedelta(minutes=10)

    office.look(waits)
    office.wait(minutes=5)
    assert [text for text in office.new(LI) if "已发完" in text] == []
    office.wait(minutes=10)
    assert office.new(LI) == ["通知「停水通知」已发完,2 个群收到。"]


def test_what_outlived_itself_is_told_to_who_made_it(office: Village) -> None:
    plan(office)
    office.clock.at += timedelta(days=3)
    office.wait(minutes=1)
    assert office.new(GROUP) == []
    assert office.new(LI)[-1] == "通知「停水通知」原定11月24日(周二) 09:00,过了时效,没有发出。"


def test_who_cannot_be_reached_any_more_is_not_written_to(office: Village) -> None:
    say(office)

    def no_private_chat(session: Session) -> None:
        for address in session.exec(select(Address)):
            address.chat_id = None

    office.look(no_private_chat)
    office.wait(minutes=3)
    assert row(office).report_at is None
    assert "已发完" not in "".join(office.new(LI))
