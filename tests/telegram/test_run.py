"""`gridbot run` as a process: its sentences, its log, and being told to stop in the middle of things."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fake import TOKEN, FakeTelegram
from sqlmodel import select
from street import PATIENCE, STAFF, village_on_telegram
from village import GROUP

from storage.database import Database
from storage.events import first_break
from storage.reports import Report
from storage.requests import Request

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGTERM")
MESSAGES = 60


class Process:
    """One `gridbot run`; what it logs is read as it comes."""

    def __init__(
        self, config: Path, fake: FakeTelegram, url: str, token: str = TOKEN, more: dict[str, str] | None = None
    ) -> None:
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("GRIDBOT_")},
            "GRIDBOT_DATABASE__URL": url,
            "GRIDBOT_PLATFORMS__TELEGRAM__BASE_URL": fake.base_url,
            "GRIDBOT_MEDIA__FOLDER": str(config.parent / "media"),
            **(more or {}),
        }
        if token:
            environment["GRIDBOT_PLATFORMS__TELEGRAM__TOKEN"] = token
        else:
            del environment["GRIDBOT_PLATFORMS__TELEGRAM__BASE_URL"]
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from bot.cli import app; app()", "run", "-c", str(config)],
            cwd=Path(__file__).parents[2], env=environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.lines: list[str] = []
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.lines.append(line.rstrip())

    def logged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]

    def says(self, words: str) -> bool:
        return any(words in line for line in self.lines)

    def ends(self, with_signal: signal.Signals | None = None) -> int:
        """Its exit code."""
        if with_signal:
            self.process.send_signal(with_signal)
        code = self.process.wait(PATIENCE)
        self._reading.join(PATIENCE)
        assert self.process.stderr
        self.process.stderr.close()
        return code


def until(what: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


@pytest.fixture
def config(fake: FakeTelegram, tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    awake = "\n[manners]\nquiet_from = 00:00:00\nquiet_to = 00:00:00\nmessages_per_hour = 1000\n"
    file.write_text(village_on_telegram(fake) + awake, encoding="utf-8")
    fake.now = lambda: datetime.now(UTC)
    return file


@pytest.fixture
def gridbot(config: Path, fake: FakeTelegram, url: str) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def start(**how: Any) -> Process:
        started.append(Process(config, fake, url, **how))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.ends(signal.SIGKILL)


def test_a_folder_that_cannot_be_used_is_one_sentence(gridbot: Callable[..., Process], config: Path) -> None:
    refused = gridbot(more={"GRIDBOT_MEDIA__FOLDER": str(config)})
    assert refused.ends() == 1
    assert refused.lines == [f"media.folder: {config} cannot be used (File exists)"]


def test_a_wrong_token_is_one_sentence(gridbot: Callable[..., Process]) -> None:
    process = gridbot(token="1:wrong")
    assert process.ends() == 1
    assert process.lines == ["platforms.telegram.token: Telegram does not know this token; @BotFather shows it"]


def test_without_a_platform_there_is_nothing_to_run(gridbot: Callable[..., Process]) -> None:
    process = gridbot(token="")
    assert process.ends() == 1
    assert process.lines == ["no platform is configured: set platforms.telegram.token"]


def test_a_second_bot_on_the_same_file_is_refused(gridbot: Callable[..., Process], url: str) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL serves many")
    first = gridbot()
    until(lambda: first.says('"running"'))
    second = gridbot()
    assert second.ends() == 1
    assert [re.sub("on .*:", "on it:", line) for line in second.lines] == [
        "another gridbot already runs on it: stop it first, or use PostgreSQL"
    ]
    assert first.ends(signal.SIGTERM) == 0


def test_while_telegram_cannot_be_reached_it_starts_and_waits(
    gridbot: Callable[..., Process], fake: FakeTelegram
) -> None:
    fake.drops("getMe", times=2)
    process = gridbot()
    until(lambda: process.says('"running"'))
    fake.tells("张网格员", "/start")
    until(lambda: fake.texts("张网格员"))
    assert process.says("Telegram cannot be reached yet")
    assert process.ends(signal.SIGINT) == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_stopped_in_mid_batch_nothing_is_lost_and_nothing_happens_twice(
    gridbot: Callable[..., Process], fake: FakeTelegram, url: str, how: signal.Signals
) -> None:
    process = gridbot()
    until(lambda: process.says('"running"'))
    for person in STAFF:
        fake.tells(person, "/start")
    said = [fake.says(f"居民{number}", GROUP, f"3号楼电梯坏了,{number}楼") for number in range(MESSAGES)]
    until(lambda: len(fake.updates) < MESSAGES)  # some are acknowledged, some are not
    code = process.ends(how)
    if how == signal.SIGTERM:
        assert code == 0
        assert [line["message"] for line in process.logged()][-2:] == ["stopping", "stopped"]
    again = gridbot()
    until(lambda: not fake.updates)
    until(lambda: fake.texts(GROUP))
    assert again.ends(signal.SIGTERM) == 0

    database = Database(url)
    with database.transaction() as session:
        reported = sorted(int(report.message) for report in session.exec(select(Report)))
        cases = session.exec(select(Request)).all()
        assert reported == [post.id for post in said]
        assert all(first_break(session, case.number) is None for case in cases)
    database.close()
    for line in [*process.logged(), *again.logged()]:
        text = json.dumps(line, ensure_ascii=False)
        assert TOKEN not in text
        assert "电梯" not in text


def test_when_everything_fails_the_log_is_json_and_holds_no_secret(
    gridbot: Callable[..., Process], fake: FakeTelegram
) -> None:
    fake.drops("getUpdates")
    fake.fails("getUpdates", 409, "Conflict: terminated by other getUpdates request")
    fake.fails("sendMessage", 403, "Forbidden: bot was blocked by the user")
    process = gridbot()
    until(lambda: process.says('"running"'))
    fake.tells("张网格员", "/start")
    until(lambda: fake.called("sendMessage"))
    fake.fails("getUpdates", 401, "Unauthorized")
    assert process.ends(signal.SIGTERM) == 0
    assert {"at", "level", "logger", "message"} <= set(process.logged()[0])
    assert process.says("another program polls with this token")
    assert not process.says(TOKEN)


def test_a_token_that_is_nearly_right_is_never_quoted(gridbot: Callable[..., Process]) -> None:
    for token in (f"{TOKEN} x", TOKEN.replace(":", "/"), TOKEN[:-1]):
        process = gridbot(token=token)
        assert process.ends() == 1
        assert not process.says(token)
        assert not process.says(TOKEN[:-1])


@pytest.mark.parametrize("method", ["getMe", "getUpdates", "sendMessage", "setMyCommands", "getChatMember"])
def test_whichever_call_fails_and_however_the_process_never_quotes_the_token(
    gridbot: Callable[..., Process], fake: FakeTelegram, method: str
) -> None:
    fake.hears_all = False
    fake.drops(method)
    fake.cuts(method)
    for code, words in ((400, "Bad Request: chat not found"), (404, "Not Found"), (502, "Bad Gateway")):
        fake.fails(method, code, words)
    process = gridbot()
    until(lambda: process.says('"running"'))
    fake.tells("张网格员", "/start")
    until(lambda: len(fake.called(method)) >= 2)
    assert process.ends(signal.SIGTERM) == 0
    assert all(TOKEN not in line and TOKEN.partition(":")[2] not in line for line in process.lines)
    assert all(isinstance(line, dict) for line in process.logged())


def test_by_webhook_it_is_called_and_tells_how_it_is(
    gridbot: Callable[..., Process], fake: FakeTelegram, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    site = f"http://127.0.0.1:{port}"
    secret = "a-word_only-telegram-knows"
    process = gridbot(
        more={
            "GRIDBOT_PLATFORMS__TELEGRAM__MODE": "webhook",
            "GRIDBOT_PLATFORMS__TELEGRAM__WEBHOOK_URL": f"{site}/telegram",
            "GRIDBOT_PLATFORMS__TELEGRAM__SECRET": secret,
            "GRIDBOT_HTTP__PORT": str(port),
        }
    )
    until(lambda: fake.webhook)
    fake.tells("张网格员", "/start")
    until(lambda: fake.texts("张网格员"))
    until(lambda: not fake.updates)
    assert httpx.get(f"{site}/readyz").text == "ready"
    assert "gridbot_letters_waiting 0.0" in httpx.get(f"{site}/metrics").text
    second = gridbot(more={"GRIDBOT_DATABASE__URL": f"sqlite:///{tmp_path}/other.db", "GRIDBOT_HTTP__PORT": str(port)})
    assert second.ends() == 1
    assert second.says(f"cannot listen on 127.0.0.1:{port}")
    assert process.ends(signal.SIGTERM) == 0
    assert not process.says(secret)
