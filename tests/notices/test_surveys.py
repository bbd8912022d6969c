"""The office's side of a survey: written, changed before it goes out, closed, its result as text and picture."""

from datetime import timedelta

import pytest
from PIL import Image
from sqlmodel import Session, select
from village import GROUP, Village

from handlers.message import Attached
from storage.attachments import Attachment, Media
from storage.grids import Grid
from storage.notices import Notice
from storage.people import Role
from storage.surveys import Survey

EAST = "东网格群"
LI = "李网格长"
WANG = "王总网格长"
RULE = "────────────"


def written(village: Village, what: str = "楼道保洁您满意吗?", where: str = "全部", who: str = LI) -> str:
    """Up to the preview, which is returned."""
    village.tells(who, "调查")
    village.tells(who, where)
    return village.tells(who, what)[-1]


def ask(village: Village, what: str = "楼道保洁您满意吗?", who: str = LI) -> None:
    written(village, what, who=who)
    village.presses(who, "发送")


def row(village: Village, number: int = 2) -> Notice:
    return village.look(lambda session: session.get_one(Notice, number))


def options(village: Village) -> list[str]:
    return village.look(lambda session: session.get_one(Survey, 2)).options


def answer(village: Village, counts: tuple[int, ...], at: str = GROUP) -> None:
    """So many choose each option."""
    labels = options(village)
    for label, count in zip(labels, counts, strict=True):
        for number in range(count):
            village.says(f"{at}{label}{number}", label, at=at, to="问卷")


def test_from_the_first_word_to_the_groups(office: Village) -> None:
    assert office.tells(LI, "调查") == ["发给哪里?可以点,也可以写,例:1-5号楼。"]
    office.presses(LI, "东网格")
    assert office.new(LI)[-1].startswith("问什么?一句话。")
    assert office.tells(LI, "楼道保洁您满意吗?")[-1] == (
        f"这样发给东网格的 2 个群(约 1 秒):\n{RULE}\n【问卷】楼道保洁您满意吗?\n"
        "点下面的选项,或回复本条写选项。一人一次,可以改,不记名。开放 3 天。\n"
        f"——柳树村社区\n{RULE}\n选项:满意 / 基本满意 / 不满意"
    )
    assert office.buttons(LI) == ["发送", "今晚 19:00 发", "定时", "改", "改选项", "改截止", "算了"]
    office.presses(LI, "发送")
    assert office.new(LI)[-1] == "「楼道保洁您满意吗?」正在发给 2 个群,约 1 秒。"
    assert office.new(EAST)[0].startswith("【问卷】")


def test_in_a_group_it_is_not_written(office: Village) -> None:
    office.says(LI, "/survey")
    assert office.new(LI) == ["调查请在这里写:发「调查」。"]


def test_who_answers_for_no_grid_asks_nobody(office: Village) -> None:
    assert office.tells("孙经理", "调查") == ["「调查」由网格长以上使用。"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("充电桩建在哪里?东门/西门/地下车库", ["东门", "西门", "地下车库"]),
        ("充电桩建在哪里？\n1. 东门\n2. 西门", ["东门", "西门"]),
        ("充电桩建在哪里\nA、东门\nB、西门", ["东门", "西门"]),
    ],
)
def test_options_may_follow_the_question(office: Village, typed: str, found: list[str]) -> None:
    assert f"选项:{' / '.join(found)}" in written(office, typed)
    assert options(office) == found
    assert "充电桩建在哪里" in row(office).text
    assert "东门" not in row(office).text


@pytest.mark.parametrize("typed", ["您好。\n满意吗?谢谢", "对物业说一句话", "满意吗?请写明楼号"])
def test_what_only_looks_like_options_belongs_to_the_question(office: Village, typed: str) -> None:
    written(office, typed)
    assert options(office) == ["满意", "基本满意", "不满意"]
    assert row(office).text == typed


