"""Learning from use: what people say was read wrongly is kept, at night lessons are drawn, and the office decides."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from handlers.aside import aside
from handlers.desk import Desk
from handlers.known import Known
from handlers.message import Button, Reply
from handlers.router import command
from nlp import lessons as school
from nlp.labelled import shipped
from nlp.learnt import REQUEST
from nlp.reader import Reader
from nlp.spelling import plain
from storage import corrections, grids, people
from storage.chores import Chore
from storage.corrections import Correction, Lesson, LessonState
from storage.outbox import Purpose
from storage.people import Rank
from storage.requests import Request

LOOKED_AT = 2000  # corrections, the newest


def note(
    desk: Desk, text: str | None, *, request: bool, category: str | None = None, case: Request | None = None
) -> None:
    """What a person says a message is: kept as its words and how it stood, never as text."""
    base = desk.reader.base
    if not text or not (found := base.words(text)):
        return
    stand = {key: round(value, 2) for key, value in base.stand(text).items()}
    corrections.note(
        desk.session,
        Correction(
            month=desk.now.astimezone(desk.house.zone).date().replace(day=1),
            words=sorted(found),
            stand=stand,
            request=request,
            category=category,
            version=base.version,
            request_id=case.number if case else None,
        ),
    )


def look_back(desk: Desk, chore: Chore) -> None:
    """At night: lessons from what was corrected, for the office to decide on."""
    corrections.grow_anonymous(desk.session)
    before = (desk.now - desk.house.cases_kept).astimezone(desk.house.zone).date()
    corrections.forget(desk.session, before=before, version=desk.reader.base.version)
    waiting = {(row.word, row.target) for row in corrections.lessons(desk.session, LessonState.PROPOSED)}
    found = study(desk.session, desk.reader.base, alone=desk.house.learns_alone)
    if any(row.state == LessonState.APPLIED for row in found):
        desk.learnt.append(Known.grow_stale)
    if any((row.word, row.target) not in waiting for row in found):
        _tell(desk, found)
    chore.due_at, chore.done_at = desk.house.night_after(desk.now), desk.now
    desk.session.add(chore)


def study(session: Session, base: Reader, *, alone: bool) -> list[Lesson]:
    """Draws lessons; with `alone` those that make nothing worse count at once, the others wait for a yes."""
    return [row for row, _ in studied(session, base, alone=alone)]


def studied(session: Session, base: Reader, *, alone: bool) -> list[tuple[Lesson, school.Lesson]]:
    """The same, with the examples each would make worse."""
    rows = corrections.kept(session, LOOKED_AT)
    taken = [
        school.Correction(frozenset(row.words), row.stand, row.request, row.category)
        for row in rows
        if row.version == base.version
    ]
    declined = [(row.word, row.target) for row in corrections.lessons(session, LessonState.DECLINED)]
    found = school.propose(taken, shipped(), base, corrections.in_force(session), declined)
    corrections.keep_proposals(session, {lesson.key for lesson in found})
    return [(_kept(session, lesson, alone=alone), lesson) for lesson in found]


def _kept(session: Session, lesson: school.Lesson, *, alone: bool) -> Lesson:
    better, worse = lesson.better + lesson.examples_better, lesson.worse + len(lesson.examples_worse)
    state = LessonState.APPLIED if alone and lesson.harmless else LessonState.PROPOSED
    values: dict[str, Any] = {
        "weight": lesson.weight,
        "seen": lesson.seen,
        "better": better,
        "worse": worse,
        "state": state,
    }
    row = corrections.find_lesson(session, *lesson.key) or Lesson(word=lesson.word, target=lesson.column, **values)
    row.sqlmodel_update(values)
    session.add(row)
    session.flush()
    return row


def _tell(desk: Desk, found: Sequence[Lesson]) -> None:
    """Everybody of the office hears it in the morning."""
    applied = [row for row in found if row.state == LessonState.APPLIED]
    waiting = [row for row in found if row.state == LessonState.PROPOSED]
    text = "\n".join([*_listed(desk, "lessons.applied", applied), *_listed(desk, "lessons.new", waiting)])
    office = [person for root in grids.roots(desk.session) for person in people.holders(desk.session, Rank.ADMIN, root)]
    for person in dict.fromkeys(desk.id_of(one) for one in office):
        at = desk.house.awake(desk.now)
        desk.write(Purpose.TELL, text, person_id=person, at=at, buttons=_buttons(desk, waiting))


def _listed(desk: Desk, heading: str, rows: Sequence[Lesson]) -> list[str]:
    return [desk.say(heading), *(_line(desk, row) for row in rows)] if rows else []


def _buttons(desk: Desk, waiting: Sequence[Lesson]) -> tuple[Button, ...]:
    """About those that are shown: what is proposed later is nobody's yes."""
    if not waiting:
        return ()
    numbers = " ".join(str(row.id) for row in waiting)
    return (
        Button(desk.say("button.lessons.yes"), f"/lessons yes {numbers}"),
        Button(desk.say("button.lessons.no"), f"/lessons no {numbers}"),
    )


def _line(desk: Desk, row: Lesson) -> str:
    if row.target == REQUEST:
        target = desk.say("lessons.request" if row.weight > 0 else "lessons.no_request")
    else:
        target = desk.reader.category_label(row.target)
    return desk.say(
        "lessons.line",
        number=row.id,
        word=row.word,
        target=target,
        weight=f"{row.weight:+.1f}",
        seen=row.seen,
        better=row.better,
        worse=row.worse,
    )


@command("lessons", ranks=frozenset({Rank.ADMIN}))
def lessons(desk: Desk, words: str) -> Reply | None:
    """What was learnt here and what waits for a yes. "学习 采纳 3 5", "学习 不要 雕塑"; alone all that wait."""
    first, _, rest = words.partition(" ")
    answers = ((LessonState.APPLIED, "yes", "lessons.yes"), (LessonState.DECLINED, "no", "lessons.no"))
    for state, code, names in answers:
        if first and first in (code, *desk.say(names).split()):
            return aside(desk, _decide(desk, state, plain(rest).split()))
    waiting = corrections.lessons(desk.session, LessonState.PROPOSED)
    known = corrections.lessons(desk.session, LessonState.APPLIED)
    lines = [*_listed(desk, "lessons.known", known), *_listed(desk, "lessons.new", waiting)]
    return aside(desk, "\n".join(lines) if lines else desk.say("lessons.none"), _buttons(desk, waiting))


def _decide(desk: Desk, state: LessonState, which: Sequence[str]) -> str:
    """By number or word. What was applied can be declined, too; what was declined is not proposed again."""
    states = (LessonState.PROPOSED, LessonState.APPLIED) if which else (LessonState.PROPOSED,)
    rows = corrections.lessons(desk.session, *states)
    those = [row for row in rows if not which or {str(row.id), row.word} & set(which)]
    if not those:
        return desk.say("lessons.nothing")
    for row in those:
        row.state = state
        desk.session.add(row)
    desk.session.flush()
    desk.learnt.append(Known.grow_stale)
    return desk.say(f"lessons.{state}_now", lines="\n".join(_line(desk, row) for row in those))
