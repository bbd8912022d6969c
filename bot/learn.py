"""`gridbot learn`: what was learnt here, in lines an operator reads."""

import json

from sqlmodel import Session

from handlers import learning
from nlp.reader import Reader
from storage import corrections
from storage.corrections import Lesson, LessonState

SHOWN = 3  # examples that a lesson would make worse


def proposed(session: Session, base: Reader, *, yes: bool) -> list[str]:
    """Draws lessons anew; with `yes` they count from now on, in running bots within seconds."""
    kept = len(corrections.kept(session, learning.LOOKED_AT))
    found = learning.studied(session, base, alone=False)
    lines = [f"{kept} corrections, {len(found)} lessons proposed" + (": they count now" if yes and found else "")]
    for row, lesson in found:
        if yes:
            row.state = LessonState.APPLIED
            session.add(row)
        lines.append(_line(row))
        lines.append(
            f"    corrections: {lesson.better} better, {lesson.worse} worse;"
            f" examples: {lesson.examples_better} better, {len(lesson.examples_worse)} worse"
        )
        lines += [f"    worse: {text}" for text in lesson.examples_worse[:SHOWN]]
    if found and not yes:
        lines.append("gridbot learn --yes lets them count; the office can decide on each in the chat: 学习")
    return lines


def known(session: Session) -> list[str]:
    rows = corrections.lessons(session, LessonState.APPLIED)
    return [_line(row) for row in rows] or ["nothing was learnt here yet"]


def exported(session: Session) -> list[str]:
    """JSON lines: first the lessons, then the corrections they came from."""
    lessons = [
        {"word": row.word, "target": row.target, "weight": row.weight, "seen": row.seen, "state": row.state}
        for row in corrections.lessons(session, *LessonState)
    ]
    kept = [
        {
            "month": row.month.isoformat(),
            "words": row.words,
            "stand": row.stand,
            "request": row.request,
            "category": row.category,
        }
        for row in corrections.kept(session, learning.LOOKED_AT)
    ]
    return [json.dumps(row, ensure_ascii=False) for row in (*lessons, *kept)]


def forgotten(session: Session) -> list[str]:
    lessons, kept = corrections.unlearn(session)
    return [f"forgotten: {lessons} lessons, {kept} corrections"]


def _line(row: Lesson) -> str:
    return f"{row.id}. {row.word} → {row.target} {row.weight:+.1f}, seen in {row.seen} corrections"