def test_options_and_end_can_be_changed_before_it_goes_out(office: Village) -> None:
    written(office)
    office.presses(LI, "改选项")
    assert office.new(LI)[-1] == "写选项,用 / 隔开,例:同意/不同意/弃权。"
    assert office.tells(LI, "同意")[-1].startswith("选项要 2–8 个,各不相同,每个最多 12 字")
    assert "选项:同意 / 不同意" in office.tells(LI, "同意/不同意")[-1]
    office.presses(LI, "改截止")
    assert office.new(LI)[-1] == "开放多久?例:3天,24小时,周五 18:00。"
    assert "开放 24 小时。" in office.tells(LI, "24小时")[-1]
    office.presses(LI, "改截止")
    assert "11月27日(周五) 18:00截止。" in office.tells(LI, "周五 18:00")[-1]
    office.presses(LI, "改")
    assert "【问卷】加装电梯您同意吗?" in office.tells(LI, "加装电梯您同意吗?")[-1]
    assert options(office) == ["同意", "不同意"]
    office.presses(LI, "改截止")
    assert "开放 90 分钟。" in office.tells(LI, "90分钟")[-1]


@pytest.mark.parametrize("words", ["昨天", "两年", "5分钟", "31天", "12月31日 9:00", "好的", "9:05"])
def test_an_end_that_will_not_do_is_asked_again(office: Village, words: str) -> None:
    written(office)
    office.presses(LI, "改截止")
    assert office.tells(LI, words)[-1].startswith(f"没看懂「{words}」。开放时间要在 10 分钟到 30 天之间")
    assert "开放 2 天。" in office.tells(LI, "2天")[-1]


@pytest.mark.parametrize("bad", ["好/好", "好/" + "很" * 13, "/".join("一二三四五六七八九"), "//"])
def test_options_that_will_not_do_are_asked_again(office: Village, bad: str) -> None:
    written(office)
    office.presses(LI, "改选项")
    assert office.tells(LI, bad)[-1].startswith("选项要 2–8 个")


def test_a_question_has_its_length(office: Village) -> None:
    assert written(office, "长" * 201) == "问题太长:201 字,最多 200 字。"


def test_at_a_time_but_only_once_and_not_after_its_end(office: Village) -> None:
    written(office)
    office.presses(LI, "改截止")
    office.tells(LI, "明天 9:00")
    office.presses(LI, "定时")
    assert office.tells(LI, "每周一 9:00") == ["调查只发一次,请写一个时间,例:明天 9:00。"]
    assert office.tells(LI, "明天 10:00") == ["明天 09:00就截止了,来不及作答。请先改截止时间。"]
    assert office.tells(LI, "今天 10:00") == ["「楼道保洁您满意吗?」定在今天 10:00发给 2 个群。"]
    office.wait(hours=1)
    assert "11月24日(周二) 09:00截止。" in office.new(GROUP)[0]
    office.wait(hours=23)
    assert office.sees(GROUP)[0].text.startswith("【问卷结果】")


def test_what_would_begin_after_its_end_does_not_begin(office: Village) -> None:
    """The bot was down in between."""
    written(office)
    office.presses(LI, "改截止")
    office.tells(LI, "今天 18:00")
    office.presses(LI, "定时")
    office.tells(LI, "今天 10:00")
    office.clock.at = office.clock.at.replace(hour=19)
    office.wait(minutes=1)
    assert office.new(GROUP) == []
    assert "没有发出" in office.new(LI)[-1]


def test_planned_it_can_be_changed_and_moved_but_not_repeated(office: Village) -> None:
    written(office)
    office.presses(LI, "定时")
    office.tells(LI, "明天 9:00")
    office.tells(LI, "/notice edit 2 楼道干净吗?干净/不干净")
    assert options(office) == ["干净", "不干净"]
    assert office.tells(LI, "/notice move 2 每天 9:00") == ["调查只发一次,请写一个时间,例:明天 9:00。"]
    assert "2 天。" in office.tells(LI, "/notice until 2 2天")[-1]
    assert office.buttons(LI) == ["改内容", "改期", "取消", "改选项", "改截止"]
    assert office.tells(LI, "/notice until 2 1小时")[-1].startswith("通知 2 · 东网格\n明天 09:00 发")
    office.tells(LI, "/notice options 2 好/坏")
    assert options(office) == ["好", "坏"]
    office.wait(days=1)
    assert office.new(GROUP)[0].startswith("【问卷】楼道干净吗?")


