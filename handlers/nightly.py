"""The night's work: each chore has its own."""

from collections.abc import Callable, Mapping

from handlers import keeping, learning
from handlers.desk import Desk
from handlers.router import job
from storage.chores import LEARNING, RETENTION, Chore

CHORES: Mapping[str, Callable[[Desk, Chore], None]] = {
    RETENTION: keeping.forget_what_is_over,
    LEARNING: learning.look_back,
}


@job(Chore.due_at)
def at_night(desk: Desk, chore: Chore) -> None:
    CHORES[chore.key](desk, chore)
