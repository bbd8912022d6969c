"""The outbox: what leaves when, in which order, and what becomes of it if it does not."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, select

from storage import outbox
from storage.chats import Chat
from storage.outbox import Arrival, Card, Letter, LetterState, Purpose, Urgency
from tests.storage.town import AT, Town

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)

Claimed = list[tuple[Letter, Chat, Card | None]]


class Courier:
    """Takes what may leave and says how it went, as the edge does."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def takes(self, at: datetime, *, limit: int = 16, held: tuple[int, ...] = (), platform: str = "console") -> Claimed:
        self.session.flush()
        claimed = outbox.claim(self.session, platform, "main", at=at, limit=limit, held=held)
        self.session.flush()
        return claimed

    def delivers(self, at: datetime, *, limit: int = 16, platform: str = "console") -> list[str | None]:
        """Everything that may leave now arrives; an edit keeps the platform's id of its message."""
        claimed = self.takes(at, limit=limit, platform=platform)
        outbox.arrived(
            self.session,
            [Arrival(one.id or 0, card.message if card else f"message {one.id}", at) for one, _, card in claimed],
        )
        self.session.flush()
        return [letter.text for letter, _, _ in claimed]


@pytest.fixture
def courier(session: Session) -> Courier:
    return Courier(session)


def states(session: Session) -> list[str]:
    """Of every letter, in the order they were written."""
    session.flush()
    return [letter.state.value for letter in session.exec(select(Letter).order_by(Letter.id))]


# -- cards ------------------------------------------------------------------------------------------------------------


def test_what_changes_before_it_leaves_is_one_letter_with_the_last_words(town: Town, courier: Courier) -> None:
    first = town.letter("已派单", to=town.group, card="case:1", buttons=[["接单", "/take 1"]])
    again = town.letter("处理中", to=town.group, card="case:1", buttons=[["办结", "/done 1"]])
    other = town.letter("别的", to=town.group, card="case:2")
    assert again is first
    assert other is not first
    assert courier.delivers(AT) == ["处理中"]
    assert first.buttons == [["办结", "/done 1"]]


def test_a_letter_that_is_no_card_never_takes_over_another(town: Town, courier: Courier) -> None:
    town.letter("一", to=town.group)
    town.letter("二", to=town.group)
    assert courier.delivers(AT) + courier.delivers(AT) == ["一", "二"]


def test_the_second_letter_of_a_card_edits_the_message_of_the_first(town: Town, courier: Courier) -> None:
    case = town.case()
    first = town.letter("已派单", to=town.group, card="case:1", request_id=case.id)
    courier.delivers(AT)
    town.letter("处理中", to=town.group, card="case:1", request_id=case.id)
    ((letter, chat, card),) = courier.takes(AT + 3 * SECOND)
    assert (letter.text, chat) == ("处理中", town.group)
    assert card
    assert (card.message, card.chat_id, card.request_id) == (first.message, town.group.id, case.id)


def test_edits_of_one_message_are_three_seconds_apart(session: Session, town: Town, courier: Courier) -> None:
    town.letter("已派单", to=town.group, card="case:1")
    courier.delivers(AT)
    town.letter("处理中", to=town.group, card="case:1", at=AT + SECOND)
    assert courier.delivers(AT + SECOND) == []
    assert outbox.next_after(session, AT + SECOND) == AT + 3 * SECOND
    town.letter("已办结", to=town.group, card="case:1", at=AT + 2 * SECOND)
    assert courier.delivers(AT + 2 * SECOND) == []
    assert courier.delivers(AT + 3 * SECOND) == ["已办结"]
    town.letter("已评价", to=town.group, card="case:1", at=AT + 4 * SECOND)
    assert courier.delivers(AT + 5 * SECOND) == []  # counted from the last edit
    assert courier.delivers(AT + 6 * SECOND) == ["已评价"]


