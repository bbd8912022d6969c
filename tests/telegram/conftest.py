"""A fake Telegram, and the village living on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import readings
from fake import TOKEN, FakeTelegram
from street import STAFF, Street, village_on_telegram
from village import MORNING

from bot import config
from nlp.reader import NOWHERE, Context, Reader, Reading
from storage.database import Database


@pytest.fixture
def fake() -> Iterator[FakeTelegram]:
    fake = FakeTelegram(lambda: MORNING)
    yield fake
    fake.close()
    assert fake.problems == []


@pytest.fixture
def by_webhook() -> bool:
    """Whether Telegram calls the bot in the place of being asked."""
    return False


@pytest.fixture
def street(fake: FakeTelegram, database: Database, tmp_path: Path, by_webhook: bool) -> Iterator[Street]:
    file = tmp_path / "config.toml"
    media = f"\n[media]\nfolder = {str(tmp_path / 'media')!r}\n"
    file.write_text(village_on_telegram(fake) + media, encoding="utf-8")
    street = Street(config.load(file), database, fake, by_webhook=by_webhook)
    for person in STAFF:
        fake.tells(person, "/start")
    street.settle()
    yield street
    fake.webhook = ""
    street.stop()


@pytest.fixture(autouse=True)
def _no_token_in_any_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a test makes fail, the token is in no log line and in no traceback."""
    caplog.set_level("DEBUG")
    yield
    assert TOKEN not in caplog.text


@pytest.fixture(autouse=True)
def _known_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the reader makes of a sentence is not Telegram's affair."""

    def read(self: Reader, text: str, context: Context = NOWHERE, *, curious: bool = True) -> Reading:
        return readings.read(text, context)

    monkeypatch.setattr(Reader, "read", read)
