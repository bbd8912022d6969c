"""The webhook: only Telegram is let in, and 200 means committed."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from street import SECRET, Street
from village import GROUP

from bot.platforms.telegram import Telegram
from storage import chats
from storage.chats import ChatKey

LIFT = "3号楼电梯又坏了,按了没反应"
Post = Callable[..., int]


@pytest.fixture
def by_webhook() -> bool:
    return True


@pytest.fixture
def client(street: Street) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=street.url) as client:
        yield client


@pytest.fixture
def post(client: httpx.Client) -> Post:
    def post(body: bytes = b"{}", secret: str = SECRET) -> int:
        headers = {b"X-Telegram-Bot-Api-Secret-Token": secret.encode()} if secret else {}
        return client.post("/telegram", content=body, headers=headers).status_code

    return post


def test_a_message_becomes_a_case(street: Street) -> None:
    said = street.says("王阿姨", LIFT)
    assert said.reactions == ["👀"]
    assert street.presses("张网格员", "接单") == "已接单 #1 电梯故障 · 3号楼"
    assert set(street.fake.webhook_answers) == {200}


def test_200_means_committed(street: Street, client: httpx.Client) -> None:
    before = len(street.fake.webhook_answers)
    key = ChatKey.parse(street.fake.address(GROUP))
    with street.database.transaction() as session:
        assert chats.find(session, key, lock=True)
        street.fake.says("王阿姨", GROUP, LIFT)
        assert client.get("/healthz").text == "ok"
        assert len(street.fake.webhook_answers) == before
    street.settle()
    assert len(street.fake.webhook_answers) == before + 1
    assert len(street.cases()) == 1


def test_what_could_not_be_committed_is_sent_again(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    hear, fails = Telegram._hear, iter([True, True])

    async def twice_not(self: Telegram, *words: Any) -> None:
        if next(fails, False):
            raise OSError("王阿姨的话")
        await hear(self, *words)

    handle, street.telegram._handle = street.telegram._handle, None  # it is only starting
    street.fake.says("王阿姨", GROUP, LIFT)
    street.until(lambda: 503 in street.fake.webhook_answers)
    monkeypatch.setattr(street.telegram, "_handle", lambda update: twice_not(street.telegram, *handle.args, update))
    street.settle()
    assert street.fake.webhook_answers[-3:] == [503, 503, 200]
    assert len(street.cases()) == 1


def test_who_does_not_know_the_word_is_not_let_in(post: Post) -> None:
    assert [post(secret=word) for word in ("", "wrong", "é")] == [403, 403, 403]


@pytest.mark.parametrize(
    ("body", "status"), [(b"no json", 400), (b"[1]", 400), (b"\xff", 400), (b"x" * 2_000_000, 413)]
)
def test_bodies_nobody_can_read_are_refused(post: Post, body: bytes, status: int) -> None:
    assert post(body) == status


def test_an_update_not_as_the_bot_api_says_is_not_asked_for_again(post: Post) -> None:
    assert post(b'{"update_id": "x"}') == 200


def test_how_it_is_can_be_asked(street: Street, client: httpx.Client, post: Post) -> None:
    assert client.get("/readyz").status_code == 200
    street.well = False
    assert client.get("/readyz").status_code == 503
    post(secret="wrong")
    metrics = client.get("/metrics").text
    assert 'gridbot_webhook_calls_total{path="/telegram",status="403"} 1.0' in metrics
    assert "gridbot_letters_waiting 3.0" in metrics
    assert client.get("/telegram").status_code == 405
