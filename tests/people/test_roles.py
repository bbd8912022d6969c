"""Posts given and taken in chat: who may give which, to whom, and what becomes of the cases."""

from dataclasses import replace

import pytest
from sqlmodel import Session, select
from village import GROUP, Village

from handlers.message import Sender
from storage import people
from storage.grids import Grid, Level
from storage.outbox import Letter
from storage.people import Person
from tests.people.test_inviting import ranks

LIFT = "3号楼电梯又坏了,按了没反应"
BOXES = "5号楼楼道堆满纸箱"
EAST = "东网格群"


def micro_grids(village: Village) -> None:
    """Two micro-grids of one name, one in the east and one beside it."""

    def make(session: Session) -> None:
        for path in ("village/east/m1/", "village/east/m2/", "village/m3/"):
            name = "一号微网格" if path != "village/east/m2/" else "二号微网格"
            key = path.rstrip("/").rsplit("/", 1)[-1]
            session.add(Grid(key=key, name=name, level=Level.MICROGRID, path=path, source="csv"))

    village.look(make)


def names(village: Village, person: str, words: str, sender: str) -> str:
    """Said alone, with a mention that carries somebody's account."""
    message = village.console.message(person, person, words)
    village.do(village.stage.hear(replace(message, named=(Sender(sender, sender),))))
    return village.sees(person)[-1].text


# -- giving -------------------------------------------------------------------------------------------------------


def test_a_leader_appoints_one_of_the_staff_by_name_or_key(staffed: Village) -> None:
    staffed.new("刘网格员")
    assert staffed.tells("李网格长", "任命 刘网格员 网格员 5号楼") == ["刘网格员现在是5号楼的网格员。"]
    assert staffed.new("刘网格员") == [
        "李网格长请您担任5号楼的网格员。新派的事会发到这里,发「待办」看手上的,发「帮助」看用法。"
    ]
    assert staffed.tells("李网格长", "/role liu worker b5") == ["刘网格员已经是5号楼的网格员。"]
    assert staffed.tells("李网格长", "/role @刘网格员 building 五号楼") == ["刘网格员现在是5号楼的楼门长。"]
    staffed.says("李明", BOXES, at=EAST)
    staffed.wait(minutes=1)
    assert staffed.card(1, at="刘网格员").startswith("#1")


def test_the_sender_of_the_message_replied_to_is_meant(staffed: Village) -> None:
    staffed.says("周师傅", "大家好,我是新来的")
    staffed.says("李网格长", "/任命 网格员 3号楼", to="我是新来的")
    assert ranks(staffed, "周师傅") == [("worker", "village/east/b3/")]
    assert staffed.sees("李网格长")[-1].text == (
        "周师傅现在是3号楼的网格员。TA还没有私聊过我,收不到派单,请TA私聊小格发「开始」。"
    )
    assert staffed.tells("周师傅", "/start")[0].startswith("周师傅您好,您在柳树村社区的职责:网格员。")


def test_a_mention_that_carries_the_account_is_meant(staffed: Village) -> None:
    assert names(staffed, "赵主任", "任命 @周师傅 网格长 东网格", "周师傅").startswith("周师傅现在是东网格的网格长。")


def test_whom_nobody_knows_gets_an_invitation_to_forward(staffed: Village) -> None:
    (told,) = staffed.tells("李网格长", "任命 周志强 网格员 5号楼")
    head, how = told.split("\n")
    assert head == "请把下面这句转给周志强,一次有效,11月30日(周一)前用。用了就是5号楼的网格员。"
    assert how.startswith("私聊我发:/start i")
    staffed.tells("周师傅", how.removeprefix("私聊我发:"))
    assert ranks(staffed, "周师傅") == [("worker", "village/east/b5/")]
    assert "周志强" in staffed.tells("李网格长", "/role 周志强 worker b5")[0]


def test_an_invitation_is_never_said_in_the_group(staffed: Village) -> None:
    staffed.says("李网格长", "/任命 周志强 网格员 5号楼")
    assert all("/start" not in post.text for post in staffed.sees(GROUP))
    assert "/start i" in staffed.sees("李网格长")[-1].text


def test_what_a_dismissed_leader_handed_out_is_good_no_more(staffed: Village) -> None:
    staffed.tells("赵主任", "任命 刘网格员 网格长 3号楼")
    code = staffed.tells("刘网格员", "任命 周志强 网格员 3号楼")[0].split("/start ")[1]
    staffed.tells("赵主任", "免去 刘网格员")
    assert staffed.tells("周师傅", f"/start {code}") == ["这个邀请码已经过期,请发给您的人再发一个。"]


