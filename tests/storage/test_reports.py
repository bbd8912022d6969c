"""Reports: several voices may share one case, one person may add to it, and anyone may withdraw."""

from datetime import timedelta

from sqlmodel import Session

from storage import reports, texts
from storage.requests import State
from tests.storage.town import AT, Town

MINUTE = timedelta(minutes=1)


def test_voices_are_those_who_came_in_and_stayed(session: Session, town: Town) -> None:
    case, other, li = town.case(), town.case(), town.person("李明")
    first = town.report(case, town.wang, "3号楼电梯又坏了")
    withdrawn = town.report(case, town.zhang, "我也看到了", gone_at=AT)
    addition = town.report(case, town.wang, "还有异响", first=False)
    second = town.report(case, li, "我家也是")
    town.report(other, li, "路灯不亮")
    assert reports.voices(session, case.number) == [first, second]
    assert reports.count_voices(session, case.number) == 2
    assert reports.reporters(session, case.number) == [(first, town.wang), (second, li)]
    assert reports.all_of(session, case.number) == [first, withdrawn, addition, second]
    assert reports.voice_of(session, case.number, li.id) == second
    assert reports.voice_of(session, case.number, town.zhang.id) is None


def test_the_first_words_are_the_first_reporters_until_they_are_blanked(session: Session, town: Town) -> None:
    case = town.case()
    assert reports.first_words(session, case.number) is None
    first = town.report(case, town.wang, "3号楼电梯又坏了")
    town.report(case, town.zhang, "我也看到了")
    assert reports.first_words(session, case.number) == "3号楼电梯又坏了"
    texts.blank(session, first.text_id)
    assert reports.first_words(session, case.number) is None


def test_ones_cases_are_the_open_ones_and_those_done_lately(session: Session, town: Town) -> None:
    day = timedelta(days=1)
    open_case = town.case()
    done = town.case(state=State.CLOSED, done_at=AT - day)
    long_done = town.case(state=State.CLOSED, done_at=AT - 40 * day)
    withdrawn_from, of_zhang = town.case(), town.case()
    for case in (open_case, done, long_done):
        town.report(case, town.wang)
    town.report(open_case, town.wang, first=False)  # does not name it twice
    town.report(withdrawn_from, town.wang, gone_at=AT)
    town.report(of_zhang, town.zhang)
    assert reports.cases_of(session, town.wang.id) == [open_case]
    assert reports.cases_of(session, town.wang.id, since=AT - 30 * day) == [done, open_case]


def test_a_message_leads_to_what_was_last_made_of_it(session: Session, town: Town) -> None:
    elsewhere = town.chat("5号楼群").id
    town.report(town.case(state=State.MISTAKEN), town.wang, message="41")
    newest = town.report(town.case(), town.wang, message="41")
    town.report(town.case(), town.wang, message="41", chat_id=elsewhere)
    assert reports.of_message(session, town.group.id, "41") == newest
    assert reports.of_message(session, town.group.id, "42") is None


def test_a_second_message_joins_the_open_case_of_a_moment_ago(session: Session, town: Town) -> None:
    here, there = town.group.id, town.chat("5号楼群").id
    case = town.case()
    town.report(case, town.wang, "电梯坏了", at=AT)

    def recent(person: int, chat: int, minutes: int) -> object:
        return reports.recent_case(session, person, chat, at=AT + minutes * MINUTE, within=5 * MINUTE)

    assert recent(town.wang.id, here, 4) == case
    assert recent(town.wang.id, here, 5) is None
    assert recent(town.wang.id, there, 4) is None
    assert recent(town.zhang.id, here, 4) is None
    newer = town.case()
    town.report(newer, town.wang, "路灯不亮", at=AT + MINUTE)
    assert recent(town.wang.id, here, 4) == newer
    newer.state = State.WITHDRAWN
    assert recent(town.wang.id, here, 4) == case


def test_similar_cases_are_open_of_one_category_in_one_grid_and_lately(session: Session, town: Town) -> None:
    older, newer = town.case(opened_at=AT), town.case(opened_at=AT + MINUTE)
    town.case(category="light")
    town.case(grid_id=town.b5.id)
    town.case(state=State.DONE)
    town.case(opened_at=AT - 2 * MINUTE)
    assert reports.similar(session, "lift", town.b3.id, since=AT - MINUTE) == [newer, older]
    assert reports.similar(session, "noise", town.b3.id, since=AT - MINUTE) == []


def test_the_last_case_of_a_person_is_the_one_they_wrote_about_last(session: Session, town: Town) -> None:
    assert reports.last_of(session, town.wang.id) is None
    first, second = town.case(), town.case()
    town.report(first, town.wang)
    town.report(second, town.wang)
    assert reports.last_of(session, town.wang.id) == second
    town.report(first, town.wang, first=False)
    assert reports.last_of(session, town.wang.id) == first
