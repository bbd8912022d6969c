"""A thumb on the public card is one more voice, and asks for nothing."""

import pytest
from sqlmodel import select
from street import Street
from village import GROUP

from storage.deliveries import Delivery
from storage.people import Person
from storage.reports import Report

LIFT = "3号楼电梯又坏了,按了没反应"


@pytest.fixture
def case(street: Street) -> Street:
    street.fake.administered.add(street.fake.id(GROUP))
    street.says("王阿姨", LIFT)
    street.wait(minutes=1)
    return street


def react(street: Street, person: str, about: str = "#1", **how: object) -> None:
    street.fake.reacts(person, street.newest(GROUP, about), **how)  # type: ignore[arg-type]
    street.settle()
    street.wait(seconds=5)


@pytest.mark.parametrize("emoji", ["👍", "❤", "❤\ufe0f", "💯"])
def test_a_thumb_is_a_voice_and_counted_once(case: Street, emoji: str) -> None:
    react(case, "陈姐", emoji=emoji)
    react(case, "陈姐", emoji=emoji)
    assert "2 户反映" in case.card()
    assert case.history()[-1] == "joined"


def test_taken_back_the_voice_goes(case: Street) -> None:
    react(case, "陈姐")
    react(case, "陈姐", taken_back=True)
    assert "户反映" not in case.card()
    assert case.history()[-1] == "voice_withdrawn"
    react(case, "陈姐")
    assert "2 户反映" in case.card()


@pytest.mark.parametrize("how", ["words", "button"])
def test_who_also_spoke_stays_a_voice(case: Street, how: str) -> None:
    react(case, "陈姐")
    if how == "words":
        case.says("陈姐", LIFT)
    else:
        case.presses("陈姐", "我家也是", at=GROUP)
    react(case, "陈姐", taken_back=True)
    assert "2 户反映" in case.card()


def test_who_reported_loses_nothing_by_a_thumb(case: Street) -> None:
    react(case, "王阿姨")
    react(case, "王阿姨", taken_back=True)
    assert case.cases()[0].state == "dispatched"
    assert "voice_withdrawn" not in case.history()


def test_the_last_voice_does_not_end_a_case_by_a_gesture(case: Street) -> None:
    react(case, "陈姐")
    case.says("王阿姨", "撤回 1")
    react(case, "陈姐", taken_back=True)
    assert case.cases()[0].state == "dispatched"


def test_a_silent_voice_is_never_asked_and_holds_nothing_up(case: Street) -> None:
    case.tells("陈姐", "/start")
    react(case, "陈姐")
    before = len(case.fake.texts("陈姐"))
    case.tells("张网格员", "办结 1 换了主板")
    case.presses("王阿姨", "已解决", at=GROUP)
    case.wait(minutes=1)
    case.presses("王阿姨", "满意", at=GROUP)
    assert case.cases()[0].state == "rated"
    assert len(case.fake.texts("陈姐")) == before


def test_a_silent_voice_that_answers_is_heard(case: Street) -> None:
    react(case, "陈姐")
    case.tells("张网格员", "办结 1 换了主板")
    case.presses("陈姐", "没有", at=GROUP)
    assert case.cases()[0].reopened == 1


def test_a_thumb_on_anything_else_means_nothing_and_leaves_nothing(case: Street) -> None:
    kept = case.look(lambda s: (len(s.exec(select(Delivery)).all()), len(s.exec(select(Report)).all())))
    talk = case.says("李明", "可不是嘛 昨天就不对劲")
    for post in (talk, case.fake.posted[case.fake.id(GROUP)][0]):  # talk, and the report itself
        case.fake.reacts("陈姐", post)
    react(case, "陈姐", emoji="😢")
    react(case, "陈姐", taken_back=True)  # of one that was given before the bot could see
    assert case.look(lambda s: (len(s.exec(select(Delivery)).all()), len(s.exec(select(Report)).all()))) == kept
    assert case.look(lambda s: s.exec(select(Person).where(Person.name == "陈姐")).all()) == []


def test_a_workers_thumb_says_seen_and_a_done_case_gets_no_voice(case: Street) -> None:
    react(case, "张网格员")
    case.tells("张网格员", "办结 1 换了主板")
    case.wait(minutes=1)
    react(case, "陈姐", about="已办结")
    assert case.look(lambda s: len(s.exec(select(Report)).all())) == 1


def test_in_a_group_nobody_bound_it_is_not_looked_at(case: Street) -> None:
    case.fake.administered.add(case.fake.id("别处群"))
    post = case.says("路人", "早", at="别处群")
    case.fake.reacts("路人", post)
    case.settle()
    assert case.fake.idle
