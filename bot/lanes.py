"""Lanes: one thread each, one message after the other, several messages per commit."""

import hashlib
import queue
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from storage.database import Database, worth_another_try

T = TypeVar("T")
BATCH = 32  # messages per commit
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


Tasks = queue.SimpleQueue[Task[Any] | None]


class Lanes:
    """`submit` from any thread; what has one key runs in order. The future resolves after the commit."""

    def __init__(self, database: Database, count: int) -> None:
        self.database = database
        self._queues: list[Tasks] = [queue.SimpleQueue() for _ in range(count)]
        self._threads = [
            threading.Thread(target=self._serve, args=(tasks,), name=f"lane-{number}", daemon=True)
            for number, tasks in enumerate(self._queues)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, key: Hashable, work: Callable[[Session], T]) -> "Future[T]":
        task = Task(work)
        digest = hashlib.blake2b(repr(key).encode(), digest_size=4).digest()
        self._queues[int.from_bytes(digest, "big") % len(self._queues)].put(task)
        return task.future

    def close(self) -> None:
        """Finishes what was submitted, then ends the threads."""
        for tasks in self._queues:
            tasks.put(None)
        for thread in self._threads:
            thread.join()

    def _serve(self, tasks: Tasks) -> None:
        while first := tasks.get():
            batch = [first]
            more: Task[Any] | None = first
            while len(batch) < BATCH and not tasks.empty() and (more := tasks.get()):
                batch.append(more)
            self._commit([task for task in batch if task.future.set_running_or_notify_cancel()])
            if more is None:
                return

    def _commit(self, batch: list[Task[Any]]) -> None:
        """All in one transaction; if the database errs, each in its own."""
        try:
            self._transact(batch)
        except Exception:  # noqa: BLE001 (nothing may end the lane)
            for task in batch:
                self._alone(task)
        for task in batch:
            task.settle()

    def _alone(self, task: Task[Any]) -> None:
        """A deadlock or a serialisation failure is tried again; any other failure is the submitter's to hear."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._transact([task])
            except Exception as error:  # noqa: BLE001
                task.error = error
                if attempt == ATTEMPTS or not (isinstance(error, DBAPIError) and worth_another_try(error)):
                    return
            else:
                return

    def _transact(self, batch: list[Task[Any]]) -> None:
        with self.database.transaction() as session:
            for task in batch:
                task.run(session)
