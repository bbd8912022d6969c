"""Who writes notices in these conversations."""

from datetime import datetime

import pytest
from sqlmodel import Session
from village import Village

from bot.config import Settings
from handlers.desk import Desk
from handlers.house import House
from handlers.wording import Wording
from nlp.reader import Reader


@pytest.fixture
def office(staffed: Village, settings: Settings) -> Village:
    """Everybody can be reached, and the file has no notices of its own any more; number 1 was one."""
    staffed.restart(settings.model_copy(update={"notices": ()}))
    return staffed


@pytest.fixture
def desk() -> Desk:
    """Monday, two in the afternoon; a desk nobody has spoken to, with no database behind it."""
    house = House("纺织厂社区")
    now = datetime(2026, 11, 23, 14, 0, tzinfo=house.zone)
    return Desk(Session(), Reader(), house, Wording("zh_CN", house.zone), now, lambda *_: None)
