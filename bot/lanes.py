"""Lanes: one thread each, one message after the other, several messages per commit."""

import hashlib
import itertools
import queue
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from storage.database import Database, worth_another_try

T = TypeVar("T")
BATCH = 32  # messages per commit
LONG_ENOUGH = 0.025  # seconds: so long a batch takes more; a commit costs a small part of that
ATTEMPTS = 5  # of a message the database refused for the moment


@dataclass
class Task(Generic[T]):
    work: Callable[[Session], T]
    future: "Future[T]" = field(default_factory=Future)
    result: Any = None
    error: Exception | None = None

    def run(self, session: Session) -> None:
        """In a savepoint: what fails here takes nothing else with it, unless the database itself failed."""
        self.error = None
        try:
            with session.begin_nested():
                self.result = self.work(session)
        except DBAPIError:
            raise
        except Exception as error:  # noqa: BLE001 (it belongs to whoever submitted the work)
            self.error = error

    def settle(self) -> None:
        if self.error:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


SOON, LATER, LAST = range(3)
Tasks = queue.PriorityQueue[tuple[int, int, Task[Any] | None]]
END = (LAST, 0, None)


class Lanes:
    """`submit` from any thread; what has one key runs in order. The future resolves after the commit."""

    def __init__(self, database: Database, count: int) -> None:
        self.database = database
        self._turn = itertools.count()
        self._queues: list[Tasks] = [queue.PriorityQueue() for _ in range(count)]
        self._threads = [
            threading.Thread(target=self._serve, args=(tasks,), name=f"lane-{number}", daemon=True)
            for number, tasks in enumerate(self._queues)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, key: Hashable, work: Callable[[Session], T], *, soon: bool = False) -> "Future[T]":
        """`soon`: before what waits under other keys; for one key it is always the same."""
        task = Task(work)
        digest = hashlib.blake2b(repr(key).encode(), digest_size=4).digest()
        lane = self._queues[int.from_bytes(digest, "big") % len(self._queues)]
        lane.put((SOON if soon else LATER, next(self._turn), task))
        return task.future

    def close(self) -> None:
        """Finishes what was submitted, then ends the threads."""
        for tasks in self._queues:
            tasks.put(END)
        for thread in self._threads:
            thread.join()

    def _serve(self, tasks: Tasks) -> None:
        while first := tasks.get()[2]:
            batch: list[Task[Any]] = []
            try:
                with self.database.transaction() as session:
                    for task in self._together(first, tasks):
                        if task.future.set_running_or_notify_cancel():
                            batch.append(task)
                            task.run(session)
            except Exception:  # noqa: BLE001 (nothing may end the lane)
                for task in batch:
                    self._alone(task)
            for task in batch:
                task.settle()

    @staticmethod
    def _together(first: Task[Any], tasks: Tasks) -> Iterator[Task[Any]]:
        """What is committed at once: until nothing waits, or those who came first have waited long enough."""
        yield first
        end = time.monotonic() + LONG_ENOUGH
        for _ in range(BATCH - 1):
            if tasks.empty() or time.monotonic() > end:
                return
            task = tasks.get()[2]
            if task is None:
                tasks.put(END)
                return
            yield task

    def _alone(self, task: Task[Any]) -> None:
        """A deadlock or a serialisation failure is tried again; any other failure is the submitter's to hear."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.database.transaction() as session:
                    task.run(session)
            except Exception as error:  # noqa: BLE001
                task.error = error
                if attempt == ATTEMPTS or not (isinstance(error, DBAPIError) and worth_another_try(error)):
                    return
            else:
                return
