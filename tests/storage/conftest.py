"""One transaction on an empty database, and the small community in it."""

from collections.abc import Iterator

import pytest
from sqlmodel import Session

from storage.database import Database
from tests.storage.town import Town


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.transaction() as session:
        yield session


@pytest.fixture
def town(session: Session) -> Town:
    return Town(session)
