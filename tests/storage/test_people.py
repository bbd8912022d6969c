"""People: what they hold, who answers for a grid, where they are reached; and what they were asked."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from storage import people, questions
from storage.people import Rank
from tests.storage.town import AT, Town

MINUTE = timedelta(minutes=1)


def test_the_posts_of_a_person_say_rank_and_where(session: Session, town: Town) -> None:
    town.role(town.zhang, Rank.WORKER, grid=town.east)
    town.role(town.zhang, Rank.CONTACT, unit=town.wuye)
    town.role(town.zhang, Rank.LEADER, grid=town.west, gone=True)
    assert {post[:3] for post in people.posts(session, town.zhang)} == {
        (Rank.WORKER, "village/east/", None),
        (Rank.CONTACT, None, town.wuye.id),
    }
    assert people.posts(session, town.wang) == []


def test_a_person_is_found_by_key_until_they_leave(session: Session, town: Town) -> None:
    assert people.by_key(session, "zhang") == town.zhang
    assert people.by_key(session, "li") is None
    town.zhang.gone = True
    assert people.by_key(session, "zhang") is None


def test_a_person_is_found_at_the_address_they_write_from(session: Session, town: Town) -> None:
    chat = town.alone_with(town.wang)
    found = people.at_address(session, "console", "main", "王阿姨")
    assert found
    assert (found[0], found[1].chat_id) == (town.wang, chat.id)
    for other in (("wecom", "main", "王阿姨"), ("console", "second", "王阿姨"), ("console", "main", "李明")):
        assert people.at_address(session, *other) is None
    with pytest.raises(IntegrityError), session.begin_nested():
        town.alone_with(town.person("王阿姨"))  # one address, one person


def test_the_nearest_grid_that_has_somebody_answers(session: Session, town: Town) -> None:
    liu, li = town.person("刘网格员"), town.person("李网格长")
    town.role(town.zhang, Rank.WORKER, grid=town.east)
    town.role(liu, Rank.WORKER, grid=town.east)
    town.role(li, Rank.LEADER, grid=town.village)
    assert people.holders(session, Rank.WORKER, town.b3) == [town.zhang, liu]
    assert people.holders(session, Rank.WORKER, town.west) == []
    assert people.holders(session, Rank.LEADER, town.b3) == [li]
    own = town.person("楼里的网格员")
    role = town.role(own, Rank.WORKER, grid=town.b3)
    assert people.holders(session, Rank.WORKER, town.b3) == [own]
    role.gone = True
    assert people.holders(session, Rank.WORKER, town.b3) == [town.zhang, liu]
    town.zhang.gone = True
    assert people.holders(session, Rank.WORKER, town.b3) == [liu]


def test_the_chain_goes_up_and_names_each_person_once(session: Session, town: Town) -> None:
    li, wang, zhao = town.person("李网格长"), town.person("王总网格长"), town.person("赵主任")
    town.role(town.zhang, Rank.WORKER, grid=town.east)
    town.role(town.person("刘网格员"), Rank.WORKER, grid=town.east)  # works beside him, is no step
    town.role(li, Rank.LEADER, grid=town.east)
    town.role(wang, Rank.CHIEF, grid=town.village)
    town.role(zhao, Rank.ADMIN, grid=town.village)
    assert people.chain(session, town.b3) == [town.zhang, li, wang, zhao]
    town.role(zhao, Rank.WORKER, grid=town.west)  # nobody works there: the office does it itself
    assert people.chain(session, town.west) == [zhao, wang]


def test_the_contacts_of_a_unit_are_those_who_still_speak_for_it(session: Session, town: Town) -> None:
    sun, ma, qian = town.person("孙经理"), town.person("马班长"), town.person("钱经理")
    other_unit = town.unit("huanwei")
    town.role(sun, Rank.CONTACT, unit=town.wuye)
    town.role(qian, Rank.CONTACT, unit=town.wuye)
    town.role(town.wang, Rank.CONTACT, unit=town.wuye, gone=True)
    town.role(ma, Rank.CONTACT, unit=other_unit)
    assert people.contacts(session, town.wuye.id) == [sun, qian]
    sun.gone = True
    assert people.contacts(session, town.wuye.id) == [qian]


def test_the_private_chat_is_where_a_person_last_spoke(session: Session, town: Town) -> None:
    assert people.private_chat(session, town.wang.id) is None
    never_used = town.alone_with(town.wang, platform="wecom", seen_at=None)
    assert people.private_chat(session, town.wang.id) == never_used
    old = town.alone_with(town.wang, platform="telegram", seen_at=AT - MINUTE)
    assert people.private_chat(session, town.wang.id) == old
    newest = town.alone_with(town.wang, platform="console", seen_at=AT)
    assert people.private_chat(session, town.wang.id) == newest


# -- open questions ---------------------------------------------------------------------------------------------------


def test_a_question_stands_for_one_person_in_one_chat_until_it_expires(session: Session, town: Town) -> None:
    wang, here, there = town.wang.id, town.group.id, town.chat("5号楼群").id
    questions.ask(session, here, wang, "/more 1 ", expires_at=AT + 10 * MINUTE)
    standing = questions.find(session, here, wang, at=AT)
    assert standing
    assert standing.command == "/more 1 "
    assert questions.find(session, here, wang, at=AT + 10 * MINUTE) is None
    assert questions.find(session, there, wang, at=AT) is None
    assert questions.find(session, here, town.zhang.id, at=AT) is None


def test_a_new_question_takes_the_place_of_the_old_one_there_only(session: Session, town: Town) -> None:
    wang, here, there = town.wang.id, town.group.id, town.chat("5号楼群").id
    for chat, command in ((here, "/more 1 "), (there, "/more 2 "), (here, "/cancel 1 ")):
        questions.ask(session, chat, wang, command, expires_at=AT + MINUTE)
    standing = [questions.find(session, chat, wang, at=AT) for chat in (here, there)]
    assert [question.command for question in standing if question] == ["/cancel 1 ", "/more 2 "]


def test_a_question_that_was_answered_is_gone(session: Session, town: Town) -> None:
    wang, here = town.wang.id, town.group.id
    questions.ask(session, here, wang, "/more 1 ", expires_at=AT + MINUTE)
    questions.ask(session, here, town.zhang.id, "/done 1 ", expires_at=AT + MINUTE)
    questions.close(session, here, wang)
    assert questions.find(session, here, wang, at=AT) is None
    assert questions.find(session, here, town.zhang.id, at=AT)


def test_who_steps_in_for_whom(session: Session, town: Town) -> None:
    town.wang.stand_in_key = "zhang"
    session.flush()
    assert people.covered_by(session, town.zhang) == [town.wang]
    town.wang.gone = True
    session.flush()
    assert people.covered_by(session, town.zhang) == []
    assert people.covered_by(session, people.Person(name="路人", source="chat")) == []
