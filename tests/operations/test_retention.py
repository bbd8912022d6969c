"""What is over is forgotten, piece by piece, and a ledger says how much of what; the histories still stand."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, SQLModel, col, select
from village import GROUP, MORNING, Village

from bot.config import Retention, Settings
from handlers import keeping
from storage import chores, erasures
from storage.attachments import Attachment
from storage.chats import Chat
from storage.chores import Chore
from storage.erasures import Erased
from storage.events import first_break
from storage.outbox import Card, Letter
from storage.people import Address, Person
from storage.reports import Report
from storage.requests import Request
from storage.texts import Text

LIFT = "3号楼电梯又坏了,按了没反应"
TALE = "说过好几回了,每次都讲马上来,等到今天还是老样子,老人上下楼真的很不方便"
SILENCE = 7  # days until a done case closes


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"retention": Retention(cases_days=30, people_days=60)})


@pytest.fixture
def lift(staffed: Village) -> Village:
    """A case with words, a photo, a second voice and a worker's words, done and closed by silence."""
    staffed.says("王阿姨", LIFT, photos=1)
    staffed.presses("陈姐", "我家也是", at=GROUP)
    staffed.look(_by_the_door)
    staffed.tells("张网格员", "回复 1 维保师傅三点到")
    staffed.tells("张网格员", "办结 1 换了主板", photos=1)
    staffed.wait(days=SILENCE)
    assert staffed.case().state == "closed"
    return staffed


def _by_the_door(session: Session) -> None:
    session.get_one(Request, 1).places = "3号楼2单元501室 3号楼"


def rows(village: Village, table: type[SQLModel]) -> list[SQLModel]:
    return village.look(lambda session: list(session.exec(select(table))))


def words(village: Village) -> list[str]:
    return village.look(lambda session: [body for body in session.exec(select(Text.body)) if body])


def files(settings: Settings) -> list[Path]:
    return [path for path in settings.media.folder.rglob("*") if path.is_file()]


def ledger(village: Village) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for line in village.look(erasures.lines):
        found[line.what, line.rule] = found.get((line.what, line.rule), 0) + line.how_many
    return found


def named(village: Village, name: str) -> Person | None:
    return village.look(lambda session: session.exec(select(Person).where(Person.name == name)).one_or_none())


def test_a_case_that_ended_long_ago_keeps_its_figures_and_loses_its_words(lift: Village, settings: Settings) -> None:
    assert len(words(lift)) == 3
    assert len(files(settings)) == 1  # the same picture twice
    lift.wait(days=29)
    assert len(words(lift)) == 3
    lift.wait(days=2)

    assert words(lift) == []
    assert files(settings) == []
    case = lift.case()
    assert (case.state, case.title, case.places, case.verdict) == ("closed", "电梯故障", "3号楼", None)
    assert lift.look(lambda session: first_break(session, 1)) is None
    assert "done" in lift.history()
    assert lift.look(lambda session: session.exec(select(Letter).where(Letter.request_id == 1)).all()) == []
    assert [card for card in rows(lift, Card) if card.request_id] == []
    assert {one.state for one in rows(lift, Attachment)} == {"erased"}  # type: ignore[attr-defined]
    told = ledger(lift)
    assert told[Erased.WORDS, "30 days after the case ended"] == 3
    assert told[Erased.FILES, "30 days after the case ended"] == 2
    assert told[Erased.SENT, "30 days after the case ended"] > 3


def test_the_ledger_counts_what_goes_by_timers_of_its_own(lift: Village) -> None:
    lift.wait(days=9)
    letters = lift.look(lambda session: session.exec(select(Letter)).all())
    spoken = [one for one in letters if not (one.blank_at or one.reaction or one.erase or one.pin)]
    told = ledger(lift)
    assert told[Erased.LETTERS, "7 days after it was written"] == len(spoken) > 5
    assert told[Erased.DELIVERIES, "8 days after it came"] == 4
    assert not any("电梯" in f"{line!r}" for line in lift.look(erasures.lines))


def test_in_small_pieces_it_is_the_same(lift: Village, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "AT_ONCE", 2)
    most: list[int] = []
    monkeypatch.setattr(erasures, "note", _counting(erasures.note, most))
    lift.wait(days=31)
    assert max(most) <= 2
    assert (words(lift), files(settings), lift.case().places) == ([], [], "3号楼")
    assert lift.look(lambda session: first_break(session, 1)) is None


def _counting(note: Callable[..., None], most: list[int]) -> Callable[..., None]:
    def counted(session: Session, what: Erased, rule: str, how_many: int, *, day: date, at: datetime) -> None:
        most.append(how_many)
        note(session, what, rule, how_many, day=day, at=at)

    return counted


def test_it_is_done_once_a_night_and_twice_is_harmless(lift: Village) -> None:
    lift.wait(days=40)
    before = ledger(lift)

    def again(session: Session) -> None:
        session.get_one(Chore, chores.RETENTION).due_at = lift.clock.at

    lift.look(again)
    lift.wait(seconds=1)
    assert ledger(lift) == before
    chore = lift.look(lambda session: session.get_one(Chore, chores.RETENTION))
    assert chore.done_at == lift.clock.at
    assert chore.due_at
    assert chore.due_at.astimezone(MORNING.tzinfo).strftime("%H:%M") == "03:10"