def test_the_same_content_is_not_written_twice(session: Session, town: Town, courier: Courier) -> None:
    first = town.letter("已派单", to=town.group, card="case:1")
    courier.takes(AT)
    assert town.letter("已派单", to=town.group, card="case:1") is first  # while it is on its way
    outbox.arrived(session, [Arrival(first.id or 0, "7", AT)])
    assert town.letter("已派单", to=town.group, card="case:1") is first  # and once it is there
    assert town.letter("已派单", to=town.group, card="case:1", buttons=[["补充", "/more 1"]]) is not first
    assert states(session) == ["sent", "waiting"]


def test_a_letter_that_failed_is_written_anew(session: Session, town: Town, courier: Courier) -> None:
    first = town.letter("已派单", to=town.group, card="case:1")
    outbox.failed(first, "chat not found")
    town.letter("已派单", to=town.group, card="case:1")
    assert first.reason == "chat not found"
    assert states(session) == ["failed", "waiting"]


def test_the_card_of_a_message_that_is_gone_is_sent_as_a_new_message(
    session: Session, town: Town, courier: Courier
) -> None:
    town.letter("已派单", to=town.group, card="case:1")
    courier.delivers(AT)
    edit = town.letter("处理中", to=town.group, card="case:1")
    courier.takes(AT + HOUR)
    outbox.forget_card(session, "case:1")
    outbox.forget_card(session, "never stood")
    outbox.again(edit, at=AT + HOUR)
    ((letter, _, card),) = courier.takes(AT + HOUR)
    assert (letter, card) == (edit, None)
    assert letter.attempts == 2


def test_a_card_that_moved_to_another_chat_is_sent_there_and_edited_there(
    session: Session, town: Town, courier: Courier
) -> None:
    new_group = town.chat("3号楼新群")
    town.letter("已派单", to=town.group, card="case:1")
    courier.delivers(AT)
    moved = town.letter("处理中", to=new_group, card="case:1")
    ((_, _, card),) = courier.takes(AT)  # a new message needs no pause after the old one
    assert card is None
    outbox.arrived(session, [Arrival(moved.id or 0, "9", AT)])
    stands = session.get_one(Card, "case:1")
    assert (stands.chat_id, stands.message) == (new_group.id, "9")


def test_a_platform_without_message_ids_keeps_no_cards(session: Session, town: Town, courier: Courier) -> None:
    letter = town.letter("已派单", to=town.group, card="case:1")
    courier.takes(AT)
    outbox.arrived(session, [Arrival(letter.id or 0, None, AT)])
    assert (letter.state, letter.sent_at) == (LetterState.SENT, AT)
    assert session.get(Card, "case:1") is None
    town.letter("处理中", to=town.group, card="case:1")
    ((_, _, card),) = courier.takes(AT)
    assert card is None


def test_the_newest_letter_of_each_card_of_a_case_is_found_for_renewing(
    session: Session, town: Town, courier: Courier
) -> None:
    case = town.case()

    def work(words: str, card: str | None, **columns: object) -> Letter:
        facts = {"to": town.group, "purpose": Purpose.WORK, "request_id": case.id, **columns}
        return town.letter(words, card=card, **facts)

    work("已派单", "work:1:zhang")
    courier.delivers(AT)
    newest = work("处理中", "work:1:zhang")
    for_wuye = work("已派单", "work:1:wuye")
    work("不是卡片", None)
    work("公开", "case:1", purpose=Purpose.CARD)
    work("别的", "work:2", request_id=town.case().id)
    outbox.failed(work("没送到", "work:1:liu"), "blocked")
    session.flush()
    assert outbox.cards_of(session, case.number, Purpose.WORK) == [newest, for_wuye]


# -- taking away ------------------------------------------------------------------------------------------------------


def test_a_message_that_stands_is_taken_away_without_waiting(session: Session, town: Town, courier: Courier) -> None:
    town.letter("是要报修吗?", to=town.group, card="grey:7")
    courier.delivers(AT)
    town.letter(None, to=town.group, card="grey:7", erase=True)
    ((letter, _, card),) = courier.takes(AT)
    assert letter.erase
    assert card
    outbox.arrived(session, [Arrival(letter.id or 0, card.message, AT)])
    session.flush()
    assert session.get(Card, "grey:7") is None


