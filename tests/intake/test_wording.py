"""The catalogue: every sentence the code names is there, none is left over, and its blanks are filled."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import pytest

import bot
import handlers
from handlers.router import COMMANDS
from handlers.wording import Wording, catalogue
from nlp.danger import RULES
from storage.attachments import Loss, Media
from storage.people import Rank
from storage.requests import Outcome, Satisfaction, State

SENTENCES = catalogue("zh_CN")
SAY = Wording("zh_CN", ZoneInfo("Asia/Shanghai"))
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # Monday, 09:00 there
for module in pkgutil.iter_modules(handlers.__path__):
    importlib.import_module(f"handlers.{module.name}")
SOURCES = [path for package in (handlers, bot) for path in sorted(Path(package.__path__[0]).rglob("*.py"))]
CALLS = [
    node
    for path in SOURCES
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "say" and node.args
]
STRINGS = {
    node.value
    for path in SOURCES
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    if isinstance(node, ast.Constant) and isinstance(node.value, str)
}
FAMILIES = {  # the sentences whose names are put together: what the blank stands for
    "status": State,
    "illegal": State,
    "state": State,
    "outcome": Outcome,
    "button.outcome": Outcome,
    "button.solved": Outcome,
    "button.rate": Satisfaction,
    "rank": Rank,
    "sign": Media,
    "count": Media,
    "lost": set(Loss) - {Loss.NOT_KEPT},  # what came before files were kept was nobody's to be told of
    "danger": {rule.danger.call for rule in RULES},
}


def named_by(call: ast.Call) -> list[str]:
    """The sentences a call may say; an f-string stands for every one of its shape."""
    return [name for node in ast.walk(call.args[0]) for name in _names(node)]


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and "{" not in node.value:
        yield node.value
    if isinstance(node, ast.JoinedStr):
        head = node.values[0].value if isinstance(node.values[0], ast.Constant) else ""
        tail = node.values[-1].value if isinstance(node.values[-1], ast.Constant) else ""
        family = FAMILIES.get(str(head).rstrip("."))
        members = [f"{head}{member}" for member in family] if family else SENTENCES
        yield from (name for name in members if name.startswith(str(head)) and name.endswith(str(tail)))


def blanks(name: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(SENTENCES[name]) if field}


def test_every_sentence_the_code_names_is_in_the_catalogue() -> None:
    plain = [call.args[0].value for call in CALLS if isinstance(call.args[0], ast.Constant)]
    assert len(plain) > 50
    assert {name for name in plain if name not in SENTENCES} == set()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_member_of_a_family_has_its_sentence(family: str) -> None:
    assert {member for member in FAMILIES[family] if f"{family}.{member}" not in SENTENCES} == set()


def test_every_command_has_its_names_its_help_and_its_question() -> None:
    for name, chosen in COMMANDS.items():
        assert SENTENCES[f"command.{name}.names"].split()
        assert SENTENCES[f"command.{name}.help"]
        assert (f"command.{name}.prompt" in SENTENCES) == chosen.prompt


def test_no_sentence_is_left_over() -> None:
    used = STRINGS | {name for call in CALLS for name in named_by(call)}
    used |= {f"command.{name}.{part}" for name in COMMANDS for part in ("names", "help", "prompt")}
    assert set(SENTENCES) - used == set()


def test_the_blanks_of_a_sentence_are_filled() -> None:
    """A call that spells its values out gives every blank of every sentence it may say."""
    for call in CALLS:
        given = {keyword.arg for keyword in call.keywords}
        if None in given:
            continue
        for name in named_by(call):
            if name in SENTENCES:
                assert blanks(name) <= given, name


def test_a_sentence_nobody_wrote_is_an_error() -> None:
    with pytest.raises(KeyError):
        SAY("no.such.sentence")
    with pytest.raises(FileNotFoundError):
        catalogue("xx_XX")


@pytest.mark.parametrize(
    ("hours", "when", "past"),
    [
        (3, "今天 12:00", "12:00"),
        (15, "明天 00:00", "11月24日(周二) 00:00"),
        (72, "11月26日(周四) 09:00", "11月26日(周四) 09:00"),
        (-24, "11月22日(周日) 09:00", "11月22日(周日) 09:00"),
    ],
)
def test_times_are_said_as_people_say_them(hours: int, when: str, past: str) -> None:
    at = NOW + timedelta(hours=hours)
    assert SAY.when(at, NOW) == when
    assert SAY.past(at, NOW) == past
