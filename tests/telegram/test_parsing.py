"""Payloads as the public Bot API documentation describes them, and what the bot hears."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.platforms.telegram.parsing import Ears, Move
from bot.platforms.telegram.updates import Update, User
from handlers.message import Attached, Message, Quoted, Sender
from storage.attachments import Media
from storage.chats import ChatKey

ME = User(id=100, is_bot=True, first_name="小格", username="Xiaoge_Bot")
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SAID = datetime(2026, 11, 23, 0, 59, 20, tzinfo=UTC)
WANG: dict[str, Any] = {"id": 7, "is_bot": False, "first_name": "王", "last_name": "阿姨", "language_code": "zh-hans"}
BOT: dict[str, Any] = {"id": 100, "is_bot": True, "first_name": "小格", "username": "Xiaoge_Bot"}
GROUP: dict[str, Any] = {"id": -1001, "type": "supergroup", "title": "3号楼群"}
ALONE: dict[str, Any] = {"id": 7, "type": "private", "first_name": "王", "last_name": "阿姨"}


def post(chat: dict[str, Any] = GROUP, **more: Any) -> dict[str, Any]:
    message = {"message_id": 31, "date": int(SAID.timestamp()), "chat": chat, "from": WANG, **more}
    return {key: value for key, value in message.items() if value is not None}


def hear(**update: Any) -> Message | Move | None:
    return Ears(ME, "main").hear(Update.model_validate({"update_id": 9001, **update}), NOW)


def heard(**message: Any) -> Message:
    found = hear(message=post(**message))
    assert isinstance(found, Message)
    return found


def entity(kind: str, offset: int, length: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, "offset": offset, "length": length, **more}


def test_words_in_a_group() -> None:
    assert heard(text="3号楼电梯坏了") == Message(
        chat=ChatKey("telegram", "main", "-1001"),
        title="3号楼群",
        private=False,
        sender=Sender("7", "王 阿姨"),
        delivery="9001",
        message="31",
        at=SAID,
        text="3号楼电梯坏了",
    )


def test_words_to_the_bot_alone() -> None:
    message = heard(chat=ALONE, text="/start")
    assert (message.private, message.title, message.chat.address) == (True, "王 阿姨", "7")


def test_a_photo_with_its_caption_counts_once_and_by_its_largest_size() -> None:
    sizes = [{"file_id": name, "file_unique_id": name, "width": side, "height": side} for name, side in
             (("s", 90), ("x", 1280), ("m", 320))]  # fmt: skip
    message = heard(photo=sizes, caption="门禁坏了", media_group_id="1")
    assert (message.text, message.attached, message.album) == ("门禁坏了", (Attached(Media.PHOTO, "x"),), "1")
    assert heard(photo=sizes).text == ""


def test_an_edit_is_the_same_message_with_new_words_at_another_time() -> None:
    first = heard(text="3号楼电梯坏了")
    changed = post(text="3号楼2单元电梯坏了", edit_date=int(NOW.timestamp()))
    edit = Ears(ME, "main").hear(Update.model_validate({"update_id": 9002, "edited_message": changed}), NOW)
    assert edit == replace(first, delivery="9002", text="3号楼2单元电梯坏了", at=NOW, edited=True)


def test_an_edit_without_words_is_nothing() -> None:
    spot = {"latitude": 39.9, "longitude": 116.4, "live_period": 900}
    assert hear(edited_message=post(location=spot, edit_date=1)) is None
    named = post(text="@xiaoge_bot", entities=[entity("mention", 0, 11)], edit_date=1)
    assert hear(edited_message=named) is None


def test_a_reply_to_a_photo_brings_the_photo() -> None:
    photo = post(message_id=20, photo=[{"file_id": "x", "file_size": 7}], caption="门禁坏了")
    quoted = heard(text="报修", reply_to_message=photo).quoted
    assert quoted
    assert (quoted.text, quoted.attached) == ("门禁坏了", (Attached(Media.PHOTO, "x", size=7),))


@pytest.mark.parametrize(
    ("text", "entities", "words"),
    [
        ("@xiaoge_bot 待办", [entity("mention", 0, 11)], "待办"),
        ("😀 @Xiaoge_Bot 待办", [entity("mention", 3, 11)], "😀  待办"),  # an emoji is two units
        ("小格 待办", [entity("text_mention", 0, 2, user=BOT)], "待办"),
        ("/todo@xiaoge_bot", [entity("bot_command", 0, 16)], "/todo"),
    ],
)
def test_the_bot_is_named_by_entity(text: str, entities: list[dict[str, Any]], words: str) -> None:
    message = heard(text=text, entities=entities)
    assert (message.mentioned, message.text) == (True, words)


def test_a_name_without_an_entity_or_of_somebody_else_is_only_text() -> None:
    assert not heard(text="写信给 a@xiaoge_bot").mentioned
    other = heard(text="@another 待办", entities=[entity("mention", 0, 8)])
    assert (other.mentioned, other.text) == (False, "@another 待办")
    assert heard(text="看 /todo", entities=[entity("bot_command", 2, 5)]).text == "看 /todo"


def test_a_reply_brings_what_it_replies_to() -> None:
    card = post(text="#1 电梯故障", message_id=20) | {"from": BOT}
    quoted = heard(text="怎么样了", reply_to_message=card).quoted
    assert quoted == Quoted("20", Sender("100", "小格", is_bot=True), "#1 电梯故障", by_us=True, at=SAID)


def test_in_a_topic_the_first_message_is_no_reply_but_another_is() -> None:
    opened = post(message_id=5, forum_topic_created={"name": "报修", "icon_color": 1})
    inside = {"message_thread_id": 5, "is_topic_message": True}
    assert heard(text="电梯坏了", reply_to_message=opened, **inside).quoted is None
    assert heard(text="我家也是", reply_to_message=post(message_id=6, text="电梯坏了"), **inside).quoted is not None


def test_a_pressed_button_says_its_command_and_brings_the_message_and_what_it_replied_to() -> None:
    card = post(message_id=20, text="是要登记一件事吗?", reply_to_message=post(text="楼上好吵")) | {"from": BOT}
    message = hear(callback_query={"id": "4", "from": WANG, "message": card, "chat_instance": "1", "data": "/register"})
    assert isinstance(message, Message)
    assert (message.text, message.pressed, message.at, message.delivery) == ("/register", True, NOW, "9001")
    assert message.quoted
    assert message.quoted.by_us
    assert message.quoted.quoted
    assert (message.quoted.quoted.text, message.quoted.quoted.sender.user) == ("楼上好吵", "7")


def test_a_button_of_a_message_too_old_to_be_shown_is_still_heard() -> None:
    old = {"message_id": 20, "date": 0, "chat": GROUP}
    message = hear(callback_query={"id": "4", "from": WANG, "message": old, "chat_instance": "1", "data": "/take 1"})
    assert isinstance(message, Message)
    assert message.quoted == Quoted("20", Sender("100", "小格", is_bot=True), "", by_us=True)


def test_a_group_that_became_a_supergroup_has_moved() -> None:
    assert hear(message=post(migrate_to_chat_id=-1002)) == Move("-1001", "-1002")


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(
            {"sender_chat": GROUP, "text": "通知", "from": {"id": 1087968824, "is_bot": True}}, id="anonymous"
        ),
        pytest.param({"sender_chat": {"id": -1, "type": "channel"}, "text": "广告", "from": WANG}, id="as a channel"),
        pytest.param({"from": None, "text": "x"}, id="nobody"),
        pytest.param({"from": {"id": 8, "is_bot": True, "first_name": "别的"}, "text": "电梯坏了"}, id="another bot"),
        pytest.param({"new_chat_members": [WANG]}, id="somebody joined"),
        pytest.param({"pinned_message": post(text="x")}, id="a pin"),
        pytest.param({"sticker": {"file_id": "s"}}, id="a sticker"),
        pytest.param({"chat": {"id": -3, "type": "channel", "title": "x"}, "text": "电梯坏了"}, id="a channel"),
        pytest.param(
            {"text": "/help@another", "entities": [entity("bot_command", 0, 13)]}, id="the command of another bot"
        ),
        pytest.param({"migrate_from_chat_id": -1}, id="the other end of a move"),
    ],
)
def test_who_has_no_person_behind_them_or_says_nothing_is_not_heard(message: dict[str, Any]) -> None:
    assert hear(message={**post(), **message}) is None


def test_what_is_none_of_a_persons_words_is_not_heard() -> None:
    assert hear() is None
    assert hear(callback_query={"id": "4", "from": WANG, "inline_message_id": "x", "chat_instance": "1"}) is None
    channel = post(chat={"id": -3, "type": "channel"})
    assert hear(callback_query={"id": "4", "from": WANG, "message": channel, "data": "/take 1"}) is None
