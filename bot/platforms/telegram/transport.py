"""How calls travel to Telegram: aiohttp behind the library's public BaseRequest, several times as fast as its own.

No error quotes an address, which holds the token, and nothing logs what people said.
"""

import json
from functools import cache
from io import BytesIO
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, FormData, TCPConnector
from httpx import create_ssl_context
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

Waiting = Any  # the library's own default, else seconds or None for ever

CONNECT = 5.0  # seconds
POOL = 10.0  # seconds until one of the connections is free
READ = 20.0  # seconds
UPLOAD = 60.0  # seconds a file may take, beside the answer


class Transport(BaseRequest):
    """At most `connections` at a time. It opens with the first call, in the event loop of that call."""

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._session: ClientSession | None = None
        self._proxies: dict[str, str | None] = {}

    @property
    def read_timeout(self) -> float | None:
        return READ

    async def initialize(self) -> None:
        """Nothing to do: see above."""

    async def shutdown(self) -> None:
        session, self._session = self._session, None
        if session:
            await session.close()

    async def do_request(  # noqa: PLR0917 (the library's interface)
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Waiting = BaseRequest.DEFAULT_NONE,
        write_timeout: Waiting = BaseRequest.DEFAULT_NONE,
        connect_timeout: Waiting = BaseRequest.DEFAULT_NONE,
        pool_timeout: Waiting = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """TimedOut, NetworkError."""
        read = _chosen(read_timeout, READ)
        connect = _sum(_chosen(connect_timeout, CONNECT), _chosen(pool_timeout, POOL))
        upload = _chosen(write_timeout, UPLOAD) if request_data and request_data.contains_files else 0.0
        timeout = ClientTimeout(total=_sum(connect, upload, read), connect=connect, sock_read=read)
        try:
            async with self._opened().request(
                method,
                url,
                data=_form(request_data) if request_data else None,
                headers={"User-Agent": self.USER_AGENT},
                proxy=self._proxy(url),
                timeout=timeout,
                allow_redirects=False,
            ) as answer:
                return answer.status, await answer.read()
        except TimeoutError:
            error: NetworkError = TimedOut()
        except Exception as failed:  # noqa: BLE001 (the library would quote any other, and so the address)
            error = NetworkError(type(failed).__name__)
        raise error  # here it has neither cause nor context

    def _opened(self) -> ClientSession:
        if self._session is None:
            connector = TCPConnector(limit=self._connections, ssl=_certificates())
            self._session = ClientSession(connector=connector, cookie_jar=DummyCookieJar())
        return self._session

    def _proxy(self, url: str) -> str | None:
        """What HTTPS_PROXY, ALL_PROXY and NO_PROXY say, looked up once for each server."""
        scheme, server, *_ = urlsplit(url)
        if server not in self._proxies:
            proxies = {} if proxy_bypass(server) else getproxies()
            self._proxies[server] = proxies.get(scheme) or proxies.get("all")
        return self._proxies[server]

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The library would log an answer it cannot read with everything people said in it."""
        try:
            answer: dict[str, Any] = json.loads(payload)
        except ValueError:
            raise TelegramError("Invalid server response") from None
        return answer


@cache
def _certificates() -> SSLContext:
    """Those that come with the library, since not every system has any; SSL_CERT_FILE may name others."""
    return create_ssl_context()


def _form(data: RequestData) -> FormData:
    form = FormData(data.json_parameters, quote_fields=False)  # else "照片.jpg" arrives as %E7%85%A7…
    for field, (name, content, mime) in data.multipart_data.items() if data.contains_files else ():
        file = BytesIO(content) if isinstance(content, bytes) else content  # of bare bytes it would make one piece
        form.add_field(field, file, filename=name, content_type=mime)
    return form


def _chosen(given: Waiting, otherwise: float | None) -> float | None:
    """Seconds; the library passes a mark of its own where the caller chose nothing."""
    return otherwise if given is BaseRequest.DEFAULT_NONE else given


def _sum(*seconds: float | None) -> float | None:
    """None: for ever."""
    return None if None in seconds else sum(filter(None, seconds))
