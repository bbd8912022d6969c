"""Plain everyday wording: what ordinary residents type, read as a whole; the figures reached may not get worse."""

import json
from pathlib import Path
from typing import Final

import pytest

from nlp.reader import Context, Reader

READER = Reader()
LINES: Final = [json.loads(line) for line in (Path(__file__).parent / "plain.jsonl").read_text("utf-8").splitlines()]
REQUESTS: Final = [line for line in LINES if line["is_request"]]
TALK: Final = [line for line in LINES if not line["is_request"]]
HEARD, SURE, CATEGORY, CAUGHT, ASKED = 372, 360, 360, 2, 4  # reached: of 372 requests, of 264 lines of talk
SLACK: Final = 2  # percent


def _worse(reached: int, found: int, of: list[dict[str, object]]) -> bool:
    return reached - found > SLACK * len(of) / 100


def test_requests_are_heard():
    readings = [READER.read(line["text"]) for line in REQUESTS]
    right = [reading.category == line["category"] for reading, line in zip(readings, REQUESTS, strict=True)]
    assert not _worse(HEARD, sum(each.is_request or each.unsure for each in readings), REQUESTS)
    assert not _worse(SURE, sum(each.is_request for each in readings), REQUESTS)
    assert not _worse(CATEGORY, sum(right), REQUESTS)


def test_talk_is_left_alone():
    readings = [READER.read(line["text"]) for line in TALK]
    assert not _worse(-CAUGHT, -sum(each.is_request for each in readings), TALK)
    assert not _worse(-ASKED, -sum(each.unsure for each in readings), TALK)


def test_danger_is_urgent_and_the_rest_is_not():
    missed = [line["text"] for line in REQUESTS if line["urgent"] and not READER.read(line["text"]).urgent]
    alarmed = [line["text"] for line in LINES if not line["urgent"] and READER.read(line["text"]).urgent]
    assert len(missed) <= 2, missed
    assert len(alarmed) <= 4, alarmed


def test_every_category_is_covered():
    for category in READER.categories:
        assert sum(line["category"] == category for line in REQUESTS) >= 12
    assert len(TALK) >= 150


@pytest.mark.parametrize(
    "text",
    [
        "3号楼路灯不亮了",
        "电梯没修好",
        "门禁又不好使了",
        "电梯坏了好几天了",
        "下水道不通了",
        "养老金没收到",
        "水压不足",
        "您好 3号楼停水了",
        "一下雨地库就积水",
        "物业公司的保安不管事 外人随便进",
        "我问一下 居住证怎么办",
        "请尽快处理3号楼的漏水",
        "去年就报了路灯 到现在还没修",
        "办证需要的材料有哪些",
        "师傅到现在没来 马桶还堵着",
        "天亮了楼上还在吵",
        "路灯修好了吗",
        "对讲没声音了",
        "菜市场缺斤少两 一斤少二两",
        "3号楼门口多了一辆僵尸车",
        "挪车电话没人接 车堵在门口",
        "污水漫出来了 满地都是",
        "办居住证需要带什么",
    ],
)
def test_a_guard_word_behind_a_negation_or_inside_another_guards_nothing(text: str):
    reading = READER.read(text)
    assert reading.is_request or reading.unsure, reading.why


@pytest.mark.parametrize("text", ["路灯亮了", "电梯好了", "可不是嘛 昨天就不对劲", "我家也是", "就是啊", "单位停水了"])
def test_agreement_and_what_is_over_are_no_request(text: str):
    reading = READER.read(text)
    assert (reading.is_request, reading.unsure) == (False, False), reading.why


def test_agreement_with_the_own_open_case_is_a_piece_of_it():
    assert READER.read("我家也是", Context(open_category="facility")).is_request


def test_a_complaint_without_a_source_is_heard():
    reading = READER.read("这味儿没法开窗了")
    assert reading.is_request or reading.unsure, reading.why


def test_somebody_else_is_asked_not_the_community():
    assert not READER.read("你看什么时候能给我修手机").is_request
    assert not READER.read("要投诉我老公 天天打呼噜").is_request


@pytest.mark.parametrize(
    ("text", "kind"),
    [("请社区调解 邻居天天骂人", "help"), ("我妈摔倒了起不来 快来帮忙", "help"), ("楼道灯坏了", "report")],
)
def test_who_asks_for_help_gets_help(text: str, kind: str):
    assert READER.read(text).kind == kind


@pytest.mark.parametrize("line", LINES, ids=lambda line: line["text"])
def test_the_first_look_loses_nothing(line: dict[str, object]):
    text = str(line["text"])
    hasty, careful = READER.read(text, curious=False), READER.read(text)
    assert (hasty.is_request, hasty.unsure) == (careful.is_request, careful.unsure)
