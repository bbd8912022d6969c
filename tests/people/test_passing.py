"""All open cases of one go to another: previewed, then done, with one word to both."""

import pytest
from sqlmodel import Session, select
from village import Village

from storage import requests
from storage.people import Person

LIFT = "3号楼电梯又坏了,按了没反应"
BOXES = "5号楼楼道堆满纸箱"
EAST = "东网格群"


@pytest.fixture
def busy(staffed: Village) -> Village:
    """张网格员 leads a case in building 3 and one in building 5; 刘网格员 no more stands in for him."""
    staffed.says("王阿姨", LIFT)
    staffed.says("李明", BOXES, at=EAST)

    def alone(session: Session) -> None:
        session.exec(select(Person).where(Person.key == "zhang")).one().stand_in_key = None

    staffed.look(alone)
    staffed.wait(minutes=1)
    return staffed


def test_the_cases_go_over_with_their_clocks_as_they_were(busy: Village) -> None:
    busy.tells("李网格长", "任命 刘网格员 网格员 东网格")
    busy.wait(minutes=1)
    before = [busy.case(number) for number in (1, 2)]
    for name in ("张网格员", "刘网格员"):
        busy.new(name)
    assert busy.tells("李网格长", "交接 张网格员 刘网格员") == ["张网格员手上的 2 件交给刘网格员:#1 #2,期限不变。"]
    assert [busy.case(number).lead_person_id for number in (1, 2)] == [before[0].lead_person_id] * 2
    busy.presses("李网格长", "确认交接")
    busy.wait(minutes=1)
    for old in before:
        case = busy.case(old.number)
        assert (case.accept_by, case.finish_by, case.raise_at) == (old.accept_by, old.finish_by, old.raise_at)
        assert busy.history(old.number).count("handed_over") == 1
    assert busy.new("张网格员") == ["李网格长把您手上的 2 件交给了刘网格员:#1 #2。"]
    assert busy.new("刘网格员") == ["李网格长把张网格员手上的 2 件交给您:#1 #2,期限不变。"]
    assert busy.buttons("刘网格员") == ["待办"]
    assert busy.buttons("张网格员", about="#1 ") == []
    assert busy.presses("刘网格员", "待办") in {None, "已私聊发给您。"}
    assert "2 件:" in busy.sees("刘网格员")[-1].text
    assert busy.tells("李网格长", "/handover zhang liu yes") == ["张网格员手上没有可以交给刘网格员的事。"]


def test_what_the_other_does_not_answer_for_stays(busy: Village) -> None:
    busy.tells("李网格长", "任命 刘网格员 网格员 5号楼")
    assert busy.tells("李网格长", "/handover zhang liu") == [
        "张网格员手上的 1 件交给刘网格员:#2,期限不变。#1 不在刘网格员管的地方,不动。"
    ]
    busy.presses("李网格长", "确认交接")
    names = [busy.look(lambda s, n=n: s.get_one(Person, busy.case(n).lead_person_id).name) for n in (1, 2)]  # type: ignore[misc]
    assert names == ["张网格员", "刘网格员"]
    assert busy.tells("李网格长", "交接 张网格员 刘网格员") == [
        "张网格员手上没有可以交给刘网格员的事。#1 不在刘网格员管的地方,不动。"
    ]


def test_a_leader_takes_them_and_is_not_told_twice(busy: Village) -> None:
    busy.new("李网格长")
    busy.tells("李网格长", "/handover zhang li yes")
    assert busy.new("李网格长") == ["张网格员的 2 件已交给李网格长:#1 #2。"]
    assert busy.tells("李网格长", "接单 1")[-1].startswith("已接单 #1")


@pytest.mark.parametrize(
    ("who", "words", "answer"),
    [
        ("李网格长", "交接 张网格员", "请这样写:交接 张网格员 刘网格员。"),
        ("李网格长", "交接", "请这样写:交接 张网格员 刘网格员。"),
        ("李网格长", "交接 张网格员 张网格员", "交接要写两个人。"),
        ("李网格长", "交接 张网格员 周师傅", "不认识「周师傅」。写工作人员的姓名,或回复TA的消息。"),
        ("李网格长", "交接 张网格员 王总网格长", "王总网格长不归您管,请找上一级或管理员。"),
        ("李网格长", "交接 张网格员 刘网格员", "刘网格员不归您管,请找上一级或管理员。"),
        ("赵主任", "交接 孙经理 张网格员", "孙经理手上没有可以交给张网格员的事。"),
        ("张网格员", "交接 张网格员 李网格长", "「交接」由网格长以上使用。"),
    ],
)
def test_what_cannot_be_handed_over(busy: Village, who: str, words: str, answer: str) -> None:
    assert busy.tells(who, words) == [answer]


def test_nothing_goes_to_who_is_away(busy: Village) -> None:
    busy.tells("赵主任", "请假 李网格长 今天 周五 王总网格长")
    assert busy.tells("赵主任", "交接 张网格员 李网格长") == ["李网格长正在请假,请交给别人。"]


def test_what_another_process_moved_meanwhile_is_left_alone(busy: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = requests.lock
    monkeypatch.setattr(requests, "lock", lambda session, number: None if number == 2 else lock(session, number))
    assert busy.tells("李网格长", "交接 张网格员 李网格长") == ["张网格员手上的 1 件交给李网格长:#1,期限不变。"]