def test_nothing_of_it_is_left_in_the_file(lift: Village) -> None:
    if not lift.database.is_sqlite:
        pytest.skip("PostgreSQL vacuums by itself")
    file = Path(str(lift.database.url.database))

    def content() -> bytes:
        with lift.database.engine.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return file.read_bytes()

    for number in range(20):
        lift.says(f"居民{number}", f"{number + 1}号楼楼道堆满纸箱没人管,{TALE}")
        lift.tells("张网格员", f"办结 {number + 2}")
    assert TALE.encode() in content()
    lift.wait(days=SILENCE + 31)
    assert (words(lift), TALE.encode() in content()) == ([], False)


def test_an_open_case_and_its_files_stay(lift: Village, settings: Settings) -> None:
    lift.says("李明", "5号楼楼道堆满纸箱没人管", photos=1)  # the very same picture
    lift.wait(days=31)
    assert words(lift) == ["5号楼楼道堆满纸箱没人管"]
    assert len(files(settings)) == 1
    lift.tells("张网格员", "办结 2")
    lift.wait(days=SILENCE + 31)
    assert (words(lift), files(settings)) == ([], [])


def test_residents_are_forgotten_with_their_last_case_and_may_come_back(lift: Village) -> None:
    lift.tells("王阿姨", "进度 1")
    lift.wait(days=35)
    assert named(lift, "王阿姨")  # 60 days after her last word alone
    assert named(lift, "陈姐") is None  # with the last case: she never wrote alone
    lift.wait(days=30)
    assert named(lift, "王阿姨") is None
    assert named(lift, "张网格员")
    known = rows(lift, Address)
    assert {"王阿姨", "陈姐"} & {one.user for one in known} == set()  # type: ignore[attr-defined]
    private = [one for one in rows(lift, Chat) if one.address.startswith("gone:")]  # type: ignore[attr-defined]
    assert [(one.title, one.shut_at is not None) for one in private] == [("", True)]  # type: ignore[attr-defined]
    assert ledger(lift)[Erased.PEOPLE, "60 days after the last word, with no case left"] == 2
    assert len(rows(lift, Report)) == 2

    lift.says("王阿姨", "3号楼电梯又坏了")
    assert lift.card(2).startswith("#2 电梯故障 · 3号楼")
    assert "#1" not in "".join(lift.tells("王阿姨", "我的诉求"))


def test_many_residents_go_in_pieces(staffed: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "AT_ONCE", 9)
    for number in range(5):
        staffed.tells(f"居民{number}", "/start")
    staffed.wait(days=61)
    assert [one.name for one in rows(staffed, Person) if one.name.startswith("居民")] == []  # type: ignore[attr-defined]
    assert ledger(staffed)[Erased.PEOPLE, "60 days after the last word, with no case left"] == 5


def test_who_works_here_and_who_was_just_asked_is_kept(staffed: Village) -> None:
    staffed.tells("王阿姨", "/start")
    staffed.wait(days=59, hours=12)
    staffed.tells("王阿姨", "报事")  # the bot asks what it is about
    staffed.wait(minutes=5)
    staff = len(rows(staffed, Address))
    staffed.wait(days=61)
    left = rows(staffed, Address)
    assert len(left) == staff - 1
    assert named(staffed, "张网格员")


def test_a_false_catch_is_in_the_ledger_at_once(staffed: Village) -> None:
    staffed.says("王阿姨", LIFT, photos=1)
    staffed.tells("张网格员", "不是诉求 1")
    told = ledger(staffed)
    assert (told[Erased.WORDS, keeping.NO_REQUEST], told[Erased.FILES, keeping.NO_REQUEST]) == (1, 1)


def test_the_night_is_the_communitys(settings: Settings) -> None:
    house = settings.house()
    for hours, until in ((0, "11-24 03:10"), (18, "11-24 03:10"), (18.25, "11-25 03:10")):
        night = house.night_after(MORNING + timedelta(hours=hours))
        assert night.strftime("%m-%d %H:%M") == until


def test_lines_of_one_day_are_summed_and_nothing_is_no_line(staffed: Village) -> None:
    at = MORNING

    def notes(session: Session) -> None:
        for day, how_many in ((date(2026, 11, 23), 2), (date(2026, 11, 23), 3), (date(2026, 11, 24), 1)):
            erasures.note(session, Erased.WORDS, "a rule", how_many, day=day, at=at)
        erasures.note(session, Erased.PEOPLE, "a rule", 0, day=date(2026, 11, 23), at=at)

    staffed.look(notes)
    found = [(line.day.day, line.what, line.how_many) for line in staffed.look(erasures.lines)]
    assert found == [(23, Erased.WORDS, 5), (24, Erased.WORDS, 1)]


def test_a_chore_that_is_planned_keeps_its_time(staffed: Village) -> None:
    def plan(session: Session) -> Chore | None:
        chores.plan(session, chores.RETENTION, due_at=MORNING)
        return session.exec(select(Chore).where(col(Chore.key) == chores.RETENTION)).one_or_none()

    chore = staffed.look(plan)
    assert chore
    assert chore.due_at
    assert chore.due_at > MORNING
