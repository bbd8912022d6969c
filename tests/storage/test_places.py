"""Where things are and whose they are: chats, grids, duties, units, the groups of a notice."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from storage import chats, grids, notices, units
from storage.chats import ChatKey, Mode
from storage.duties import ANY, duty_for, lead_unit
from tests.storage.town import Town

# -- chats ------------------------------------------------------------------------------------------------------------


def test_a_chat_key_reads_what_the_file_writes() -> None:
    assert ChatKey.parse("console:main:3号楼群") == ("console", "main", "3号楼群")
    assert ChatKey.parse("wecom:corp:wr:a:b").address == "wr:a:b"  # the platform's id may hold colons


@pytest.mark.parametrize("text", ["", "console", "console:main", "console:main:", ":main:3号楼群", "console::3号楼群"])
def test_a_chat_key_with_a_part_missing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="platform:account:id"):
        ChatKey.parse(text)


def test_a_chat_is_found_again_and_made_only_once(session: Session) -> None:
    key = ChatKey("console", "main", "3号楼群")
    assert chats.find(session, key) is None
    new = chats.found_or_new(session, key, title="3号楼群", private=False, source="chat")
    assert (new.key, new.title, new.private, new.mode) == (key, "3号楼群", False, Mode.LISTEN)
    assert chats.found_or_new(session, key, title="改名了", private=True, source="file") is new
    assert new.title == "3号楼群"
    assert chats.find(session, key) is new
    assert chats.find(session, key, lock=True) is new


def test_the_same_address_in_another_account_is_another_chat(session: Session, town: Town) -> None:
    other = ChatKey("console", "second", town.group.address)
    assert chats.find(session, other) is None
    with pytest.raises(IntegrityError), session.begin_nested():
        town.chat(town.group.address)


# -- grids ------------------------------------------------------------------------------------------------------------


def test_a_grid_knows_its_way_up(town: Town) -> None:
    assert town.b3.ancestors == ["village/east/b3/", "village/east/", "village/"]
    assert town.village.ancestors == ["village/"]


def test_a_grid_is_found_by_its_key(session: Session, town: Town) -> None:
    assert grids.by_key(session, "east") == town.east
    assert grids.by_key(session, "north") is None


def test_a_place_is_looked_for_here_then_in_the_whole_community(session: Session, town: Town) -> None:
    west_3 = town.grid("w3", town.west, place="3号楼")
    town.grid("other", place="6号楼")  # another community
    assert grids.locate(session, town.b5, []) == town.b5
    assert grids.locate(session, town.east, ["3号楼"]) == town.b3  # two 3号楼: the one under here
    assert grids.locate(session, town.west, ["3号楼"]) == west_3
    assert grids.locate(session, town.west, ["5号楼"]) == town.b5  # not here, but in the community
    assert grids.locate(session, town.east, ["小广场", "5号楼"]) == town.b5
    assert grids.locate(session, town.village, ["3号楼"]) == town.village  # two, none nearer: nobody guesses
    assert grids.locate(session, town.east, ["3号楼", "5号楼"]) == town.east
    assert grids.locate(session, town.east, ["6号楼"]) == town.east


def test_a_building_that_left_the_file_is_not_found(session: Session, town: Town) -> None:
    town.b3.gone = True
    assert grids.locate(session, town.east, ["3号楼"]) == town.east


def test_the_root_is_the_first_community_that_is_still_there(session: Session, town: Town) -> None:
    second = town.grid("second")
    assert grids.root(session) == town.village
    town.village.gone = True
    assert grids.root(session) == second


# -- duties -----------------------------------------------------------------------------------------------------------


def test_the_nearest_grid_decides_and_there_a_named_category_before_the_rest(session: Session, town: Town) -> None:
    assert duty_for(session, "lift", town.b3) is None  # a hole in the list
    rest = town.duty("rest", ANY, town.village)
    assert duty_for(session, "lift", town.b3) == rest
    lifts = town.duty("lifts", "lift", town.village)
    assert duty_for(session, "lift", town.b3) == lifts
    east = town.duty("east", ANY, town.east)
    assert duty_for(session, "lift", town.b3) == east  # nearer, though not named
    east_lifts = town.duty("east-lifts", "lift", town.east)
    assert duty_for(session, "lift", town.b3) == east_lifts
    assert duty_for(session, "light", town.b3) == east
    assert duty_for(session, "lift", town.west) == lifts
    east_lifts.gone = True
    assert duty_for(session, "lift", town.b3) == east


def test_of_two_equal_duties_the_older_one_holds(session: Session, town: Town) -> None:
    older = town.duty("older", "lift", town.village)
    town.duty("newer", "lift", town.village)
    assert duty_for(session, "lift", town.b3) == older


def test_a_duty_gives_its_times_and_its_unit(session: Session, town: Town) -> None:
    rest = town.duty("rest", ANY, town.village, accept_hours=0.5)
    heat = town.duty("heat", "utility", town.village, lead_unit_id=town.wuye.id)
    assert (rest.accept_within, rest.finish_within) == (timedelta(minutes=30), timedelta(days=5))
    assert lead_unit(session, rest) is None
    assert lead_unit(session, heat) == town.wuye


# -- units ------------------------------------------------------------------------------------------------------------


def test_a_unit_is_meant_by_its_key_its_name_or_an_alias(session: Session, town: Town) -> None:
    huanwei = town.unit("huanwei", name="环卫所", aliases=["环卫", "保洁"])
    for word in ("huanwei", "环卫所", "环卫", "保洁"):
        assert units.named(session, word) == huanwei
    assert units.named(session, "物业") == town.wuye
    assert units.named(session, "环") is None
    huanwei.gone = True
    assert units.named(session, "环卫") is None
    assert units.all_units(session) == [town.wuye]


# -- the groups of a notice -------------------------------------------------------------------------------------------


def test_a_notice_goes_to_the_groups_of_its_grid_and_below_in_chunks(session: Session, town: Town) -> None:
    of_east = town.chat("东网格群", grid_id=town.east.id)
    quiet = town.chat("5号楼群", grid_id=town.b5.id, mode=Mode.ADDRESSED)
    town.chat("不听的群", grid_id=town.b5.id, mode=Mode.OFF)
    town.chat("西网格群", grid_id=town.west.id)
    town.chat("没绑定的群")
    town.chat("王阿姨", private=True, grid_id=town.b3.id)
    assert notices.groups(session, [town.east], after=0, limit=200) == [town.group, of_east, quiet]
    assert notices.groups(session, [town.east], after=0, limit=2) == [town.group, of_east]
    assert notices.groups(session, [town.east], after=of_east.id or 0, limit=2) == [quiet]
    assert notices.groups(session, [town.east], after=quiet.id or 0, limit=2) == []


def test_a_key_that_looks_like_a_pattern_means_only_itself(session: Session, town: Town) -> None:
    one, other, upper = town.grid("e_1"), town.grid("ex1"), town.grid("E_1")
    group = town.chat("一号群", grid_id=one.id)
    town.chat("二号群", grid_id=other.id)
    town.chat("三号群", grid_id=upper.id)
    town.grid("hall", other, place="会堂")
    assert notices.groups(session, [one], after=0, limit=9) == [group]
    assert grids.locate(session, one, ["会堂"]) == one
