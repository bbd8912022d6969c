"""The sample day: it plays to its end, the bot speaks only where it should, and the newcomer can type on."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import config
from bot import demo as demo_
from bot.cli import app
from bot.play import script

ROOT = Path(__file__).parents[2]
DAY = ROOT / "examples" / "day.txt"


@pytest.fixture(scope="module")
def day() -> str:
    result = CliRunner().invoke(app, ["demo", "--speed", "0", "--no-interactive"])
    assert result.exit_code == 0, result.output[-2000:]
    return result.output


def test_most_of_the_day_is_just_talk_and_the_bot_says_nothing_to_it(day: str) -> None:
    zone = config.load(ROOT / "config.example.toml").house().zone
    lines = [line for _, line in script(DAY, zone)]
    talk = [line for line in lines if line.address.endswith("群") and not line.text.startswith(("<", "^"))]
    assert len(talk) >= 100
    spoken = re.findall(r"^\d\d:\d\d \[(?!私聊)[^\]]+\] 小格: ", day, re.MULTILINE)
    assert len(spoken) < len(talk) / 3


@pytest.mark.parametrize(
    "seen",
    [
        "是要登记一件事吗?",  # unsure, one small question
        "(#2 已删除,原文不再保留。)",  # a wrong catch undone
        "重新打开,交给李网格长",  # a reopening
        "22:41 [3号楼群] 小格: 请先打电梯救援",  # a danger at night, answered at once
        "22:51 [私聊 李网格长] 小格: 🔴",  # and ten minutes later one step up
        "第 1 次催办",
        "没有 #999。",
        "台账",
        "剔除后",
    ],
)
def test_the_day_shows(day: str, seen: str) -> None:
    assert seen in day


def test_the_screens_of_the_handbook_are_those_of_the_day(day: str) -> None:
    handbook = (ROOT / "docs" / "handbook.md").read_text(encoding="utf-8")
    screens = re.findall(r"```\n(.*?)```", handbook, re.DOTALL)
    lines = [line for screen in screens for line in screen.splitlines()]
    assert len(lines) > 30
    assert [line for line in lines if line not in day] == []


def test_every_case_of_the_day_but_the_waiting_ones_comes_to_its_end(day: str) -> None:
    figures = re.search(r"诉求 (\d+)\(来自 (\d+) 户\) · 办结 (\d+) · 在办 (\d+),逾期 0 · 重办 1", day)
    assert figures, day[-800:]
    cases, voices, finished, still_open = map(int, figures.groups())
    assert voices > cases > finished > still_open


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """Plays a very short day, then types lines; returns what the screen showed after the day."""

    def typed(*lines: str) -> str:
        waiting: Iterator[str] = iter(lines)

        def read(_: str) -> str:
            try:
                return next(waiting)
            except StopIteration:
                raise EOFError from None

        monkeypatch.setattr("builtins.input", read)
        short = DAY.parent.parent / "tests" / "edge" / "short_day.txt"
        asyncio.run(demo_.demo(config.load(ROOT / "config.example.toml"), short, speed=1000, interactive=True))
        shown: str = capsys.readouterr().out
        return shown[shown.index("接着试试") :]

    return typed


def test_the_newcomer_speaks_as_anyone_and_presses_buttons_by_their_numbers(typed) -> None:  # type: ignore[no-untyped-def]
    shown = typed("王阿姨@3号楼群 3号楼电梯又坏了,按了没反应", "1", "陈姐 5", "", "退出")
    assert "#1 电梯故障 · 3号楼" in shown
    assert "[1 接单] [2 转办]" in shown
    assert "〔接单〕" in shown
    assert "〔我家也是〕" in shown
    assert "(#1 已加上您家。)" in shown


def test_what_cannot_be_typed_is_explained(typed) -> None:  # type: ignore[no-untyped-def]
    shown = typed("电梯坏了", "99", "王阿姨@3号楼群 3号楼电梯又坏了,按了没反应", "5", "1", "1")
    assert shown.count("群里说:") == 4  # once at the start, then with every mistake
    assert "没有编号 99 的按钮" in shown
    assert "王阿姨 5" in shown
    assert "张网格员 09:00 已接。" in shown


def test_a_script_that_cannot_be_played_ends_with_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "examples"
    broken.mkdir()
    (broken / "day.txt").write_text("== 2026-11-23\n09:00 张网格员 <接单>\n", encoding="utf-8")
    (tmp_path / "config.example.toml").write_bytes((ROOT / "config.example.toml").read_bytes())
    monkeypatch.setattr("bot.cli.ROOT", tmp_path)
    result = CliRunner().invoke(app, ["demo", "--no-interactive"])
    assert (result.exit_code, "no button '接单'" in result.output) == (1, True)