@pytest.mark.parametrize(
    ("who", "words", "answer"),
    [
        ("李网格长", "任命 刘网格员 总网格长 东网格", "东网格不归您管,请找上一级或管理员。"),
        ("李网格长", "任命 刘网格员 网格员 柳树村社区", "柳树村社区不归您管,请找上一级或管理员。"),
        ("李网格长", "任命 孙经理 单位联系人 环卫所", "环卫所不归您管,请找上一级或管理员。"),
        ("赵主任", "任命 孙经理 联系 环卫所", "请这样写:任命 张三 网格员 3号楼。"),
        ("赵主任", "任命 刘网格员 网格员", "网格员管哪里?例:任命 张三 网格员 3号楼。"),
        ("赵主任", "任命 刘网格员 网格员 9号楼", "没有网格「9号楼」。可以写名称、编号或楼栋,例:3号楼。"),
        ("赵主任", "任命 孙经理 单位联系人 水务局", "没有单位「水务局」。现有:柳树物业 环卫所"),
        ("张网格员", "任命 刘网格员 网格员 3号楼", "「任命」由网格长以上使用。"),
        ("王阿姨", "任命 王阿姨 管理员 柳树村社区", "「任命」由工作人员使用。"),
        ("赵主任", "任命 李网格长 网格长 东网格", "李网格长已经是东网格的网格长。"),
    ],
)
def test_nobody_gives_more_than_they_have(staffed: Village, who: str, words: str, answer: str) -> None:
    assert staffed.tells(who, words)[0].startswith(answer)


def test_the_office_gives_everything(staffed: Village) -> None:
    assert staffed.tells("赵主任", "任命 孙经理 单位联系人 环卫") == ["孙经理现在是环卫所的单位联系人。"]
    assert staffed.tells("赵主任", "任命 刘网格员 管理员 柳树村社区") == ["刘网格员现在是柳树村社区的管理员。"]


def test_of_two_grids_of_one_name_the_speaker_chooses(staffed: Village) -> None:
    micro_grids(staffed)
    assert staffed.tells("李网格长", "任命 刘网格员 网格员 一号微网格") == ["刘网格员现在是一号微网格的网格员。"]
    assert ranks(staffed, "刘网格员") == [("worker", "village/east/m1/")]  # the other is not hers to give
    assert staffed.tells("赵主任", "任命 刘网格员 网格长 微网格") == ["「微网格」有几处,是哪一处?"]
    assert staffed.buttons("赵主任") == ["东网格 一号微网格", "二号微网格", "柳树村社区 一号微网格"]
    staffed.presses("赵主任", "二号微网格")
    assert ("leader", "village/east/m2/") in ranks(staffed, "刘网格员")
    assert staffed.tells("赵主任", "任命 周志强 网格员 微网格") == ["「微网格」有几处,是哪一处?"]
    staffed.presses("赵主任", "二号微网格")
    assert "转给周志强" in staffed.sees("赵主任")[-1].text


def test_a_choice_of_grids_for_who_has_no_key_yet(staffed: Village) -> None:
    micro_grids(staffed)
    staffed.says("周师傅", "我也来帮忙")
    staffed.says("赵主任", "/任命 网格员 微网格", to="我也来帮忙")
    staffed.presses("赵主任", "二号微网格")
    assert ranks(staffed, "周师傅") == [("worker", "village/east/m2/")]


def test_of_two_of_one_name_the_speaker_chooses(staffed: Village) -> None:
    def rename(session: Session) -> None:
        session.exec(select(Person).where(Person.key == "liu")).one().name = "张网格员"

    staffed.look(rename)
    assert staffed.tells("赵主任", "任命 张网格员 网格员 5号楼") == ["有几位「张网格员」,是哪一位?"]
    assert staffed.buttons("赵主任") == ["张网格员 东网格网格员", "张网格员 "]
    staffed.presses("赵主任", "张网格员 ")
    assert ranks(staffed, "刘网格员") == [("worker", "village/east/b5/")]


# -- taking back --------------------------------------------------------------------------------------------------


def test_who_is_dismissed_hands_over_at_once(staffed: Village) -> None:
    staffed.tells("李网格长", "任命 刘网格员 网格员 5号楼")
    staffed.says("李明", BOXES, at=EAST)
    staffed.says("王阿姨", LIFT)
    staffed.wait(minutes=1)
    before = staffed.case(1)
    staffed.look(lambda s: setattr(s.exec(select(Person).where(Person.key == "zhang")).one(), "stand_in_key", None))
    staffed.new("刘网格员")
    assert staffed.tells("李网格长", "免去 刘网格员 网格员") == ["刘网格员不再是5号楼的网格员。#1 已转给张网格员。"]
    case = staffed.case(1)
    assert (case.accept_by, case.finish_by) == (before.accept_by, before.finish_by)
    assert staffed.history(1)[-1] == "handed_over"
    assert staffed.case(2).lead_person_id == case.lead_person_id
    staffed.wait(minutes=1)
    assert "李网格长:您不再担任5号楼的网格员,手上的事已转给下一位。" in staffed.new("刘网格员")
    assert staffed.buttons("刘网格员", about="#1 ") == []
    assert staffed.tells("刘网格员", "接单 1") == ["没有 #1。"]


