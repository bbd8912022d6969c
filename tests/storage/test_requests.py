"""The states of a case: which moves are legal, and what holds after any history whatever."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from storage import events, requests
from storage.requests import FINISHED, MOVES, OPEN, IllegalMove, Outcome, Request, Satisfaction, State
from tests.storage.town import AT, Town, columns_of

# Every road there is; a pair that is not here must be refused.
ROADS = {
    "registered": "dispatched suspended rejected withdrawn merged mistaken",
    "dispatched": "dispatched accepted done suspended rejected withdrawn merged mistaken",
    "accepted": "dispatched done suspended rejected withdrawn merged mistaken",
    "suspended": "dispatched accepted withdrawn",
    "done": "rated closed dispatched",
    "rated": "dispatched",
    "closed": "dispatched rated",
    "rejected": "",
    "withdrawn": "",
    "merged": "",
    "mistaken": "",
}


def test_every_pair_of_states_is_either_a_road_or_refused(session: Session, town: Town) -> None:
    case = town.case()
    for source in State:
        for target in State:
            case.state = source
            if target in ROADS[source].split():
                event = requests.move(session, case, target, "moved", actor_id=town.zhang.id, at=AT)
                assert case.state == target
                assert event.data == {"from": source, "to": target}
            else:
                with pytest.raises(IllegalMove) as refused:
                    requests.move(session, case, target, "moved", actor_id=town.zhang.id, at=AT)
                assert str(refused.value) == f"#{case.id}: {source.value} → {target.value}"
                assert (refused.value.request, refused.value.source, refused.value.target) == (case, source, target)
                assert case.state == source


def test_every_state_is_in_the_table_and_open_and_finished_are_apart() -> None:
    assert set(MOVES) == set(State)
    assert not OPEN & FINISHED
    assert all(MOVES[state] for state in OPEN | FINISHED)  # nothing open or finished is a dead end


def test_a_refused_move_leaves_no_line_in_the_history(session: Session, town: Town) -> None:
    case = town.case()
    with pytest.raises(IllegalMove):
        requests.move(session, case, State.RATED, "rated", actor_id=town.wang.id, at=AT, satisfaction=Satisfaction.GOOD)
    assert case.satisfaction is None
    assert [event.kind for event in events.history(session, case.number)] == ["registered"]


def test_a_move_sees_what_another_process_did_a_moment_ago(session: Session, town: Town) -> None:
    case = town.case()
    session.exec(
        update(Request)
        .where(Request.id == case.id)
        .values(state=State.WITHDRAWN)
        .execution_options(synchronize_session=False)
    )
    assert case.state == State.REGISTERED  # what this session still believes
    with pytest.raises(IllegalMove, match="withdrawn → dispatched"):
        requests.move(session, case, State.DISPATCHED, "dispatched", actor_id=None, at=AT)


def test_a_case_that_does_not_exist_cannot_be_locked(session: Session, town: Town) -> None:
    assert requests.lock(session, 404) is None


def test_a_case_has_no_number_before_it_is_stored(session: Session, town: Town) -> None:
    stored = town.case(places="3号楼 小广场")
    assert stored.number == stored.id
    assert stored.place == "3号楼"
    assert stored.is_open
    with pytest.raises(ValueError, match="once it is stored"):
        _ = Request(**columns_of(stored) | {"id": None}).number


# -- the one lead -----------------------------------------------------------------------------------------------------


def test_a_case_without_a_lead_or_with_two_is_refused_by_the_database(session: Session, town: Town) -> None:
    for leads in ({"lead_person_id": None}, {"lead_person_id": town.zhang.id, "lead_unit_id": town.wuye.id}):
        with pytest.raises(IntegrityError, match="ck_request_one_lead"), session.begin_nested():
            town.case(**leads)


def test_no_move_may_take_the_lead_away_or_add_a_second(session: Session, town: Town) -> None:
    case = town.case()
    for leads in ({"lead_person_id": None}, {"lead_unit_id": town.wuye.id}):
        with pytest.raises(IntegrityError, match="ck_request_one_lead"), session.begin_nested():
            requests.move(session, case, State.DISPATCHED, "dispatched", actor_id=None, at=AT, **leads)
    handed_over = {"lead_person_id": None, "lead_unit_id": town.wuye.id}
    requests.move(session, case, State.DISPATCHED, "transferred", actor_id=None, at=AT, **handed_over)
    assert case.lead_unit_id == town.wuye.id


# -- any history ------------------------------------------------------------------------------------------------------

TIMES = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 (the strategy adds the zone)
    max_value=datetime(2035, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, ZoneInfo("Asia/Shanghai"), ZoneInfo("America/St_Johns")]),
)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "outcome": st.none() | st.sampled_from(Outcome),
        "verdict": st.none() | st.sampled_from(Outcome),
        "satisfaction": st.none() | st.sampled_from(Satisfaction),
        "accepted_at": st.none() | TIMES,
        "remind_at": st.none() | TIMES,
        "finish_by": st.none() | TIMES,
        "category": st.sampled_from(["lift", "utility", "噪音"]),
        "danger": st.none() | st.just("trapped"),
        "urgent": st.booleans(),
        "reopened": st.integers(0, 9),
        "lead": st.sampled_from(["张网格员", "柳树物业"]),
    },
)
WORDS = st.none() | st.sampled_from(["", "换了主板", "居民说“又坏了”\n3号楼"])
STEPS = st.lists(
    st.tuples(st.sampled_from([*State, "note", "note", "undo", "undo"]), CHANGES, WORDS, TIMES), min_size=1, max_size=10
)
Step = tuple[str, dict[str, Any], str | None, datetime]

few_examples = settings(
    max_examples=25,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def live(session: Session, town: Town, case: Request, step: Step) -> bool:
    """Takes one step in the life of a case; False if it was refused."""
    what, changes, words, at = step
    if "lead" in changes:
        unit = changes["lead"] == "柳树物业"
        leads = {"lead_person_id": None if unit else town.zhang.id, "lead_unit_id": town.wuye.id if unit else None}
        changes = {name: value for name, value in changes.items() if name != "lead"} | leads
    if what == "undo":
        last = events.latest(session, case.number)
        assert last
        requests.take_back(session, case, last, actor_id=town.zhang.id, at=at)
    elif what == "note":
        requests.record(session, case, "noted", actor_id=town.zhang.id, at=at, text=words, **changes)
    else:
        try:
            requests.move(session, case, State(what), "moved", actor_id=town.zhang.id, at=at, text=words, **changes)
        except IllegalMove:
            return False
    return True


def in_database(session: Session, case: Request) -> dict[str, Any]:
    session.flush()
    session.refresh(case)
    return columns_of(case)


@few_examples
@given(plan=STEPS)
def test_after_any_history_there_is_one_lead_and_a_whole_chain(session: Session, town: Town, plan: list[Step]) -> None:
    case = town.case()
    lived = 1 + sum(live(session, town, case, step) for step in plan)
    number = case.number
    session.flush()
    session.expire_all()
    stored = session.get_one(Request, number)
    assert (stored.lead_person_id is None) != (stored.lead_unit_id is None)
    history = events.history(session, number)
    assert [event.number for event in history] == list(range(1, lived + 1))
    assert events.first_break(session, number) is None
    # The history tells the whole road: each move begins where the one before ended.
    road = [event.data for event in history if "to" in event.data]
    assert [move["from"] for move in road] == ["registered", *(move["to"] for move in road)][: len(road)]
    assert stored.state == (road[-1]["to"] if road else State.REGISTERED)


@few_examples
@given(plan=STEPS)
def test_taking_back_restores_every_column_as_it_was(session: Session, town: Town, plan: list[Step]) -> None:
    case = town.case()
    snapshots: list[dict[str, Any]] = []
    for step in plan:
        before = in_database(session, case)
        if live(session, town, case, step):
            snapshots.append(before)
    # Back along the whole road. A step back is an event itself, so what it undoes is found by counting down.
    road = events.history(session, case.number)[1:]
    for event, before in zip(reversed(road), reversed(snapshots), strict=True):
        undone = requests.take_back(session, case, event, actor_id=town.zhang.id, at=AT)
        assert (undone.kind, undone.data["event"]) == ("undone", event.number)
        assert in_database(session, case) == before
    assert events.first_break(session, case.number) is None


@few_examples
@given(step=STEPS.map(lambda plan: plan[0]).filter(lambda step: step[0] != "undo"))
def test_what_is_undone_by_mistake_can_be_undone_again(session: Session, town: Town, step: Step) -> None:
    case = town.case(state=State.ACCEPTED, outcome=Outcome.PARTLY, remind_at=AT)
    before = in_database(session, case)
    if live(session, town, case, step):
        after = in_database(session, case)
        for expected in (before, after):
            live(session, town, case, ("undo", {}, None, AT))
            assert in_database(session, case) == expected


# -- lists ------------------------------------------------------------------------------------------------------------


def test_a_lead_sees_the_earliest_deadline_first_and_cases_without_one_last(session: Session, town: Town) -> None:
    hour = timedelta(hours=1)
    open_ended = town.case(finish_by=None)
    tomorrow = town.case(finish_by=AT + 24 * hour)
    of_unit = town.case(lead_unit_id=town.wuye.id, finish_by=AT + 2 * hour)
    town.case(finish_by=AT + hour, state=State.DONE)
    town.case(lead_person_id=town.wang.id, finish_by=AT + hour)
    assert requests.led_by(session, town.zhang.id, []) == [tomorrow, open_ended]
    assert requests.led_by(session, town.zhang.id, [town.wuye.id]) == [of_unit, tomorrow, open_ended]


def test_the_open_cases_of_a_group_stand_newest_first(session: Session, town: Town) -> None:
    first, second = town.case(), town.case(state=State.SUSPENDED)
    town.case(state=State.CLOSED)
    town.case(chat_id=town.chat("东网格群").id)
    assert requests.open_in(session, town.group.id) == [second, first]
