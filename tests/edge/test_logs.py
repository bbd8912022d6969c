"""The log of a running bot: JSON, without words and secrets."""

import io
import json
import logging
import sys

import pytest

from bot.logs import JsonLines


@pytest.fixture
def log() -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    logger = logging.Logger("test")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines(["1:token", ""]))
    logger.addHandler(handler)
    return logger, stream


def test_a_line_is_json_with_what_was_given_beside_it(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    logger.warning("sent %s", "twice", extra={"letter": 7, "odd": object()})
    line = json.loads(stream.getvalue())
    assert (line["level"], line["message"], line["letter"], line["odd"]) == ("warning", "sent twice", 7, "object")
    assert line["at"].endswith("+00:00")


def test_secrets_are_blacked_out_and_further_lines_left_out(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    logger.error("https://x/bot1:token/getMe failed\nfuture: 王阿姨的话", extra={"url": "1:token"})
    assert "1:token" not in stream.getvalue()
    assert "王阿姨" not in stream.getvalue()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("王阿姨的手机 13812345678"), "ValueError"),
        (RuntimeError("OperationalError"), "RuntimeError: OperationalError"),
        (OSError(28, "No space left on device", "王阿姨.jpg"), "OSError: No space left on device"),
    ],
)
def test_of_an_error_the_kind_and_the_place_are_told(
    log: tuple[logging.Logger, io.StringIO], error: Exception, told: str
) -> None:
    logger, stream = log
    try:
        raise error  # noqa: TRY301
    except Exception:
        logger.log(logging.ERROR, "failed", exc_info=sys.exc_info())
    line = json.loads(stream.getvalue())
    assert line["error"] == told
    assert len(line["where"]) == 1
    assert "13812345678" not in stream.getvalue()
