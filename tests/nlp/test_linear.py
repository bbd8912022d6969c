"""A linear model from its file: which pieces speak, for what, and that length does not count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import linear
from nlp.linear import Linear
from nlp.reader import Reader

LINES = [
    "piece\trare\t水\t路",
    "\t\t-50\t-20",
    "管\t300\t100\t",
    "水管\t400\t400\t-100",
    "路\t200\t\t200",
]


def test_every_piece_speaks_once_for_what_it_was_seen_with() -> None:
    model = Linear(LINES)
    assert model.classes == ("水", "路")
    assert model.scores("水管") == pytest.approx([-0.5 + 5 / 5, -0.2 - 1 / 5])
    assert model.scores("水管水管") == model.scores("水管")


def test_of_nothing_known_only_the_beginning_is_said() -> None:
    assert Linear(LINES).scores("天") == [-0.5, -0.2]


def test_why() -> None:
    model = Linear(LINES)
    assert [(share.piece, share.weight) for share in model.why("水管在路上", "路")] == [
        ("路", pytest.approx(2 / 29**0.5)),
        ("水管", pytest.approx(-1 / 29**0.5)),
    ]


@given(st.text(max_size=300))
def test_whatever_is_said_it_has_a_score(text: str) -> None:
    assert len(linear.load("departments").scores(text)) == 7


@pytest.mark.parametrize(
    ("title", "department"),
    [
        ("反映某公司拖欠农民工工资", "劳动和社会保障"),
        ("出租车司机拒载,公交车不进站", "交通运输"),
        ("化工厂夜间排放刺鼻气体", "环境保护"),
        ("小学违规收取补课费", "教育文体"),
        ("投诉旅行社不退团费", "商贸旅游"),
        ("县医院误诊要求赔偿", "卫生计生"),
        ("小区烂尾无法交房", "城乡建设"),
    ],
)
def test_a_petition_goes_to_its_department(title: str, department: str) -> None:
    assert Reader.department_of(title) == department


def test_no_piece_of_the_titles_is_longer_than_three_characters() -> None:
    lines = (linear.FOLDER / "departments.tsv").read_text(encoding="utf-8").splitlines()
    assert max(len(line.split("\t")[0]) for line in lines[2:]) == 3
