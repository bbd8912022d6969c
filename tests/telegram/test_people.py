"""People and groups on Telegram: a link in place of a number, and accounts that fall silent."""

from typing import Any

import pytest
from sqlmodel import Session, col, select
from street import Street
from village import GROUP

from bot import upkeep
from bot.upkeep import Upkeep
from storage import people
from storage.people import Address, Person

LIFT = "3号楼电梯又坏了,按了没反应"
NEW = "5号楼新群"


@pytest.fixture
def beside(street: Street, monkeypatch: pytest.MonkeyPatch) -> Upkeep:
    monkeypatch.setattr(upkeep, "TRY_AGAIN", 0)
    street.do(street.telegram.greet())
    return Upkeep(street.app, street.telegram)


def unreachable(street: Street, name: str) -> bool:
    def look(session: Session) -> bool:
        found = people.at_address(session, "telegram", "main", str(street.fake.id(name)))
        assert found
        return found[0].unreachable_at is not None

    return street.look(look)


def test_a_link_makes_somebody_staff_and_the_menu_follows(street: Street, beside: Upkeep) -> None:
    street.do(beside.step())
    told = street.tells("李网格长", "任命 周志强 网格员 5号楼")[0]
    link = next(line for line in told.split("\n") if line.startswith("https://t.me/xiaoge_bot?start="))
    assert street.tells("周师傅", f"/start {link.split('=')[1]}")[0] == "邀请已生效。"
    street.do(beside.step())
    assert "done" in street.fake.menu("周师傅")
    street.tells("李网格长", "免去 周志强")
    street.do(beside.step())
    assert street.fake.menu("周师傅") == []


def test_a_menu_an_earlier_process_set_is_taken_from_who_was_dismissed(street: Street, beside: Upkeep) -> None:
    link = street.tells("李网格长", "任命 周志强 网格员 5号楼")[0].split("?start=")[1].split("\n")[0]
    street.tells("周师傅", f"/start {link}")
    street.do(beside.step())
    street.tells("李网格长", "免去 周志强")
    street.do(Upkeep(street.app, street.telegram).step())
    assert street.fake.menu("周师傅") == []


def test_who_was_appointed_without_a_private_chat_gets_a_link(street: Street, beside: Upkeep) -> None:
    said = street.says("周师傅", "大家好")
    street.says("李网格长", "/role worker b3", to=said)
    assert "请转发:https://t.me/xiaoge_bot?start=w" in street.fake.texts("李网格长")[-1]


def test_a_mention_of_who_has_no_username_carries_their_account(street: Street) -> None:
    user = street.fake.user("周师傅")
    words = "/role 周师傅 worker b3"
    entity = {"type": "text_mention", "offset": 6, "length": 3, "user": user}
    street.says("李网格长", words, entities=[{"type": "bot_command", "offset": 0, "length": 5}, entity])
    held = street.look(
        lambda s: people.posts(s, people.at_address(s, "telegram", "main", str(street.fake.id("周师傅")))[0])  # type: ignore[index]
    )
    assert [(post.rank.value, post.path) for post in held] == [("worker", "village/east/b3/")]


def test_a_group_is_bound_from_within(street: Street) -> None:
    street.says("王阿姨", LIFT, at=NEW)
    street.says("王阿姨", "/bindgroup b5", at=NEW)
    assert street.fake.texts(NEW) == []
    street.says("李网格长", "/bindgroup@xiaoge_bot 5号楼", at=NEW)
    assert street.fake.texts(NEW)[0].startswith("小格从现在起服务5号楼")
    street.says("王阿姨", LIFT, at=NEW)
    assert street.card(1, at=NEW).startswith("#1")


@pytest.mark.parametrize("description", ["Forbidden: bot was blocked by the user", "Forbidden: user is deactivated"])
@pytest.mark.parametrize("person", ["王阿姨", "张网格员"])
def test_whose_account_is_closed_to_the_bot_is_unreachable(street: Street, description: str, person: str) -> None:
    street.tells(person, "/start")
    assert not unreachable(street, person)
    street.fake.fails("sendMessage", 403, description)
    street.fake.tells(person, "帮助")
    street.settle()
    assert unreachable(street, person)
    street.tells(person, "/start")  # whoever writes again can be reached again
    assert not unreachable(street, person)


def test_a_group_that_threw_the_bot_out_makes_nobody_unreachable(street: Street) -> None:
    street.says("王阿姨", LIFT)
    street.fake.blocked.add(street.fake.id(GROUP))
    street.wait(minutes=1)
    street.presses("张网格员", "接单")
    street.wait(minutes=1)
    assert not unreachable(street, "王阿姨")
    assert not unreachable(street, "张网格员")


def test_another_refusal_than_403_says_nothing_of_the_person(street: Street) -> None:
    street.fake.fails("sendMessage", 400, "Bad Request: message is too long")
    street.fake.tells("王阿姨", "帮助")
    street.settle()
    street.tells("王阿姨", "/start")
    assert not unreachable(street, "王阿姨")


@pytest.mark.parametrize("change", ["new_chat_members", "left_chat_member"])
def test_joining_and_leaving_change_no_right_and_store_nothing(street: Street, change: str) -> None:
    def rows(session: Session) -> tuple[int, int]:
        return len(session.exec(select(Person)).all()), len(session.exec(select(Address)).all())

    before, staff = street.look(rows), dict(street.app.known.staff)
    for name in ("新邻居", "张网格员"):
        user = street.fake.user(name)
        moved: dict[str, Any] = {"new_chat_members": [user]} if change == "new_chat_members" else {change: user}
        group = {"id": street.fake.id(GROUP), "type": "supergroup", "title": GROUP}
        street.fake.updates_with(
            "message",
            {"message_id": 900, "date": int(street.clock().timestamp()), "chat": group, "from": user, **moved},
        )
        street.settle()
    street.do(street.app.refresh())
    assert (street.look(rows), street.app.known.staff) == (before, staff)


def test_in_two_groups_one_person_has_one_account(street: Street) -> None:
    street.says("王阿姨", LIFT)
    street.says("王阿姨", "5号楼电梯坏了", at="东网格群")
    user = str(street.fake.id("王阿姨"))
    found = street.look(lambda s: s.exec(select(Address).where(col(Address.user) == user)).all())
    assert len(found) == 1
    street.tells("王阿姨", "/start")
    assert street.tells("王阿姨", "我的")[0].startswith("您反映的 2 件:")