def test_taking_away_what_is_gone_already_is_no_error(session: Session, town: Town, courier: Courier) -> None:
    town.letter("是要报修吗?", to=town.group, card="grey:7")
    courier.delivers(AT)
    town.letter(None, to=town.group, card="grey:7", erase=True)
    ((letter, _, _),) = courier.takes(AT)
    outbox.forget_card(session, "grey:7")
    session.flush()
    outbox.arrived(session, [Arrival(letter.id or 0, None, AT)])
    assert letter.state == LetterState.SENT


def test_what_never_left_is_dropped_together_with_its_taking_away(
    session: Session, town: Town, courier: Courier
) -> None:
    town.letter("是要报修吗?", to=town.group, card="grey:7", not_before=AT + 8 * HOUR)
    town.letter(None, to=town.group, card="grey:7", erase=True)
    town.letter("别的", to=town.group, card="grey:8")
    assert courier.delivers(AT) == ["别的"]
    assert states(session) == ["dropped", "dropped", "sent"]
    assert courier.delivers(AT + 9 * HOUR) == []


def test_a_broadcast_that_is_taken_away_does_not_leave_behind_its_taking_away(
    session: Session, town: Town, courier: Courier
) -> None:
    town.letter("通知", to=town.group, card="notice:1", urgency=Urgency.BROADCAST)
    town.letter(None, to=town.group, card="notice:1", erase=True)
    assert courier.delivers(AT) == []
    assert states(session) == ["dropped", "dropped"]


def test_a_card_shown_again_after_it_was_taken_away_is_sent_anew(
    session: Session, town: Town, courier: Courier
) -> None:
    town.letter("解决了吗?", to=town.group, card="ask:1")
    courier.delivers(AT)
    town.letter(None, to=town.group, card="ask:1", erase=True)
    town.letter("解决了吗?", to=town.group, card="ask:1")
    assert courier.delivers(AT) == [None]  # first it goes away
    assert courier.delivers(AT) == ["解决了吗?"]  # the same words: but nothing stands there any more
    town.letter(None, to=town.group, card="ask:1", erase=True, at=AT + SECOND)
    courier.delivers(AT + SECOND)
    town.letter("解决了吗?", to=town.group, card="ask:1", at=AT + HOUR)
    assert courier.delivers(AT + HOUR) == ["解决了吗?"]


def test_a_card_shown_again_survives_the_taking_away_of_one_that_never_left(
    session: Session, town: Town, courier: Courier
) -> None:
    town.letter("解决了吗?", to=town.group, card="ask:1")
    outbox.drop(session, card_key="ask:1")
    town.letter(None, to=town.group, card="ask:1", erase=True)
    town.letter("解决了吗?", to=town.group, card="ask:1")
    assert courier.delivers(AT) == ["解决了吗?"]
    assert states(session) == ["dropped", "dropped", "sent"]


def test_a_taking_away_that_lies_ahead_leaves_the_card_alone_until_then(
    session: Session, town: Town, courier: Courier
) -> None:
    town.letter("是要报修吗?", to=town.group, card="grey:7")
    courier.delivers(AT)
    town.letter(None, to=town.group, card="grey:7", erase=True, not_before=AT + HOUR)
    town.letter("是要报修吗?", to=town.group, card="grey:7")
    assert courier.delivers(AT + 3 * SECOND) == []  # it still says so
    town.letter("还要报修吗?", to=town.group, card="grey:7")
    assert courier.delivers(AT + 3 * SECOND) == ["还要报修吗?"]
    courier.delivers(AT + HOUR)
    assert session.get(Card, "grey:7") is None


# -- the budget of a group --------------------------------------------------------------------------------------------


def test_the_seventh_letter_of_an_hour_waits_until_the_first_is_an_hour_old(town: Town, courier: Courier) -> None:
    minute = timedelta(minutes=1)
    for n in range(6):
        town.letter(f"第{n + 1}张", to=town.group, card=f"case:{n}", at=AT + n * minute, budget=6)
        assert courier.delivers(AT + n * minute) == [f"第{n + 1}张"]
    seventh = town.letter("第7张", to=town.group, card="case:6", at=AT + 6 * minute, budget=6)
    eighth = town.letter("第8张", to=town.group, card="case:7", at=AT + 6 * minute, budget=6)
    assert (seventh.not_before, eighth.not_before) == (AT + HOUR, AT + HOUR + minute)
    assert courier.delivers(AT + HOUR - SECOND) == []
    assert courier.delivers(AT + HOUR) == ["第7张"]


