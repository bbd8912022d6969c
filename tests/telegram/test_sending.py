"""Sending: every refusal of Telegram has its meaning, and no letter is lost."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from fake import TOKEN, FakeTelegram, Posted
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select
from street import Street
from village import GROUP

from bot.pacer import Pacer
from bot.platforms import MessageGone, Outgoing, Pace, RetryLater, Stopped, Undeliverable
from bot.platforms.telegram import PACE, BadToken, Telegram
from bot.platforms.telegram.words import keyboard, parts
from storage.outbox import Letter, LetterState

LIFT = "3号楼电梯又坏了,按了没反应"


class Hand:
    """Sends single letters, without an app."""

    def __init__(self, fake: FakeTelegram) -> None:
        self.fake = fake
        self.platform = Telegram(TOKEN, base_url=fake.base_url, pace=Pace(), between_parts=0)

    def send(self, where: str = GROUP, **letter: Any) -> str | None:
        out = Outgoing(str(self.fake.id(where)), self.fake.id(where) > 0, **letter)

        async def once() -> str | None:
            self.platform = Telegram(TOKEN, base_url=self.fake.base_url, between_parts=0)
            try:
                return await self.platform.send(out)
            finally:
                await self.platform.close()

        return asyncio.run(once())


@pytest.fixture
def hand(fake: FakeTelegram) -> Hand:
    fake.id(GROUP)
    return Hand(fake)


def failed(street: Street) -> list[tuple[str | None, str | None]]:
    letters = street.look(lambda s: list(s.exec(select(Letter).where(Letter.state == LetterState.FAILED))))
    return [(letter.purpose, letter.reason) for letter in letters]


# -- text ---------------------------------------------------------------------------------------------------------


def test_long_text_leaves_in_parts_at_the_ends_of_sentences_with_the_buttons_on_the_last(hand: Hand) -> None:
    sentence = "明早九点到下午三点停水,请提前储水。"
    text = sentence * 600
    last = hand.send(text=text, buttons=(("知道了", "/ok"),))
    posts = hand.fake.sees(GROUP)
    assert len(posts) == 3
    assert "".join(post.text for post in posts) == text
    assert all(post.text.endswith("。") for post in posts)
    assert [post.labels for post in posts] == [[], [], ["知道了"]]
    assert last == " ".join(str(post.id) for post in (posts[-1], *posts[:-1]))


def test_after_a_429_in_the_middle_only_the_rest_is_sent(fake: FakeTelegram) -> None:
    fake.id(GROUP)
    out = Outgoing(str(fake.id(GROUP)), private=False, text="停水通知。" * 1500)

    async def test() -> None:
        platform = Telegram(TOKEN, base_url=fake.base_url, between_parts=0)
        send = platform._bot.send_message
        sent = asyncio.Event()

        async def then_429(*words: Any, **more: Any) -> Any:
            if fake.sees(GROUP) and not sent.is_set():
                sent.set()
                fake.fails("sendMessage", 429, retry_after=7)
            return await send(*words, **more)

        object.__setattr__(platform._pen, "_bot", _Shim(platform._bot, then_429))
        with pytest.raises(RetryLater) as later:
            await platform.send(out)
        assert later.value.after is not None
        assert later.value.after.total_seconds() == 7
        await platform.send(out)
        await platform.close()

    asyncio.run(test())
    assert "".join(fake.texts(GROUP)) == out.text


class _Shim:
    """The bot, but for one method."""

    def __init__(self, bot: Any, send_message: Callable[..., Any]) -> None:
        self._bot = bot
        self.send_message = send_message

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bot, name)


@given(st.text(st.sampled_from("水电 。!\n😀a"), max_size=200), st.integers(4, 40))
def test_parts_fit_and_keep_every_word(text: str, longest: int) -> None:
    pieces = parts(text, longest)
    assert all(0 < len(piece.encode("utf-16-le")) // 2 <= longest for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_an_edit_that_does_not_fit_is_cut(hand: Hand) -> None:
    card = hand.send(text="短")
    hand.send(text="长" * 5000, edits=card)
    assert len(hand.fake.texts(GROUP)[0]) == 4096
    assert hand.fake.texts(GROUP)[0].endswith("长…")


def test_odd_text_needs_no_escaping(hand: Hand) -> None:
    text = "*没* _闭合 [链接]( <b> `\\ & 😀"
    hand.send(text=text)
    assert hand.fake.texts(GROUP) == [text]


def test_buttons_stand_in_rows_by_their_width() -> None:
    rows = keyboard([("接单", "a"), ("转办", "b"), ("不是诉求", "c"), ("更多", "d"), ("#117 路灯不亮 2号楼东侧", "e")])
    assert rows
    assert [[button.text for button in row] for row in rows.inline_keyboard] == [
        ["接单", "转办", "不是诉求"],
        ["更多"],
        ["#117 路灯不亮 2号楼东侧"],
    ]
    assert keyboard([]) is None


# -- refusals -----------------------------------------------------------------------------------------------------


def test_not_modified_is_success(hand: Hand) -> None:
    card = hand.send(text="#1 电梯故障", buttons=(("补充", "/more 1"),))
    assert hand.send(text="#1 电梯故障", buttons=(("补充", "/more 1"),), edits=card) == card
    assert hand.fake.sees(GROUP)[0].edited == 0


@pytest.mark.parametrize("letter", [{"text": "新"}, {"erase": True}])
def test_a_card_that_is_gone_is_said_to_be_gone(hand: Hand, letter: dict[str, Any]) -> None:
    with pytest.raises(MessageGone):
        hand.send(**letter, edits="404")


def test_a_reply_to_a_message_that_is_gone_is_sent_all_the_same(hand: Hand) -> None:
    assert hand.send(text="已登记", reply_to="404")


def test_a_card_is_taken_away(hand: Hand) -> None:
    card = hand.send(text="#1")
    assert hand.send(edits=card, erase=True) == card
    assert hand.fake.sees(GROUP) == []


def test_a_reaction_telegram_does_not_take_is_left_out(hand: Hand) -> None:
    said = hand.fake.says("王阿姨", GROUP, LIFT)
    assert hand.send(reply_to=str(said.id), reaction="✅") is None
    assert hand.fake.called("setMessageReaction") == []
    hand.fake.restricted.add(hand.fake.id(GROUP))
    assert hand.send(reply_to=str(said.id), reaction="👀") is None
    hand.fake.restricted.clear()
    hand.send(reply_to=str(said.id), reaction="👀")
    assert said.reactions == ["👀"]
    assert hand.send(reply_to="404", reaction="👀") is None


@pytest.mark.parametrize(
    ("code", "description", "error"),
    [
        (400, "Bad Request: chat not found", Undeliverable),
        (400, "Bad Request: not enough rights to send text messages to the chat", Undeliverable),
        (403, "Forbidden: bot was kicked from the supergroup chat", Stopped),
        (403, "Forbidden: user is deactivated", Stopped),
        (500, "Internal Server Error", RetryLater),
        (502, "Bad Gateway", RetryLater),
        (401, "Unauthorized", RetryLater),
    ],
)
def test_400_and_403_are_for_ever_and_all_else_passes(
    hand: Hand, code: int, description: str, error: type[Exception]
) -> None:
    hand.fake.fails("sendMessage", code, description)
    with pytest.raises(error) as raised:
        hand.send(text="x")
    assert type(raised.value) is error
    assert getattr(raised.value, "after", None) is None
    assert TOKEN not in str(raised.value)


def test_a_closed_connection_passes(hand: Hand) -> None:
    hand.fake.drops("sendMessage")
    with pytest.raises(RetryLater):
        hand.send(text="x")


def test_who_never_wrote_to_the_bot_cannot_be_written_to(hand: Hand) -> None:
    with pytest.raises(Undeliverable, match="initiate"):
        hand.send("王阿姨", text="您好")


def test_a_wrong_token_is_one_sentence(fake: FakeTelegram) -> None:
    async def greet() -> None:
        platform = Telegram("1:wrong", base_url=fake.base_url)
        try:
            await platform.greet()
        finally:
            await platform.close()

    with pytest.raises(BadToken) as wrong:
        asyncio.run(greet())
    assert "1:wrong" not in str(wrong.value)
    assert wrong.value.__suppress_context__


# -- in the street ------------------------------------------------------------------------------------------------


def test_a_429_is_obeyed_and_nothing_is_lost(street: Street) -> None:
    street.fake.fails("sendMessage", 429, retry_after=30, at="张网格员")
    street.says("王阿姨", LIFT)
    before = len(street.fake.sees("张网格员"))
    street.wait(seconds=29)
    assert len(street.fake.sees("张网格员")) == before
    street.wait(seconds=2)
    assert street.newest("张网格员", "#1 电梯故障")
    assert street.card()  # the group never waited


def test_faults_of_every_kind_pass_and_every_letter_arrives(street: Street) -> None:
    for code in (500, 502, 504):
        street.fake.fails("sendMessage", code, "Server Error")
    street.fake.drops("sendMessage", times=2)
    street.fake.drops("setMessageReaction")
    said = street.says("王阿姨", LIFT)
    street.wait(minutes=15)
    assert street.card()
    assert street.newest("张网格员", "#1 电梯故障")
    assert said.reactions == ["👀"]
    assert failed(street) == []


def test_an_answer_lost_on_the_way_makes_a_letter_come_twice_and_the_card_goes_on(street: Street) -> None:
    street.fake.drops("sendMessage", done=True)
    street.says("王阿姨", LIFT)
    street.wait(minutes=1)
    letters = [post for name in (GROUP, "张网格员") for post in street.fake.sees(name) if post.text.startswith("#1")]
    assert len(letters) == 3
    street.presses("张网格员", "接单")
    street.wait(minutes=1)
    assert "处理中" in street.card()


def test_a_worker_who_blocked_the_bot_is_stood_in_for(street: Street) -> None:
    street.fake.blocked.add(street.fake.id("张网格员"))
    street.says("王阿姨", LIFT)
    assert street.newest("刘网格员", "#1 电梯故障")
    assert "unreached" in street.history()
    assert failed(street) == [("work", "Forbidden: bot was blocked by the user")]


def test_thrown_out_of_the_group_in_mid_case_the_case_goes_on(street: Street) -> None:
    street.says("王阿姨", LIFT)
    street.fake.blocked.add(street.fake.id(GROUP))
    street.wait(minutes=1)
    assert street.presses("张网格员", "接单") == "已接单 #1 电梯故障 · 3号楼"
    street.wait(minutes=1)
    assert street.tells("张网格员", "办结 1 换了主板")[0].startswith("#1 已记为办结")
    assert ("card", "Forbidden: bot was kicked from the group chat") in failed(street)


def test_a_card_somebody_deleted_is_put_up_again(street: Street) -> None:
    street.says("王阿姨", LIFT)
    street.newest(GROUP, "#1").deleted = True
    street.wait(minutes=1)
    street.presses("张网格员", "接单")
    street.wait(minutes=1)
    assert "处理中" in street.card()


def test_in_a_topic_the_answer_stays_there_and_falls_back_to_the_group(street: Street) -> None:
    group = street.fake.id(GROUP)
    street.fake.topics[group].add(77)
    street.says("王阿姨", LIFT, topic=77)
    assert street.newest(GROUP, "#1").topic == 77
    said: Posted = street.fake.says("陈姐", GROUP, "3号楼路灯不亮了", topic=77)
    said.deleted = True
    street.fake.topics[group].clear()
    street.settle()
    assert street.newest(GROUP, "#2").topic is None


def test_a_group_that_becomes_a_supergroup_is_followed(street: Street) -> None:
    street.says("王阿姨", LIFT)
    street.fake.becomes_supergroup(GROUP)
    street.settle()
    street.wait(minutes=1)
    street.presses("张网格员", "接单")
    street.wait(minutes=1)
    assert "处理中" in street.card()  # a new card: the old ids mean nothing there
    street.says("陈姐", "3号楼路灯不亮了")
    assert street.card(2)
    assert failed(street) == []


def test_a_group_whose_move_was_missed_is_followed_when_a_letter_finds_it_out(street: Street) -> None:
    street.says("王阿姨", LIFT)
    old = street.fake.id(GROUP)
    street.fake.becomes_supergroup(GROUP)
    street.fake.updates.clear()
    street.fake.sees(GROUP)
    street.wait(minutes=1)
    street.presses("张网格员", "接单")
    street.wait(minutes=1)
    assert "处理中" in street.card()
    assert street.fake.posted[old][-1].edited == 0


def test_after_a_restart_a_moved_group_is_still_the_grids(street: Street) -> None:
    street.fake.becomes_supergroup(GROUP)
    street.settle()
    street.stop()
    street.start()
    street.says("王阿姨", LIFT)
    assert street.card()


def test_a_letter_that_was_under_way_when_the_bot_was_told_to_stop_arrives_once(street: Street) -> None:
    with street.fake.hangs("sendMessage", at="张网格员"):
        street.fake.says("王阿姨", GROUP, LIFT)
        worker = str(street.fake.id("张网格员"))
        street.until(
            lambda: [c for c in street.fake.called("sendMessage") if c["chat_id"] == worker and "#1" in c["text"]]
        )
        street.loop.call_soon_threadsafe(street._task.cancel)
        street.until(lambda: not street.fake.updates)
    street.stop()
    street.start()
    street.settle()
    assert [text for text in street.fake.texts("张网格员") if text.startswith("#1")] == [street.card(1, "张网格员")]
    states = street.look(lambda s: s.exec(select(Letter.state).where(col(Letter.state) == LetterState.SENDING)).all())
    assert states == []


# -- pace ---------------------------------------------------------------------------------------------------------


def test_at_the_limits_of_telegram_nothing_is_lost(fake: FakeTelegram) -> None:
    fake.limits = True
    people = [f"居民{number}" for number in range(45)]
    for person in people:
        fake.reached.add(fake.id(person))

    async def broadcast() -> None:
        platform, pacer = Telegram(TOKEN, base_url=fake.base_url), Pacer(PACE)

        async def one(out: Outgoing) -> None:
            while True:
                await pacer.turn(out)
                try:
                    await platform.send(out)
                except RetryLater as later:  # a machine that stumbles sends in bursts
                    await asyncio.sleep(later.after.total_seconds() if later.after else 1)
                else:
                    return

        await asyncio.gather(*(one(Outgoing(str(fake.id(p)), private=True, text="停水")) for p in people))
        await platform.close()

    asyncio.run(broadcast())
    assert all(fake.texts(person) == ["停水"] for person in people)


def test_the_fake_counts_as_telegram_does(hand: Hand) -> None:
    hand.fake.limits = True
    hand.send(text="一")
    with pytest.raises(RetryLater) as later:
        hand.send(text="二")
    assert later.value.after
    assert hand.fake.floods == 1
