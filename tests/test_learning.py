"""Learning from use: what people say was read wrongly teaches the reader, once the office agrees."""

import asyncio
from datetime import date

import pytest
from sqlmodel import Session, select
from village import GROUP, Village

from bot.config import LearningSettings, Settings
from nlp.learnt import REQUEST
from storage import corrections
from storage.corrections import Correction, Lesson, LessonState
from storage.database import Database

OFFICE = "赵主任"
MISSED = ("雕塑底座裂了", "又有小孩爬雕塑", "雕塑上又有人", "有人爬那个雕塑")
LATER = "雕塑的底座又裂了"
PARROTS = ("3号楼鹦鹉天天早上叫 吵死了", "楼上鹦鹉又叫了一上午 吵人", "5号楼的鹦鹉太吵了 管管吧")


def register_all(village: Village) -> None:
    for words in MISSED:
        assert village.says("陈姐", words).reactions == []
        village.says("张网格员", "登记", to=words)
        village.wait(minutes=30)


def kept(village: Village) -> list[Correction]:
    return village.look(lambda session: list(corrections.kept(session, 100)))


def lessons(village: Village, *states: LessonState) -> list[Lesson]:
    return village.look(lambda session: list(corrections.lessons(session, *(states or LessonState))))


def morning(village: Village) -> str:
    """The next morning; what the office hears then."""
    village.new(OFFICE)
    village.wait(hours=24)
    return "\n".join(village.new(OFFICE))


def test_what_workers_register_is_heard_by_itself_once_the_office_says_yes(staffed: Village) -> None:
    staffed.reach(OFFICE)
    register_all(staffed)
    told = morning(staffed)
    assert told.startswith("从大家的纠正里学到这些,等您定:\n")
    assert "「雕塑」→ 是诉求 +" in told
    assert "4 次纠正这样说" in told
    assert staffed.says("李明", LATER).reactions == []
    assert (staffed.presses(OFFICE, "全部采纳") or "").startswith("已采纳,马上生效:\n")
    assert staffed.says("李明", LATER).reactions == ["👀"]
    assert "雕塑→request" in " ".join(staffed.events(5)[0].data["why"])


def test_an_ask_that_was_answered_is_not_put_again(staffed: Village) -> None:
    staffed.reach(OFFICE)
    assert staffed.tells(OFFICE, "学习")[0].startswith("还没有学到什么")
    register_all(staffed)
    assert morning(staffed)
    assert morning(staffed) == ""  # it waits, and is not told twice
    assert staffed.tells(OFFICE, "学习")[0].startswith("从大家的纠正里学到这些,等您定:")
    assert staffed.tells(OFFICE, "学习 不要")[0].startswith("不用了,以后也不再提:")
    assert morning(staffed) == ""
    assert staffed.tells(OFFICE, "学习 采纳")[0] == "没有这样的条目。发「学习」看有哪些。"
    assert staffed.says("李明", LATER).reactions == []


def test_a_yes_is_about_what_was_shown(staffed: Village) -> None:
    staffed.reach(OFFICE)
    register_all(staffed)
    morning(staffed)
    (first,) = lessons(staffed)
    for number, words in enumerate(PARROTS, 5):
        staffed.says("陈姐", words)
        staffed.tells(OFFICE, f"改类 {number} 宠物")
        staffed.wait(hours=1)
    assert "「鹦鹉」" in morning(staffed)
    staffed.presses(OFFICE, "全部采纳", "「雕塑」")
    assert staffed.tells(OFFICE, "学习 不要 树木") == ["没有这样的条目。发「学习」看有哪些。"]
    assert {row.state for row in lessons(staffed) if row.word == "雕塑"} == {LessonState.APPLIED}
    staffed.tells(OFFICE, f"学习 不要 {first.id}".translate({ord("1"): "１"}))
    assert {row.state for row in lessons(staffed) if row.word == "雕塑"} == {LessonState.DECLINED}
    assert "鹦鹉" in staffed.tells(OFFICE, "学习 采纳 鹦鹉")[0]


def test_no_number_comes_twice(staffed: Village) -> None:
    register_all(staffed)
    staffed.wait(days=1)
    (first,) = lessons(staffed)
    staffed.look(lambda session: corrections.keep_proposals(session, set()))
    staffed.wait(days=1)
    assert [row.id for row in lessons(staffed)] > [first.id]


def test_what_was_applied_can_be_forgotten(staffed: Village) -> None:
    staffed.reach(OFFICE)
    register_all(staffed)
    morning(staffed)
    row = lessons(staffed)[0]
    staffed.tells(OFFICE, f"学习 采纳 {row.id}")
    assert staffed.tells(OFFICE, "学习")[0].startswith(f"已经在用:\n{row.id}. 「雕塑」")
    assert staffed.says("李明", LATER).reactions == ["👀"]
    staffed.tells(OFFICE, f"学习 忘掉 {row.id}")
    staffed.wait(days=1)
    assert staffed.says("陈姐", MISSED[2]).reactions == []


