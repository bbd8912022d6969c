"""Fetching what people attached: the very bytes, or the reason why there are none."""

import asyncio
import os

import pytest
from fake import DOWNLOAD, TOKEN, FakeTelegram
from hypothesis import given
from hypothesis import strategies as st
from shelf import Thing, Upload, document, form, photo, picture, video, voice
from village import GROUP

from bot.platforms import RetryLater, Stopped, TooLarge, Undeliverable
from bot.platforms.telegram import Telegram, fetching
from bot.platforms.telegram.fetching import LARGEST, files_at

MEGABYTE = 1024 * 1024


def fetched(fake: FakeTelegram, file: str, token: str = TOKEN) -> bytes:
    async def once() -> bytes:
        platform = Telegram(token, base_url=fake.base_url, between_parts=0)
        try:
            return await platform.fetch(file)
        finally:
            await platform.close()

    return asyncio.run(once())


def brought(fake: FakeTelegram, thing: Thing) -> str:
    """The file id under which the bot hears of it."""
    post = fake.says("王阿姨", GROUP, "", file=thing)
    assert post.file
    return post.file.id


@pytest.mark.parametrize("thing", [photo(picture("blue")), video(os.urandom(70_000)), voice(), document(content=b"")])
def test_the_bytes_are_those_that_were_sent(fake: FakeTelegram, thing: Thing) -> None:
    assert fetched(fake, brought(fake, thing)) == thing.content


def test_every_picture_of_an_album_is_there(fake: FakeTelegram) -> None:
    pictures = [picture(colour) for colour in ("red", "green", "blue")]
    posts = fake.album("王阿姨", GROUP, pictures, caption="门禁坏了")
    assert [post.text for post in posts] == ["门禁坏了", "", ""]
    assert len({post.payload["media_group_id"] for post in posts}) == 1
    assert [fetched(fake, post.file.id) for post in posts if post.file] == pictures


@pytest.mark.parametrize("size", [25 * MEGABYTE, LARGEST + 1])
def test_what_is_too_large_is_not_fetched(fake: FakeTelegram, size: int) -> None:
    with pytest.raises(TooLarge):
        fetched(fake, brought(fake, document(size=size)))
    assert fake.called(DOWNLOAD) == []


def test_of_a_server_that_tells_a_wrong_size_nothing_too_large_is_taken(fake: FakeTelegram) -> None:
    with pytest.raises(TooLarge):
        fetched(fake, brought(fake, document(content=bytes(LARGEST + 1), size=7)))
    assert len(fetched(fake, brought(fake, document(content=bytes(LARGEST), size=7)))) == LARGEST


def test_a_server_with_other_limits_is_kept_to_ours(fake: FakeTelegram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "LARGEST", 10)
    with pytest.raises(TooLarge):
        fetched(fake, brought(fake, document(size=11)))
    assert fake.called(DOWNLOAD) == []


def test_a_file_telegram_does_not_know_is_gone(fake: FakeTelegram) -> None:
    with pytest.raises(Undeliverable, match="Invalid file_id"):
        fetched(fake, "AgACAgIAAxkBAAL")


def test_a_dead_link_is_gone_whatever_the_page_says(fake: FakeTelegram) -> None:
    file = brought(fake, photo())
    for refusal in ("Not Found", "Not Found: the file is no longer there"):
        fake.fails(DOWNLOAD, 404, refusal)
        with pytest.raises(Undeliverable, match=r"^the link is dead$"):
            fetched(fake, file)
    assert fetched(fake, file) == picture()


@pytest.mark.parametrize("method", ["getFile", DOWNLOAD])
@pytest.mark.parametrize(
    ("code", "description", "error"),
    [
        (400, "Bad Request: invalid file_id", Undeliverable),
        (400, "Bad Request: wrong file_id or the file is temporarily unavailable", RetryLater),
        (401, "Unauthorized", RetryLater),
        (403, "Forbidden: bot was blocked by the user", Stopped),
        (500, "Internal Server Error", RetryLater),
        (502, "Bad Gateway", RetryLater),
    ],
)
def test_what_is_for_ever_and_what_passes(
    fake: FakeTelegram, method: str, code: int, description: str, error: type[Exception]
) -> None:
    file = brought(fake, photo())
    fake.fails(method, code, description)
    with pytest.raises(error) as raised:
        fetched(fake, file)
    assert type(raised.value) is error
    assert raised.value.__suppress_context__


@pytest.mark.parametrize("method", ["getFile", DOWNLOAD])
def test_what_the_network_does_passes(fake: FakeTelegram, method: str) -> None:
    file = brought(fake, document(content=os.urandom(300_000)))
    for happens in (fake.drops, fake.cuts):
        for _ in range(2):  # a transport may ask once more by itself
            happens(method)
        with pytest.raises(RetryLater):
            fetched(fake, file)
        fake.heals()
    fake.fails(method, 429, retry_after=9)
    with pytest.raises(RetryLater) as later:
        fetched(fake, file)
    assert later.value.after
    assert later.value.after.total_seconds() == 9


def test_a_server_that_is_silent_is_not_waited_for_for_ever(
    fake: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "SLOW", 0.01)
    file = brought(fake, photo())
    with fake.hangs(DOWNLOAD), pytest.raises(RetryLater):
        fetched(fake, file)


def test_a_page_of_a_proxy_is_no_reason(fake: FakeTelegram) -> None:
    file = brought(fake, photo())
    page = f"<html>400: /file/bot{TOKEN}/photos/file_1.jpg"
    fake.fails(DOWNLOAD, 400, page=page)
    with pytest.raises(Undeliverable) as raised:
        fetched(fake, file)
    assert str(raised.value) == "Bad Request (400)"


@pytest.mark.parametrize("path", ["/var/lib/telegram-bot-api/photos/file_0.jpg", __file__])
def test_the_disk_of_a_local_server_is_not_read(fake: FakeTelegram, path: str) -> None:
    file = brought(fake, photo())
    fake.shelf.moves(file, path)
    with pytest.raises(Undeliverable, match="--local"):
        fetched(fake, file)
    assert fake.called(DOWNLOAD) == []


@pytest.mark.parametrize(
    ("calls", "files"),
    [
        ("https://api.telegram.org/bot", "https://api.telegram.org/file/bot"),
        ("http://bot.example:8081/bot", "http://bot.example:8081/file/bot"),
        ("https://example.org/telegram/bot{token}/test", "https://example.org/telegram/file/bot{token}/test"),
        ("https://bot.example/tg-", "https://bot.example/file/tg-"),
        ("https://bot.example/", "https://bot.example/file/"),
    ],
)
def test_where_the_files_are_follows_from_where_the_calls_go(calls: str, files: str) -> None:
    assert files_at(calls) == files


# -- the fake -----------------------------------------------------------------------------------------------------


@given(st.binary(max_size=300), st.sampled_from(["照片.jpg", "a b.pdf", "x"]), st.text(max_size=20))
def test_the_fake_reads_forms(content: bytes, name: str, text: str) -> None:
    parts = (
        ('form-data; name="chat_id"', text.encode()),
        (f'form-data; name="photo"; filename="{name}"\r\nContent-Type: image/jpeg', content),
    )
    body = b"".join(f"--xyz\r\nContent-Disposition: {head}\r\n\r\n".encode() + data + b"\r\n" for head, data in parts)
    expected = {"chat_id": text, "photo": Upload(name, content)}
    assert form("multipart/form-data; boundary=xyz", body + b"--xyz--\r\n") == expected
