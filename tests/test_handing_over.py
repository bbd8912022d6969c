"""People, units and accounts that leave the configuration: others have their cases, and their rights are gone."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from village import GROUP, Village

from bot import config
from storage.database import Database

TEXT = (Path(__file__).parent / "village.toml").read_text(encoding="utf-8")
LIFT = "3号楼电梯又坏了,按了没反应"
RUBBISH = "3号楼垃圾桶满了好几天没人清运"
Restart = Callable[..., Village]


def entry(key: str) -> str:
    """The table of the file that has this key."""
    return next(part for part in TEXT.split("\n\n") if f'key = "{key}"' in part)


@pytest.fixture
def restart(database: Database, tmp_path: Path) -> Iterator[Restart]:
    """The village, started anew with some words of its file replaced."""
    with asyncio.Runner() as runner:
        lives: list[Village] = []

        def start(*changes: tuple[str, str]) -> Village:
            text = TEXT
            for old, new in changes:
                assert old in text
                text = text.replace(old, new)
            file = tmp_path / "config.toml"
            file.write_text(text, encoding="utf-8")
            village = Village(config.load(file), database, runner)
            for before in lives[-1:]:  # the chats, their messages and the time of day outlive the bot
                vars(village.console).update(posted=before.console.posted, _ids=before.console._ids)
                village.clock.at = before.clock.at
            lives.append(village)
            return village

        yield start
        for life in lives:
            life.stage.app.lanes.close()


STAFF = ("张网格员", "刘网格员", "李网格长", "王总网格长", "赵主任", "孙经理", "马班长")


def test_what_a_worker_led_goes_on_with_the_next_of_the_chain(restart: Restart) -> None:
    village = restart()
    village.reach(*STAFF)
    village.says("王阿姨", LIFT)
    village.tells("张网格员", "接单 1")
    promised = village.case().finish_by
    village.wait(hours=1)

    later = restart((entry("zhang"), ""))
    later.wait(minutes=1)
    case = later.case()
    assert (case.state, case.finish_by) == ("dispatched", promised)
    assert later.history()[-1] == "handed_over"
    assert "#1 电梯故障" in later.new("李网格长")[-1]
    assert later.tells("张网格员", "办结 1") == ["没有 #1。"]
    assert "网格员" not in later.tells("张网格员", "/start")[0]
    later.tells("李网格长", "接单 1")
    assert later.case().state == "accepted"

    again = restart((entry("zhang"), ""))
    assert again.history().count("handed_over") == 1


def test_what_a_unit_led_goes_to_whom_the_duty_names_now(restart: Restart) -> None:
    village = restart()
    village.reach(*STAFF)
    village.says("王阿姨", RUBBISH)
    assert village.case().lead_unit_id is not None
    gone = ((entry("huanwei"), ""), (entry("ma"), ""), (entry("rubbish"), ""))
    later = restart(*gone)
    later.wait(minutes=1)
    assert later.case().lead_unit_id is None
    assert "#1 " in later.new("张网格员")[-1]


def test_an_account_that_is_taken_away_takes_its_rights_along(restart: Restart) -> None:
    village = restart()
    village.reach(*STAFF)
    village.says("王阿姨", LIFT)
    later = restart(('accounts = ["console:main:张网格员"]', 'accounts = ["console:main:张新号"]'))
    assert later.tells("张网格员", "接单 1") == ["没有 #1。"]
    later.tells("张新号", "接单 1")
    assert later.case().state == "accepted"


def test_a_successor_may_have_the_account_of_who_left(restart: Restart) -> None:
    restart().reach(*STAFF)
    successor = (
        entry("zhang").replace('key = "zhang"', 'key = "qian"').replace('name = "张网格员"', 'name = "钱网格员"')
    )
    later = restart((entry("zhang"), successor))
    later.says("王阿姨", LIFT, at=GROUP)
    later.wait(minutes=1)
    assert "钱网格员" in later.card(1)
    assert "接单" in later.tells("张网格员", "接单 1")[0]


def test_a_stand_in_who_left_stands_in_no_more(restart: Restart) -> None:
    village = restart()
    village.reach(*STAFF)
    village.says("王阿姨", LIFT)
    village.tells("刘网格员", "接单 1")
    village.tells("刘网格员", "/undo 1")
    later = restart((entry("liu"), ""), ('stand_in = "liu"\n', ""))
    assert later.tells("刘网格员", "接单 1") == ["没有 #1。"]