def test_edits_answers_and_other_groups_are_outside_the_budget(town: Town, courier: Courier) -> None:
    other_group = town.chat("5号楼群")
    town.letter("已派单", to=town.group, card="case:1", budget=1)
    courier.delivers(AT)
    edit = town.letter("处理中", to=town.group, card="case:1", at=AT + SECOND, budget=1)
    answer = town.letter("收到", to=town.group, at=AT + SECOND)
    elsewhere = town.letter("已派单", to=other_group, card="case:2", at=AT + SECOND, budget=1)
    alone = town.letter("已派单", person_id=town.wang.id, at=AT + SECOND, budget=1)
    assert [letter.not_before for letter in (edit, answer, elsewhere, alone)] == [AT + SECOND] * 4
    assert [letter.spoken for letter in (edit, answer, elsewhere, alone)] == [False, False, True, False]


def test_what_was_dropped_or_failed_costs_nothing(session: Session, town: Town) -> None:
    town.letter("一", to=town.group, card="case:1", budget=2)
    outbox.failed(town.letter("二", to=town.group, card="case:2", budget=2), "blocked")
    outbox.drop(session, card_key="case:1")
    assert town.letter("三", to=town.group, card="case:3", budget=2).not_before == AT
    assert town.letter("四", to=town.group, card="case:4", budget=2).not_before == AT
    assert town.letter("五", to=town.group, card="case:5", budget=2).not_before == AT + HOUR


def test_an_hour_that_is_over_costs_nothing(town: Town) -> None:
    town.letter("昨天", to=town.group, card="case:1", at=AT - 25 * HOUR, budget=1)
    earlier = town.letter("刚才", to=town.group, card="case:2", at=AT - 2 * HOUR, budget=1)
    assert earlier.not_before == AT - 2 * HOUR
    assert town.letter("现在", to=town.group, card="case:3", budget=1).not_before == AT


def test_a_quiet_night_ends_with_the_budget_of_an_hour_at_a_time(town: Town) -> None:
    morning = AT + 9 * HOUR
    starts = [
        town.letter("夜里", to=town.group, card=f"case:{n}", not_before=morning, budget=2).not_before for n in range(5)
    ]
    assert starts == [morning, morning, morning + HOUR, morning + HOUR, morning + 2 * HOUR]


# -- order ------------------------------------------------------------------------------------------------------------


def test_letters_of_one_chat_leave_one_at_a_time_in_the_order_written(town: Town, courier: Courier) -> None:
    for words in ("一", "二", "三"):
        town.letter(words, to=town.group)
    assert [courier.delivers(AT) for _ in range(4)] == [["一"], ["二"], ["三"], []]


def test_danger_goes_before_people_and_people_before_broadcasts(town: Town, courier: Courier) -> None:
    town.letter("通知", to=town.group, urgency=Urgency.BROADCAST)
    town.letter("收到", to=town.group)
    town.letter("请拨119", to=town.group, urgency=Urgency.DANGER)
    assert [courier.delivers(AT) for _ in range(3)] == [["请拨119"], ["收到"], ["通知"]]


def test_chats_do_not_wait_for_each_other_but_a_courier_carries_only_so_much(town: Town, courier: Courier) -> None:
    for address in ("5号楼群", "东网格群", "环卫群"):
        town.letter(address, to=town.chat(address))
    assert courier.delivers(AT, limit=2) == ["5号楼群", "东网格群"]
    assert courier.delivers(AT, limit=2) == ["环卫群"]


def test_a_chat_with_a_letter_on_its_way_is_skipped(session: Session, town: Town, courier: Courier) -> None:
    other_group = town.chat("5号楼群")
    first = town.letter("一", to=town.group)
    courier.takes(AT)
    assert first.state == LetterState.SENDING
    town.letter("二", to=town.group)
    town.letter("三", to=other_group)
    assert courier.delivers(AT) == ["三"]
    outbox.arrived(session, [Arrival(first.id or 0, "7", AT)])
    assert courier.delivers(AT) == ["二"]


