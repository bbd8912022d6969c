"""`gridbot check` with Telegram: who cannot be reached, whether the token is known, whether groups are heard."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fake import TOKEN, FakeTelegram
from street import STAFF, Street, village_on_telegram
from typer.testing import CliRunner, Result

from bot import config as config_
from bot.cli import app

Check = Callable[..., Result]


@pytest.fixture
def check(fake: FakeTelegram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    file = tmp_path / "check.toml"
    file.write_text(village_on_telegram(fake), encoding="utf-8")
    monkeypatch.setenv("GRIDBOT_PLATFORMS__TELEGRAM__BASE_URL", fake.base_url)

    def run(url: str, token: str = TOKEN) -> Result:
        monkeypatch.setenv("GRIDBOT_DATABASE__URL", url)
        monkeypatch.setenv("GRIDBOT_PLATFORMS__TELEGRAM__TOKEN", token)
        result = CliRunner().invoke(app, ["check", "-c", str(file)])
        assert token not in result.output
        return result

    return run


def test_who_never_wrote_and_who_stopped_the_bot_are_named(street: Street, check: Check, url: str) -> None:
    everybody = check(url)
    assert "never wrote" not in everybody.output
    assert "stopped" not in everybody.output
    street.fake.stands("张网格员", "张网格员", "kicked")
    street.settle()
    said = check(url)
    assert said.exit_code == 0
    assert "note: people.zhang: 张网格员 stopped the bot; ask them to unblock it and press Start" in said.output
    assert said.output.count("stopped the bot") == 1


def test_before_anybody_wrote_everybody_is_named(check: Check, url: str) -> None:
    said = check(url)
    assert said.exit_code == 0
    assert said.output.count("never wrote to the bot; ask them to open it and press Start") == len(STAFF)
    assert "ready." in said.output


def test_without_a_database_only_the_file_is_asked(check: Check, tmp_path: Path) -> None:
    file = tmp_path / "none.db"
    said = check(f"sqlite:///{file}")
    assert said.exit_code == 0
    assert "never wrote" not in said.output
    assert not file.exists()


def test_a_database_that_was_never_prepared_is_said_so(check: Check, tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    said = check(f"sqlite:///{tmp_path / 'empty.db'}")
    assert (said.exit_code, "gridbot migrate prepares it" in said.output) == (0, True)
    nowhere = check("postgresql://127.0.0.1:1/nothing")
    assert (nowhere.exit_code, "cannot be asked who was reached" in nowhere.output) == (0, True)


def test_the_token_is_verified_and_privacy_mode_told(check: Check, fake: FakeTelegram, url: str) -> None:
    assert "Telegram knows the token of @xiaoge_bot; privacy mode is off" in check(url).output
    fake.hears_all = False
    assert "privacy mode is on" in check(url).output
    fake.drops("getMe")
    down = check(url)
    assert down.exit_code == 0
    assert "Telegram cannot be reached from here (NetworkError), so the token was not verified" in down.output
    wrong = check(url, token="1:wrong")
    assert wrong.exit_code == 1
    assert "Telegram does not know this token" in wrong.output


@pytest.mark.parametrize("token", ["1:a b", "1:a\nb", "1/a"])
def test_what_cannot_be_a_token_is_refused_before_anybody_is_asked(check: Check, url: str, token: str) -> None:
    said = check(url, token=token)
    assert said.exit_code == 1
    assert "a token looks like 123456:ABC-DEF" in said.output


def test_a_person_without_an_account_is_named_with_what_to_do(fake: FakeTelegram, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    text = village_on_telegram(fake).replace(f'["{fake.address("马班长")}"]', "[]")
    file.write_text(text, encoding="utf-8")
    said = list(config_.warnings(config_.load(file)))
    assert (
        "people.ma: no account, so nothing reaches 马班长; gridbot invite --person ma prints the link to send them"
        in said
    )
