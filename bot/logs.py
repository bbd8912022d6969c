"""The log of a running bot: one JSON object a line, without anybody's words and without secrets."""

import json
import logging
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, TextIO

STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
QUIET = ("apscheduler", "alembic", "aiohttp", "telegram")


class JsonLines(logging.Formatter):
    """`secrets` are blacked out wherever they turn up."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        super().__init__()
        self._secrets = [secret for secret in secrets if secret]

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage().partition("\n")[0],  # asyncio quotes the exception in the lines below
            **{key: value for key, value in vars(record).items() if key not in STANDARD},
        }
        if record.exc_info and (error := record.exc_info[1]):
            line["error"] = told(error)
            line["where"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
            ]
        text = json.dumps(line, ensure_ascii=False, default=lambda value: type(value).__name__)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def told(error: BaseException) -> str:
    """The kind of an error. Its words may be a person's; only a bare name of a kind and the system's own are told."""
    words = str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{type(error).__name__}: {error.strerror}"
    return f"{type(error).__name__}: {words}" if words.isascii() and words.isidentifier() else type(error).__name__


class LogFile(RotatingFileHandler):
    """A file that is put aside when it is full: `file.1` is the newest of the old. Only who runs the bot may read."""

    def _open(self) -> Any:
        stream = super()._open()
        Path(self.baseFilename).chmod(0o600)
        return stream

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 (the library's name)
        """The library's own way quotes the line's words and values, secrets among them."""
        error = sys.exc_info()[1]
        print(f"the log cannot be written ({told(error) if error else 'unknown'})", file=sys.stderr)


def to_file(file: Path, *, megabytes: float, keep: int) -> LogFile:
    """OSError if it cannot be written."""
    file.parent.mkdir(parents=True, exist_ok=True)
    return LogFile(file, maxBytes=int(megabytes * 1024 * 1024), backupCount=keep, encoding="utf-8")


def to_json(secrets: Sequence[str], stream: TextIO = sys.stderr, *, handler: logging.Handler | None = None) -> None:
    """From now on everything is logged so: to a handler, else to a stream."""
    chosen = handler or logging.StreamHandler(stream)
    chosen.setFormatter(JsonLines(secrets))
    logging.basicConfig(level=logging.INFO, handlers=[chosen], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def without_text(error: BaseException) -> BaseException:
    """The traceback stays, the words go: a database error quotes the values it could not store."""
    return RuntimeError(type(error).__name__).with_traceback(error.__traceback__)
