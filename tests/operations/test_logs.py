"""The log in a file: it is put aside when it is full, and even a full disk makes it quote nothing."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import logs
from bot.config import LogSettings, Settings
from bot.run import CannotRun, log_file

SECRET = "123456:ABC-DEF"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "log" / "gridbot.log"


@pytest.fixture
def handler(file: Path) -> Iterator[logs.LogFile]:
    handler = logs.to_file(file, megabytes=0.001, keep=2)
    handler.setFormatter(logs.JsonLines([SECRET]))
    yield handler
    handler.close()


def log(handler: logging.Handler) -> logging.Logger:
    logger = logging.Logger("test")
    logger.addHandler(handler)
    return logger


def test_a_full_log_is_put_aside_and_only_so_many_are_kept(handler: logs.LogFile, file: Path) -> None:
    logger = log(handler)
    for number in range(60):
        logger.warning("line %s of %s", number, SECRET)
    there = sorted(path.name for path in file.parent.iterdir())
    assert there == ["gridbot.log", "gridbot.log.1", "gridbot.log.2"]
    for path in file.parent.iterdir():
        assert path.stat().st_size <= 1049
        assert path.stat().st_mode & 0o777 == 0o600
        assert SECRET not in path.read_text(encoding="utf-8")
        assert all(json.loads(line)["logger"] == "test" for line in path.read_text(encoding="utf-8").splitlines())
    assert json.loads(file.read_text(encoding="utf-8").splitlines()[-1])["message"] == "line 59 of ***"


def test_a_full_disk_makes_it_quote_nothing(handler: logs.LogFile, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(28, "No space left on device")

    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    handler.stream.close()
    handler.stream = Full()
    log(handler).error("王阿姨 said %s", SECRET)
    assert said.getvalue() == "the log cannot be written (OSError: No space left on device)\n"
    logs.LogFile.handleError(handler, logging.makeLogRecord({}))
    assert said.getvalue().endswith("the log cannot be written (unknown)\n")


def test_by_default_it_goes_to_standard_error_and_a_bad_place_is_one_sentence(
    settings: Settings, tmp_path: Path, file: Path
) -> None:
    assert log_file(settings) is None
    (tmp_path / "busy").touch()
    for place, sentence in ((tmp_path / "busy" / "a.log", "File exists"), (tmp_path, "Is a directory")):
        with pytest.raises(CannotRun, match=rf"logs\.file: .* cannot be written \({sentence}\)"):
            log_file(settings.model_copy(update={"logs": LogSettings(file=place)}))
    chosen = log_file(settings.model_copy(update={"logs": LogSettings(file=file, megabytes=2, keep=3)}))
    assert isinstance(chosen, logs.LogFile)
    assert (chosen.maxBytes, chosen.backupCount) == (2 * 1024 * 1024, 3)
    chosen.close()


def test_everything_is_logged_there(file: Path) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    handler = logs.to_file(file, megabytes=1, keep=1)
    try:
        root.handlers = []
        logs.to_json([SECRET], handler=handler)
        logging.getLogger("bot.run").info("running with %s", SECRET)
    finally:
        root.handlers = before
        root.setLevel(level)
        handler.close()
    assert json.loads(file.read_text(encoding="utf-8"))["message"] == "running with ***"
