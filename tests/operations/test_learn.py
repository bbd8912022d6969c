"""`gridbot learn`: lessons on the command line, and a running bot that hears of them."""

import json
from collections.abc import Callable

from typer.testing import Result
from village import Village

from nlp.learnt import REQUEST
from storage import corrections

Gridbot = Callable[..., Result]
MISSED = ("雕塑底座裂了", "又有小孩爬雕塑", "雕塑上又有人", "有人爬那个雕塑")
LATER = "雕塑的底座又裂了"


def teach(village: Village) -> None:
    for words in MISSED:
        village.says("陈姐", words)
        village.says("张网格员", "登记", to=words)
        village.wait(minutes=30)


def test_lessons_are_proposed_shown_applied_exported_and_forgotten(staffed: Village, gridbot: Gridbot) -> None:
    assert gridbot("learn").stdout == "0 corrections, 0 lessons proposed\n"
    assert gridbot("learn", "--show").stdout == "nothing was learnt here yet\n"
    teach(staffed)
    said = gridbot("learn").stdout.splitlines()
    assert said[0] == "4 corrections, 1 lessons proposed"
    assert "雕塑 → request +" in said[1]
    assert said[1].endswith("seen in 4 corrections")
    assert said[2].strip().startswith("corrections: 4 better, 0 worse; examples: ")
    assert said[-1].startswith("gridbot learn --yes")
    assert gridbot("learn", "--show").stdout == "nothing was learnt here yet\n"
    assert gridbot("learn", "--yes").stdout.startswith("4 corrections, 1 lessons proposed: they count now\n")
    assert "雕塑 → request" in gridbot("learn", "--show").stdout
    assert staffed.says("李明", LATER).reactions == []
    staffed.do(staffed.stage.app.refresh())
    assert staffed.says("李明", LATER).reactions == ["👀"]
    lesson, *kept = map(json.loads, gridbot("learn", "--export").stdout.splitlines())
    assert (lesson["word"], lesson["target"], lesson["state"]) == ("雕塑", REQUEST, "applied")
    assert [row["request"] for row in kept] == [True] * 4
    assert gridbot("learn", "--reset").stdout == "forgotten: 1 lessons, 4 corrections\n"
    assert staffed.look(corrections.in_force) == {}


def test_one_thing_at_a_time(gridbot: Gridbot) -> None:
    result = gridbot("learn", "--yes", "--reset")
    assert (result.exit_code, "one of" in result.stderr) == (1, True)
