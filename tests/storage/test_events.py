"""The history of a case: it can be forgotten, but not rewritten without leaving a trace."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import Session

from storage import events, requests, texts
from storage.events import Event
from storage.requests import Request, State
from storage.texts import Text
from tests.storage.town import AT, Town


@pytest.fixture
def case(session: Session, town: Town) -> Request:
    """Registered, dispatched, accepted with words, noted, done with words: five lines."""
    case, zhang = town.case(), town.zhang.id
    requests.move(session, case, State.DISPATCHED, "dispatched", actor_id=None, at=AT, accept_by=AT)
    requests.move(session, case, State.ACCEPTED, "accepted", actor_id=zhang, at=AT, text="马上到")
    requests.record(session, case, "noted", actor_id=zhang, at=AT, data={"photos": 2})
    requests.move(session, case, State.DONE, "done", actor_id=zhang, at=AT, text="换了主板")
    session.expire_all()
    return case


def lines(session: Session, case: Request) -> list[Event]:
    return events.history(session, case.number)


def test_an_untouched_history_holds(session: Session, case: Request) -> None:
    assert [event.number for event in lines(session, case)] == [1, 2, 3, 4, 5]
    assert len({event.hash for event in lines(session, case)}) == 5
    assert events.first_break(session, case.number) is None


def test_blanking_the_words_leaves_the_history_provable(session: Session, case: Request) -> None:
    for event in lines(session, case):
        texts.blank(session, event.text_id)
    session.flush()
    session.expire_all()
    assert [session.get_one(Text, e.text_id).body for e in lines(session, case) if e.text_id] == [None, None]
    assert events.first_break(session, case.number) is None


def rename(event: Event) -> None:
    event.kind = "rejected"


def blame(event: Event) -> None:
    event.actor_id = None if event.actor_id else 1


def backdate(event: Event) -> None:
    event.at -= timedelta(microseconds=1)


def embellish(event: Event) -> None:
    event.data = {**event.data, "photos": 3}


def cover_up(event: Event) -> None:
    event.undo = {**event.undo, "urged": 5}


def put_words_in(event: Event) -> None:
    event.text_id = 1 if event.text_id != 1 else None


def reseal(event: Event) -> None:
    event.hash = event.sealed("", "")[::-1]


@pytest.mark.parametrize("tamper", [rename, blame, backdate, embellish, cover_up, put_words_in, reseal])
def test_a_line_that_was_changed_is_named_by_its_number(
    session: Session, case: Request, tamper: Callable[[Event], None]
) -> None:
    for number in (1, 2, 3, 4, 5):
        with session.begin_nested() as changed:
            tamper(lines(session, case)[number - 1])
            session.flush()
            assert events.first_break(session, case.number) == number
            changed.rollback()
    assert events.first_break(session, case.number) is None


def test_rewritten_words_are_named_by_their_line(session: Session, case: Request) -> None:
    session.get_one(Text, lines(session, case)[4].text_id).body = "没人投诉"
    session.flush()
    assert events.first_break(session, case.number) == 5


def test_a_line_that_was_removed_is_named_by_its_number(session: Session, case: Request) -> None:
    for number in (1, 2, 3, 4):
        with session.begin_nested() as changed:
            session.delete(lines(session, case)[number - 1])
            session.flush()
            assert events.first_break(session, case.number) == number
            changed.rollback()


def test_lines_that_changed_places_are_named_by_the_first_of_them(session: Session, case: Request) -> None:
    for number in (1, 2, 3, 4):
        with session.begin_nested() as changed:
            one, other = lines(session, case)[number - 1 : number + 1]
            for event, place in ((one, -1), (other, number), (one, number + 1)):  # no two lines share a number
                event.number = place
                session.flush()
            assert events.first_break(session, case.number) == number
            changed.rollback()


def test_a_line_cannot_be_borrowed_from_another_case(session: Session, town: Town, case: Request) -> None:
    other = town.case()
    session.delete(lines(session, other)[0])
    session.flush()
    lines(session, case)[0].request_id = other.number
    session.flush()
    assert events.first_break(session, other.number) == 1


def test_blanking_what_was_never_written_does_nothing(session: Session, town: Town) -> None:
    kept = texts.keep(session, "马上到")
    texts.blank(session, None)
    texts.blank(session, 404)
    assert kept.body == "马上到"


def test_ones_last_move_is_found_over_all_cases_by_kind_and_time(session: Session, town: Town) -> None:
    here, there, zhang = town.case(), town.case(), town.zhang.id
    late = AT + timedelta(minutes=9)
    accepted = requests.record(session, here, "accepted", actor_id=zhang, at=AT)
    done = requests.record(session, there, "done", actor_id=zhang, at=late)
    requests.record(session, here, "noted", actor_id=zhang, at=late)
    requests.record(session, here, "done", actor_id=None, at=late)
    before = AT - timedelta(seconds=1)
    assert events.last_by(session, zhang, {"accepted", "done"}, since=before) == done
    assert events.last_by(session, zhang, {"accepted"}, since=before) == accepted
    assert events.last_by(session, zhang, {"accepted"}, since=AT) is None
