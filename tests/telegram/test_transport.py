"""What goes over the wire, and what comes of a wire that is cut, slow or led through a proxy."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fake import TOKEN
from telegram import Bot, InputFile
from telegram.error import BadRequest, NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest

from bot.platforms.telegram.transport import Transport

SENT = '{"message_id": 7, "date": 0, "chat": {"id": 1, "type": "private"}}'
Ask = Callable[[Bot], Awaitable[Any]]


def ok(result: str = SENT, status: str = "200 OK", more: str = "") -> bytes:
    body = f'{{"ok": true, "result": {result}}}'
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n{body}".encode()


def wire(answer: bytes | None, ask: Ask, *, base_url: str = "") -> tuple[bytes, Any]:
    """What came over the wire for one call, and what became of the call; without an answer it is left waiting."""

    async def test() -> tuple[bytes, Any]:
        seen = bytearray()
        over = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            seen.extend(head)
            length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if b"Length" in line), 0)
            seen.extend(await reader.readexactly(length))
            if answer is None:
                await over.wait()
            else:
                writer.write(answer)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        here = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        transport = Transport(connections=1)
        bot = Bot(TOKEN, base_url.format(here=here) or f"{here}/bot", f"{here}/file/bot", request=transport)
        try:
            result: Any = await ask(bot)
        except TelegramError as error:
            result = error
        over.set()
        await transport.shutdown()
        server.close()
        return bytes(seen), result

    return asyncio.run(test())


def test_a_call_is_a_form() -> None:
    seen, sent = wire(ok(), lambda bot: bot.send_message(1, "好 & 坏"))
    head, _, body = seen.partition(b"\r\n\r\n")
    assert head.startswith(f"POST /bot{TOKEN}/sendMessage HTTP/1.1".encode())
    assert body == b"chat_id=1&text=%E5%A5%BD+%26+%E5%9D%8F"
    assert sent.message_id == 7


def test_a_file_keeps_its_name() -> None:
    file = InputFile(b"%PDF-", filename="物业 通知.pdf")
    seen, sent = wire(ok(), lambda bot: bot.send_document(1, file, caption="停水"))
    text = seen.decode()
    assert 'name="document"; filename="物业 通知.pdf"' in text
    assert "Content-Type: application/pdf" in text
    assert "%PDF-" in text
    assert "停水" in text
    assert sent.message_id == 7


def test_a_file_comes_as_it_is() -> None:
    async def fetch(bot: Bot) -> bytes:
        return await bot.request.retrieve(f"{bot.base_file_url}/photos/1.jpg")

    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\xff\xd8\x00\x01"
    seen, content = wire(answer, fetch)
    assert seen.startswith(f"GET /file/bot{TOKEN}/photos/1.jpg ".encode())
    assert content == b"\xff\xd8\x00\x01"


def test_the_way_may_lead_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server named does not exist: only the proxy can have answered."""

    async def ask(bot: Bot) -> Any:
        monkeypatch.setenv("HTTP_PROXY", bot.base_file_url.partition("/file")[0])
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        return await bot.send_message(1, "好")

    seen, sent = wire(ok(), ask, base_url="http://telegram.invalid/bot")
    assert seen.startswith(f"POST http://telegram.invalid/bot{TOKEN}/sendMessage ".encode())
    assert sent.message_id == 7


def test_another_address_is_not_followed() -> None:
    """It would be given the token."""
    _, error = wire(ok(status="302 Found", more="Location: http://telegram.invalid/\r\n"), lambda bot: bot.get_me())
    assert type(error) is NetworkError


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", NetworkError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", NetworkError),
        (b"nonsense\r\n\r\n", NetworkError),
        (None, TimedOut),
        (ok(status="400 Bad Request"), BadRequest),
    ],
)
def test_what_goes_wrong_has_a_name_and_no_token(answer: bytes | None, kind: type[TelegramError]) -> None:
    _, error = wire(answer, lambda bot: bot.send_message(1, "好", read_timeout=0.05))
    assert type(error) is kind
    assert error.__cause__ is None
    assert TOKEN not in repr((error, error.__context__))


def test_nobody_there() -> None:
    _, error = wire(None, lambda bot: bot.send_message(1, "好"), base_url="http://127.0.0.1:1/bot")
    assert type(error) is NetworkError
    assert TOKEN not in repr((error, error.__context__))


def test_it_opens_again_after_it_was_closed() -> None:
    async def ask(bot: Bot) -> bool:
        transport: BaseRequest = bot.request
        await transport.shutdown()
        await transport.initialize()
        return await bot.delete_message(1, 7)

    assert wire(ok("true"), ask)[1] is True
