"""Danger: the whole list, what must set it off and what must not."""

import pytest

from nlp.danger import BY_KEY, RULES, speaks
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
    ("text", "key", "grade"),
    [
        ("昨晚电梯坏了,现在有人被困在里面", "lift", "sure"),
        ("3号楼着火了 哈哈 快跑", "fire", "sure"),
        ("刚听说5号楼起火了快下来看", "fire", "sure"),
        ("听说5号楼起火了", "fire", "possible"),
        ("我妈被困电梯了 物业电话没人接 听说维保也不来", "lift", "sure"),
        ("5号楼着火了 已经扑灭了", "fire", "possible"),
        ("电梯困人了 不是演习 快来", "lift", "sure"),
        ("新闻上总说 现在我们3号楼真着火了快来", "fire", "possible"),
    ],
)
def test_a_guard_that_does_not_touch_leaves_a_danger_at_least_possible(text: str, key: str, grade: str):
    danger = READER.read(text).danger
    assert danger is not None
    assert (danger.key, danger.grade) == (key, grade)


@pytest.mark.parametrize(
    ("text", "category", "title"),
    [
        ("有人被困在3号楼电梯里了!", "facility", "电梯困人"),
        ("5号楼三楼厨房着火了", "safety", "火情"),
        ("闻到臭鸡蛋味了 6号楼", "utility", "燃气泄漏"),
        ("对门老大爷摔倒起不来了 2号楼门口", "welfare", "独居老人"),
    ],
)
def test_a_danger_names_category_and_title(text: str, category: str, title: str):
    reading = READER.read(text)
    assert (reading.category, reading.title, reading.urgent) == (category, title, True)


@pytest.mark.parametrize("rule", RULES, ids=[rule.danger.key for rule in RULES])
def test_every_entry_carries_its_own_proof(rule):
    assert len(rule.examples) >= 8
    assert len(rule.counters) >= 8
    assert rule.title
    assert set(rule.categories) <= set(READER.categories)


@pytest.mark.parametrize("text", ["消防演习 下午三点 会有烟雾 不是着火", "没有人被困 电梯已经修好了", "万一着火怎么办"])
def test_a_silenced_danger_is_not_urgent_either(text: str):
    assert not READER.read(text).urgent


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


def test_a_danger_whose_words_are_of_another_subject_keeps_neither_its_topic_nor_its_title() -> None:
    reading = Reader().read("救命啊有人掉水里")
    assert reading.danger
    assert (reading.is_request, reading.urgent) == (True, True)
    assert reading.category == BY_KEY[reading.danger.key].categories[0]
