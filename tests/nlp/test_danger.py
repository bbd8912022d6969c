"""Danger: the whole list, what must set it off and what must not."""

import pytest

from nlp.danger import RULES, speaks
from nlp.reader import Context, Reader

READER = Reader()


def test_the_list_a_person_reads():
    assert [(rule.danger.key, rule.danger.grade, rule.danger.call) for rule in RULES] == [
        ("lift", "sure", "lift"),
        ("gas", "sure", "gas"),
        ("fire", "sure", "fire"),
        ("electric", "sure", "electric"),
        ("medical", "sure", "medical"),
        ("violence", "sure", "police"),
        ("fight", "possible", "police"),
        ("smoke", "possible", "fire"),
        ("falling", "possible", "police"),
        ("flood", "possible", "police"),
        ("missing", "possible", "police"),
    ]


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule in RULES for text in rule.examples])
def test_an_example_sets_it_off(rule, text):
    assert READER.read(text).danger == rule.danger


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule in RULES for text in rule.counters])
def test_a_counterexample_does_not(rule, text):
    danger = READER.read(text).danger
    assert danger is None or danger.key != rule.danger.key


@pytest.mark.parametrize(
    "text",
    [
        "笑死我了,火了",
        "消防演习 下午三点 会有烟雾 不是着火",
        "电影里男主被困电梯那段太吓人",
        "去年5号楼着火了",
        "新闻说6号楼煤气泄漏",
        "没有人被困 电梯已经修好了",
        "买火灾保险要多少钱",
        "如果3号楼着火了怎么跑",
    ],
)
def test_negation_past_news_drills_and_stories_are_no_danger(text: str):
    assert READER.read(text).danger is None


def test_a_guard_silences_only_its_own_sentence():
    assert READER.read("去年也着过火。5号楼三楼厨房着火了!").danger is not None


@pytest.mark.parametrize(
    "context", [Context(), Context(worker=True), Context(private=True), Context(open_category="noise")]
)
def test_a_sure_danger_is_an_urgent_request_whoever_says_it(context: Context):
    reading = READER.read("有人被困在3号楼电梯里了!", context)
    assert reading.is_request
    assert reading.urgent
    assert reading.places == ("3号楼",)


def test_a_danger_without_any_other_word_finds_its_category():
    assert READER.read("割腕了 没呼吸了").category is not None


def test_nothing_triggered_says_nothing():
    assert speaks("电梯困人了", ()) is None
