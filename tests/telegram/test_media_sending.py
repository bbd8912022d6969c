"""Letters that bring files: albums, captions, buttons where they can stand, and what happens when one is refused."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake import TOKEN, FakeTelegram, Posted
from shelf import LARGEST_PHOTO, LARGEST_UP, Thing, document, photo, picture, video, voice
from village import GROUP

from bot.platforms import File, Outgoing, Pace, RetryLater, Undeliverable
from bot.platforms.telegram import Telegram
from bot.platforms.telegram.sending import Pen
from storage.attachments import Media

DONE = (("满意", "/good 1"), ("不满意", "/bad 1"))
PLACE = File(Media.LOCATION, place=(39.9042, 116.4074))


class Hand:
    """One bot that goes on sending."""

    def __init__(self, fake: FakeTelegram, folder: Path) -> None:
        self.fake = fake
        self.folder = folder
        self.rests = 0
        self._runner = asyncio.Runner()
        self._platform = Telegram(TOKEN, base_url=fake.base_url, pace=Pace())
        self._platform._pen = Pen(self._platform._bot, self._rest, lambda *_: self.topic)
        self.topic: int | None = None

    async def _rest(self) -> None:
        self.rests += 1

    def send(self, text: str | None = None, *files: File, **letter: Any) -> str | None:
        address = str(self.fake.id(GROUP))
        out = Outgoing(address, private=False, text=text, files=files, **letter)
        shown, *self.also = (self._runner.run(self._platform.send(out)) or "").split(" ")
        return shown or None

    def close(self) -> None:
        self._runner.run(self._platform.close())
        self._runner.close()

    def known(self, thing: Thing, media: Media) -> File:
        """Of something a resident sent."""
        post = self.fake.says("王阿姨", GROUP, "", file=thing)
        assert post.file
        return File(media, known=post.file.id)

    def copy(self, content: bytes, media: Media = Media.PHOTO, name: str = "") -> File:
        """Our own, called by a number as in the store."""
        path = self.folder / str(len(list(self.folder.iterdir())))
        path.write_bytes(content)
        return File(media, name, path=path)

    @property
    def kinds(self) -> list[str]:
        return [post.file.kind if post.file else "text" for post in self.posts]

    @property
    def posts(self) -> list[Posted]:
        return self.fake.sees(GROUP)


@pytest.fixture
def hand(fake: FakeTelegram, tmp_path: Path) -> Iterator[Hand]:
    fake.id(GROUP)
    hand = Hand(fake, tmp_path)
    yield hand
    hand.close()


def content(post: Posted) -> bytes:
    assert post.file
    return post.file.content


# -- one file -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("thing", "media", "name"),
    [
        (photo(picture("blue")), Media.PHOTO, "0.jpg"),
        (video(), Media.VIDEO, "IMG_0042.MP4"),
        (voice(), Media.VOICE, "0.ogg"),
        (document("合同.pdf"), Media.DOCUMENT, "合同.pdf"),
    ],
)
def test_a_file_telegram_knows_and_our_copy_of_it_arrive_alike(
    hand: Hand, thing: Thing, media: Media, name: str
) -> None:
    hand.send(None, hand.known(thing, media))
    hand.send(None, hand.copy(thing.content, media, thing.name))
    assert hand.kinds == [media, media]
    assert [content(post) for post in hand.posts] == [thing.content] * 2
    assert [post.file.name for post in hand.posts if post.file] == [thing.name, name]


def test_words_that_fit_stand_beneath_it_with_the_buttons_and_the_reply(hand: Hand) -> None:
    said = hand.fake.says("王阿姨", GROUP, "3号楼电梯坏了")
    message = hand.send("修好了", hand.copy(picture()), buttons=DONE, reply_to=str(said.id))
    (post,) = hand.posts
    assert (post.text, post.labels, post.reply_to) == ("修好了", ["满意", "不满意"], said.id)
    assert message == str(post.id)
    assert hand.rests == 0


def test_words_that_do_not_fit_follow_it(hand: Hand) -> None:
    assert hand.send("😀" * 512, hand.copy(picture()))  # 1024 units
    message = hand.send("😀" * 512 + "!", hand.copy(picture()), buttons=DONE)
    assert hand.kinds == ["photo", "photo", "text"]
    assert [post.labels for post in hand.posts] == [[], [], ["满意", "不满意"]]
    assert message == str(hand.posts[-1].id)
    assert hand.rests == 1


def test_beneath_a_place_there_are_no_words(hand: Hand) -> None:
    hand.send("王阿姨家楼下", PLACE)
    assert hand.kinds == ["location", "text"]
    assert hand.posts[0].file
    assert hand.posts[0].file.thing.place == PLACE.place
    message = hand.send(None, PLACE, buttons=DONE)
    assert (hand.posts[-1].labels, message) == (["满意", "不满意"], str(hand.posts[-1].id))


# -- albums -------------------------------------------------------------------------------------------------------


def test_pictures_are_an_album_and_the_words_with_the_buttons_come_after_it(hand: Hand) -> None:
    said = hand.fake.says("王阿姨", GROUP, "3号楼电梯坏了")
    pictures = [picture(colour) for colour in ("red", "green")]
    files = [*map(hand.copy, pictures), hand.known(video(), Media.VIDEO)]
    message = hand.send("处理前后对比", *files, buttons=DONE, reply_to=str(said.id))
    assert hand.kinds == ["photo", "photo", "video", "text"]
    assert [content(post) for post in hand.posts[:2]] == pictures
    assert len({post.album for post in hand.posts[:3]}) == 1
    assert {post.reply_to for post in hand.posts} == {said.id}
    assert (hand.posts[-1].text, hand.posts[-1].labels) == ("处理前后对比", ["满意", "不满意"])
    assert message == str(hand.posts[-1].id)
    assert hand.rests == 1


@pytest.mark.parametrize(("pictures", "albums"), [(2, [2]), (10, [10]), (11, [10, 1]), (23, [10, 10, 3])])
def test_an_album_holds_ten(hand: Hand, pictures: int, albums: list[int]) -> None:
    known = hand.known(photo(), Media.PHOTO)
    message = hand.send(None, *[known] * pictures)
    assert [len(hand.fake.called(method)) for method in ("sendMediaGroup", "sendPhoto")] == [
        sum(size > 1 for size in albums),
        albums.count(1),
    ]
    assert len(hand.posts) == pictures
    assert [*hand.also, message] == [str(post.id) for post in hand.posts]
    hand.send(edits=message, also=tuple(hand.also), erase=True)
    assert hand.posts == []


def test_documents_stay_among_themselves_and_voices_and_places_alone(hand: Hand) -> None:
    seen, paper = hand.known(photo(), Media.PHOTO), hand.known(document(), Media.DOCUMENT)
    heard = hand.known(voice(), Media.VOICE)
    hand.send("材料", paper, seen, heard, PLACE, paper, heard, seen)
    kinds = ["photo", "photo", "document", "document", "voice", "location", "voice", "text"]
    assert hand.kinds == kinds
    assert len({post.album for post in hand.posts} - {""}) == 2
    assert hand.rests == 5


def test_where_an_album_has_no_words_its_last_picture_carries_the_buttons(hand: Hand) -> None:
    known = hand.known(photo(), Media.PHOTO)
    message = hand.send(None, known, known, known, buttons=DONE)
    assert [bool(post.album) for post in hand.posts] == [True, True, False]
    assert [post.labels for post in hand.posts] == [[], [], ["满意", "不满意"]]
    assert message == str(hand.posts[-1].id)


# -- refusals -----------------------------------------------------------------------------------------------------


def test_a_name_telegram_no_longer_knows_falls_back_to_our_copy(hand: Hand) -> None:
    ours = hand.copy(picture("green"))
    both = File(Media.PHOTO, known="AgAC-of-another-bot", path=ours.path)
    hand.send("修好了", both)
    hand.send("前后", both, hand.known(photo(), Media.PHOTO))
    assert [content(post) for post in hand.posts if post.file] == [picture("green")] * 2 + [picture()]
    assert [post.text for post in hand.posts] == ["修好了", "", "", "前后"]


def test_of_a_file_we_cannot_bring_in_any_way_the_reason_is_told(hand: Hand, tmp_path: Path) -> None:
    with pytest.raises(Undeliverable, match="Wrong file identifier"):
        hand.send("x", File(Media.PHOTO, known="AgAC-of-another-bot"))
    with pytest.raises(Undeliverable, match=r"^the file to send is gone$"):
        hand.send("x", File(Media.PHOTO, path=tmp_path / "gone"))
    with pytest.raises(Undeliverable, match="nowhere"):
        hand.send("x", File(Media.PHOTO))
    with pytest.raises(Undeliverable, match="nothing to say"):
        hand.send(None)
    assert hand.posts == []


def test_a_disk_that_fails_may_be_well_again(hand: Hand, tmp_path: Path) -> None:
    with pytest.raises(RetryLater):
        hand.send("x", File(Media.PHOTO, path=tmp_path))


@pytest.mark.parametrize("odd", [b"HEIC, which Telegram shows no picture of", b"\xff\xd8" + bytes(LARGEST_PHOTO)])
def test_what_telegram_takes_for_no_picture_is_sent_as_a_document(hand: Hand, odd: bytes) -> None:
    hand.send("现场", hand.copy(odd))
    hand.send("现场", hand.copy(odd), hand.copy(picture()))
    assert hand.kinds == ["document", "document", "photo", "text"]
    assert [content(post) for post in hand.posts[:3]] == [odd, odd, picture()]


def test_an_album_telegram_does_not_take_arrives_one_by_one(hand: Hand) -> None:
    around = hand.known(Thing("video_note", b"round"), Media.VIDEO)  # no album may have it
    hand.send("现场", hand.known(photo(), Media.PHOTO), around)
    assert hand.kinds == ["photo", "video_note", "text"]
    assert hand.rests == 2


def test_an_album_larger_than_a_call_may_be_arrives_one_by_one(hand: Hand) -> None:
    hand.fake.fails("sendMediaGroup", 413, "Request Entity Too Large")
    hand.send(None, hand.copy(picture()), hand.copy(picture("green")))
    assert hand.kinds == ["photo", "photo"]
    with pytest.raises(Undeliverable, match="Too Large"):
        hand.send(None, hand.copy(bytes(LARGEST_UP + 1), Media.DOCUMENT))


def test_who_cannot_be_written_to_is_not_tried_file_by_file(hand: Hand) -> None:
    known = hand.known(photo(), Media.PHOTO)
    hand.fake.blocked.add(hand.fake.id(GROUP))
    with pytest.raises(Undeliverable, match="kicked"):
        hand.send("x", known, known)
    assert hand.fake.called("sendPhoto") == []


# -- what passes --------------------------------------------------------------------------------------------------

Happens = Callable[[FakeTelegram, str], None]
PASSING: dict[str, Happens] = {
    "429": lambda fake, method: fake.fails(method, 429, retry_after=7),
    "502": lambda fake, method: fake.fails(method, 502),
    "dropped": lambda fake, method: fake.drops(method),
    "the file is being moved": lambda fake, method: fake.fails(
        method, 400, "Bad Request: wrong file_id or the file is temporarily unavailable"
    ),
}


@pytest.mark.parametrize("happens", PASSING)
@pytest.mark.parametrize("method", ["sendMediaGroup", "sendDocument", "sendVoice", "sendMessage"])
def test_what_arrived_is_not_sent_again_when_a_later_part_fails(hand: Hand, method: str, happens: str) -> None:
    known = hand.known(photo(), Media.PHOTO)
    letter = ("材料", known, known, hand.known(document(), Media.DOCUMENT), hand.known(voice(), Media.VOICE))
    for _ in range(2):
        PASSING[happens](hand.fake, method)
        with pytest.raises(RetryLater):
            hand.send(*letter, buttons=DONE)
    message = hand.send(*letter, buttons=DONE)
    assert hand.kinds == ["photo", "photo", "document", "voice", "text"]
    assert message == str(hand.posts[-1].id)
    hand.send(*letter, buttons=DONE)  # the same once more is another letter
    assert len(hand.posts) == 10


def test_a_letter_given_up_in_the_middle_begins_anew(hand: Hand) -> None:
    known = hand.known(photo(), Media.PHOTO)
    hand.fake.fails("sendMessage", 400, "Bad Request: not enough rights to send text messages to the chat")
    with pytest.raises(Undeliverable):
        hand.send("对比", known, known)
    hand.send("对比", known, known)
    assert hand.kinds == ["photo", "photo", "photo", "photo", "text"]


def test_of_an_album_that_came_one_by_one_only_the_rest_is_sent(hand: Hand) -> None:
    around = hand.known(Thing("video_note", b"round"), Media.VIDEO)
    known = hand.known(photo(), Media.PHOTO)
    hand.fake.fails("sendVideo", 429, retry_after=7)
    with pytest.raises(RetryLater):
        hand.send("现场", known, around)
    hand.send("现场", known, around)
    assert hand.kinds == ["photo", "video_note", "text"]


# -- topics, edits, pins ------------------------------------------------------------------------------------------


def test_in_a_topic_all_of_it_stays_there_and_falls_back_to_the_group(hand: Hand) -> None:
    group = hand.fake.id(GROUP)
    hand.fake.topics[group].add(77)
    said = hand.fake.says("王阿姨", GROUP, "3号楼电梯坏了", topic=77)
    known, hand.topic = hand.known(photo(), Media.PHOTO), 77
    hand.send("对比", known, known, reply_to=str(said.id))
    assert [post.topic for post in hand.posts] == [77, 77, 77]
    hand.fake.topics[group].clear()
    said.deleted = True
    hand.send("对比", known, known, reply_to=str(said.id))
    assert [post.topic for post in hand.posts[3:]] == [None, None, None]


def test_the_words_beneath_a_picture_are_edited_as_those_of_a_message(hand: Hand) -> None:
    card = hand.send("#1 电梯故障", hand.copy(picture()), buttons=DONE)
    for _ in range(2):  # the second time it is not modified
        assert hand.send("#1 已办结", edits=card) == card
    (post,) = hand.posts
    assert (post.text, post.labels, post.edited, content(post)) == ("#1 已办结", [], 1, picture())
    hand.send("长" * 2000, edits=card)
    assert len(post.text) == 1024
    assert post.text.endswith("长…")
    place = hand.send(None, PLACE)
    with pytest.raises(Undeliverable, match="no caption"):
        hand.send("x", edits=place)


def test_a_notice_is_pinned_quietly_where_the_bot_may(hand: Hand) -> None:
    notice = hand.send("明早九点停水")
    assert hand.send(edits=notice, pin=True) == notice
    assert not hand.posts[0].pinned
    hand.fake.administered.add(hand.fake.id(GROUP))
    assert hand.send(edits=notice, pin=True) == notice
    assert hand.posts[0].pinned
    assert {call["disable_notification"] for call in hand.fake.called("pinChatMessage")} == {"true"}
    assert hand.send(edits="404", pin=True) == "404"
    hand.fake.fails("pinChatMessage", 403, "Forbidden: bot was kicked from the supergroup chat")
    assert hand.send(edits=notice, pin=True) == notice


@pytest.mark.parametrize("happens", ["429", "502", "dropped"])
def test_a_pin_that_only_failed_now_is_tried_again(hand: Hand, happens: str) -> None:
    notice = hand.send("明早九点停水")
    PASSING[happens](hand.fake, "pinChatMessage")
    with pytest.raises(RetryLater):
        hand.send(edits=notice, pin=True)


# -- the fake -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "form", "says"),
    [
        ("sendMediaGroup", {"media": '[{"type": "photo", "media": "photo-1"}]'}, "too few"),
        (
            "sendMediaGroup",
            {"media": "[" + ", ".join(['{"type": "photo", "media": "photo-1"}'] * 11) + "]"},
            "too many",
        ),
        (
            "sendMediaGroup",
            {"media": '[{"type": "photo", "media": "photo-1"}, {"type": "document", "media": "x"}]'},
            "mixed",
        ),
        ("sendMediaGroup", {"media": "[]", "reply_markup": "{}"}, "reply_markup"),
        ("sendPhoto", {"photo": "photo-1", "caption": "长" * 1025}, "caption is too long"),
        ("sendDocument", {"document": "photo-1"}, "can't use file of type Photo as Document"),
        ("sendPhoto", {"photo": "photo-9"}, "wrong file identifier"),
    ],
)
def test_the_fake_refuses_as_telegram_does(hand: Hand, method: str, form: dict[str, str], says: str) -> None:
    hand.known(photo(), Media.PHOTO)
    with pytest.raises(Exception, match=says):
        hand.fake.answer(TOKEN, method, {"chat_id": str(hand.fake.id(GROUP)), **form})
