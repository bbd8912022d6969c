"""From a line of text to a command: what is one, what only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import router
from handlers.grammar import Grammar, Parsed
from handlers.house import House
from handlers.wording import Wording

GRAMMAR = Grammar(
    {
        "take": ["take", "接单"],
        "more": ["more", "补充"],
        "metoo": ["metoo", "我家也是", "+1"],
        "done": ["done", "办结", "好了"],
        "todo": ["todo", "待办"],
        "report": ["report", "报事"],
        "no": ["no", "不"],
        "notrequest": ["notrequest", "不是诉求"],
    }
)


@pytest.mark.parametrize(
    ("text", "name", "number", "words", "sure"),
    [
        ("接单12", "take", 12, "", True),
        ("接单 #12", "take", 12, "", True),
        ("接单,12", "take", 12, "", True),
        ("接单#12", "take", 12, "", True),
        ("/take 12", "take", 12, "", True),
        ("/take12", "take", 12, "", True),
        ("/take@bot 12 x", "take", 12, "x", True),
        ("/接单 12", "take", 12, "", True),
        ("  接单 12号 ", "take", 12, "", True),
        ("办结12号 修好了", "done", 12, "修好了", True),
        ("办结 #12:修好了", "done", 12, "修好了", True),
        ("补充 12 3号楼的", "more", 12, "3号楼的", True),
        ("补充 12\n二单元\n门口", "more", 12, "二单元\n门口", True),
        ("补充 3号楼 二单元", "more", None, "3号楼 二单元", False),
        ("补充 3 号楼", "more", None, "3 号楼", False),
        ("接单 12-3", "take", None, "12-3", False),
        ("接单 12345678901", "take", None, "12345678901", False),
        ("好了 2 点见", "done", None, "2 点见", False),
        ("待办", "todo", None, "", False),
        ("我家也是,买菜提着走了九层", "metoo", None, "买菜提着走了九层", False),
        ("+1", "metoo", None, "", False),
        ("+1 12", "metoo", 12, "", True),
        ("不是诉求 12", "notrequest", 12, "", True),
        ("/todo", "todo", None, "", True),
    ],
)
def test_a_command(text: str, name: str, number: int | None, words: str, sure: bool) -> None:
    parsed = GRAMMAR.parse(text)
    assert parsed
    assert (parsed.name, parsed.number, parsed.words, parsed.sure) == (name, number, words, sure)


@pytest.mark.parametrize(
    "text",
    ["", "/", "/dance 12", "办结12号楼", "办结2件了", "待办事项都做完了", "接单软件谁有", "+12", "我的手机", "12 接单"],
)
def test_no_command(text: str) -> None:
    assert GRAMMAR.parse(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [("报事 110报警了也没人来", "110报警了也没人来"), ("/report 12 楼", "12 楼"), ("报事:楼道灯", "楼道灯")],
)
def test_a_command_about_no_case_keeps_all_its_words(text: str, words: str) -> None:
    parsed = GRAMMAR.parse(text)
    assert parsed
    assert parsed.all_words == words


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    parsed = GRAMMAR.parse(text)
    assert parsed is None or parsed.name in GRAMMAR.commands


@given(
    st.sampled_from(["接单", "/take", "/take@bot", "补充", "办结"]),
    st.sampled_from([" ", " #", ",", "  "]),
    st.integers(1, 999_999_999),
    st.text(st.sampled_from("修好了abc \n"), max_size=20),
)
def test_a_verb_a_number_and_words_are_taken_apart(verb: str, gap: str, number: int, words: str) -> None:
    parsed = GRAMMAR.parse(f"{verb}{gap}{number} {words}")
    assert parsed
    assert parsed.number == number
    assert parsed.sure
    assert parsed.words == words.strip()


def test_every_command_is_found_by_all_its_names() -> None:
    house = House("柳树村")
    say = Wording(house.language, house.zone)
    grammar = router.grammar(say)
    for name in router.COMMANDS:
        for verb in [name, *say(f"command.{name}.names").split()]:
            assert grammar.parse(f"{verb} 7") == Parsed(name, 7, "", "7", sure=True)
            assert grammar.parse(f"/{name} 7") == Parsed(name, 7, "", "7", sure=True)
