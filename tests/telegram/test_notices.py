"""A notice over the real library: an album with its caption, the buttons under it, corrected, taken back."""

import pytest
from fake import FakeTelegram
from shelf import picture
from street import Street
from village import GROUP

from storage.notices import Notice

LI = "李网格长"
EAST = "东网格群"
FAIR = "【健康服务】明天义诊。"
SAID = "【健康服务】明天义诊。\n——柳树村社区"


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.fetcher.SCAN", 0.02)


@pytest.fixture
def asked(street: Street, fake: FakeTelegram) -> Street:
    """The leader was asked what the notice says."""
    street.tells(LI, "通知")
    street.presses(LI, "东网格")
    assert fake.texts(LI)[-1] == "写内容,可带图。"
    return street


def test_an_album_is_one_preview_and_one_notice(asked: Street, fake: FakeTelegram) -> None:
    asked.album(LI, [picture(f"#0000{n * 16:02x}") for n in range(3)], at=LI, caption=FAIR)
    asked.wait(seconds=5)
    previews = [post for post in fake.sees(LI) if post.text.startswith("这样发给")]
    assert [post.text.split("\n")[-1] for post in previews] == ["随附:照片 3"]
    asked.presses(LI, "发送", about="这样发给")
    asked.wait(seconds=5)
    for group in (GROUP, EAST):
        files = [post for post in fake.sees(group) if post.file]
        assert len(files) == 3
        (words,) = [post for post in fake.sees(group) if not post.file]
        assert (words.text, words.labels) == (SAID, ["收到", "有疑问"])
    asked.tells(LI, "/notice withdraw 2 yes")
    asked.wait(seconds=10)
    assert (fake.sees(GROUP), fake.sees(EAST)) == ([], [])


def test_a_press_is_a_toast_and_never_a_message(asked: Street, fake: FakeTelegram) -> None:
    asked.tells(LI, FAIR)
    asked.presses(LI, "发送")
    asked.wait(seconds=5)
    assert asked.presses("王阿姨", "收到", at=GROUP) == "已记收到。"
    assert asked.presses("王阿姨", "收到", at=EAST) == "已记收到。"
    assert asked.presses("李明", "有疑问", at=GROUP) == "请回复这条通知,写下您的疑问。"
    assert asked.look(lambda session: session.get_one(Notice, 2).received) == 1
    assert fake.texts(GROUP) == [SAID]


def test_corrected_and_taken_back(asked: Street, fake: FakeTelegram) -> None:
    asked.tells(LI, FAIR)
    asked.presses(LI, "发送")
    asked.tells(LI, "/notice edit 2 【健康服务】后天义诊。")
    asked.wait(seconds=10)
    assert fake.texts(GROUP) == ["【健康服务】后天义诊。\n——柳树村社区"]
    asked.tells(LI, "/notice withdraw 2 yes")
    asked.wait(seconds=10)
    assert (fake.texts(GROUP), fake.texts(EAST)) == ([], [])
