"""The taxonomy is data that carries its own examples; each is read here."""

import pytest

from nlp.lexicon import Category, Topic, categories
from nlp.reader import Reader

CATEGORIES = categories()
READER = Reader()
KEYS = [
    "facility", "utility", "sanitation", "greening", "noise", "traffic", "safety", "illegal_build", "dispute",
    "property", "welfare", "affairs", "health_edu", "labor", "market", "pet", "culture", "other",
]  # fmt: skip
DEPARTMENTS = {"城乡建设", "环境保护", "交通运输", "教育文体", "劳动和社会保障", "商贸旅游", "卫生计生"}


def test_the_eighteen_categories_stand_in_their_order():
    assert list(CATEGORIES) == KEYS


@pytest.mark.parametrize("category", CATEGORIES.values(), ids=KEYS)
def test_a_category_is_complete(category: Category):
    departments = {category.department, *(topic.department or category.department for topic in category.topics)}
    assert departments <= DEPARTMENTS
    assert len(category.examples) >= 8
    assert category.negatives
    assert len({topic.title for topic in category.topics}) == len(category.topics)


@pytest.mark.parametrize(("key", "text"), [(each.key, text) for each in CATEGORIES.values() for text in each.examples])
def test_an_example_is_a_request_of_its_category(key: str, text: str):
    reading = READER.read(text)
    assert (reading.is_request, reading.category) == (True, key), reading.why


@pytest.mark.parametrize("text", [text for each in CATEGORIES.values() for text in each.negatives])
def test_the_same_words_in_talk_are_no_request(text: str):
    reading = READER.read(text)
    assert not reading.is_request, reading.why
    assert reading.category is None or reading.unsure


def test_a_configured_category_needs_no_code():
    orchard = Category("orchard", "果园", "城乡建设", (Topic("果树病害", objects=("苹果园",), signs=("果树生虫",)),))
    reading = Reader(categories=[orchard]).read("苹果园的果树生虫了 怎么办")
    assert (reading.category, reading.department, reading.title) == ("orchard", "城乡建设", "果树病害")
    bare = Reader(categories=[Category("empty", "空", "城乡建设")])
    assert bare.find_category("空") == "empty"