def test_a_held_chat_waits_and_the_others_do_not(town: Town, courier: Courier) -> None:
    other_group = town.chat("5号楼群")
    town.letter("一", to=town.group)
    town.letter("二", to=other_group)
    assert [chat for _, chat, _ in courier.takes(AT, held=(town.group.id,))] == [other_group]
    assert courier.delivers(AT) == ["一"]


def test_a_courier_takes_only_its_own_letters_and_none_before_its_time(town: Town, courier: Courier) -> None:
    town.letter("微信", to=town.chat("3号楼群", platform="wecom"))
    town.letter("早上好", to=town.group, not_before=AT + HOUR)
    assert courier.delivers(AT) == []
    assert courier.delivers(AT, platform="wecom") == ["微信"]
    assert courier.delivers(AT + HOUR) == ["早上好"]


def test_what_the_platform_would_not_take_yet_is_tried_again_later(town: Town, courier: Courier) -> None:
    town.letter("一", to=town.group)
    ((letter, _, _),) = courier.takes(AT)
    outbox.again(letter, at=AT + 30 * SECOND)
    assert courier.takes(AT + 29 * SECOND) == []
    assert [taken.attempts for taken, _, _ in courier.takes(AT + 30 * SECOND)] == [2]


def test_the_next_letter_says_when_to_wake(session: Session, town: Town, courier: Courier) -> None:
    assert outbox.next_after(session, AT) is None
    town.letter("走了", to=town.group)
    town.letter("晚", to=town.group, not_before=AT + 2 * HOUR)
    town.letter("早", to=town.group, not_before=AT + HOUR)
    assert outbox.next_after(session, AT) == AT + HOUR  # what may leave already needs no waking
    courier.delivers(AT + HOUR)
    assert outbox.next_after(session, AT - SECOND) == AT + HOUR
    courier.delivers(AT + HOUR)
    assert outbox.next_after(session, AT - SECOND) == AT + 2 * HOUR
    assert outbox.next_after(session, AT + 2 * HOUR) is None


# -- to a person ------------------------------------------------------------------------------------------------------


def test_a_letter_to_a_person_goes_where_they_last_spoke_alone(session: Session, town: Town, courier: Courier) -> None:
    town.alone_with(town.zhang, platform="wecom", seen_at=AT - HOUR)
    newest = town.alone_with(town.zhang)
    letter = town.letter("派单", person_id=town.zhang.id)
    assert letter.platform is None
    assert courier.delivers(AT) == []  # no way is chosen yet
    assert outbox.route(session, at=AT, limit=9) == []
    assert (letter.chat_id, letter.platform, letter.account) == (newest.id, "console", "main")
    assert courier.delivers(AT) == ["派单"]


def test_a_letter_with_no_way_to_its_person_comes_back(session: Session, town: Town) -> None:
    to_zhang = town.letter("派单", person_id=town.zhang.id)
    to_nobody = town.letter("派单")
    assert outbox.route(session, at=AT, limit=9) == [to_zhang, to_nobody]
    assert (to_zhang.state, to_zhang.reason) == (LetterState.FAILED, "no private chat")
    assert outbox.route(session, at=AT, limit=9) == []


def test_ways_are_chosen_in_order_not_before_their_time_and_so_many_at_once(session: Session, town: Town) -> None:
    town.alone_with(town.zhang)
    first, second, later = (
        town.letter("派单", person_id=town.zhang.id, not_before=AT + wait) for wait in (0 * HOUR, 0 * HOUR, HOUR)
    )
    outbox.route(session, at=AT, limit=1)
    assert [letter.chat_id is None for letter in (first, second, later)] == [False, True, True]
    outbox.route(session, at=AT, limit=9)
    assert [letter.chat_id is None for letter in (first, second, later)] == [False, False, True]


# -- stops, drops, forgetting -----------------------------------------------------------------------------------------


