"""Here the reader knows the sentences of `readings` and nothing else."""

import pytest
import readings

from nlp.reader import NOWHERE, Context, Reader, Reading


@pytest.fixture(autouse=True)
def _known_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(self: Reader, text: str, context: Context = NOWHERE, *, curious: bool = True) -> Reading:
        return readings.read(text, context)

    monkeypatch.setattr(Reader, "read", read)
