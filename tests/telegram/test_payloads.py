"""Updates as https://core.telegram.org/bots/api describes them, one a file, and what comes of each."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.platforms.telegram.parsing import Ears, Move
from bot.platforms.telegram.updates import ALLOWED_UPDATES, User, read
from handlers.message import Attached, Message, Quoted, Reaction, Sender, Standing
from storage.attachments import Media

FOLDER = Path(__file__).with_name("payloads")
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
EARS = Ears(User(id=100, is_bot=True, first_name="小格", username="Xiaoge_Bot"), "main")
GROUP = "-1001234567890"
SAID = datetime.fromtimestamp(1795395560, UTC)
CHANGED = datetime.fromtimestamp(1795395580, UTC)
CHANGED_LATER = datetime.fromtimestamp(1795395590, UTC)
PHOTO = Attached(Media.PHOTO, "large", size=122880)
HERE = Attached(Media.LOCATION, place=(39.9042, 116.4074))
PHOTO_BEFORE = Quoted("30", Sender("7", "王 阿姨"), at=SAID, attached=(PHOTO,))


def message(text: str, *, chat: str = GROUP, user: str = "7", **more: Any) -> dict[str, Any]:
    return {"type": Message, "address": chat, "user": user, "text": text, **more}


def standing(*, was: bool, now: bool, private: bool = False) -> dict[str, Any]:
    where = {"address": "7" if private else GROUP, "private": private}
    return {"type": Standing, "user": "7", "was_here": was, "is_here": now, **where}


def reaction(*, liked: bool) -> dict[str, Any]:
    return {"type": Reaction, "address": GROUP, "user": "7", "message": "20", "liked": liked}


EXPECTED: dict[str, dict[str, Any] | None] = {
    "message_in_supergroup": message("3号楼电梯坏了", private=False, title="3号楼群"),
    "message_in_private": message("/start c128", chat="7", private=True),
    "mention": message("待办", mentioned=True),
    "forum_topic_message": message("路灯不亮", quoted=None),
    "reply_to_card": message("怎么样了"),
    "reply_to_photo": message("报修 门禁坏了", attached=(), quoted=PHOTO_BEFORE),
    "photo": message("", attached=(PHOTO,), album=None),
    "photo_with_caption": message("门禁坏了", attached=(PHOTO,)),
    "album_part": message("", attached=(PHOTO,), album="13579", message="32"),
    "video": message("井盖松了", attached=(Attached(Media.VIDEO, "film", size=3145728),)),
    "video_note": message("", attached=(Attached(Media.VIDEO, "round", size=412876),)),
    "animation": message("", attached=(Attached(Media.VIDEO, "anim", size=88214),)),
    "voice": message("", attached=(Attached(Media.VOICE, "v", size=9124),)),
    "audio": message("", attached=(Attached(Media.VOICE, "sound", size=512000),)),
    "document": message("楼道堆物", attached=(Attached(Media.DOCUMENT, "d", "照片.jpg", 212044),)),
    "location": message("", attached=(HERE,)),
    "venue": message("", attached=(HERE,)),
    "live_location": message("", attached=(HERE,), edited=False),
    "live_location_moved": None,
    "sticker": None,
    "contact": None,
    "dice": None,
    "poll": None,
    "edited_message": message(
        "3号楼2单元电梯坏了", edited=True, delivery="700011", message="31", at=CHANGED, attached=()
    ),
    "edited_caption": message("2单元门禁坏了", edited=True, at=CHANGED_LATER, attached=(PHOTO,), album="13579"),
    "edited_away": None,
    "callback_query": message("/metoo 1", pressed=True, at=NOW),
    "callback_query_inaccessible": message("/metoo 1", pressed=True, at=NOW),
    "callback_query_inline": None,
    "bot_added": standing(was=False, now=True),
    "bot_added_as_administrator": standing(was=False, now=True),
    "bot_promoted": standing(was=True, now=True),
    "bot_kicked": standing(was=True, now=False),
    "bot_restricted": standing(was=True, now=True),
    "bot_blocked": standing(was=True, now=False, private=True),
    "bot_unblocked": standing(was=False, now=True, private=True),
    "bot_in_channel": None,
    "chat_member": None,
    "message_reaction": reaction(liked=True),
    "message_reaction_taken_back": reaction(liked=False),
    "message_reaction_other": None,
    "message_reaction_anonymous": None,
    "poll_answer": None,
    "migrate_to_chat_id": {"type": Move, "old": "-4567", "new": GROUP},
    "migrate_from_chat_id": None,
    "new_chat_members": None,
    "left_chat_member": None,
    "deleted_account": message("电梯坏了", user="8"),
    "linked_channel_post": None,
    "as_channel": None,
    "channel_post": None,
    "anonymous_administrator": None,
    "another_bot": None,
    "pinned_message": None,
}


def payload(name: str) -> dict[str, Any]:
    update: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return update


def seen(heard: Message | Standing | Reaction | Move, wanted: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"type": type(heard)}
    if not isinstance(heard, Move):
        found |= {"address": heard.chat.address, "user": heard.sender.user}
    return found | {name: getattr(heard, name) for name in wanted if name not in {"type", "address", "user"}}


def test_every_payload_is_expected_to_become_something() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_what_comes_of_it(name: str) -> None:
    update, wanted = read(payload(name)), EXPECTED[name]
    assert update is not None
    heard = EARS.hear(update, NOW)
    assert (None if heard is None else seen(heard, wanted or {})) == wanted


@pytest.mark.parametrize("name", [name for name, wanted in EXPECTED.items() if wanted])
def test_what_is_heard_is_asked_for_and_keeps_its_chats_order(name: str) -> None:
    raw = payload(name)
    update = read(raw)
    assert raw.keys() & set(ALLOWED_UPDATES)
    assert update
    assert update.place