def test_planned_it_is_not_moved_beyond_its_end(office: Village) -> None:
    written(office)
    office.presses(LI, "改截止")
    office.tells(LI, "明天 9:00")
    office.presses(LI, "定时")
    office.tells(LI, "今天 10:00")
    assert office.tells(LI, "/notice move 2 明天 10:00") == ["明天 09:00就截止了,来不及作答。请先改截止时间。"]
    assert office.tells(LI, "/notice until 2 今天 9:30") == ["今天 09:30就截止了,来不及作答。请先改截止时间。"]
    assert "11月25日(周三) 09:00截止。" in office.tells(LI, "/notice until 2 后天 9:00")[-1]
    assert office.tells(LI, "/notice move 2 明天 10:00") == ["「楼道保洁您满意吗?」改在明天 10:00发。"]


def test_asked_is_asked(office: Village) -> None:
    ask(office)
    for words in ("edit 2 别的问题", "options 2 好/坏", "until 2 5天"):
        assert office.tells(LI, f"/notice {words}") == ["调查已经发出,问题不能再改;可以撤回,重新做一次。"]


def test_a_picture_goes_with_it(office: Village) -> None:
    office.tells(LI, "调查")
    office.tells(LI, "3号楼")
    office.tells(LI, "新垃圾房这样好吗?好/不好", attached=(Attached(Media.PHOTO, "新垃圾房.jpg"),))
    office.presses(LI, "发送")
    assert len(office.sees(GROUP)[-1].files) == 1


def test_a_draft_let_go_leaves_nothing(office: Village) -> None:
    written(office)
    office.presses(LI, "算了")
    assert office.look(lambda session: session.get(Survey, 2)) is None


def test_what_belongs_to_a_survey_is_no_step_of_a_notice(office: Village) -> None:
    office.tells(LI, "通知")
    office.tells(LI, "全部")
    office.tells(LI, "明天停水")
    for step in ("options", "until"):
        assert office.tells(LI, f"/notice {step} 2") == ["没有这条通知,或不归您管。"]
    for step in ("result", "share"):
        assert office.tells(LI, f"/notice {step} 2") == ["调查还没结束,或没有结果。"]
    assert office.tells(LI, "/notice close 2") == ["这次调查没有在进行。"]


# -- its end and its result -------------------------------------------------------------------------------------------


def households(village: Village, **counts: int) -> None:
    def count(session: Session) -> None:
        for key, number in counts.items():
            session.exec(select(Grid).where(Grid.key == key)).one().households = number

    village.look(count)


def test_the_result_comes_by_itself_as_text_and_picture(office: Village) -> None:
    households(office, b3=60, east=320)
    ask(office)
    answer(office, (6, 2, 2))
    answer(office, (3, 1, 1), at=EAST)
    office.new(LI)
    office.wait(days=3)
    went, came = office.new(LI)
    assert went == "通知「楼道保洁您满意吗?」已发完,2 个群收到。"
    assert came == (
        "调查「楼道保洁您满意吗?」已结束,15 人作答:\n满意 9(60%)\n基本满意 3(20%)\n不满意 3(20%)\n满意率 80%\n"
        "各处参与\n"
        "3号楼 10 人/60 户(16.7%) · 满意 6 · 基本满意 2 · 不满意 2\n"
        "东网格 5 人/320 户(1.6%) · 满意 3 · 基本满意 1 · 不满意 1"
    )
    (picture,) = office.sees(LI)[-1].files
    assert picture.path
    with Image.open(picture.path) as image:
        assert image.size[0] == 1080


def test_where_few_answered_the_split_is_hidden_and_with_it_what_would_betray_it(office: Village) -> None:
    ask(office)
    answer(office, (6, 0, 0))
    answer(office, (0, 0, 1), at=EAST)
    office.wait(days=3)
    assert office.new(LI)[-1].endswith(
        "各处参与\n3号楼 6 人\n东网格 1 人\n有的地方作答太少(不足 5 人),只写人数,免得看出谁选了什么。"
    )


