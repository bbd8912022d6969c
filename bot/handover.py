"""At a start: the cases whose lead left the configuration are handed over, and the operator is told in sentences."""

import logging
from collections.abc import Callable, Sequence

from sqlmodel import Session

from bot.logs import without_text
from handlers import router, succession
from handlers.desk import Desk

log = logging.getLogger(__name__)

AT_ONCE = 100  # cases per transaction
LISTED = 20  # cases a sentence names

Handed = tuple[str, str, int]  # who left it, who has it now, the case


def hand_over(desk_in: Callable[[Session], Desk], numbers: Sequence[int], session: Session) -> list[Handed]:
    """A case that cannot be handed over does not keep the bot from starting: the next start tries again."""
    handed = []
    for number in numbers:
        desk = desk_in(session)
        try:
            with session.begin_nested():
                names = succession.hand_over(desk, number)
                router.finish(desk)
        except Exception as error:
            log.exception("a case could not be handed over", exc_info=without_text(error))
            continue
        if names:
            handed.append((*names, number))
    return handed


def sentences(handed: Sequence[Handed]) -> list[str]:
    """One for each pair of old and new lead."""
    pairs = dict.fromkeys((left, lead) for left, lead, _ in handed)
    cases = {pair: [number for left, lead, number in handed if (left, lead) == pair] for pair in pairs}
    return [
        f"{left} no longer answers for {len(numbers)} open cases: {_listed(numbers)} handed over to {lead}"
        for (left, lead), numbers in cases.items()
    ]


def _listed(numbers: Sequence[int]) -> str:
    shown = ", ".join(f"#{number}" for number in numbers[:LISTED])
    return f"{shown} and {len(numbers) - LISTED} more" if len(numbers) > LISTED else shown
