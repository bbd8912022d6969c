"""Rows follow the file they come from; what a person made in chat is theirs."""

from typing import Any

from sqlmodel import Session, col, select

from storage.follow import CHAT, FILE, follow_file
from storage.people import Person
from storage.units import Unit, all_units
from tests.storage.town import Town


def units(session: Session) -> dict[str, tuple[str, str, bool]]:
    session.expire_all()
    return {unit.key: (unit.name, unit.source, unit.gone) for unit in session.exec(select(Unit))}


def test_units_come_change_go_and_come_back_with_the_file(session: Session) -> None:
    def file_says(**names: str) -> list[str]:
        return follow_file(session, Unit, {key: {"name": name} for key, name in names.items()})

    assert file_says(wuye="柳树物业", huanwei="环卫所") == []
    assert units(session) == {"wuye": ("柳树物业", FILE, False), "huanwei": ("环卫所", FILE, False)}
    assert file_says(wuye="柳树新物业", huanwei="环卫所") == []
    assert units(session)["wuye"] == ("柳树新物业", FILE, False)
    number = session.exec(select(Unit.id).where(Unit.key == "wuye")).one()
    assert file_says(huanwei="环卫所") == []
    assert units(session)["wuye"] == ("柳树新物业", FILE, True)  # cases may still point at it
    assert [unit.key for unit in all_units(session)] == ["huanwei"]
    assert file_says(wuye="柳树物业", huanwei="环卫所") == []
    assert units(session)["wuye"] == ("柳树物业", FILE, False)
    assert session.exec(select(Unit.id).where(Unit.key == "wuye")).one() == number


def test_a_unit_made_in_chat_stays_and_is_named_as_a_conflict(session: Session) -> None:
    session.add(Unit(key="wuye", name="物业(群里建的)", source=CHAT))
    rows: dict[str, dict[str, Any]] = {"wuye": {"name": "柳树物业"}, "huanwei": {"name": "环卫所"}}
    assert follow_file(session, Unit, rows) == ["wuye"]
    assert units(session)["wuye"] == ("物业(群里建的)", CHAT, False)
    assert units(session)["huanwei"] == ("环卫所", FILE, False)
    assert follow_file(session, Unit, {}) == []
    assert units(session)["wuye"] == ("物业(群里建的)", CHAT, False)
    assert units(session)["huanwei"] == ("环卫所", FILE, True)


def test_residents_who_have_no_key_are_left_alone(session: Session, town: Town) -> None:
    town.person("李明")
    follow_file(session, Person, {"liu": {"name": "刘网格员"}})
    people = {person.name: person.gone for person in session.exec(select(Person).order_by(col(Person.id)))}
    assert people == {"王阿姨": False, "张网格员": True, "李明": False, "刘网格员": False}