def test_another_category_is_learnt_from_those_who_change_it(staffed: Village) -> None:
    staffed.reach(OFFICE)
    for number, words in enumerate(PARROTS, 1):
        staffed.says("陈姐", words)
        staffed.tells(OFFICE, f"改类 {number} 宠物")
        staffed.wait(hours=1)
    assert {row.category for row in kept(staffed)} == {"pet"}
    assert "「鹦鹉」→ 宠物" in morning(staffed)
    staffed.presses(OFFICE, "全部采纳")
    staffed.says("李明", "7号楼鹦鹉叫了一天 吵死了")
    assert staffed.case(4).category == "pet"


def test_what_is_no_request_is_learnt_too_and_the_words_go_at_once(staffed: Village) -> None:
    staffed.says("陈姐", PARROTS[0])
    staffed.tells("张网格员", "不是诉求 1")
    (row,) = kept(staffed)
    assert (row.request, row.category, row.request_id) == (False, None, 1)
    assert row.words == sorted(row.words)
    assert "鹦鹉" in row.words
    assert PARROTS[0] not in repr(row)
    staffed.wait(days=1)
    assert kept(staffed)[0].request_id is None


def test_the_list_of_dangers_is_nobodys_to_teach(staffed: Village) -> None:
    staffed.says("陈姐", "有人被困在3号楼电梯里了!")
    staffed.tells("张网格员", "不是诉求 1")
    assert staffed.history()[-1] == "mistaken"
    assert kept(staffed) == []


def test_what_belongs_to_no_case_is_kept_beside_all_else(staffed: Village) -> None:
    def twice(session: Session) -> None:
        for _ in range(2):
            month = date(2026, 11, 1)
            corrections.note(session, Correction(month=month, words=["雕塑"], stand={}, request=True, version="1"))

    staffed.look(twice)
    assert len(kept(staffed)) == 2


def test_who_undoes_a_correction_takes_it_back(staffed: Village) -> None:
    staffed.says("陈姐", PARROTS[0])
    staffed.tells("张网格员", "改类 1 宠物")
    staffed.tells("张网格员", "改类 1 宠物")  # nothing changes
    assert len(kept(staffed)) == 1
    staffed.tells("张网格员", "撤销 1")
    staffed.tells("张网格员", "撤销 1")
    assert kept(staffed) == []


def test_the_answer_to_the_small_question_teaches_too(staffed: Village) -> None:
    staffed.says("小刘", "一到饭点油烟味就上来")
    staffed.presses("小刘", "登记", at=GROUP)
    (row,) = kept(staffed)
    assert (row.request, row.category, row.request_id) == (True, None, 1)
    staffed.tells("张网格员", "不是诉求 1")
    (row,) = kept(staffed)  # the last word counts
    assert (row.request, row.request_id) == (False, 1)
    staffed.says("陈姐", "…")
    staffed.says("张网格员", "登记", to="…")  # no words to learn from
    assert len(kept(staffed)) == 1


@pytest.fixture
def alone(settings: Settings, database: Database) -> Village:
    with asyncio.Runner() as runner:
        own = settings.model_copy(update={"learning": LearningSettings(apply="auto")})
        village = Village(own, database, runner)
        village.reach("张网格员", OFFICE)
        yield village
        village.stage.app.close()


def test_what_makes_nothing_worse_may_count_at_once(alone: Village) -> None:
    register_all(alone)
    assert "从大家的纠正里学到这些,已经用上" in morning(alone)
    assert alone.says("李明", LATER).reactions == ["👀"]
    assert {row.state for row in lessons(alone)} == {LessonState.APPLIED}


def test_old_corrections_and_those_of_other_weights_are_forgotten(staffed: Village) -> None:
    register_all(staffed)

    def age(session: object) -> None:
        rows = session.exec(select(Correction)).all()  # type: ignore[attr-defined]
        rows[0].version = "another"

    staffed.look(age)
    staffed.wait(days=1)
    assert len(kept(staffed)) == len(MISSED) - 1
    staffed.wait(days=366)
    assert kept(staffed) == []


def test_a_proposal_nothing_speaks_for_any_more_is_gone(staffed: Village) -> None:
    register_all(staffed)
    staffed.wait(days=1)
    assert [row.target for row in lessons(staffed, LessonState.PROPOSED)][:1] == [REQUEST]
    staffed.look(lambda session: [session.delete(row) for row in session.exec(select(Correction)).all()])
    staffed.wait(days=1)
    assert lessons(staffed) == []
