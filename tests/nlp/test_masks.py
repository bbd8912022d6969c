"""Numbers of persons are hidden; numbers of things stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.masks import mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("电话13812345612找我", "电话138******12找我"),
        ("138-1234-5612", "138******12"),
        ("+86 13812345612", "+86 138******12"),
        ("010-62345678", "010******78"),
        ("(010)62345678", "010******78"),
        ("400-820-1234", "400*****34"),
        ("打62345678问", "打623***78问"),
        ("身份证110105194912310021", "身份证110**************1"),
        ("11010519491231002X", "110**************X"),
        ("旧证110105491231002", "旧证110***********2"),
        ("卡号6222021234567890123", "卡号***************0123"),
        ("6222 0212 3456 7890", "************7890"),
    ],
)
def test_a_number_of_a_person_is_hidden(text: str, masked: str):
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "3-2-501漏水",
        "2026-11-06 12:30",
        "¥1234567",
        "3号楼2单元501室",
        "快递单号20261106123",
        "6222021234567",
        "一共12345678.5元",
        "12345",
    ],
)
def test_a_number_of_a_thing_stays(text: str):
    assert mask(text) == text


@given(st.text(alphabet=st.one_of(st.sampled_from("0123456789- *()+xX138电话"), st.characters())))
def test_masking_twice_changes_nothing_more(text: str):
    assert mask(mask(text)) == mask(text)
