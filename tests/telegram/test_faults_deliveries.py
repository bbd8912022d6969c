"""Updates come twice, late, and in any order: each is handled once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from fake import FakeTelegram, Json
from readings import LAMP, LIFT, RUBBISH, TRAPPED
from sqlmodel import Session, select
from street import PATIENCE, SECRET, Street
from village import GROUP

from storage import chats
from storage.chats import ChatKey
from storage.deliveries import Delivery
from storage.reports import Report

EAST = "东网格群"


def reports(street: Street) -> int:
    def look(session: Session) -> int:
        return len(session.exec(select(Report)).all())

    return street.look(look)


def deliveries(street: Street) -> list[str]:
    def look(session: Session) -> list[str]:
        return sorted(session.exec(select(Delivery.delivery)))

    return street.look(look)


def held_back(fake: FakeTelegram) -> list[Json]:
    """What was said since the bot stopped, taken out of Telegram's hands."""
    updates = [dict(update) for update in fake.updates]
    fake.updates.clear()
    return updates


def test_twice_in_one_batch_and_again_after_a_restart(street: Street) -> None:
    fake = street.fake
    street.stop()
    fake.says("王阿姨", GROUP, LIFT)
    update = held_back(fake)[0]
    for _ in range(2):
        fake.again(update)
    street.start()
    street.settle()
    street.stop()
    fake.again(update)
    street.start()
    street.settle()
    assert len(street.cases()) == reports(street) == 1
    assert street.history() == ["registered", "dispatched"]
    assert street.said_besides() == []


def test_a_batch_in_disorder_is_handled_whole(street: Street) -> None:
    fake = street.fake
    street.stop()
    for number in range(6):
        fake.says(f"居民{number}", *((GROUP, LIFT) if number % 2 else (EAST, RUBBISH)))
    updates = held_back(fake)
    for place in (4, 0, 5, 2, 0, 3, 1, 4):
        fake.again(updates[place])
    street.start()
    street.settle()
    assert reports(street) == 6
    assert sorted(case.title for case in street.cases()) == ["垃圾清运", "电梯故障"]
    street.wait(minutes=5)
    assert street.said_besides() == []


def test_what_comes_late_below_the_others_is_handled_all_the_same(street: Street) -> None:
    """Its number lies below what is acknowledged already."""
    fake = street.fake
    street.stop()
    fake.says("王阿姨", GROUP, LIFT)
    fake.says("陈姐", GROUP, LAMP)
    early, late = held_back(fake)
    street.start()
    for update in (late, early, late):
        fake.again(update)
        street.settle()
    assert sorted(case.title for case in street.cases()) == ["电梯故障", "路灯不亮"]
    assert reports(street) == 2


def test_a_danger_delivered_again_and_again_is_answered_once(street: Street) -> None:
    fake = street.fake
    fake.says("王阿姨", GROUP, TRAPPED)
    update = dict(fake.updates[-1])
    street.settle()
    for _ in range(3):
        street.wait(minutes=15)
        street.says("路人", TRAPPED, at=EAST)
        fake.again(update)
        street.settle()
    first = [text for text in fake.texts(GROUP) if "6600-0096" in text]
    assert len(first) == 1


# -- buttons ------------------------------------------------------------------------------------------------------


def test_a_press_delivered_twice_is_one_press(street: Street) -> None:
    fake = street.fake
    street.says("王阿姨", LIFT)
    press = fake.presses("张网格员", "接单")
    update = dict(fake.updates[-1])
    fake.again(update)
    street.settle()
    fake.again(update)
    street.settle()
    assert fake.toasts[press] == "已接单 #1 电梯故障 · 3号楼"
    assert street.history() == ["registered", "dispatched", "accepted"]


def test_an_impatient_thumb_presses_twice_and_every_press_is_answered(street: Street) -> None:
    fake = street.fake
    street.says("王阿姨", LIFT)
    post = street.newest("张网格员", "#1")
    presses = [fake.presses("张网格员", "接单") for _ in range(3)]
    street.settle()
    assert street.history() == ["registered", "dispatched", "accepted"]
    assert fake.toasts[presses[0]] == "已接单 #1 电梯故障 · 3号楼"
    assert all(fake.toasts[press] for press in presses)
    street.wait(minutes=1)
    assert post.edited == 1
    assert street.said_besides() == []


# -- by webhook ---------------------------------------------------------------------------------------------------


class TestByWebhook:
    @pytest.fixture
    def by_webhook(self) -> bool:
        return True

    def test_again_while_the_first_is_still_handled(self, street: Street) -> None:
        """Telegram lost patience, and calls a second and a third time."""
        fake = street.fake
        key = ChatKey.parse(fake.address(GROUP))
        fake.updates_with = lambda kind, payload: waiting.append({"update_id": 700_001, kind: payload})  # type: ignore[assignment, method-assign, return-value]
        waiting: list[Json] = []
        fake.says("王阿姨", GROUP, TRAPPED)

        def call() -> int:
            headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
            return httpx.post(f"{street.url}/telegram", json=waiting[0], headers=headers, timeout=PATIENCE).status_code

        with ThreadPoolExecutor(3) as calls:
            with street.database.transaction() as session:  # somebody else holds the chat's row
                assert chats.find(session, key, lock=True)
                answers = [calls.submit(call) for _ in range(3)]
                street.until(lambda: [text for text in fake.texts(GROUP) if "6600-0096" in text])
                assert not any(answer.done() for answer in answers)
            assert [answer.result(PATIENCE) for answer in answers] == [200, 200, 200]
        del fake.updates_with  # type: ignore[method-assign]
        street.settle()
        assert len(street.cases()) == reports(street) == 1
        assert len([text for text in fake.texts(GROUP) if "6600-0096" in text]) == 1
        assert deliveries(street).count("700001") == 1


# -- edits --------------------------------------------------------------------------------------------------------


def test_words_that_were_edited_are_the_same_words(street: Street) -> None:
    fake = street.fake
    said = street.says("王阿姨", LIFT)
    fake.updates.append({"update_id": 900_000, "edited_message": {**said.payload, "text": LAMP, "edit_date": 1}})
    street.says("陈姐", LAMP)
    assert [case.title for case in street.cases()] == ["电梯故障", "路灯不亮"]


def test_an_edit_of_a_card_that_took_effect_unheard_is_made_once(street: Street) -> None:
    fake = street.fake
    street.says("王阿姨", LIFT)
    street.wait(minutes=1)
    fake.drops("editMessageText", done=True)
    street.presses("张网格员", "接单")
    street.wait(minutes=5)
    assert [post.edited for post in fake.sees(GROUP) if post.text.startswith("#1")] == [1]
    assert "处理中" in street.card()
    assert street.said_besides() == []


def test_cards_drawn_in_haste_end_with_the_last(street: Street) -> None:
    """While an edit is under way the case moves on twice."""
    fake = street.fake
    street.says("王阿姨", LIFT)
    street.wait(minutes=1)
    with fake.hangs("editMessageText", at=GROUP):
        fake.presses("张网格员", "接单")
        street.until(lambda: [one for one in fake.called("editMessageText") if one["chat_id"] == str(fake.id(GROUP))])
        fake.tells("张网格员", "办结 1 换了主板")
        street.until(lambda: "done" in street.history())
    street.wait(minutes=1)
    assert "处理中" not in street.card()
    edits: list[Any] = [one["text"] for one in fake.called("editMessageText") if one["chat_id"] == str(fake.id(GROUP))]
    assert "处理中" in edits[0]
    assert len(edits) == 2