def test_after_a_stop_cards_go_again_and_notices_wait_for_a_word(
    session: Session, town: Town, courier: Courier
) -> None:
    groups: list[Chat] = [town.chat(address) for address in ("5号楼群", "东网格群", "环卫群")]
    elsewhere = town.letter("微信", to=town.chat("3号楼群", platform="wecom"))
    town.letter("卡片", to=groups[0], card="case:1", purpose=Purpose.CARD)
    town.letter("通知", to=groups[1], purpose=Purpose.NOTICE)
    town.letter("收到", to=groups[2], purpose=Purpose.ANSWER)
    town.letter("还没走", to=town.group, not_before=AT + HOUR)
    courier.takes(AT)
    courier.takes(AT, platform="wecom")
    assert [letter.text for letter in outbox.recover(session, "console", "main", at=AT + SECOND)] == ["通知"]
    assert states(session) == ["sending", "waiting", "uncertain", "waiting", "waiting"]
    assert courier.delivers(AT + SECOND) == ["卡片", "收到"]
    assert elsewhere.state == LetterState.SENDING  # another courier's


def test_letters_are_dropped_by_card_by_case_and_by_purpose(session: Session, town: Town, courier: Courier) -> None:
    lift, light = town.case(), town.case()
    rows = [
        {"card": "case:1", "request_id": lift.id, "purpose": Purpose.CARD},
        {"card": "ask:1", "request_id": lift.id, "purpose": Purpose.ASK},
        {"request_id": lift.id, "purpose": Purpose.TELL},
        {"request_id": light.id, "purpose": Purpose.ASK},
    ]
    sent = town.letter("走了", to=town.group, request_id=lift.id)
    courier.delivers(AT)
    letters = [town.letter("…", to=town.group, **row) for row in rows]

    def waiting() -> list[bool]:
        return [letter.state == LetterState.WAITING for letter in letters]

    outbox.drop(session, card_key="case:1")
    assert waiting() == [False, True, True, True]
    outbox.drop(session, request_id=lift.number, purpose=Purpose.ASK)
    assert waiting() == [False, False, True, True]
    outbox.drop(session, request_id=lift.number)
    assert waiting() == [False, False, False, True]
    assert sent.state == LetterState.SENT


def test_the_words_of_a_case_that_left_are_blanked_at_once(session: Session, town: Town, courier: Courier) -> None:
    lift, light = town.case(), town.case()
    sent = town.letter("3号楼电梯", to=town.group, request_id=lift.id)
    other = town.letter("路灯", to=town.chat("5号楼群"), request_id=light.id)
    courier.delivers(AT)
    waiting = town.letter("撤了", to=town.group, request_id=lift.id)
    assert sent.blank_at == AT + timedelta(days=7)
    outbox.blank_texts(session, lift.number)
    session.expire_all()
    assert [letter.text for letter in (sent, other, waiting)] == [None, "路灯", "撤了"]
    assert sent.blank_at is None


def test_a_letter_blanked_on_its_way_is_not_sent_again_without_words(
    session: Session, town: Town, courier: Courier
) -> None:
    case = town.case()
    letter = town.letter("3号楼电梯", to=town.group, request_id=case.id)
    courier.takes(AT)
    outbox.blank_texts(session, case.number)
    outbox.again(letter, at=AT)
    assert letter.state == LetterState.DROPPED
    assert courier.delivers(AT) == []


def test_a_message_of_the_bot_leads_back_to_its_case(session: Session, town: Town, courier: Courier) -> None:
    case = town.case()
    letter = town.letter("已派单", to=town.group, request_id=case.id)
    courier.delivers(AT)
    assert letter.message
    assert outbox.case_of(session, town.group.id, letter.message) == case.id
    assert outbox.case_of(session, town.group.id, "another") is None
    assert outbox.case_of(session, town.chat("5号楼群").id, letter.message) is None


def test_a_chat_that_is_no_longer_theirs_gets_nothing_that_waits(session: Session, town: Town) -> None:
    routed = town.letter("您好", to=town.group)
    routed.person_id = town.zhang.id
    other = town.letter("大家好", to=town.group)
    session.flush()
    outbox.unroute(session, town.zhang.id or 0, town.group.id or 0)
    session.flush()
    assert (routed.chat_id, routed.platform, routed.account) == (None, None, None)
    assert other.chat_id == town.group.id