def test_one_of_several_roles_is_chosen(staffed: Village) -> None:
    for grid in ("3号楼", "5号楼"):
        staffed.tells("李网格长", f"任命 刘网格员 网格员 {grid}")
    assert staffed.tells("李网格长", "免去 刘网格员") == ["刘网格员有几项职责,免去哪一项?"]
    assert staffed.buttons("李网格长") == ["3号楼 网格员", "5号楼 网格员"]
    staffed.presses("李网格长", "5号楼 网格员")
    assert ranks(staffed, "刘网格员") == [("worker", "village/east/b3/")]
    assert staffed.tells("李网格长", "免去 刘网格员 网格员 3号楼")[0].startswith("刘网格员不再是")


def test_a_unit_loses_its_contact(staffed: Village) -> None:
    staffed.tells("赵主任", "任命 李网格长 单位联系人 物业")
    assert staffed.tells("赵主任", "免去 李网格长 单位联系人") == ["李网格长不再是柳树物业的单位联系人。"]


@pytest.mark.parametrize(
    ("who", "words", "answer"),
    [
        ("赵主任", "免去 张网格员", "张网格员的职责写在配置文件里,请管理员在文件里改。"),
        ("赵主任", "免去 刘网格员", "刘网格员没有这个职责。"),
        ("赵主任", "免去", "请这样写:免去 张三,或 免去 张三 网格员 3号楼。"),
        ("赵主任", "免去 周师傅", "不认识「周师傅」。写工作人员的姓名,或回复TA的消息。"),
        ("张网格员", "免去 刘网格员", "「免去」由网格长以上使用。"),
    ],
)
def test_what_cannot_be_taken_back(staffed: Village, who: str, words: str, answer: str) -> None:
    assert staffed.tells(who, words) == [answer]


def test_a_leader_takes_back_nothing_above_their_own(staffed: Village) -> None:
    staffed.tells("赵主任", "任命 刘网格员 总网格长 东网格")
    assert staffed.tells("李网格长", "免去 刘网格员") == ["东网格不归您管,请找上一级或管理员。"]


def test_who_is_dismissed_in_the_group_is_told_alone(staffed: Village) -> None:
    staffed.says("周师傅", "大家好")
    staffed.says("李网格长", "/任命 网格员 3号楼", to="大家好")
    staffed.says("李网格长", "/免去", to="大家好")
    assert ranks(staffed, "周师傅") == []
    assert (
        staffed.look(lambda session: session.exec(select(Letter.text).where(Letter.text.contains("您不再"))).all())
        == []
    )


def test_a_leader_who_steps_down_is_told_once(staffed: Village) -> None:
    staffed.tells("赵主任", "任命 刘网格员 网格长 5号楼")
    assert staffed.tells("刘网格员", "免去 刘网格员") == ["刘网格员不再是5号楼的网格长。"]


def test_the_duty_in_the_first_words_of_a_danger_follows_at_once(staffed: Village) -> None:
    staffed.tells("赵主任", "任命 刘网格员 网格员 3号楼")
    staffed.says("赵师傅", "有人被困在3号楼电梯里了!")
    assert "已通知值班 刘网格员" in staffed.sees(GROUP)[0].text
    assert people.Rank.WORKER in staffed.stage.app.known.staff["console", "main", "刘网格员"]


def test_of_two_of_one_name_the_right_one_is_dismissed(staffed: Village) -> None:
    staffed.tells("赵主任", "任命 刘网格员 网格员 5号楼")

    def rename(session: Session) -> None:
        session.exec(select(Person).where(Person.key == "liu")).one().name = "张网格员"

    staffed.look(rename)
    staffed.tells("赵主任", "免去 张网格员 网格员")
    assert staffed.buttons("赵主任") == ["张网格员 东网格网格员", "张网格员 5号楼网格员"]
    staffed.presses("赵主任", "张网格员 5号楼网格员")
    assert ranks(staffed, "刘网格员") == []


def test_a_building_head_is_promised_no_work(staffed: Village) -> None:
    staffed.new("刘网格员")
    staffed.tells("李网格长", "任命 刘网格员 楼门长 3号楼")
    assert staffed.new("刘网格员") == ["李网格长请您担任3号楼的楼门长。"]
