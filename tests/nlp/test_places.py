"""Places: one normal form each, to the character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.places import ambiguous, building, find, near, without_flats
from nlp.reader import Reader


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("3号楼2单元501室", "3号楼2单元501室"),
        ("3-2-501漏水", "3号楼2单元501室"),
        ("三栋二门漏水", "3号楼2单元"),
        ("15#1门 四楼 水表那儿", "15号楼1单元4层"),
        ("5到8栋停电", "5号楼 6号楼 7号楼 8号楼"),
        ("2栋和3栋之间", "2号楼 3号楼"),
        ("1、2、3号楼", "1号楼 2号楼 3号楼"),
        ("二三号楼没水", "2号楼 3号楼"),
        ("3号楼1到3单元", "3号楼1单元 3号楼2单元 3号楼3单元"),
        ("3号楼门口", "3号楼"),
        ("3号楼东门", "3号楼"),
        ("9号楼19层4室", "9号楼19层4室"),
        ("9-19-4", "9号楼19层4室"),
        ("3-501", "3号楼501室"),
        ("5-2单元", "5号楼2单元"),
        ("3号2单元", "3号楼2单元"),
        ("3号楼301", "3号楼301室"),
        ("丙楼 A座电梯 b栋", "丙号楼 A号楼 B号楼"),
        ("三十二栋", "32号楼"),
        ("一百零二号楼", "102号楼"),
        ("五零一室", "501室"),
        ("3號樓", "3号楼"),
        ("叁号楼贰单元 ③号楼", "3号楼2单元 3号楼"),
        ("两栋之间 伍阿姨 大陆", ""),
        ("5#1-302", "5号楼1单元302室"),
        ("@6-1802 收到", ""),
        ("地库B2-056", "地下车库B2-056"),
        ("充电桩又坏了 居委会呢", ""),
        ("在充电桩那边 居委会门口", "充电桩 居委会门口"),
        ("3号楼", "3号楼"),
        ("六楼那家", "6层"),
        ("501室", "501室"),
        ("601的哥 麻将", "601室"),
        ("负二那道门", "地下车库B2"),
        ("地库 B2 层", "地下车库B2"),
        ("车库B1-117", "地下车库B1-117"),
        ("车库117车位", "地下车库-117"),
        ("地库进水", "地下车库"),
        ("8号楼和地库", "8号楼 地下车库"),
        ("东门和小广场", "东门 小广场"),
        ("东门口堵了", "东门"),
        ("广场灯不亮", "广场"),
        ("3号门", "3号门"),
        ("幼儿园门口", "幼儿园门口"),
        ("3号楼3号楼", "3号楼"),
        ("5到200栋", ""),
        ("5到90栋", "5号楼 90号楼"),
        ("A到C座", "A号楼 C号楼"),
    ],
)
def test_a_place_has_one_form(text: str, places: str):
    assert find(text) == tuple(places.split())


@pytest.mark.parametrize(
    "text",
    [
        "一座桥", "12-3开会", "一栋小楼", "13812345678", "2026-11-06", "一层灰", "幼儿园秋游", "一门心思", "12:30",
        "¥3-501", "6号院", "楼道", "电梯里", "我家楼上", "走后门", "阳光花园", "两层楼", "11月3号 501路",
    ],
)  # fmt: skip
def test_no_place(text: str):
    assert find(text) == ()


def test_a_community_names_its_own_spots():
    assert find("红砖楼后面堆了垃圾", ["红砖楼", ""]) == ("红砖楼",)
    assert find("红砖楼后面堆了垃圾") == ()


@given(st.text())
def test_any_text_is_survived(text: str):
    assert all(find(text))


@given(
    st.one_of(
        st.builds("{}号楼".format, st.integers(1, 99)),
        st.builds("{}号楼{}单元{}室".format, st.integers(1, 99), st.integers(1, 9), st.integers(101, 3299)),
        st.builds("{}号楼{}层{}室".format, st.integers(1, 99), st.integers(1, 40), st.integers(1, 9)),
        st.builds("{}层".format, st.integers(1, 40)),
        st.builds("{}单元".format, st.integers(1, 40)),
        st.builds("{}室".format, st.integers(101, 3299)),
        st.builds("地下车库B{}-{}".format, st.integers(1, 4), st.integers(1, 999)),
        st.sampled_from(["地下车库", "地下车库B1", "A号楼", "丙号楼", "东门", "凉亭"]),
    )
)
def test_a_normal_form_stays(form: str):
    assert find(form) == (form,)


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("3号楼2单元501室", "3号楼"),
        ("3号楼", "3号楼"),
        ("401室", None),
        ("4层", None),
        ("东门", "东门"),
        ("地下车库B1", "地下车库B1"),
    ],
)
def test_a_group_reads_only_the_building(place: str, shown: str | None):
    assert building(place) == shown


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (["3号楼2单元"], ["3号楼"], True),
        (["3号楼2单元"], ["3号楼2单元501室"], True),
        (["3号楼2单元"], ["3号楼1单元"], False),
        (["3号楼"], ["4号楼"], False),
        (["东门"], ["小广场", "东门"], True),
        (["东门"], ["3号楼"], False),
        (["4层"], ["4层"], True),
        ([], ["东门"], False),
    ],
)
def test_two_reports_near_each_other(one, other, together):
    assert near(one, other) is together


def test_a_text_without_flats_keeps_everything_else() -> None:
    assert (
        without_flats("2-1-301漏水,12-402也是,3号楼2单元501室修好了,11-23去过")
        == "2号楼漏水,12号楼也是,3号楼修好了,11-23去过"
    )


def test_what_could_be_read_another_way_is_marked() -> None:
    text = "3-501 和 9-19-4 和 3-2-501 和 5号楼301室"
    assert find(text) == ("3号楼501室", "9号楼19层4室", "3号楼2单元501室", "5号楼301室")
    assert ambiguous(text) == ("3号楼501室", "9号楼19层4室")
    assert Reader().read("3-501 漏水了").ambiguous == ("3号楼501室",)
