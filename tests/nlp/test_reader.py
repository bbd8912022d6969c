"""Reading one message: requests and talk, kinds, contexts, and what may reach a card."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp import learnt, words
from nlp.automaton import Hit
from nlp.reader import NOTHING, READ, Context, Reader
from nlp.spelling import fold, plain, slips

PIECES = [
    "电梯",
    "坏了",
    "3号楼",
    "着火",
    "煤气味",
    "谢谢",
    "吗",
    "物业",
    "修好了",
    "狗",
    "停水",
    "\u202e",
    "😂",
    "[图片]",
    "3-2-501",
]
READER = Reader(["纺织厂小广场"])


@pytest.mark.parametrize(
    ("text", "kind", "category"),
    [
        ("3号楼电梯又坏了,按了没反应", "report", "facility"),
        ("路灯不亮好几天了 到底什么时候修", "urge", "facility"),
        ("上次报修的门禁怎么还没修好", "urge", "facility"),
        ("建议在小广场加装一个路灯", "suggest", "facility"),
        ("请问居住证怎么申请要带什么材料", "consult", "affairs"),
        ("我妈走丢了 穿红棉袄 大家帮忙找找", "help", "safety"),
        ("求社区帮忙 找谁代办残疾证", "consult", "welfare"),
    ],
)
def test_the_kind_of_a_request(text: str, kind: str, category: str):
    reading = READER.read(text)
    assert (reading.is_request, reading.kind, reading.category) == (True, kind, category), reading.why


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("电梯修好了,谢谢张网格员", "praise"),
        ("疏通下水道 优惠 加微信", "ad"),
        ("听说要封三年 快转", "rumor"),
        ("早上好", "chat"),
        ("哈哈哈 笑死", "chat"),
        ("【停水通知】周四9点起10号楼停水,请提前储水", "chat"),
        ("谁家有冲击钻 借一下", "chat"),
        ("我们老家停电了 上热搜了", "chat"),
        ("收到 马上安排师傅过去", "chat"),
        ("水来了 不停水了", "chat"),
        ("点赞 效率高", "praise"),
        ("5号楼的师傅点赞", "praise"),
    ],
)
def test_talk_is_no_request(text: str, kind: str):
    reading = READER.read(text)
    assert (reading.is_request, reading.unsure, reading.kind, reading.category) == (False, False, kind, None), (
        reading.why
    )


def test_what_was_repaired_and_broke_again_is_a_request():
    assert READER.read("电梯修好了没两天又坏了").is_request
    assert not READER.read("电梯修好了").is_request


def test_words_that_only_touch_are_no_word():
    assert READER.read("风水电影都爱看").score < 0.1
    torn = [(hit.start, hit.end) for hit in READER._whole("风水电影", [Hit(1, 3, ())])]
    assert torn == []


def test_the_grey_band_asks():
    reading = READER.read("这味儿 没法开窗了")
    sure = READER.read("油烟太大 这味儿没法开窗了 天天这样 物业管管")
    assert sure.is_request
    assert not sure.unsure
    assert not (reading.is_request and reading.unsure)
    assert 0 <= reading.score <= sure.score <= 1


def test_who_speaks_and_where_moves_the_threshold():
    text = "我们单元停电了 就我们单元"
    readings = [
        READER.read(text, context).score for context in (Context(worker=True), Context(), Context(private=True))
    ]
    assert readings == sorted(readings)
    assert not READER.read(text, Context(worker=True)).is_request
    assert READER.read("路灯", Context(addressed=True)).score > READER.read("路灯").score
    assert READER.read("早上好", Context(addressed=True, open_category="noise")).is_request is False


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("在3号楼", True),
        ("[图片]", True),
        ("对就是那个", True),
        ("就在东门那边吗?", True),
        ("+1 我家也是", True),
        ("谢谢师傅 修好了", False),
        ("吃了吗", False),
        ("哈哈哈", False),
        ("3号楼的老张昨天跟我说他们几个人约好了要去爬山我也想去就是不知道天气怎么样", False),
    ],
)
def test_a_fragment_belongs_to_the_open_case(text: str, heard: bool):
    reading = READER.read(text, Context(open_category="facility"))
    assert reading.is_request is heard
    assert reading.category == ("facility" if heard else None)
    assert not READER.read(text).is_request


def test_a_fragment_that_asks_is_a_question_and_an_unknown_case_has_no_department():
    reading = READER.read("就在3号楼吗?", Context(open_category="gone"))
    assert (reading.kind, reading.category, reading.department) == ("consult", "gone", None)
    assert not READER.read("[图片]", Context(open_category="facility", worker=True)).is_request


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("502室天天半夜装修 电钻吵死了", "flat"),
        ("楼下烧烤店油烟太大 不敢开窗", "shop"),
        ("王主任停车占道 天天堵门口没人管", "person"),
        ("隔壁又家暴 打老婆 报警", "family"),
        ("我爸偏瘫 残疾证怎么申请", "illness"),
        ("学校霸凌 小学生被打 谁管管", "minor"),
        ("低保年审要带什么材料", "poverty"),
        ("3号楼电梯又坏了", None),
        ("南门路灯不亮 好几天了", None),
    ],
)
def test_what_a_public_card_must_not_show(text: str, reason: str | None):
    assert READER.read(text).delicate == reason


def test_a_community_knows_its_spots():
    assert READER.read("纺织厂小广场路灯不亮 好几天了").places == ("纺织厂小广场",)


def test_places_of_talk_are_found_too():
    assert READER.read("5号楼的朋友好").places == ("5号楼",)


def test_categories_by_name():
    assert READER.category_label("facility") == "公共设施"
    assert READER.category_label("nothing") == "nothing"
    for name in ("facility", " 公共设施 ", "电梯", "路灯"):
        assert READER.find_category(name) == "facility"
    assert READER.find_category("停车") == "traffic"
    assert READER.find_category("") is None
    assert READER.find_category("量子") is None


def test_a_subject_comes_from_the_lexicon():
    text = "3号楼王建国家电梯又坏了,按了没反应"
    assert READER.subject(READER.read(text), text) == "电梯故障"
    assert READER.subject(NOTHING, "路灯不亮好几天了") == "路灯不亮"
    assert READER.subject(NOTHING, "早上好") == "其他"


def test_a_request_without_a_subject_goes_where_such_words_usually_go():
    text = "@社区 麻烦师傅赶紧来看看 求助 到底什么时候来 催一下"
    assert READER.read(text, Context(addressed=True)).category in READER.categories
    untaught = Reader(weights=learnt.NONE).read(text, Context(addressed=True))
    assert (untaught.is_request, untaught.category) == (True, "other")


def test_why_names_words_and_never_the_message():
    text = "3号楼电梯又坏了,按了没反应,我是张桂兰住501"
    why = READER.read(text).why
    assert why[0].startswith("电梯")
    assert all(text not in each and "张桂兰" not in each for each in why)


def test_why_is_short_and_cannot_be_put_together_again():
    text = "我是5号楼3单元502的王桂兰,电话13812345678,楼上漏水漏到我家了,物业说了三次到现在没人来修,家里老人摔了谁负责"
    reading = READER.read(text)
    assert reading.is_request
    told = [each.rpartition("→")[0] for each in reading.why]
    assert len(told) <= 11
    assert not any(sign.isdigit() for word in told for sign in word)
    assert not {"王", "桂", "兰", "桂兰", "王桂"} & set(told)
    assert len(set("".join(told))) < len(set(text)) * 0.6


@pytest.mark.parametrize(
    "text",
    [
        "大概5-600块",
        "群里5-500人",
        "3-400公里",
        "7-100分钟",
        "5-100平",
        "戴三层口罩",
        "吃点维B1",
        "同一单元的",
        "401室友",
    ],
)
def test_numbers_of_other_things_are_no_places(text: str):
    assert READER.read(text).places == ()


def test_a_piece_of_what_others_spoke_of_is_heard_while_they_do():
    assert READER.read("就在3号楼东边", Context(talk_category="facility", talk_since=1.0)).fragment
    assert not READER.read("就在3号楼东边", Context(talk_category="facility", talk_since=31.0)).fragment


def test_slips_traditional_characters_and_wide_signs():
    assert fold("電梯壞了ABC") == "电梯坏了abc"
    assert plain("ABC") == "ABC"
    assert all(len(wrong) == len(right) for wrong, right in slips())
    assert READER.read("点梯又坏了 勿业管管").category == "facility"


@given(st.text())
def test_no_text_breaks_it(text: str):
    reading = READER.read(text, Context(private=True, addressed=True, open_category="noise"))
    assert 0 <= reading.score <= 1
    assert not (reading.is_request and reading.unsure)


@settings(max_examples=50)
@given(st.lists(st.sampled_from(PIECES)))
def test_no_mixture_of_known_words_breaks_it(pieces: list[str]):
    reading = READER.read("".join(pieces))
    assert (reading.category is not None) == (reading.is_request or reading.unsure)


def test_a_lone_surrogate_is_survived():
    assert READER.read("电梯坏了\ud800").category == "facility"


def test_only_the_beginning_is_read():
    assert not READER.read("啊" * READ + "3号楼电梯又坏了").is_request
    started = time.perf_counter()
    READER.read("3号楼电梯又坏了煤气味" * 100_000)
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("piece", ["3号楼电梯又坏了煤气味", "着火了", "1-", "楼道", "门口几个人有人家里", "树枝压"])
def test_no_message_takes_long(piece: str):
    READER.warm()
    text = (piece * READ)[:READ]
    times = []
    for _ in range(3):
        started = time.process_time()
        READER.read(text)
        times.append(time.process_time() - started)
    assert min(times) < 0.1  # measured: below 0.012


def test_both_segmenters_cut_alike(without_rjieba: Callable[[], None], tmp_path: Path):
    texts = ["风水电影院的电梯坏了", "纺织厂小广场停电了", "王阿姨说3号楼漏水"]
    fast = words.cutter(("纺织厂小广场",))
    without_rjieba()
    slow = words.cutter(("纺织厂小广场",))
    assert [fast(text) for text in texts] == [slow(text) for text in texts]
    assert len(list(tmp_path.glob("gridbot-*/jieba*"))) == 1


def test_a_foreign_cache_folder_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(words.tempfile, "gettempdir", lambda: str(tmp_path))
    own = Path(words._cache_folder())
    own.chmod(0o777)
    other = Path(words._cache_folder())
    assert other != own
    other.rmdir()


def test_warming_loads_the_segmenter():
    Reader().warm()
