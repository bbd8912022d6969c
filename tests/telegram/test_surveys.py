"""A survey over the real library: buttons and toasts, the count edited in, the result drawn and sent as a photo."""

from io import BytesIO

import pytest
from fake import FakeTelegram
from PIL import Image
from shelf import picture
from sqlmodel import Session, select
from street import Street
from village import GROUP

from storage.attachments import Attachment, Keeping, Media

LI = "李网格长"
EAST = "东网格群"


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.fetcher.SCAN", 0.02)


@pytest.fixture
def asked(street: Street) -> Street:
    """The leader was asked what to ask."""
    street.tells(LI, "调查")
    street.presses(LI, "东网格")
    return street


def drawn(street: Street) -> None:
    """The picture is there; only then time goes on."""

    def wanted(session: Session) -> list[Attachment]:
        return list(session.exec(select(Attachment).where(Attachment.state == Keeping.WANTED)))

    street.until(lambda: not street.look(wanted))


def test_from_the_question_to_the_picture(asked: Street, fake: FakeTelegram) -> None:
    asked.tells(LI, "楼道保洁您满意吗?")
    asked.presses(LI, "发送")
    asked.wait(seconds=5)
    for number in range(5):
        assert asked.presses(f"居民{number}", "满意", at=GROUP) == "已记「满意」,截止前可以改。"
    assert asked.presses("居民0", "不满意", at=EAST) == "已改为「不满意」。"
    asked.wait(minutes=2)
    (question,) = fake.sees(GROUP)
    assert "3号楼已有 5 人作答。" in question.text
    assert "东网格已有 1 人作答。" in fake.sees(EAST)[0].text
    asked.tells(LI, "/notice close 2 yes")
    drawn(asked)
    asked.wait(seconds=10)
    (result,) = fake.sees(GROUP)
    assert result.text.startswith("【问卷结果】楼道保洁您满意吗?\n满意 4(80%)")
    assert result.labels == []
    told = fake.sees(LI)[-1]
    assert told.text.startswith("调查「楼道保洁您满意吗?」已结束,5 人作答:")
    assert told.file
    assert told.file.kind == Media.PHOTO
    with Image.open(BytesIO(told.file.content)) as image:
        assert image.width == 1080
    asked.presses(LI, "发到群里")
    drawn(asked)
    asked.presses(LI, "发送", about="这样发给")
    asked.wait(seconds=5)
    assert fake.sees(EAST)[-1].file
    assert fake.sees(EAST)[-1].text.startswith("【问卷结果】")


def test_under_a_photo_the_count_and_the_result_are_its_caption(asked: Street, fake: FakeTelegram) -> None:
    asked.album(LI, [picture()], at=LI, caption="新垃圾房这样好吗?好/不好")
    asked.wait(seconds=5)
    asked.presses(LI, "发送", about="这样发给")
    asked.wait(seconds=5)
    asked.presses("王阿姨", "好", at=GROUP)
    asked.wait(minutes=2)
    (question,) = fake.sees(GROUP)
    assert question.file
    assert "已有 1 人作答" in question.text
    asked.wait(days=3)
    result = fake.sees(GROUP)[0]
    assert result.file
    assert result.text.startswith("【问卷结果】新垃圾房这样好吗?")
