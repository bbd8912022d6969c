"""The configuration: what is wrong is said in sentences; the database follows the file by key."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, SQLModel, select
from village import MORNING

from bot import config
from bot.config import Mistakes, Settings, occurrence
from bot.sync import synchronise
from storage import people
from storage.chats import Chat, ChatKey, found_or_new
from storage.database import Database
from storage.duties import Duty
from storage.follow import CHAT
from storage.grids import Grid, Level
from storage.notices import Notice
from storage.people import Person, Role
from storage.units import Unit

ROOT = Path(__file__).parents[2]
VILLAGE = (ROOT / "tests" / "village.toml").read_text(encoding="utf-8")
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def load(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Loads the village with some of its text replaced."""

    def load(*changes: tuple[str, str], more: str = "") -> Settings:
        text = VILLAGE
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "config.toml"
        path.write_text(text + more, encoding="utf-8")
        return config.load(path)

    return load


def wrong(load, *changes: tuple[str, str], more: str = "") -> str:  # type: ignore[no-untyped-def]
    with pytest.raises(Mistakes) as mistakes:
        load(*changes, more=more)
    return "\n".join(mistakes.value.sentences)


def test_the_example_is_a_complete_community_that_the_reader_of_the_file_can_trust() -> None:
    settings = config.load(ROOT / "config.example.toml")
    assert list(config.warnings(settings)) == []
    assert {grid.level for grid in settings.grids} == set(Level)
    assert settings.units
    assert settings.people
    assert settings.notices