def test_of_one_place_its_split_is_the_whole(office: Village) -> None:
    written(office, where="3号楼")
    office.presses(LI, "发送")
    answer(office, (6, 0, 0))
    office.wait(days=3)
    assert office.new(LI)[-1].endswith("满意率 100%\n各处参与\n3号楼 6 人")


def test_of_a_whole_community_the_grids_are_told(office: Village) -> None:
    households(office, b3=60, b5=40)
    ask(office, "加装电梯?同意/不同意", who=WANG)
    answer(office, (4, 2))
    answer(office, (0, 3), at=EAST)
    office.wait(days=3)
    assert office.new(WANG)[-1].endswith("同意 4(44%)\n不同意 5(56%)\n各处参与\n东网格 9 人/100 户(9.0%)")


def test_where_nobody_answered_is_told_too(office: Village) -> None:
    households(office, b3=60)
    ask(office)
    office.wait(days=3)
    assert office.new(LI)[-1] == (
        "调查「楼道保洁您满意吗?」已结束,0 人作答:\n不足 5 人作答,不公布怎么选的。\n"
        "各处参与\n东网格 0 人/60 户(0.0%)\n3号楼 0 人/60 户(0.0%)"
    )
    assert office.buttons(LI) == []
    assert office.tells(LI, "/notice share 2") == ["调查还没结束,或没有结果。"]


def test_of_many_places_the_keenest_are_named(office: Village) -> None:
    def build(session: Session) -> None:
        for number in range(20):
            place = f"{number + 10}号楼"
            session.add(
                Grid(key=f"n{number}", name=place, level="building", path=f"village/east/n{number}/", source="csv")
            )

    office.look(build)
    ask(office)

    def spread(session: Session) -> None:
        grids = session.exec(select(Grid).where(Grid.name.endswith("号楼"))).all()  # type: ignore[attr-defined]
        session.get_one(Survey, 2).tally = [(grid.id or 0, [0, 0, 1]) for grid in grids]

    office.presses(LI, "撤回")
    office.look(spread)
    office.look(lambda session: setattr(session.get_one(Survey, 2), "closed_at", office.clock.at))
    text = office.tells(LI, "/notice result 2")[-1]
    assert text.count("号楼 1 人") == 12
    assert "其余 10 处 10 人" in text


def test_at_night_the_result_waits_for_the_morning(office: Village) -> None:
    written(office)
    office.presses(LI, "改截止")
    office.tells(LI, "今天 23:30")
    office.presses(LI, "发送")
    office.new(LI)
    office.wait(hours=15)
    assert office.sees(GROUP)[0].text.startswith("【问卷结果】")
    assert "已结束" not in office.new(LI)[-1]
    office.wait(hours=9)
    assert "已结束" in office.new(LI)[-1]


def test_closed_early_by_whom_it_concerns(office: Village) -> None:
    ask(office)
    answer(office, (5, 0, 0))
    office.tells(WANG, "调查列表")
    office.presses(WANG, "2 楼道保洁您满意吗?")
    assert office.buttons(WANG) == ["撤回", "提前结束"]
    office.presses(WANG, "提前结束")
    assert office.new(WANG)[-1] == "现在结束「楼道保洁您满意吗?」吗?已有 5 人作答,结束后不能再开。"
    office.new(LI)
    office.wait(seconds=5)
    office.presses(WANG, "确定结束")
    assert office.new(WANG)[-1].startswith("调查「楼道保洁您满意吗?」已结束,5 人作答:")
    assert office.new(LI)[-1].startswith("调查「楼道保洁您满意吗?」已结束,5 人作答:")
    assert office.sees(GROUP)[0].text.startswith("【问卷结果】")
    assert office.tells(LI, "/notice close 2") == ["这次调查没有在进行。"]


