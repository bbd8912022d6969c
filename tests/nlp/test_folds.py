"""The reader fitted anew without one fold of the examples, and measured on it: no figure may drop by two points."""

import pytest

from bench import fit_reader
from bot import evaluate
from bot.evaluate import Read

# Reached without the fold's files and without other chat, which is not ours to ship; bench/fit_reader.py has all folds.
REQUEST, CATEGORY, TOP_2, KIND = 0.849, 0.724, 0.856, 0.746
SLACK = 0.02


@pytest.fixture(scope="module")
def read() -> Read:
    rows, others = fit_reader.examples(), fit_reader.wordings(None)
    seen, unseen = fit_reader.folds(rows)[0]
    return fit_reader.read_unseen(rows, others, seen, unseen)


def test_requests_are_heard_as_well_as_before(read: Read) -> None:
    found = evaluate.hits((one.is_request, reading.is_request) for one, reading in read.alone)
    assert found.f1 > REQUEST - SLACK


def test_categories_are_found_as_well_as_before(read: Read) -> None:
    right = sum(true == taken[0] for true, taken in read.ranked)
    either = sum(true in taken[:2] for true, taken in read.ranked)
    assert right / len(read.ranked) > CATEGORY - SLACK
    assert either / len(read.ranked) > TOP_2 - SLACK


def test_kinds_are_found_as_well_as_before(read: Read) -> None:
    caught = [(one.kind, reading.kind) for one, reading in read.alone if one.is_request and reading.is_request]
    assert sum(true == taken for true, taken in caught) / len(caught) > KIND - SLACK
