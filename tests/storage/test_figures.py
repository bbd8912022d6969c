"""The figures of a week, worked out by hand."""

from datetime import timedelta

from sqlmodel import Session

from storage import figures
from storage.figures import Rate
from storage.requests import Outcome, Satisfaction, State
from tests.storage.town import AT, Town

HOUR = timedelta(hours=1)
END = AT + timedelta(days=7)


def a_week(town: Town) -> None:
    in_time = {"accept_by": AT + 4 * HOUR, "accepted_at": AT + 4 * HOUR}  # at the last moment
    too_late = {"accept_by": AT + 4 * HOUR, "accepted_at": AT + 5 * HOUR}
    # Solved, and the residents say so. Two voices: one more withdrew, and 王阿姨 wrote twice.
    lift = town.case(
        state=State.RATED, outcome=Outcome.SOLVED, verdict=Outcome.SOLVED, satisfaction=Satisfaction.GOOD, **in_time
    )
    town.report(lift, town.wang)
    town.report(lift, town.wang, first=False)
    town.report(lift, town.zhang)
    town.report(lift, town.person("李明"), gone_at=AT)
    # The worker says solved, the resident says no.
    rubbish = town.case(
        category="sanitation",
        state=State.RATED,
        outcome=Outcome.SOLVED,
        verdict=Outcome.UNSOLVED,
        satisfaction=Satisfaction.BAD,
        **too_late,
    )
    town.report(rubbish, town.wang)
    # The worker says partly, the resident is content with it.
    town.case(
        category="light",
        state=State.DONE,
        outcome=Outcome.PARTLY,
        verdict=Outcome.SOLVED,
        satisfaction=Satisfaction.FAIR,
        **in_time,
    )
    # Reopened once, then solved; nobody answered.
    town.case(category="light", state=State.CLOSED, outcome=Outcome.SOLVED, reopened=1, **in_time)
    # Never accepted, and overdue at the end of the week.
    town.case(category="noise", state=State.DISPATCHED, accept_by=AT + 4 * HOUR, finish_by=END - HOUR)
    # Being worked on, and still in time.
    town.case(category="utility", state=State.ACCEPTED, finish_by=END, **in_time)
    # Four that stand aside, each counted under its own reason; the suspended one had been accepted in time.
    town.case(category="garden", state=State.SUSPENDED, **in_time)
    for state in (State.REJECTED, State.WITHDRAWN, State.MERGED):
        town.case(category="garden", state=state)
    # In no figure at all: a false catch, and what was opened outside the week.
    town.report(town.case(category="parking", state=State.MISTAKEN), town.wang)
    town.case(category="parking", opened_at=END)
    town.case(category="parking", opened_at=AT - timedelta(microseconds=1))


def test_the_counts_of_a_week(session: Session, town: Town) -> None:
    a_week(town)
    week = figures.between(session, AT, END)
    assert week.cases == 10
    assert week.voices == 3
    assert week.finished == 4
    assert week.still_open == 3  # noise, utility, and the suspended one
    assert week.late == 1
    assert week.reopened == 1
    assert (week.by_tap, week.by_silence) == (2, 1)
    assert week.excluded == {State.SUSPENDED: 1, State.REJECTED: 1, State.WITHDRAWN: 1, State.MERGED: 1}
    assert week.categories == {"lift": 1, "sanitation": 1, "light": 2, "noise": 1, "utility": 1, "garden": 4}


def test_the_three_rates_raw_and_after_exclusions(session: Session, town: Town) -> None:
    a_week(town)
    week = figures.between(session, AT, END)
    assert week.raw.responded == Rate(5, 10)
    assert week.adjusted.responded == Rate(4, 6)
    assert week.raw.solved == Rate(3, 10)  # lift and light by the residents' word, light by the worker's
    assert week.adjusted.solved == Rate(3, 6)
    assert week.adjusted.solved.percent == 50
    assert week.raw.solved_confirmed == week.adjusted.solved_confirmed == 2
    assert week.raw.satisfied == week.adjusted.satisfied == Rate(2, 3)
    assert week.raw.fairly == 1


def test_the_residents_word_overrules_the_workers_both_ways(session: Session, town: Town) -> None:
    case = town.case(state=State.DONE, outcome=Outcome.SOLVED)
    for verdict, solved, confirmed in ((None, 1, 0), (Outcome.UNSOLVED, 0, 0), (Outcome.SOLVED, 1, 1)):
        case.verdict = verdict
        rates = figures.between(session, AT, END).raw
        assert (rates.solved, rates.solved_confirmed) == (Rate(solved, 1), confirmed)


def test_where_nothing_happened_there_is_no_rate(session: Session, town: Town) -> None:
    nothing = figures.between(session, AT, END)
    assert (nothing.cases, nothing.voices) == (0, 0)
    assert nothing.raw == nothing.adjusted
    assert nothing.raw.solved == Rate(0, 0)
    assert nothing.raw.solved.percent is None
