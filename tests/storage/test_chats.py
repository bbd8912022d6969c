"""A chat that changes its address."""

from datetime import UTC, datetime

from storage import chats, outbox
from storage.chats import ChatKey
from storage.database import Database
from storage.follow import CHAT, FILE
from storage.outbox import Arrival, Letter, Purpose

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
OLD, NEW = ChatKey("telegram", "main", "-1"), ChatKey("telegram", "main", "-1001")


def test_a_chat_moves_once_and_never_onto_another(database: Database) -> None:
    with database.transaction() as session:
        chat = chats.found_or_new(session, OLD, title="3号楼群", private=False, source=FILE)
        assert chats.move(session, OLD, NEW, source=CHAT) is chat
        assert (chat.key, chat.source) == (NEW, CHAT)
        assert chats.move(session, OLD, NEW, source=CHAT) is None
        chats.found_or_new(session, OLD, title="3号楼群", private=False, source=FILE)
        assert chats.move(session, OLD, NEW, source=CHAT) is None


def test_a_card_stands_while_it_waits_and_while_it_is_there(database: Database) -> None:
    with database.transaction() as session:
        chat = chats.found_or_new(session, OLD, title="3号楼群", private=False, source=FILE)
        letter = Letter(
            purpose=Purpose.TELL, chat_id=chat.id, card_key="deaf:1", text="听不到", created_at=NOW, not_before=NOW
        )
        assert not outbox.stands(session, "deaf:1")
        outbox.write(session, letter)
        assert outbox.stands(session, "deaf:1")
        assert outbox.count_waiting(session) == 1
        outbox.arrived(session, [Arrival(letter.id or 0, "7", NOW)])
        assert outbox.stands(session, "deaf:1")
        outbox.forget_cards_in(session, chat.id or 0)
        session.flush()
        assert not outbox.stands(session, "deaf:1")
