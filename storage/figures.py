"""The figures of a period: the three rates, raw and after exclusions, each exclusion named. Numbers, never persons."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, func, select

from storage.reports import Report
from storage.requests import FINISHED, OPEN, Outcome, Request, Satisfaction, State

EXCLUDED = frozenset({State.REJECTED, State.SUSPENDED, State.WITHDRAWN, State.MERGED})


@dataclass(frozen=True)
class Rate:
    """`of` = 0 means there is no rate, not a rate of nothing."""

    part: int
    of: int

    @property
    def percent(self) -> float | None:
        return 100 * self.part / self.of if self.of else None


@dataclass(frozen=True)
class Rates:
    responded: Rate  # accepted in time ÷ all
    solved: Rate  # 已解决 by the residents' word, else the worker's ÷ all
    solved_confirmed: int  # of those, by a resident's tap
    satisfied: Rate  # 满意 and 基本满意 ÷ answered
    fairly: int  # of those, 基本满意


@dataclass(frozen=True)
class Figures:
    cases: int
    voices: int
    finished: int
    still_open: int
    late: int
    reopened: int
    by_tap: int
    by_silence: int
    raw: Rates
    adjusted: Rates
    excluded: Counter[State] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)


def between(session: Session, start: datetime, end: datetime) -> Figures:
    """The figures of the cases opened from `start` to before `end`. What was registered by mistake is in none."""
    chosen = (col(Request.opened_at) >= start, col(Request.opened_at) < end, Request.state != State.MISTAKEN)
    cases = session.exec(select(Request).where(*chosen).order_by(col(Request.id))).all()
    kept = [case for case in cases if case.state not in EXCLUDED]
    voices = session.exec(
        select(func.count())
        .select_from(Report)
        .join(Request, col(Request.id) == Report.request_id)
        .where(*chosen, col(Report.first).is_(True), col(Report.gone_at).is_(None))
    ).one()
    return Figures(
        cases=len(cases),
        voices=voices,
        finished=sum(case.state in FINISHED for case in cases),
        still_open=sum(case.state in OPEN for case in cases),
        late=sum(case.state in OPEN and case.finish_by is not None and case.finish_by < end for case in cases),
        reopened=sum(case.reopened > 0 for case in cases),
        by_tap=sum(case.state == State.RATED for case in cases),
        by_silence=sum(case.state == State.CLOSED for case in cases),
        raw=_rates(cases),
        adjusted=_rates(kept),
        excluded=Counter(case.state for case in cases if case.state in EXCLUDED),
        categories=Counter(case.category for case in cases),
    )


def _rates(cases: Sequence[Request]) -> Rates:
    in_time = [c for c in cases if c.accepted_at and c.accept_by and c.accepted_at <= c.accept_by]
    solved = [c for c in cases if (c.verdict or c.outcome) == Outcome.SOLVED]
    answered = [c for c in cases if c.satisfaction is not None]
    content = [c for c in answered if c.satisfaction != Satisfaction.BAD]
    return Rates(
        responded=Rate(len(in_time), len(cases)),
        solved=Rate(len(solved), len(cases)),
        solved_confirmed=sum(c.verdict == Outcome.SOLVED for c in solved),
        satisfied=Rate(len(content), len(answered)),
        fairly=sum(c.satisfaction == Satisfaction.FAIR for c in content),
    )
