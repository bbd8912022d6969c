"""A machine without rjieba: only jieba is there to cut."""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nlp import words

CACHES = (words._rjieba, words._jieba, words.cutter, words.plain_words)


def _forget() -> None:
    for known in CACHES:
        known.cache_clear()


@pytest.fixture
def without_rjieba(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[], None]]:
    """From the call on; jieba keeps its cache below `tmp_path`."""
    real = importlib.import_module

    def imported(name: str) -> object:
        if name == "rjieba":
            raise ImportError(name)
        return real(name)

    def gone() -> None:
        monkeypatch.setattr(words.importlib, "import_module", imported)
        monkeypatch.setattr(words.tempfile, "gettempdir", lambda: str(tmp_path))
        _forget()

    yield gone
    _forget()
