"""Photos, films and papers from residents to the worker and back, over the real library: clean, once, never lost."""

from io import BytesIO
from pathlib import Path

import pytest
from fake import DOWNLOAD, FakeTelegram
from PIL import Image
from readings import LIFT, LIFT_TOO
from shelf import Thing, document, photo, picture, voice
from street import Street
from village import GROUP

from storage import attachments
from storage.attachments import Attachment, Keeping


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.fetcher.SCAN", 0.02)


def kept(street: Street) -> list[Attachment]:
    return street.look(lambda session: attachments.of_case(session, 1))


def fetched(street: Street) -> list[Attachment]:
    """Once nothing is wanted any more."""
    street.until(lambda: all(one.state != Keeping.WANTED for one in kept(street)))
    street.settle()
    return kept(street)


def files(street: Street) -> list[Path]:
    return [file for file in Path(street.settings.media.folder).rglob("*") if file.is_file()]


def from_a_telephone() -> bytes:
    image = Image.new("RGB", (32, 16), "navy")
    exif = image.getexif()
    exif[0x010F] = "SecretMaker"
    exif.get_ifd(0x8825).update({1: "N", 2: (31.0, 14.0, 0.0), 3: "E", 4: (121.0, 28.0, 0.0)})
    out = BytesIO()
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_an_album_of_ten_is_one_report_with_one_answer(street: Street, fake: FakeTelegram) -> None:
    pictures = [picture(f"#0000{number * 16:02x}") for number in range(10)]
    posts = fake.album("王阿姨", GROUP, pictures, caption=LIFT, caption_on=2)
    street.settle()
    assert [post.reactions for post in posts] == [[], [], ["👀"], *[[]] * 7]
    assert len(street.cases()) == 1
    assert {one.state for one in fetched(street)} == {"stored"}
    assert len(kept(street)) == 10
    assert len({file.name for file in files(street)}) == 10
    street.wait(minutes=1)
    assert "照片 10" in street.card(1, "张网格员")
    assert len(fake.sees(GROUP)) == 1


def test_thirty_photos_one_by_one_get_one_answer(street: Street, fake: FakeTelegram) -> None:
    street.says("王阿姨", LIFT)
    posts = [fake.says("王阿姨", GROUP, "", photos=1) for _ in range(30)]
    street.settle()
    assert sum(len(post.reactions) for post in posts) == 1
    assert len(fetched(street)) == 30
    assert len(files(street)) == 1  # it is the same picture


def test_place_and_device_reach_nobody(street: Street, fake: FakeTelegram) -> None:
    street.says("王阿姨", LIFT, file=document("IMG_1.jpg", from_a_telephone()))
    assert [one.mime for one in fetched(street)] == ["image/jpeg"]
    (file,) = files(street)
    assert b"Secret" not in file.read_bytes()
    with Image.open(file) as image:
        assert dict(image.getexif()) == {}
    street.tells("张网格员", "照片 1")
    shown = fake.sees("张网格员")[-1].file
    assert shown
    assert (shown.name, shown.content) == ("IMG_1.jpg", file.read_bytes())


def test_the_evidence_comes_with_the_question(street: Street, fake: FakeTelegram) -> None:
    street.tells("王阿姨", "/start")
    street.says("王阿姨", LIFT)
    street.tells("张网格员", "好了", file=photo(picture("green")), to=street.newest("张网格员", "#1"))
    asked = fake.sees("王阿姨")[-1]
    assert asked.file
    assert asked.file.content == picture("green")
    assert "有照片" in asked.text
    street.presses("王阿姨", "已解决")
    street.wait(minutes=1)
    assert "满意吗" in fake.sees("王阿姨")[-1].text


def test_what_is_too_large_is_told_to_its_sender(street: Street, fake: FakeTelegram) -> None:
    street.tells("王阿姨", "/start")
    street.says("王阿姨", LIFT)
    street.says("王阿姨", "", file=document("录像.mp4", size=25 * 1024 * 1024))
    assert [(one.state, one.reason) for one in fetched(street)] == [("lost", "too_large")]
    street.until(lambda: "20 MB" in fake.texts("王阿姨")[-1])
    assert fake.called(DOWNLOAD) == []


def test_what_fails_twice_comes_at_the_third_try(street: Street, fake: FakeTelegram) -> None:
    fake.fails(DOWNLOAD, 500, "Internal Server Error")
    fake.fails("getFile", 502, "Bad Gateway")
    street.says("王阿姨", LIFT, photos=1)
    street.until(lambda: kept(street)[0].tries == 1)
    street.wait(seconds=3)
    street.until(lambda: kept(street)[0].tries == 2)
    street.wait(seconds=15)
    assert [(one.state, one.tries) for one in fetched(street)] == [("stored", 2)]


def test_a_dead_link_is_said(street: Street, fake: FakeTelegram) -> None:
    street.tells("王阿姨", "/start")
    fake.fails(DOWNLOAD, 404, "Not Found")
    street.says("王阿姨", LIFT, file=voice())
    assert [one.reason for one in fetched(street)] == ["gone"]
    street.until(lambda: fake.texts("王阿姨")[-1] == "#1 您发的文件打不开了,请再发一次。")


def test_a_restart_fetches_what_was_wanted(street: Street, fake: FakeTelegram) -> None:
    with fake.hangs(DOWNLOAD):
        fake.says("王阿姨", GROUP, LIFT, photos=1)
        street.until(lambda: fake.called("getFile"))
        street.stop()
    street.start()
    assert [one.state for one in fetched(street)] == ["stored"]
    assert len(files(street)) == 1


def test_an_edit_gives_the_case_new_words(street: Street, fake: FakeTelegram) -> None:
    post = street.says("王阿姨", LIFT, photos=1)
    fake.edits(post, LIFT_TOO)
    street.settle()
    street.wait(minutes=1)
    assert f"「{LIFT_TOO}」" in street.card(1, "张网格员")
    assert street.history()[-1] == "reworded"
    assert len(fake.sees(GROUP)) == 1


@pytest.mark.parametrize("thing", [photo(), voice(), document()])
def test_alone_a_file_is_asked_about_and_goes_with_the_answer(street: Street, fake: FakeTelegram, thing: Thing) -> None:
    assert street.tells("王阿姨", "", file=thing) == ["收到了。是什么事、在哪里?写一句就登记。"]
    street.tells("王阿姨", LIFT)
    assert [one.media for one in fetched(street)] == [kept(street)[0].media]
    assert len(files(street)) == 1