def test_closed_while_it_goes_out_the_rest_is_never_asked(office: Village) -> None:
    """Only the first of two groups had its letter written."""
    written(office)
    office.presses(LI, "定时")
    office.tells(LI, "明天 9:00")

    def stopped_in_between(session: Session) -> None:
        notice = session.get_one(Notice, 2)
        notice.began_at = notice.said_for = office.clock.at
        notice.closes_at, notice.salt, notice.sent_through = office.clock.at + timedelta(days=1), "salt", 1

    office.look(stopped_in_between)
    office.tells(LI, "/notice close 2 yes")
    office.wait(days=2)
    assert (office.sees(GROUP), office.sees(EAST)) == ([], [])


def test_who_closes_their_own_reads_the_result_once(office: Village) -> None:
    ask(office)
    office.new(LI)
    office.tells(LI, "/notice close 2 yes")
    assert len(office.new(LI)) == 1


def test_the_list_of_surveys(office: Village) -> None:
    assert office.tells(LI, "调查列表") == ["还没有做过调查。发「调查」开始一次。"]
    ask(office)
    office.presses("王阿姨", "满意", at=GROUP)
    assert office.tells(LI, "调查列表") == [
        "调查 1 次:\n2 楼道保洁您满意吗? — 已发 2/2 个群 · 1 人作答 · 11月26日(周四) 09:00 截止"
    ]
    office.wait(days=100)
    assert office.tells(LI, "调查列表") == ["调查 1 次:\n2 楼道保洁您满意吗? — 已发 2/2 个群 · 1 人作答"]
    office.presses(LI, "2 楼道保洁您满意吗?")
    assert office.buttons(LI) == ["看结果"]
    pictures = office.look(lambda session: len(session.exec(select(Attachment)).all()))
    office.presses(LI, "看结果")
    assert office.sees(LI)[-1].text.startswith("调查「楼道保洁您满意吗?」已结束,1 人作答:")
    assert office.sees(LI)[-1].files
    assert office.look(lambda session: len(session.exec(select(Attachment)).all())) == pictures


def test_the_result_is_shared_as_a_notice(office: Village) -> None:
    ask(office)
    answer(office, (5, 1, 0))
    office.wait(days=3)
    office.presses(LI, "发到群里")
    assert office.new(LI)[-1] == (
        f"这样发给东网格的 2 个群(约 1 秒):\n{RULE}\n【问卷结果】楼道保洁您满意吗?\n满意 5(83%)\n基本满意 1(17%)\n"
        f"不满意 0(0%)\n满意率 100%\n共 6 人作答,谢谢大家。\n——柳树村社区\n{RULE}\n随附:照片 1"
    )
    office.presses(LI, "发送")
    assert office.sees(EAST)[-1].text.startswith("【问卷结果】楼道保洁您满意吗?\n满意 5(83%)")
    assert len(office.sees(EAST)[-1].files) == 1


def test_withdrawn_nothing_is_counted(office: Village) -> None:
    ask(office)
    answer(office, (5, 1, 0))
    office.presses(LI, "撤回")
    office.presses(LI, "确定撤回")
    assert office.sees(GROUP) == []
    notice = row(office)
    assert (notice.salt, notice.closes_at) == (None, None)
    office.new(LI)
    office.wait(days=20)
    assert office.new(LI) == []
    assert "已撤回" in office.tells(LI, "调查列表")[-1]
    office.says("王阿姨", "/ballot 2 1")
    assert office.new(GROUP)[1:] == ["没有这条通知,或不归您管。"]


def test_a_maker_who_cannot_be_reached_is_not_written_to(office: Village) -> None:
    ask(office)

    def gone(session: Session) -> None:
        session.get_one(Notice, 2).made_by = None

    office.look(gone)
    office.new(LI)
    office.wait(days=3)
    assert office.new(LI) == []
    assert office.sees(GROUP)[0].text.startswith("【问卷结果】")


def test_who_has_one_place_is_not_asked_where(office: Village) -> None:
    def only_a_house(session: Session) -> None:
        role = session.exec(select(Role).where(Role.key == "zhang:worker:east")).one()
        role.grid_id = session.exec(select(Grid.id).where(Grid.key == "b3")).one()

    office.look(only_a_house)
    assert office.tells("张网格员", "调查")[-1].startswith("问什么?")
