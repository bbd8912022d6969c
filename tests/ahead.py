"""An event loop whose clock runs ahead: whoever waits for a time is there at once."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Ahead(selectors.DefaultSelector):
    def __init__(self, at: float) -> None:
        super().__init__()
        self.at = at

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.at += timeout or 0.0
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, at: float) -> None:
        self._ahead = _Ahead(at)
        super().__init__(self._ahead)

    def time(self) -> float:
        return self._ahead.at


def run(work: Coroutine[Any, Any, T], *, at: float = 0.0) -> T:
    """Runs it on a clock that shows `at` seconds; nothing in it may wait for another thread."""
    with asyncio.Runner(loop_factory=lambda: _Loop(at)) as runner:
        return runner.run(work)
