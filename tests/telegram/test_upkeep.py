"""Menus by role, and a word in the group the bot cannot hear."""

import pytest
from sqlmodel import select
from street import Street
from village import GROUP

from bot import upkeep
from bot.upkeep import Upkeep
from storage.outbox import Letter
from storage.people import Person, Role

EAST = "东网格群"


@pytest.fixture
def beside(street: Street, monkeypatch: pytest.MonkeyPatch) -> Upkeep:
    monkeypatch.setattr(upkeep, "TRY_AGAIN", 0)
    monkeypatch.setattr(upkeep, "LOOK_AGAIN", 0)
    return Upkeep(street.app, street.telegram)


def step(street: Street, beside: Upkeep) -> None:
    street.do(beside.step())
    street.settle()


def test_who_works_here_is_shown_more_commands(street: Street, beside: Upkeep) -> None:
    step(street, beside)
    assert "report" in street.fake.menu()
    assert "done" not in street.fake.menu()
    assert {"report", "done", "transfer"} <= set(street.fake.menu("张网格员"))
    assert street.fake.menu("王阿姨") == []


def test_a_menu_follows_its_role_and_is_set_once(street: Street, beside: Upkeep) -> None:
    step(street, beside)
    calls = len(street.fake.called("setMyCommands"))
    step(street, beside)
    assert len(street.fake.called("setMyCommands")) == calls

    def leaves(session) -> None:  # type: ignore[no-untyped-def]
        person = session.exec(select(Person).where(Person.key == "zhang")).one()
        for role in session.exec(select(Role).where(Role.person_id == person.id)):
            role.gone = True

    street.look(leaves)
    street.do(street.app.refresh())
    step(street, beside)
    assert street.fake.menu("张网格员") == []


def test_a_menu_an_earlier_process_set_is_taken_from_who_left(street: Street, beside: Upkeep) -> None:
    step(street, beside)
    street.tells("张网格员", "/start")

    def leaves(session) -> None:  # type: ignore[no-untyped-def]
        session.exec(select(Person).where(Person.key == "zhang")).one().gone = True

    street.look(leaves)
    street.do(street.app.refresh())
    another = Upkeep(street.app, street.telegram)
    step(street, another)
    assert street.fake.menu("张网格员") == []
    calls = len(street.fake.called("deleteMyCommands"))
    step(street, another)
    assert len(street.fake.called("deleteMyCommands")) == calls


def test_who_never_wrote_gets_the_menu_later(street: Street, beside: Upkeep) -> None:
    street.fake.reached.discard(street.fake.id("张网格员"))
    step(street, beside)
    assert street.fake.menu("张网格员") == []
    street.tells("张网格员", "/start")
    step(street, beside)
    assert "done" in street.fake.menu("张网格员")


def test_where_it_cannot_hear_it_says_so_once_until_it_can(street: Street, beside: Upkeep) -> None:
    street.fake.hears_all = False
    street.fake.administered.add(street.fake.id(EAST))
    for _ in range(2):
        step(street, beside)
    assert street.fake.texts(EAST) == []
    assert len(street.fake.texts(GROUP)) == 1
    assert "设为管理员" in street.fake.texts(GROUP)[0]
    step(street, Upkeep(street.app, street.telegram))  # another start
    assert len(street.fake.texts(GROUP)) == 1
    street.fake.administered.add(street.fake.id(GROUP))
    step(street, beside)
    assert street.fake.texts(GROUP) == []


def test_a_group_nobody_added_the_bot_to_is_named(
    street: Street, beside: Upkeep, caplog: pytest.LogCaptureFixture
) -> None:
    street.fake.hears_all = False
    street.fake.blocked.add(street.fake.id(GROUP))
    step(street, beside)
    assert f"the group {street.fake.id(GROUP)} cannot be reached" in caplog.text
    assert street.look(
        lambda s: s.exec(select(Letter).where(Letter.card_key.startswith("deaf"))).all()
    )  # the other one
