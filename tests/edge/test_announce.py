"""`gridbot notice`: a dry run that changes nothing, a notice put down for the running bot, and how far it has come."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import Session, select
from typer.testing import CliRunner, Result
from village import GROUP, Village

from bot import announce, clock
from bot.cli import app
from storage.chats import Chat
from storage.notices import Notice

VILLAGE = Path(__file__).parents[1] / "village.toml"
Gridbot = Callable[..., Result]


@pytest.fixture
def gridbot(village: Village, url: str, monkeypatch: pytest.MonkeyPatch) -> Gridbot:
    """The command line of a community whose bot has started once; by its clock it is Monday morning."""
    monkeypatch.setenv("GRIDBOT_DATABASE__URL", url)
    monkeypatch.setattr(clock, "now", village.clock)
    monkeypatch.setattr(announce, "LOOK", 0.01)
    monkeypatch.setattr(announce, "SILENT", 0.05)
    return lambda *words: CliRunner().invoke(app, ["notice", *words, "-c", str(VILLAGE)])


def test_a_dry_run_prints_the_groups_and_the_time_and_changes_nothing(gridbot: Gridbot, village: Village) -> None:
    said = gridbot("明早9点停水", "--to", "东网格", "--dry-run")
    assert said.exit_code == 0
    assert said.output == (
        "【停水通知】11月24日(周二) 09:00,东网格停水。请提前储水,关好水龙头。\n——柳树村社区\n"
        "-- 2 groups, 约 1 秒, 今天 09:00\n3号楼群\n东网格群\ndry run: nothing was sent\n"
    )
    assert village.look(lambda session: len(session.exec(select(Notice)).all())) == 1  # the file's own


def test_it_is_put_down_and_the_bot_says_it(gridbot: Gridbot, village: Village) -> None:
    assert gridbot("楼道灯换好了", "--to", "3-5号楼").exit_code == 0
    village.wait(minutes=1)
    assert village.new(GROUP) == ["【通知】楼道灯换好了。\n——柳树村社区"]
    assert village.new("东网格群") == ["【通知】楼道灯换好了。\n——柳树村社区"]  # 5号楼 has no group of its own


def test_at_a_time_urgent_and_on_top(gridbot: Gridbot, village: Village) -> None:
    assert "明天 03:00" in gridbot("应急演练", "--to", "全社区", "--at", "明天 3:00", "--urgent", "--pin").output
    village.wait(hours=17)
    assert "演练" not in "".join(village.new(GROUP))
    village.wait(hours=2)
    assert village.sees(GROUP)[-1].pinned


@pytest.mark.parametrize(
    ("words", "to", "at", "why"),
    [
        ("停水", "火星", None, "没有「火星」"),
        ("停水", "全社区", "明天25点", "没看懂时间"),
        (" ", "全社区", None, "还没写完"),
        ("长" * 3501, "全社区", None, "太长了"),
    ],
)
def test_what_will_not_do_is_one_sentence(gridbot: Gridbot, words: str, to: str, at: str | None, why: str) -> None:
    refused = gridbot(words, "--to", to, *(("--at", at) if at else ()))
    assert (refused.exit_code, why in refused.output) == (1, True)


def test_a_place_without_groups_is_said_so(gridbot: Gridbot, village: Village) -> None:
    def unbind(session: Session) -> None:
        for chat in session.exec(select(Chat)):
            chat.grid_id = None

    village.look(unbind)
    assert "还没有绑定的群" in gridbot("停水", "--to", "5号楼").output


def test_the_bar_follows_it_to_the_end(gridbot: Gridbot, village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    village.console.blocked.add("东网格群")
    monkeypatch.setattr(announce, "sleep", lambda _: village.wait(minutes=1))
    said = gridbot("停水", "--to", "全社区", "--watch")
    assert said.exit_code == 0
    assert said.output.endswith("1 sent, 1 failed, 0 uncertain\n")


def test_with_no_bot_running_it_says_that_nothing_leaves(gridbot: Gridbot) -> None:
    said = gridbot("停水", "--to", "全社区", "--watch")
    assert said.exit_code == 1
    assert "0 of 2 sent, and nothing leaves: is `gridbot run` running?" in said.output
