"""The reader measured on labelled messages: the figures, their intervals, and files that are none."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot import evaluate
from bot.cli import app
from bot.evaluate import Hits, at_recall, hits, macro_f1, share, wilson
from nlp.labelled import messages
from nlp.reader import Reader

READER = Reader()


def row(number: int, text: str, **labels: Any) -> dict[str, Any]:
    asked = "category" in labels
    return {
        "id": f"T1-{number}", "group": "测试群", "ts": f"2026-11-24T08:{number:02}:00+08:00", "sender": "王阿姨",
        "text": text, "is_request": asked, "kind": "report" if asked else "chat", "category": None, "urgent": False,
        "places": [], "case": None,
        "note": "", **labels,
    }  # fmt: skip


ROWS = [
    row(1, "早啊"),
    row(2, "3号楼电梯坏了", category="facility", places=["3号楼"], case="a"),
    row(3, "在3号楼", category="facility", places=["3号楼"], case="a"),
    row(4, "电梯修好了谢谢师傅", kind="praise"),
    row(5, "它又那样了", category="utility", note="存疑"),
    row(6, "路灯不亮了", note="边界:说的是老家"),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "labelled.jsonl"
    path.write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in ROWS) + "\n\n", encoding="utf-8")
    return path


def lines(path: Path) -> dict[str, str]:
    """The figures by the name of their task."""
    return {line[:15].strip(): line[15:] for line in evaluate.of_file(path, READER)}


def test_each_task_has_its_figure(file: Path) -> None:
    said = lines(file)
    assert said["5 first or sing"] == "le messages, 2 requests"
    assert said["a request"].startswith(
        "precision 0.500 [0.095–0.905] (1/2)  recall 0.500 [0.095–0.905] (1/2)  F1 0.500"
    )
    assert said["not doubtful"].startswith("precision 1.000")
    assert "(1/1)" in said["later message"]
    assert said["same case"].startswith("precision 1.000")
    assert said["category"].startswith("accuracy 0.500")
    assert said["confused"] == "none"
    assert said["kind, if caught"].strip().startswith("1.000")
    assert "(1/1)" in said["places"]


def test_the_worst_errors_are_named(file: Path) -> None:
    said = list(evaluate.of_file(file, READER))
    assert any(line.startswith("  missed") and "它又那样了" in line for line in said)
    assert any(line.startswith("  caught wrongly") and "路灯不亮了" in line for line in said)


def test_a_file_of_talk_alone_has_no_categories(tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl"
    path.write_text(json.dumps(row(1, "早啊")), encoding="utf-8")
    assert not {"category", "later message", "whole days"} & lines(path).keys()


def test_a_first_message_is_told_from_the_later_ones_of_its_case(file: Path) -> None:
    assert [one.later for one in messages(file)] == [False, False, True, False, False, False]


def test_titles_have_departments(tmp_path: Path) -> None:
    path = tmp_path / "titles.csv"
    path.write_text(
        "title,department\nA市公司拖欠农民工工资,劳动和社会保障\n西地省县医院误诊要求赔偿,教育文体\n", encoding="utf-8"
    )
    said = lines(path)
    assert said["2 titles"] == ""
    assert said["department"].startswith("accuracy 0.500")
    assert said["confused"] == "教育文体→卫生计生 1"


def test_an_issue_is_measured_against_the_group_that_holds_most_of_it(tmp_path: Path) -> None:
    path = tmp_path / "issues.csv"
    bus = ["新村公交站牌倒了", "新村公交站牌又倒了", "新村公交站牌没人扶"]
    rows = [*((title, "站牌") for title in bus[:2]), (bus[2], ""), ("医院挂号太难", ""), ("幼儿园学费上涨", "")]
    path.write_text("title,issue\n" + "".join(f"{title},{issue}\n" for title, issue in rows), encoding="utf-8")
    said = list(evaluate.of_file(path, READER))
    assert said[1] == "5 titles in 3 groups, the largest of 3"
    assert said[2].startswith("issue 站牌: precision 0.667")
    assert said[3] == f"  also caught  {bus[2]}"


def test_of_talk_whatever_is_caught_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "talk.csv"
    path.write_text("text\n早啊\n3号楼电梯坏了\n3号楼着火了 快来人\n昨天那家好像着火了\n", encoding="utf-8")
    said = lines(path)
    assert said["4 lines of talk"] == ""
    assert "(2/4)" in said["caught wrongly"]
    assert said["sure danger"] == "1"
    assert any("电梯坏了" in line for line in evaluate.of_file(path, READER))


@pytest.mark.parametrize(
    ("name", "content", "wrong"),
    [
        ("a.jsonl", "{", "a.jsonl:1: JSONDecodeError"),
        ("a.jsonl", "\n[]", "a.jsonl:2: TypeError"),
        ("a.jsonl", '{"id": "1"}', "a.jsonl:1: KeyError 'group'"),
        ("a.csv", "title,kind\na,b\n", "a.csv: no columns title and department, title and issue, or text"),
        ("a.csv", "", "a.csv: no columns title and department, title and issue, or text"),
    ],
)
def test_what_is_no_labelled_file_is_refused(tmp_path: Path, name: str, content: str, wrong: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    result = CliRunner().invoke(app, ["evaluate", str(path)])
    assert (result.exit_code, wrong in result.stderr) == (1, True)


def test_from_the_command_line_also_with_a_community(file: Path) -> None:
    result = CliRunner().invoke(app, ["evaluate", str(file), "-c", "tests/village.toml"])
    assert result.exit_code == 0
    assert result.stdout.startswith("== labelled.jsonl\n5 first or single messages, 2 requests\n")
    assert CliRunner().invoke(app, ["evaluate", "nowhere.jsonl"]).exit_code == 1


# -- figures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "whole", "low", "high"), [(0, 0, 0, 1), (0, 10, 0, 0.278), (10, 10, 0.722, 1), (81, 263, 0.255, 0.366)]
)
def test_the_interval_of_a_share(count: int, whole: int, low: float, high: float) -> None:
    """The last as in Newcombe 1998, table I."""
    assert wilson(count, whole) == pytest.approx((low, high), abs=0.001)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_f1_lies_in_its_interval(right: int, wrong: int, missed: int) -> None:
    found = Hits(right, wrong, missed)
    low, high = found.f1_interval
    assert low <= found.f1 + 1e-9
    assert found.f1 <= high + 1e-9


def test_what_is_caught_rightly_wrongly_and_missed() -> None:
    assert hits([(True, True), (False, True), (False, True), (True, False), (False, False)]) == Hits(1, 2, 1)
    assert share(1, 0).startswith("0.000")


def test_every_class_counts_alike() -> None:
    assert macro_f1([("a", "a"), ("a", "a"), ("a", "a"), ("b", "a")]) == pytest.approx((6 / 7 + 0) / 2)
    assert macro_f1([]) == 0


def test_false_catches_at_a_recall() -> None:
    scored = [(0.9, True), (0.8, False), (0.7, True), (0.7, False), (0.1, False), (0.0, True), (0.0, False)]
    half = at_recall(scored, 0.5)
    assert half
    assert (half.recall, half.false) == (pytest.approx(2 / 3), 500.0)  # of two alike none can be left out
    assert half.precision == pytest.approx(0.01 * 2 / 3 / (0.01 * 2 / 3 + 0.99 * 0.5))
    assert at_recall([(0.5, False)], 0.5) is None
    assert at_recall([], 0.5) is None