def test_an_unknown_key_is_named_by_its_path_and_line(load) -> None:  # type: ignore[no-untyped-def]
    said = wrong(load, ('duty_phone = "6600-0001"', 'duty_phon = "6600-0001"'))
    assert re.search(r"config\.toml:4: community\.duty_phon: unknown key", said)
    assert "grids.1.colour: unknown key" in wrong(load, ('key = "east"\n', 'key = "east"\ncolour = "red"\n'))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('under = "village"', 'under = "nowhere"', "grids.east.under: there is no grid 'nowhere'"),
        ('key = "village"\nname', 'key = "village"\nunder = "b3"\nname', "under each other in a circle"),
        ('stand_in = "liu"', 'stand_in = "nobody"', "people.zhang.stand_in: there is no person 'nobody'"),
        ('unit = "wuye" }', 'unit = "wye" }', "people.sun.roles: a contact needs the unit it speaks for"),
        ('rank = "worker", grid = "east"', 'rank = "worker"', "people.zhang.roles: worker needs its grid"),
        ('grid = "b3"\n', 'grid = "b33"\n', "groups.3号楼群.grid: there is no grid 'b33'"),
        ('lead = "wuye"', 'lead = "wye"', "duties.heat.lead: there is no unit 'wye'"),
        ('category = "*"', 'category = "noise"', "nobody leads what no duty names"),
        ('rank = "chief", grid = "village"', 'rank = "chief", grid = "b5"', ""),
        ('key = "li"', 'key = "zhang"', "people: the key 'zhang' is there twice"),
        ('schedule = "0 16 * * mon"', 'schedule = "0 16 * * 1"', "weekday by name"),
        ('schedule = "0 16 * * mon"', 'schedule = "tomorrow"', "weekday by name"),
        ('"console:main:张网格员"', '"张网格员"', "not of the form platform:account:id"),
        ('name = "柳树村社区"\n', 'name = "柳树村社区"\ntimezone = "Mars/Olympus"\n', "unknown time zone"),
        ('accept_hours = 4', "accept_hours = 0", "duties.0.accept_hours"),
        ('[community]', "[community", "not valid TOML"),
        ('[{ rank = "contact", unit = "wuye" }]', "[]", "units.wuye: leads a duty but has neither a chat"),
        ('"console:main:李网格长"', '"console:main:王总网格长"', "people: 'console:main:王总网格长' is there twice"),
        ('"console:main:东网格群"', '"console:main:3号楼群"', "'console:main:3号楼群' is there twice"),
        ('name = "柳树村社区"\n', 'name = "柳树村社区"\nlanguage = "tlh"\n', "the sentences of 'tlh'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_sentence(load, old: str, new: str, sentence: str) -> None:  # type: ignore[no-untyped-def]
    if sentence:
        assert sentence in wrong(load, (old, new))
    else:
        load((old, new))  # the admin still answers for the village


def test_a_community_nobody_answers_for_is_refused(load) -> None:  # type: ignore[no-untyped-def]
    said = wrong(load, ('rank = "chief", grid = "village"', 'rank = "chief", grid = "b5"'),
                 ('rank = "admin", grid = "village"', 'rank = "admin", grid = "b5"'))  # fmt: skip
    assert "people: nobody answers for 'village'" in said


def test_a_category_of_our_own_needs_a_key_of_its_own(load) -> None:  # type: ignore[no-untyped-def]
    more = '[[categories]]\nkey = "facility"\nlabel = "设施"\nkeywords = ["澡堂"]\n'
    assert "categories.facility: there is a category of that key" in wrong(load, more=more)


def test_a_misspelt_variable_or_address_of_the_database_is_no_setting(
    load,  # type: ignore[no-untyped-def]
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GRIDBOT_DATABASE__URL", "foo")
    assert 'write "sqlite:///file.db"' in wrong(load)
    monkeypatch.setenv("GRIDBOT_MANNRS__MESSAGES_PER_HOUR", "4")
    assert "GRIDBOT_MANNRS__MESSAGES_PER_HOUR: no such setting" in wrong(load)


def test_a_file_in_another_encoding_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(VILLAGE.encode("gb18030"))
    with pytest.raises(Mistakes, match="is not UTF-8"):
        config.load(path)


def test_who_wrote_before_the_office_knew_them_becomes_staff(load, database: Database) -> None:  # type: ignore[no-untyped-def]
    with database.transaction() as session:
        stranger = Person(name="小张", source=CHAT)
        session.add(stranger)
        session.flush()
        session.add(people.Address(person_id=stranger.id or 0, platform="console", account="main", user="张网格员"))
    with database.transaction() as session:
        assert synchronise(session, load(), at=MORNING) == []
        found = people.at_address(session, "console", "main", "张网格员")
        assert found
        assert found[0].key == "zhang"


def test_a_notice_put_back_into_the_file_fires_again(load, database: Database) -> None:  # type: ignore[no-untyped-def]
    end = VILLAGE[VILLAGE.index("[[notices]]") :]
    with database.transaction() as session:
        for settings in (load(), load((end, "")), load()):
            synchronise(session, settings, at=MORNING)
        assert session.exec(select(Notice.next_at)).one() == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(Mistakes, match="cannot be read"):
        config.load(tmp_path / "none.toml")


def test_the_environment_overrides_the_file_and_secrets_stay_out_of_sight(
    load,  # type: ignore[no-untyped-def]
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GRIDBOT_DATABASE__URL", "postgresql://gridbot:geheim@127.0.0.1/x")
    settings = load()
    assert settings.database.url.get_secret_value().startswith("postgresql://")
    assert "geheim" not in repr(settings)
    assert config.environment() == ["GRIDBOT_DATABASE__URL"]


def test_warnings_name_what_is_probably_not_meant(load) -> None:  # type: ignore[no-untyped-def]
    more = """
[[grids]]
key = "m1"
name = "一微网格"
level = "microgrid"
under = "east"
households = 40

[[units]]
key = "police"
name = "派出所"

[[people]]
key = "ghost"
name = "影子"
roles = []
"""
    said = "\n".join(config.warnings(load(more=more)))
    assert "grids.m1: 40 households; a micro-grid holds 300–500" in said
    assert "units.police: neither a chat nor a contact" in said
    assert "units.police: leads no duty" in said
    assert "people.ghost: no account" in said


def test_schedules_come_due_in_the_communitys_zone_on_the_day_they_name() -> None:
    monday = datetime(2026, 11, 23, 15, 0, tzinfo=ZONE)
    assert occurrence("0 16 * * mon", monday, ZONE) == datetime(2026, 11, 23, 16, 0, tzinfo=ZONE)
    assert occurrence("0 16 * * mon", monday + timedelta(hours=1), ZONE) == datetime(2026, 11, 30, 16, 0, tzinfo=ZONE)
    assert occurrence("2026-11-24 09:00", monday, ZONE) == datetime(2026, 11, 24, 9, 0, tzinfo=ZONE)
    assert occurrence("2026-11-22 09:00", monday, ZONE) is None


# -- into the database ----------------------------------------------------------------------------------------------


def all_rows(session: Session, table: type[SQLModel]) -> list[SQLModel]:
    return list(session.exec(select(table)))


def test_the_file_is_followed_by_key(load, database: Database) -> None:  # type: ignore[no-untyped-def]
    with database.transaction() as session:
        assert synchronise(session, load(), at=MORNING) == []
    changed = load(
        ('name = "张网格员"', 'name = "张晓网格员"'),
        ('under = "east"\nplace = "5号楼"', 'under = "village"\nplace = "5号楼"'),
    )
    with database.transaction() as session:
        assert synchronise(session, changed, at=MORNING) == []
        zhang = people.by_key(session, "zhang")
        assert zhang
        assert zhang.name == "张晓网格员"
        assert session.exec(select(Grid.path).where(Grid.key == "b5")).one() == "village/b5/"
        counts = [len(all_rows(session, table)) for table in (Grid, Unit, Person, Role, Duty, Notice)]
    with database.transaction() as session:
        assert synchronise(session, changed, at=MORNING) == []
        assert counts == [len(all_rows(session, table)) for table in (Grid, Unit, Person, Role, Duty, Notice)]


def test_what_left_the_file_is_gone_but_not_deleted(load, database: Database) -> None:  # type: ignore[no-untyped-def]
    with database.transaction() as session:
        synchronise(session, load(), at=MORNING)
    end = VILLAGE[VILLAGE.index("[[notices]]") :]
    group = '[[groups]]\nchat = "console:main:东网格群"\ntitle = "东网格群"\ngrid = "east"\n'
    with database.transaction() as session:
        synchronise(session, load((end, ""), (group, "")), at=MORNING)
        notice = session.exec(select(Notice)).one()
        assert (notice.gone, notice.next_at) == (True, None)
        assert session.exec(select(Chat).where(Chat.address == "东网格群")).one().grid_id is None


def test_a_notice_waits_for_the_same_moment_unless_its_schedule_changed(load, database: Database) -> None:  # type: ignore[no-untyped-def]
    later = MORNING + timedelta(days=1)  # the bot was down when the notice came due: it goes out late, once
    with database.transaction() as session:
        synchronise(session, load(), at=MORNING)
        synchronise(session, load(), at=later)
        assert session.exec(select(Notice.next_at)).one() == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
        synchronise(session, load(("0 16 * * mon", "0 17 * * mon")), at=later)
        assert session.exec(select(Notice.next_at)).one() == datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


def test_what_was_made_in_chat_is_never_overwritten(load, database: Database) -> None:  # type: ignore[no-untyped-def]
    with database.transaction() as session:
        elsewhere = Grid(key="west", name="西网格", level=Level.GRID, path="west/", source=CHAT)
        session.add(elsewhere)
        session.add(Unit(key="wuye", name="另一家物业", source=CHAT))
        session.flush()
        group = found_or_new(session, ChatKey("console", "main", "3号楼群"), title="旧名", private=False, source=CHAT)
        group.grid_id = elsewhere.id
        stranger = Person(key="other", name="路人", source=CHAT)
        session.add(stranger)
        session.flush()
        session.add(people.Address(person_id=stranger.id or 0, platform="console", account="main", user="孙经理"))
    with database.transaction() as session:
        said = synchronise(session, load(), at=MORNING)
        assert [sentence.split(":", 1)[0] for sentence in said] == ["groups", "units", "accounts"]
        assert session.exec(select(Unit.name).where(Unit.key == "wuye")).one() == "另一家物业"


def test_telegram_is_set_up_in_the_file_or_by_the_environment(load, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    assert load().platforms.telegram is None
    monkeypatch.setenv("GRIDBOT_PLATFORMS__TELEGRAM__TOKEN", "1:secret")
    telegram = load().platforms.telegram
    assert telegram.token.get_secret_value() == "1:secret"
    assert (telegram.base_url, telegram.mode) == ("https://api.telegram.org/bot", "polling")
    assert "1:secret" not in repr(telegram)


def test_a_webhook_needs_its_address_and_its_secret(load) -> None:  # type: ignore[no-untyped-def]
    hook = '\n[platforms.telegram]\ntoken = "1:a"\nmode = "webhook"\n'
    address = 'webhook_url = "https://bot.example/telegram"\n'
    assert "needs webhook_url" in wrong(load, more=hook)
    assert "needs secret" in wrong(load, more=hook + address)
    assert "needs secret" in wrong(load, more=hook + address + 'secret = "short"\n')
    assert load(more=hook + address + 'secret = "0123456789abcdef"\n').platforms.telegram.mode == "webhook"


def test_a_telegram_address_is_a_number(load) -> None:  # type: ignore[no-untyped-def]
    assert "a Telegram user or group is a number" in wrong(load, ("console:main:3号楼群", "telegram:main:3号楼群"))
    assert load(("console:main:3号楼群", "telegram:main:-1001"))
