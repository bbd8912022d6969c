"""docs/telegram.md, followed to the letter."""

import re
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fake import TOKEN, FakeTelegram
from test_run import Process, config, gridbot, until
from typer.testing import CliRunner
from village import GROUP

from bot.cli import app
from bot.config import load
from storage.database import Database
from storage.outbox import Card

assert config
assert gridbot
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGTERM")
ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "telegram.md").read_text(encoding="utf-8")


def configuration() -> str:
    found = re.search(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    assert found
    return found[1]


def stands(url: str) -> bool:
    """Whether the bot has noted where the card stands: nobody's thumb is quicker than that."""
    database = Database(url)
    try:
        with database.transaction() as session:
            return session.get(Card, "case:1") is not None
    finally:
        database.close()


def test_from_nothing_to_the_first_case(
    gridbot: Callable[..., Process],
    config: Path,
    fake: FakeTelegram,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    awake = "\n[manners]\nquiet_from = 00:00:00\nquiet_to = 00:00:00\n"  # the guide is read by day
    config.write_text(configuration() + awake, encoding="utf-8")
    fake.now = lambda: datetime.now(UTC)
    fake.hears_all = False
    monkeypatch.setenv("GRIDBOT_DATABASE__URL", url)
    monkeypatch.setenv("GRIDBOT_PLATFORMS__TELEGRAM__BASE_URL", fake.base_url)
    monkeypatch.setenv("GRIDBOT_PLATFORMS__TELEGRAM__TOKEN", TOKEN)
    link = CliRunner().invoke(app, ["invite", "--person", "zhang", "-c", str(config)]).output.splitlines()[0]
    assert link.startswith("https://t.me/xiaoge_bot?start=")

    first = gridbot()
    until(lambda: first.says("on Telegram as @xiaoge_bot") and first.says('"running"'))
    fake.tells("张网格员", f"/start {link.partition('=')[2]}")
    until(lambda: len(fake.texts("张网格员")) == 2)
    assert fake.texts("张网格员")[0] == "邀请已生效。"
    assert fake.texts("张网格员")[1].startswith("张网格员您好,您在柳树村社区的职责:网格员、管理员。")
    fake.stands("张网格员", GROUP, "administrator", "left")
    until(lambda: first.says(f"nobody bound the group {fake.address(GROUP)}"))
    until(lambda: len(fake.texts("张网格员")) == 3)
    assert "/bindgroup" in fake.texts("张网格员")[2]
    fake.says("张网格员", GROUP, "/bindgroup 3号楼")
    until(lambda: fake.texts(GROUP))
    assert fake.texts(GROUP)[0].startswith("小格从现在起服务3号楼")
    assert first.ends(signal.SIGINT) == 0

    checked = CliRunner().invoke(app, ["check", "-c", str(config)])
    assert checked.exit_code == 0
    assert "ready." in checked.output
    assert "never wrote" not in checked.output
    assert "no account" not in checked.output
    assert "privacy mode is on" in checked.output

    again = gridbot()  # what was made in chat is still there
    until(lambda: again.says('"running"'))
    said = fake.says("王阿姨", GROUP, "3号楼电梯又坏了,按了没反应")
    until(lambda: len(fake.texts(GROUP)) == 2 and any("#1" in text for text in fake.texts("张网格员")))
    until(lambda: said.reactions == ["👀"])
    assert fake.texts(GROUP)[1].startswith("#1 电梯故障 · 3号楼")
    assert "接单" in fake.sees("张网格员")[-1].labels
    until(lambda: stands(url))
    fake.reacts("陈姐", fake.sees(GROUP)[1])
    until(lambda: "2 户反映" in fake.texts(GROUP)[1])
    assert again.ends(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    "words",
    [
        "the bot cannot hear the group", "nobody bound the group", "another program polls with this token",
        "Telegram does not know this token", "Telegram refuses the token", "the bot was",
        "another gridbot already runs on", "Telegram cannot be reached",
    ],
)  # fmt: skip
def test_what_it_says_the_log_says_the_program_says(words: str) -> None:
    assert words in GUIDE
    assert any(words in file.read_text(encoding="utf-8") for file in (ROOT / "bot").rglob("*.py"))


def test_its_variables_are_settings(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = dict.fromkeys(re.findall(r"GRIDBOT_[A-Z_]+", GUIDE))
    values = {"TOKEN": TOKEN, "MODE": "webhook", "WEBHOOK_URL": "https://bot.example/telegram", "SECRET": "x" * 32}
    for name in names:
        monkeypatch.setenv(name, {**values, "PORT": "8080"}[name.rsplit("__", 1)[-1]])
    monkeypatch.setenv("GRIDBOT_DATABASE__URL", "sqlite:///:memory:")
    assert len(names) == 5
    assert load(config).platforms.telegram.mode == "webhook"  # type: ignore[union-attr]
