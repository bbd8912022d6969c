"""The labelled examples: well formed, enough of each sort, no two alike."""

import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

import nlp
from nlp import lexicon

FILES = sorted((Path(nlp.__path__[0]) / "examples").glob("*.jsonl"))
ASKED, TALK = {"report", "help", "consult", "suggest", "urge"}, {"praise", "chat", "ad", "rumor"}
RUN = 8  # characters that may not stand in three messages


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for path in FILES for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_row_is_labelled_by_the_guide(rows: list[dict[str, Any]]) -> None:
    categories = lexicon.categories()
    for row in rows:
        assert row["kind"] in (ASKED if row["is_request"] else TALK), row
        assert (row["category"] in categories) == row["is_request"], row
        assert row["is_request"] or not (row["urgent"] or row["case"]), row
        assert row["text"].strip() == row["text"] != "", row
    assert len({row["id"] for row in rows}) == len(rows)


def test_there_are_enough_of_each_sort(rows: list[dict[str, Any]]) -> None:
    asked = [row for row in rows if row["is_request"]]
    assert len(rows) >= 4000
    assert len(asked) >= 1600
    assert {row["kind"] for row in rows} == ASKED | TALK
    assert min(Counter(row["category"] for row in asked).values()) >= 20
    assert sum(1 for row in rows if row["note"] and not row["is_request"]) >= 1200
    days = Counter(row["group"] for row in rows if row["id"][1] == "1")
    assert sum(count >= 60 for count in days.values()) >= 20


def test_nobody_repeats_themselves(rows: list[dict[str, Any]]) -> None:
    found = defaultdict(set)
    for row in rows:
        text = re.sub(r"\[[^\]]*\]|\s", "", row["text"])
        for at in range(len(text) - RUN + 1):
            found[text[at : at + RUN]].add(row["id"])
    assert [run for run, ids in found.items() if len(ids) > 2] == []
