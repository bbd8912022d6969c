"""Messages about one issue find each other; others stay apart."""

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.labelled import shipped
from nlp.likeness import groups

MIXER = ["丽新城旁边建搅拌站", "丽新城搅拌站半夜施工扰民", "丽新城附近违建搅拌站", "投诉丽新城搅拌站扬尘污染"]
BUS = ["公交改线老人等车难", "公交改线绕路去医院", "公交改线什么时候恢复"]
ALONE = ["图书馆周末关门", "电信宽带断网"]
TALK = [one.text for one in islice(shipped(), 600)]


def test_each_issue_is_a_group_among_much_else() -> None:
    texts = [MIXER[0], BUS[0], ALONE[0], *TALK, MIXER[1], BUS[1], MIXER[2], ALONE[1], BUS[2], MIXER[3]]
    found = [{texts[at] for at in group} for group in groups(texts)]
    assert [group for group in found if group & set(MIXER)] == [set(MIXER)]
    assert [group for group in found if group & set(BUS)] == [set(BUS)]


def test_a_likeness_to_one_member_is_not_enough() -> None:
    chain = ["公园湖水变绿", "公园湖水没人管", "公园长椅没人管", "广场长椅没人管", "广场灯光没人管"]
    assert max(map(len, groups(chain))) < len(chain)


def test_no_text_and_no_words() -> None:
    assert groups([]) == []
    assert groups(["", "啊", "123"]) == [[0], [1], [2]]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([*MIXER, *BUS, *ALONE, "", "的"]), max_size=20))
def test_every_text_is_in_one_group(texts: list[str]) -> None:
    found = groups(texts)
    assert sorted(at for group in found for at in group) == list(range(len(texts)))
    assert all(group == sorted(group) for group in found)


def test_two_groups_that_turn_out_to_be_about_one_thing_become_one(monkeypatch: pytest.MonkeyPatch) -> None:
    one = ["w8 w1", "w1 w4", "w3 w6 w1", "w3 w8", "w5 w3 w1", "w4 w0 w2", "w1 w4 w6"]
    other = ["y1 y2", "y1 y2 y3", "y1 y2 y4"]
    texts = [*one, *(f"z{at}" for at in range(40)), *other]
    joined = groups(texts)
    monkeypatch.setattr("nlp.likeness.JOINED", 1.1)
    apart = groups(texts)
    assert len(joined) == len(apart) - 1
    together = max(joined, key=len)
    assert together == sorted(at for group in apart if set(group) <= set(together) for at in group)
