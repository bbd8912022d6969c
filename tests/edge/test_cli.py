"""The command line, as an operator uses it."""

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app

ROOT = Path(__file__).parents[2]
VILLAGE = ROOT / "tests" / "village.toml"

LOG = [
    {"chat_id": "3号楼群", "sender_id": "王阿姨", "message_id": "1", "ts": "2026-11-23T09:00:00+08:00", "text": "早啊"},
    {
        "chat_id": "3号楼群", "sender_id": "王阿姨", "message_id": "2", "ts": "2026-11-23T09:01:00+08:00",
        "text": "3号楼电梯又坏了,按了没反应 电话13812345678",
    },
    {
        "chat_id": "张网格员", "private": True, "sender_id": "张网格员", "message_id": "3",
        "ts": "2026-11-23T09:05:00+08:00", "text": "办结 1 =换了主板", "photo": True,
    },
]  # fmt: skip


@pytest.fixture
def gridbot(url: str, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.setenv("GRIDBOT_DATABASE__URL", url)

    def run(*words: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, list(words), input=stdin)

    return run


def _log(*entries: dict[str, object]) -> str:
    return "\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)


def test_check_says_ready_or_what_is_wrong(gridbot, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    good = gridbot("check", "-c", str(VILLAGE))
    assert (good.exit_code, "ready." in good.output) == (0, True)
    assert "overridden by the environment: GRIDBOT_DATABASE__URL" in good.output
    bad = tmp_path / "config.toml"
    bad.write_text(VILLAGE.read_text(encoding="utf-8") + '\n[weather]\nrain = "yes"\n', encoding="utf-8")
    refused = gridbot("check", "-c", str(bad))
    assert refused.exit_code == 1
    assert "weather: unknown key" in refused.output


def test_check_says_what_a_start_would_hand_over_and_changes_nothing(gridbot, url: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    log = tmp_path / "log.jsonl"
    log.write_text(_log(*LOG[:2]), encoding="utf-8")
    gridbot("replay", str(log), "-c", str(VILLAGE))
    text = VILLAGE.read_text(encoding="utf-8")
    zhang = next(part for part in text.split("\n\n") if 'key = "zhang"' in part)
    path = tmp_path / "config.toml"
    path.write_text(text.replace(zhang, ""), encoding="utf-8")
    told = "at the next start: 张网格员 no longer answers for 1 open cases: #1 handed over to 李网格长"
    assert [told in gridbot("check", "-c", str(path)).output for _ in range(2)] == [True, True]


def test_check_needs_no_database(gridbot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    for name, told in (("none.db", False), ("empty.db", True)):
        monkeypatch.setenv("GRIDBOT_DATABASE__URL", f"sqlite:///{tmp_path / name}")
        (tmp_path / "empty.db").touch()
        output = gridbot("check", "-c", str(VILLAGE)).output
        assert ("cannot be looked at (OperationalError)" in output, "ready." in output) == (told, True)
    assert not (tmp_path / "none.db").exists()


def test_migrate_is_harmless_twice(gridbot) -> None:  # type: ignore[no-untyped-def]
    assert [gridbot("migrate", "-c", str(VILLAGE)).exit_code for _ in range(2)] == [0, 0]


def test_replay_prints_every_reply_with_the_logs_own_clock(gridbot, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    log = tmp_path / "log.jsonl"
    log.write_text(_log(*LOG), encoding="utf-8")
    result = gridbot("replay", str(log), "-c", str(VILLAGE), "--json", "--until", "2026-11-30 12:00:00")
    assert result.exit_code == 0, result.output
    replies = [json.loads(line) for line in result.output.splitlines()]
    assert replies[0]["ts"] == "2026-11-23T09:01:00+08:00"
    card = next(reply for reply in replies if reply["what"] == "send" and reply["chat_id"] == "3号楼群")
    assert card["text"].startswith("#1 电梯故障 · 3号楼")
    assert {"label": "我家也是", "command": "/metoo 1"} in card["buttons"]
    assert any("解决了吗" in reply.get("text", "") for reply in replies)
    closed = [reply for reply in replies if "已关闭" in reply.get("text", "")]
    assert closed[0]["ts"].startswith("2026-11-30T01:05")  # seven silent days, in UTC


def test_replaying_a_log_twice_changes_nothing(gridbot) -> None:  # type: ignore[no-untyped-def]
    first = gridbot("replay", "-", "-c", str(VILLAGE), stdin=_log(*LOG))
    again = gridbot("replay", "-", "-c", str(VILLAGE), stdin=_log(*LOG))
    assert "#1 电梯故障" in first.output
    assert again.output == ""


def test_a_pressed_button_and_a_reply_can_be_replayed(gridbot) -> None:  # type: ignore[no-untyped-def]
    more = [
        {"chat_id": "3号楼群", "sender_id": "王阿姨", "message_id": "4", "ts": "2026-11-23T09:06:00+08:00",
         "text": "/solved 1 unsolved", "press": True, "reply_to": "2"},
        {"chat_id": "3号楼群", "sender_id": "陈姐", "message_id": "5", "ts": "2026-11-23T09:07:00+08:00",
         "text": "我家也是", "reply_to": "bot-1"},
        {"chat_id": "3号楼群", "sender_id": "陈姐", "message_id": "6", "ts": "2026-11-23T09:08:00+08:00",
         "text": "谢谢", "reply_to": "nothing"},
    ]  # fmt: skip
    result = gridbot("replay", "-", "-c", str(VILLAGE), "--json", stdin=_log(*LOG, *more))
    assert result.exit_code == 0, result.output
    toasts = [json.loads(line) for line in result.output.splitlines() if '"toast"' in line]
    assert "重新打开" in toasts[0]["text"]
    assert "2 户反映" in result.output


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{not json", "line 1"),
        ('{"chat_id": "x"}', "line 1: sender_id: Field required"),
        (_log({**LOG[0], "mood": 1}), "mood"),
    ],
)
def test_an_unreadable_log_is_named_by_its_line(gridbot, line: str, sentence: str) -> None:  # type: ignore[no-untyped-def]
    result = gridbot("replay", "-", "-c", str(VILLAGE), stdin=line)
    assert result.exit_code == 1
    assert sentence in result.output


def test_an_empty_or_missing_log_is_no_traceback(gridbot, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert gridbot("replay", "-", "-c", str(VILLAGE), stdin="\n").exit_code == 0
    missing = gridbot("replay", str(tmp_path / "none"), "-c", str(VILLAGE))
    assert (missing.exit_code, "cannot be read" in missing.output) == (1, True)


def test_export_prints_the_ledger_with_masked_words_as_json_and_csv(gridbot) -> None:  # type: ignore[no-untyped-def]
    assert gridbot("export", "-c", str(VILLAGE), "--format", "csv").output == ""
    gridbot("replay", "-", "-c", str(VILLAGE), stdin=_log(*LOG))
    (case,) = json.loads(gridbot("export", "-c", str(VILLAGE)).output)
    assert (case["number"], case["title"], case["lead"], case["state"]) == (1, "电梯故障", "张网格员", "done")
    kinds = [event["kind"] for event in case["events"]]
    assert [kind for kind in kinds if kind != "unreached"] == ["registered", "dispatched", "nobody_reached", "done"]
    assert case["reports"][0]["who"] == "王阿姨"
    assert "13812345678" not in json.dumps(case, ensure_ascii=False)
    rows = list(csv.DictReader(io.StringIO(gridbot("export", "-c", str(VILLAGE), "--format", "csv").output)))
    assert rows[0]["title"] == "电梯故障"
    assert json.loads(rows[0]["reports"])[0]["who"] == "王阿姨"
    assert gridbot("export", "-c", str(VILLAGE), "--format", "xml").exit_code == 1


def test_cells_that_a_spreadsheet_would_run_are_quoted(gridbot) -> None:  # type: ignore[no-untyped-def]
    entry = {**LOG[2], "text": "代报 =cmd 2-1-301 家里暖气不热"}
    gridbot("replay", "-", "-c", str(VILLAGE), stdin=_log(entry))
    output = gridbot("export", "-c", str(VILLAGE), "--format", "csv").output
    assert not any(cell.startswith(("=", "+", "@")) for row in csv.reader(io.StringIO(output)) for cell in row)


def test_classify_reads_lines_and_json_lines(gridbot) -> None:  # type: ignore[no-untyped-def]
    stdin = '3号楼电梯又坏了,按了没反应\n\n{"text": "早上好"}\n{"x": 1}\n{broken\n["list"]\n'
    plain = gridbot("classify", stdin=stdin)
    lines = [json.loads(line) for line in plain.output.splitlines()]
    assert lines[0]["is_request"] is True
    assert lines[0]["category"] == "facility"
    assert lines[0]["places"] == ["3号楼"]
    assert lines[0]["why"]
    assert [line["text"] for line in lines[1:]] == ["早上好", "{broken", '["list"]']
    keys = {"text", "is_request", "kind", "category", "department", "urgent", "danger", "places", "score", "why"} | {
        "ambiguous"
    }
    assert set(lines[0]) == keys


def test_classify_knows_the_places_of_a_community(gridbot, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "lines.txt"
    file.write_text("小广场的健身器材坏了\n有人被困在电梯里\n", encoding="utf-8")
    result = gridbot("classify", str(file), "-c", str(VILLAGE))
    first, second = (json.loads(line) for line in result.output.splitlines())
    assert first["places"] == ["小广场"]
    assert second["danger"] == {"key": "lift", "grade": "sure"}


def test_a_second_log_into_the_same_database_goes_on(gridbot) -> None:  # type: ignore[no-untyped-def]
    later = {**LOG[1], "message_id": "9", "ts": "2026-11-23T10:00:00+08:00", "text": "5号楼楼道堆满纸箱没人管"}
    assert gridbot("replay", "-", "-c", str(VILLAGE), stdin=_log(LOG[1])).exit_code == 0
    second = gridbot("replay", "-", "-c", str(VILLAGE), "--json", stdin=_log(later))
    assert second.exit_code == 0
    assert "#2 楼道堆物" in second.output


def test_a_file_in_another_encoding_is_said_so(gridbot, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "lines.txt"
    file.write_bytes("电梯坏了".encode("gb18030"))
    result = gridbot("classify", str(file))
    assert (result.exit_code, "is not UTF-8" in result.output) == (1, True)
