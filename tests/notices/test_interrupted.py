"""A stop in the middle of a notice: who answers for the grid decides whether it is said once more."""

import pytest
from sqlmodel import Session, select
from village import GROUP, Village

from storage import outbox
from storage.chats import Chat
from storage.notices import Notice
from storage.outbox import Letter, LetterState, Purpose

EAST = "东网格群"
TEXT = "冬季用电,人走断电。\n——柳树村社区"
ASKED = "通知「冬季用电,人走断电。」发送时中断,1 个群不确定是否收到。再发一次,有的群可能收到两遍。"


@pytest.fixture
def broken_off(staffed: Village) -> Village:
    """The bot was killed while it handed the notice for one of the two groups to the platform, and starts again."""
    staffed.wait(hours=7)

    def sending(session: Session) -> None:
        here = select(Chat).where(Chat.title == GROUP)
        of_group = select(Letter).where(Letter.purpose == Purpose.NOTICE, Letter.chat_id == session.exec(here).one().id)
        letter = session.exec(of_group).one()
        letter.state = LetterState.SENDING
        outbox.forget_card(session, letter.card_key or "")

    staffed.look(sending)
    for each in (GROUP, "李网格长", "赵主任"):
        staffed.new(each)
    staffed.do(staffed.stage.app.couriers[0].recover())
    staffed.wait(minutes=1)
    return staffed


def test_who_answers_for_the_grid_decides_whether_it_is_said_again(broken_off: Village) -> None:
    assert broken_off.new("李网格长") == [ASKED]
    assert broken_off.new("赵主任") == []
    assert broken_off.new(GROUP) == []
    assert broken_off.presses("李网格长", "再发一次") == "通知「冬季用电,人走断电。」再发给 1 个群。"
    broken_off.wait(minutes=1)
    assert broken_off.new(GROUP) == [TEXT]
    assert broken_off.new(EAST) == [TEXT]  # as before: once
    assert broken_off.presses("李网格长", "再发一次") == "已经处理过了,没有待定的群。"
    broken_off.wait(minutes=1)
    assert broken_off.new(GROUP) == []


def test_who_says_no_leaves_it_at_that(broken_off: Village) -> None:
    assert broken_off.presses("李网格长", "不用") == "通知「冬季用电,人走断电。」不再发;1 个群可能没收到。"
    broken_off.wait(hours=1)
    assert broken_off.new(GROUP) == []
    assert broken_off.presses("李网格长", "再发一次") == "已经处理过了,没有待定的群。"


@pytest.mark.parametrize("words", ["99 yes", "1 maybe", "x yes", "1", ""])
def test_what_is_no_decision_is_said_so(broken_off: Village, words: str) -> None:
    assert broken_off.tells("李网格长", f"/resend {words}".strip()) == ["没有这条通知,或不归您管。"]


def test_nobody_else_decides(broken_off: Village) -> None:
    refused = broken_off.tells("张网格员", "/resend 1 yes")
    assert "补发通知" in refused[0]
    broken_off.wait(minutes=1)
    assert broken_off.new(GROUP) == []


def test_where_the_leader_cannot_be_reached_the_next_is_asked(village: Village) -> None:
    village.wait(hours=7)
    village.reach("赵主任")

    def sending(session: Session) -> None:
        for letter in session.exec(select(Letter).where(Letter.purpose == Purpose.NOTICE)):
            letter.state = LetterState.SENDING
            letter.text = "很长的话" * 20

    village.look(sending)
    village.look(lambda session: setattr(session.exec(select(Notice)).one(), "text", "很长的话" * 20))
    village.do(village.stage.app.couriers[0].recover())
    village.wait(minutes=1)
    assert village.new("赵主任")[-1].startswith("通知「很长的话很长的话很长的话很长的话很长的话…」发送时中断,2 个群")


def test_where_the_leader_stopped_the_bot_meanwhile_the_next_is_asked(broken_off: Village) -> None:
    again = select(Letter).where(Letter.purpose == Purpose.NOTICE)

    def sending(session: Session) -> None:
        for letter in session.exec(again):
            letter.state = LetterState.SENDING
            outbox.forget_card(session, letter.card_key or "")

    broken_off.look(sending)
    broken_off.console.blocked.add("李网格长")
    broken_off.do(broken_off.stage.app.couriers[0].recover())
    broken_off.wait(minutes=1)
    assert "2 个群不确定" in broken_off.new("王总网格长")[-1]
    assert broken_off.presses("王总网格长", "再发一次") == "通知「冬季用电,人走断电。」再发给 2 个群。"


def test_what_was_decided_meanwhile_is_no_question_any_more(broken_off: Village) -> None:
    asked = select(Letter).where(Letter.purpose == Purpose.DECIDE)
    broken_off.presses("李网格长", "不用")
    broken_off.look(lambda session: setattr(session.exec(asked).one(), "state", LetterState.WAITING))
    broken_off.console.blocked.add("李网格长")
    broken_off.wait(minutes=1)
    assert broken_off.new("王总网格长") == []


def test_with_nobody_to_ask_it_stays_uncertain(village: Village) -> None:
    village.wait(hours=7)
    village.look(lambda session: setattr(session.exec(select(Letter).limit(1)).one(), "state", LetterState.SENDING))
    village.do(village.stage.app.couriers[0].recover())
    village.wait(hours=1)
    left = select(Letter.state).where(Letter.state == LetterState.UNCERTAIN)
    assert len(village.look(lambda session: session.exec(left).all())) == 1


def test_a_group_that_refuses_a_notice_is_no_question(staffed: Village) -> None:
    staffed.console.blocked.add(EAST)
    staffed.wait(hours=8)
    assert staffed.new("李网格长") == []
