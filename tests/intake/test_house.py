"""The house rules, the limits of a button, and the desk of a timer."""

from datetime import UTC, datetime, time

import pytest
from sqlmodel import Session
from village import Village

from handlers.desk import Desk
from handlers.house import House
from handlers.known import Known
from handlers.message import Button
from storage.chats import Chat, ChatKey
from storage.people import Person


@pytest.mark.parametrize(
    ("quiet", "clock", "awake"),
    [
        ((time(22), time(7, 30)), (21, 59), (23, 21, 59)),
        ((time(22), time(7, 30)), (22, 0), (24, 7, 30)),
        ((time(22), time(7, 30)), (3, 0), (23, 7, 30)),
        ((time(22), time(7, 30)), (7, 30), (23, 7, 30)),
        ((time(12), time(14)), (13, 0), (23, 14, 0)),
        ((time(12), time(14)), (15, 0), (23, 15, 0)),
        ((time(0), time(0)), (3, 0), (23, 3, 0)),
    ],
)
def test_quiet_hours_end_in_the_morning(
    quiet: tuple[time, time], clock: tuple[int, int], awake: tuple[int, int, int]
) -> None:
    house = House("柳树村", quiet_from=quiet[0], quiet_to=quiet[1])
    at = datetime(2026, 11, 23, *clock, tzinfo=house.zone).astimezone(UTC)
    woken = house.awake(at)
    assert woken.tzinfo is UTC
    local = woken.astimezone(house.zone)
    assert (local.day, local.hour, local.minute) == awake


def test_what_would_fall_into_the_night_can_be_said_in_the_evening_before() -> None:
    house = House("柳树村")
    evening = datetime(2026, 11, 23, 22, 0, tzinfo=house.zone)
    for clock in (datetime(2026, 11, 23, 23, 30, tzinfo=house.zone), datetime(2026, 11, 24, 3, 0, tzinfo=house.zone)):
        assert house.evening_before(clock) == evening
    noon = datetime(2026, 11, 24, 12, 0, tzinfo=house.zone)
    assert house.evening_before(noon) == noon


def test_a_button_holds_no_more_than_every_platform_takes() -> None:
    assert Button("办结", "/done 12").command == "/done 12"
    with pytest.raises(ValueError, match="longer than 64 bytes"):
        Button("办结", "/done 12 " + "好" * 20)


def test_a_timer_has_nobody_to_speak_of(village: Village) -> None:
    app = village.stage.app

    def alone(session: Session) -> None:
        desk = app._desk(session)
        assert desk.actor_id is None
        assert desk.name_of(None) == "小格"
        for ask in (lambda: desk.here, lambda: desk.said, lambda: desk.id_of(Person(name="无", source="chat"))):
            with pytest.raises(LookupError):
                ask()
        chat = Chat(platform="console", account="main", address="新群", private=False, source="chat")
        with pytest.raises(LookupError):
            _ = Desk(session, desk.reader, desk.house, desk.say, desk.now, desk.occurrence, chat).chat_id

    village.look(alone)


def test_a_report_is_remembered_for_ten_minutes_in_its_chat() -> None:
    known, here, there = Known(), ChatKey("console", "main", "3号楼群"), ChatKey("console", "main", "东网格群")
    at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    known.report((here, "王阿姨"), "facility", at)
    assert known.spoken_of(here, "王阿姨", at.replace(minute=9)) == ("facility", 9.0)
    assert known.spoken_of(here, "王阿姨", at.replace(minute=10)) == (None, 0.0)
    assert known.spoken_of(there, "王阿姨", at) == (None, 0.0)
    assert (known.spoke_lately(here, at), known.spoke_lately(there, at)) == (True, False)
    known.report((there, "李明"), "noise", at.replace(minute=30))
    assert list(known.reported) == [(there, "李明")]
