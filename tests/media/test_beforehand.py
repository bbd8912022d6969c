"""What waits for words: bounded, per person and chat, and let go with its album."""

from datetime import UTC, datetime, timedelta

import pytest

from handlers import beforehand
from handlers.beforehand import JOINING, Beforehand, seat_of
from handlers.message import Attached, Message, Sender
from storage.attachments import Media
from storage.chats import ChatKey

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
TALK = "今天菜场的菜真新鲜"


def said(words: str, *files: str, who: str = "王阿姨", album: str | None = None, after: int = 0) -> Message:
    return Message(
        chat=ChatKey("console", "main", "3号楼群"), title="", private=False, sender=Sender(who, who), delivery="1",
        message="1", at=AT + timedelta(minutes=after), text=words, album=album,
        attached=tuple(Attached(Media.PHOTO, file) for file in files),
    )  # fmt: skip


def waiting(memory: Beforehand, who: str = "王阿姨", after: int = 1) -> list[str]:
    return [one.file for one in memory.of(seat_of(said("", who=who)), AT + timedelta(minutes=after))]


def test_files_wait_for_the_words_of_their_sender() -> None:
    memory = Beforehand()
    for message in (said("", "a"), said("看", "b"), said("", "a"), said("", "c", who="李明")):
        memory.overhear(message)
    assert (waiting(memory), waiting(memory, "李明"), waiting(memory, "陈姐")) == (["a", "b"], ["c"], [])
    memory.forget(seat_of(said("")))
    assert (waiting(memory), waiting(memory, "李明")) == ([], ["c"])


def test_each_waits_for_ten_minutes() -> None:
    memory = Beforehand()
    memory.overhear(said("", "a"))
    memory.overhear(said("", "b", after=5))
    minutes = int(JOINING.total_seconds() // 60)
    assert waiting(memory, after=minutes - 1) == ["a", "b"]
    assert waiting(memory, after=minutes) == ["b"]


def test_an_album_of_something_else_is_let_go_as_a_whole() -> None:
    memory = Beforehand()
    for message in (said("", "a", album="1"), said(TALK, "b", album="1"), said("", "c", album="1")):
        memory.overhear(message)
    assert waiting(memory) == []
    memory.overhear(said("", "d", album="2"))
    assert waiting(memory) == ["d"]
    memory.overhear(said(TALK))
    assert waiting(memory) == []


def test_an_album_may_begin_with_its_words() -> None:
    memory = Beforehand()
    memory.overhear(said(TALK, "a", album="1"))
    memory.overhear(said("", "b", album="1"))
    memory.overhear(said(TALK, who="李明"))
    assert (waiting(memory), waiting(memory, "李明")) == ([], [])


def test_whoever_sent_something_longest_ago_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beforehand, "SEATS", 2)
    memory = Beforehand()
    for who in ("王阿姨", "李明", "王阿姨", "陈姐"):
        memory.overhear(said("", f"of {who}", who=who))
    assert (waiting(memory), waiting(memory, "李明"), waiting(memory, "陈姐")) == (["of 王阿姨"], [], ["of 陈姐"])
