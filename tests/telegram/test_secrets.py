"""Whatever fails, in whichever call: the token is in no exception, no traceback and no log, also at DEBUG."""

import asyncio
import logging
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from fake import DOWNLOAD, TOKEN, FakeTelegram
from street import PATIENCE, SOON

from bot.platforms import File, Outgoing, Pace
from bot.platforms.telegram import Telegram, Webhook
from storage.attachments import Media

SECRET_PART = TOKEN.partition(":")[2]
TEXT = "王阿姨家的话"
Break = Callable[[FakeTelegram, str], None]


FAILURES: dict[str, Break] = {
    "dropped": lambda fake, method: fake.drops(method, times=2),  # a transport may ask for a file once more
    "answer lost": lambda fake, method: fake.drops(method, times=2, done=True),
    "cut": lambda fake, method: fake.cuts(method),
    "a page": lambda fake, method: fake.fails(method, 400, page=f"<html>bot{TOKEN}/{method}"),
    "429": lambda fake, method: fake.fails(method, 429, retry_after=1),
    **{
        f"{code} {words}": lambda fake, method, code=code, words=words: fake.fails(method, code, words)  # type: ignore[misc]
        for code, words in (
            (400, "Bad Request: chat not found"), (400, "Bad Request: message thread not found"),
            (401, "Unauthorized"), (403, "Forbidden: bot was blocked by the user"), (404, "Not Found"),
            (409, "Conflict: terminated by other getUpdates request"), (413, "Request Entity Too Large"),
            (500, "Internal Server Error"), (502, "Bad Gateway"),
        )
    },
}  # fmt: skip
OURS = File(Media.PHOTO, TEXT, path=Path(__file__).with_name("payloads") / "photo.json")
SENDS = {
    "sendMessage": Outgoing("1001", private=True, text=TEXT),
    "editMessageText": Outgoing("1001", private=True, text=TEXT, edits="1"),
    "deleteMessage": Outgoing("1001", private=True, edits="1", erase=True),
    "setMessageReaction": Outgoing("1001", private=True, reply_to="1", reaction="👀"),
    "sendPhoto": Outgoing("1001", private=True, text=TEXT, files=(OURS,)),
    "sendMediaGroup": Outgoing("1001", private=True, text=TEXT, files=(OURS, OURS)),
    "sendVoice": Outgoing("1001", private=True, text=TEXT, files=(File(Media.VOICE, known="voice-1"),)),
    "editMessageCaption": Outgoing("1001", private=True, text=TEXT, edits="1"),
    "pinChatMessage": Outgoing("1001", private=True, edits="1", pin=True),
}


@pytest.fixture
def loud(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if somebody had turned everything on, and nothing were turned down again."""
    monkeypatch.setattr(logging.getLogger(), "level", logging.DEBUG)


def told(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + str(error)


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("method", SENDS)
def test_no_send_tells_it(
    fake: FakeTelegram, loud: None, caplog: pytest.LogCaptureFixture, method: str, failure: str
) -> None:
    fake.tells("王阿姨", "早")

    async def test() -> list[str]:
        telegram = Telegram(TOKEN, base_url=fake.base_url, pace=Pace(), between_parts=0)
        if method == "editMessageCaption":
            fake.fails("editMessageText", 400, "Bad Request: there is no text in the message to edit")
        FAILURES[failure](fake, method)
        try:
            await telegram.send(SENDS[method])
        except Exception as error:
            logging.getLogger("test").exception("it failed")
            return [told(error)]
        finally:
            await telegram.close()
        return []

    said = "".join(asyncio.run(test())) + caplog.text
    assert SECRET_PART not in said
    assert TEXT not in said


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("method", ["getFile", DOWNLOAD])
def test_no_fetch_tells_it(
    fake: FakeTelegram, loud: None, caplog: pytest.LogCaptureFixture, method: str, failure: str
) -> None:
    post = fake.tells("王阿姨", TEXT, photos=1)

    async def test() -> list[str]:
        telegram = Telegram(TOKEN, base_url=fake.base_url, pace=Pace())
        for _ in range(2 if method == DOWNLOAD else 1):  # the transport asks again at once for a download that was cut
            FAILURES[failure](fake, method)
        try:
            await telegram.fetch(post.file.id if post.file else "")
        except Exception as error:
            logging.getLogger("test").exception("it failed")
            return [told(error)]
        finally:
            await telegram.close()
        return []

    errors = asyncio.run(test())
    assert errors
    said = "".join(errors) + caplog.text
    assert SECRET_PART not in said
    assert TEXT not in said


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("method", ["getMe", "getUpdates", "setWebhook", "answerCallbackQuery"])
def test_nothing_it_does_by_itself_tells_it(
    fake: FakeTelegram, loud: None, caplog: pytest.LogCaptureFixture, method: str, failure: str
) -> None:
    """Greets, polls or sets the webhook, answers a press; goes on after the failure."""
    hook = Webhook("http://127.0.0.1:9/telegram", "a-word_only-telegram-knows") if method == "setWebhook" else None

    async def receive(_: object) -> str | None:
        return "好"

    async def test() -> None:
        telegram = Telegram(TOKEN, base_url=fake.base_url, pace=Pace(), pauses=SOON, webhook=hook)
        FAILURES[failure](fake, method)
        if hook is None:
            post = fake.tells("王阿姨", TEXT)
            post.by_us, post.buttons = True, [[{"text": "好", "callback_data": "/help"}]]
            fake.presses("王阿姨", "好")
        running = asyncio.create_task(telegram.run(receive))
        async with asyncio.timeout(PATIENCE):
            while len(fake.called(method)) < (1 if method == "answerCallbackQuery" else 2):
                if method == "getMe" and fake.called("getUpdates"):
                    break
                if method == "setWebhook" and fake.webhook:
                    break
                await asyncio.sleep(0.003)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await telegram.close()
        fake.webhook = ""

    asyncio.run(test())
    assert SECRET_PART not in caplog.text
    assert TEXT not in caplog.text
