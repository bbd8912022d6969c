"""Lessons from corrections: proposed only where enough people agree and more is gained than lost."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp import labelled, learnt, words
from nlp.labelled import Labelled, Unusable
from nlp.learnt import REQUEST
from nlp.lessons import LEAST, STEPS, Correction, from_examples, propose
from nlp.lexicon import Category, Topic
from nlp.reader import Reader

READER = Reader()


def correction(*found: str, request: bool = True, category: str | None = None, said: float = -1.0) -> Correction:
    """One that stood below the threshold, as noise."""
    return Correction(frozenset(found), {REQUEST: said, "noise": 2.0, "pet": 1.0}, request, category)


def example(text: str, *, request: bool, category: str | None = None) -> Labelled:
    at = datetime.fromisoformat("2026-11-24T08:00:00+08:00")
    kind = "report" if request else "chat"
    return Labelled(text, "群", at, "王阿姨", text, request, kind, category, False, (), None, "")


def test_two_are_no_rule() -> None:
    assert propose([correction("雕塑")] * (LEAST - 1), [], READER, {}) == []


def test_the_smallest_weight_that_does_it() -> None:
    (lesson,) = propose([correction("雕塑", "又有")] * LEAST, [], READER, {})
    assert (lesson.word, lesson.column, lesson.weight) == ("又有", REQUEST, STEPS[1])
    assert (lesson.seen, lesson.better, lesson.worse, lesson.harmless) == (LEAST, LEAST, 0, True)


def test_what_it_would_make_worse_is_shown_and_too_much_of_it_forbids_it() -> None:
    talk = [example(f"{sign}油烟味有点大", request=False) for sign in ("", " ", "  ")]
    assert [READER.read(one.text).is_request for one in talk] == [False] * 3
    asked = [correction("油烟", said=-0.5)] * 5
    (lesson,) = propose(asked, talk[:1], READER, {})
    assert (lesson.examples_worse, lesson.harmless) == ((talk[0].text,), False)
    assert propose(asked, talk, READER, {}) == []


def test_an_example_with_two_of_the_words_is_read_once() -> None:
    talk = [example("油烟味有点大 师傅", request=False)]
    asked = [
        correction("油烟", "师傅", said=-0.5),
        *[correction("油烟", said=-0.5)] * 3,
        *[correction("师傅", said=-0.5)] * 3,
    ]
    assert {lesson.word for lesson in propose(asked, talk, READER, {})} <= {"油烟", "师傅"}


def test_corrections_that_contradict_each_other_teach_nothing() -> None:
    yes = [correction("雕塑")] * LEAST
    no = [correction("雕塑", request=False, said=-0.1)] * LEAST
    assert propose([*yes, *no], [], READER, {}) == []


def test_a_category_is_taught_and_what_was_caught_wrongly_is_untaught() -> None:
    (lesson,) = propose([correction("鹦鹉", category="pet", said=1.0)] * LEAST, [], READER, {})
    assert (lesson.column, lesson.weight) == ("pet", 1.2)
    (lesson,) = propose([correction("鹦鹉", request=False, said=1.0)] * LEAST, [], READER, {})
    assert (lesson.column, lesson.weight) == (REQUEST, -1.2)


def test_what_is_known_or_was_declined_is_not_proposed() -> None:
    those = [correction("雕塑")] * LEAST
    assert propose(those, [], READER, {("雕塑", REQUEST): 1.2}) == []
    assert propose(those, [], READER, {("雕塑", REQUEST): 0.1}) == []
    assert propose(those, [], READER, {}, [("雕塑", REQUEST)]) == []


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.builds(
            correction,
            st.sampled_from(["雕塑", "鹦鹉", "鸽子"]),
            st.sampled_from(["楼顶", "半夜"]),
            request=st.booleans(),
            said=st.floats(-3, 3),
        ),
        max_size=30,
    )
)
def test_no_lesson_makes_more_corrections_wrong_than_right(those: list[Correction]) -> None:
    for lesson in propose(those, [], READER, {}):
        assert lesson.better > lesson.worse
        assert abs(lesson.weight) <= STEPS[-1]
        assert lesson.seen >= LEAST


def test_a_taught_reader_reads_otherwise_and_its_base_as_before() -> None:
    taught = READER.taught({("雕塑", REQUEST): 3.0, ("雕塑", "greening"): 6.0})
    text = "又有小孩爬雕塑"
    assert not READER.read(text).is_request
    assert (taught.read(text).is_request, taught.read(text).category) == (True, "greening")
    assert not taught.base.read(text).is_request
    assert taught.taught({}) is READER
    assert taught.taught({("雕塑", REQUEST): 0.1}).base is READER


def test_of_a_category_nothing_was_learnt_about_no_lesson_is_drawn() -> None:
    robots = Category(
        "robots", "机器人", "城乡建设", (Topic("机器人", signs=("机器人撞人", "WiFi车")),), ("WiFi车又没了",)
    )
    reader = Reader(categories=[robots], lessons=from_examples([robots], Reader(categories=[robots])))
    assert reader.read("送餐机器人撞人了 3号楼门口").category == "robots"
    assert reader.read("WiFi车又没了").is_request
    those = [Correction(frozenset({"送货车"}), {REQUEST: 1.0, "noise": 2.0}, request=True, category="robots")] * LEAST
    assert propose(those, [], reader, {}) == []
    assert reader.taught({("送货车", "robots"): 3.0}).rank("送货车又堵门") == reader.rank("送货车又堵门")


def test_words_without_names_of_people() -> None:
    found = READER.words("冷却塔半夜响 张桂兰家也听见了 13800138000")
    assert {"冷却塔", "半夜"} <= found
    assert "张桂兰" not in found
    assert all(len(word) >= 2 and not any(sign.isdigit() for sign in word) for word in found)


def test_jieba_names_the_same_words(without_rjieba: Callable[[], None], tmp_path: Path) -> None:
    texts = ["冷却塔半夜响 张桂兰家也听见了", "路灯不亮好几天了"]
    fast = words.plain_words(())
    without_rjieba()
    slow = words.plain_words(())
    assert [fast(text) for text in texts] == [slow(text) for text in texts]
    assert list(tmp_path.glob("gridbot-*/jieba*"))  # never the folder all users share


def test_weights_know_their_version() -> None:
    lines, near = ["piece\trequest\n", "\t-100\n", "灯\t50\n"], ["said\t10\n"]
    first = learnt.read(lines, near)
    assert first.version == learnt.read(lines, near).version != learnt.read([*lines, "水\t10\n"], near).version
    assert first.sums([first.rows["灯"]], 3) == {REQUEST: -0.5}


def test_a_line_that_is_no_labelled_message_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("\n" + json.dumps({"id": "1"}), encoding="utf-8")
    with pytest.raises(Unusable, match=r"a\.jsonl:2: KeyError 'group'"):
        labelled.messages(file)


def test_six_keywords_and_six_examples_are_a_category_at_once() -> None:
    robots = Category(
        "robots",
        "机器人",
        "城乡建设",
        (Topic("机器人", signs=("机器人", "送货车", "巡逻车", "无人车", "扫地车", "配送车")),),
        (
            "送餐机器人把我挤到墙角", "那台无人车又停在坡上", "巡逻车半夜自己开", "扫地车撞了娃的滑板",
            "配送车堵着门口不走", "送货车没电趴在电梯口",
        ),
    )  # fmt: skip
    plain = Reader(categories=[robots])
    reader = Reader(categories=[robots], lessons=from_examples([robots], plain))
    read = [reader.read(example) for example in robots.examples]
    assert [(each.is_request, each.category) for each in read] == [(True, "robots")] * 6
    assert reader.read("无人车横在消防栓跟前").category == "robots"
    assert reader.read("3号楼电梯又坏了").category == "facility"
    assert not reader.read("哈哈哈").is_request


def test_an_example_without_any_of_the_keywords_teaches_nothing() -> None:
    other = Category("x", "甲", "城乡建设", (Topic("甲", signs=("乙丙",)),), ("早上好", "乙丙好呀"))
    assert list(from_examples([other], Reader(categories=[other]))) in ([], [("乙丙", REQUEST)])
