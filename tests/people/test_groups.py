"""A group is bound to its grid by a word said in it; until then the bot is deaf there."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import col, select
from village import GROUP, Village

from bot import config
from bot.config import Settings
from storage.chats import Chat, ChatKey
from storage.people import Address, Person
from tests.people.test_roles import micro_grids

NEW = "5号楼新群"
LIFT = "5号楼电梯又坏了,按了没反应"
BOUND = (
    "小格从现在起服务5号楼:群里直接说什么事、在哪里,就会登记、派单、告诉您进展;闲聊不听进去,也不保存。"
    "不想要就请网格长发 /解绑,隐私说明发 /隐私。"
)


def group(village: Village, name: str = NEW) -> Chat | None:
    return village.look(lambda session: session.exec(select(Chat).where(Chat.address == name)).one_or_none())


def test_a_leader_binds_a_group_and_it_is_heard_at_once(staffed: Village) -> None:
    staffed.says("李明", LIFT, at=NEW)
    assert (staffed.sees(NEW), group(staffed)) == ([], None)
    staffed.says("李网格长", "/绑群 5号楼", at=NEW)
    assert [post.text for post in staffed.sees(NEW)] == [BOUND]
    said = staffed.says("李明", LIFT, at=NEW)
    assert said.reactions == ["👀"]
    staffed.wait(minutes=1)
    assert staffed.card(1, at=NEW).startswith("#1 电梯故障 · 5号楼")
    bound = group(staffed)
    assert bound
    assert (bound.title, bound.source, bound.private) == (NEW, "chat", False)


def test_named_by_a_mention_it_hears_the_same_word(staffed: Village) -> None:
    staffed.says("赵主任", "绑群 b5", at=NEW, mentioned=True)
    assert staffed.sees(NEW)[0].text == BOUND


@pytest.mark.parametrize(
    ("who", "words", "mentioned"),
    [
        ("王阿姨", "/绑群 5号楼", False),
        ("王阿姨", "/bindgroup b5", True),
        ("李网格长", "绑群 5号楼", False),
        ("李网格长", "/待办", False),
        ("李网格长", "/start", True),
        ("李网格长", LIFT, True),
        ("赵主任", "/解绑", False),
    ],
)
def test_in_a_group_nobody_bound_everything_else_is_silence(
    staffed: Village, who: str, words: str, *, mentioned: bool
) -> None:
    staffed.says(who, words, at=NEW, mentioned=mentioned)
    assert (staffed.sees(NEW), group(staffed), staffed.toast) == ([], None, None)


def test_an_edited_message_and_a_bot_bind_nothing(staffed: Village) -> None:
    message = staffed.console.message("李网格长", NEW, "/绑群 5号楼")
    other = replace(message.sender, is_bot=True)
    for said in (replace(message, edited=True), replace(message, sender=other)):
        staffed.do(staffed.stage.hear(said))
    assert group(staffed) is None


@pytest.mark.parametrize(
    ("who", "words", "answer"),
    [
        ("李网格长", "/绑群", "请写管哪里:/绑群 3号楼"),
        ("李网格长", "/绑群 9号楼", "没有网格「9号楼」。可以写名称、编号或楼栋,例:3号楼。"),
        ("李网格长", "/绑群 柳树村社区", "柳树村社区不归您管,请找上一级或管理员。"),
        ("张网格员", "/绑群 3号楼", "「绑群」由网格长以上使用。"),
        ("赵主任", "/绑群 无", "这个群没有绑定。"),
    ],
)
def test_what_is_refused_is_one_sentence(staffed: Village, who: str, words: str, answer: str) -> None:
    staffed.says(who, words, at=NEW)
    assert [post.text for post in staffed.sees(NEW)] == [answer]
    assert staffed.stage.app.known.chats.keys().isdisjoint({ChatKey("console", "main", NEW)})


def test_of_two_grids_the_button_chooses_and_only_staff_press_it(staffed: Village) -> None:
    micro_grids(staffed)
    staffed.says("赵主任", "/绑群 微网格", at=NEW)
    assert staffed.buttons(NEW) == ["东网格 一号微网格", "二号微网格", "柳树村社区 一号微网格"]
    assert staffed.presses("王阿姨", "二号微网格", at=NEW) is None
    staffed.presses("赵主任", "二号微网格", at=NEW)
    assert staffed.sees(NEW)[-1].text.startswith("小格从现在起服务二号微网格")


def test_a_group_is_released_and_deaf_again(staffed: Village) -> None:
    staffed.says("李网格长", "/绑群 5号楼", at=NEW)
    staffed.says("王阿姨", "/解绑", at=NEW)
    assert "由工作人员使用" in staffed.sees(NEW)[-1].text
    staffed.says("李网格长", "/解绑", at=NEW)
    assert staffed.sees(NEW)[-1].text == "小格不再听这个群。"
    before = len(staffed.sees(NEW))
    staffed.says("李明", LIFT, at=NEW)
    assert len(staffed.sees(NEW)) == before
    staffed.says("李网格长", "/绑群 5号楼", at=NEW)
    staffed.says("李网格长", "/绑群 5号楼", at=NEW)
    assert staffed.sees(NEW)[-1].text == "这个群已经绑定5号楼。"
    staffed.says("李网格长", "/bindgroup 无", at=NEW)
    assert staffed.sees(NEW)[-1].text == "小格不再听这个群。"


def test_what_the_file_says_of_a_group_stays(staffed: Village) -> None:
    for words in ("/绑群 5号楼", "/解绑"):
        staffed.says("赵主任", words)
        assert staffed.sees(GROUP)[-1].text == "这个群写在配置文件里,请管理员在文件里改。"
    staffed.says("赵主任", "/绑群 5号楼", at="环卫群")
    assert staffed.sees("环卫群")[-1].text == "这个群写在配置文件里,请管理员在文件里改。"
    assert staffed.tells("赵主任", "绑群 5号楼") == ["请在要绑定的群里发这一句。"]


def test_nobody_takes_a_group_from_above(staffed: Village) -> None:
    staffed.says("赵主任", "/绑群 柳树村社区", at=NEW)
    staffed.says("李网格长", "/绑群 5号楼", at=NEW)
    assert staffed.sees(NEW)[-1].text == "柳树村社区不归您管,请找上一级或管理员。"


def test_a_bound_group_survives_a_restart_and_another_word_in_the_file(
    staffed: Village, settings: Settings, tmp_path: Path
) -> None:
    staffed.says("李网格长", "/绑群 5号楼", at=NEW)
    assert staffed.restart(settings) == []
    assert ChatKey("console", "main", NEW) in staffed.stage.app.known.chats
    text = (Path(__file__).parents[1] / "village.toml").read_text(encoding="utf-8")
    path = tmp_path / "config.toml"
    path.write_text(text + f'\n[[groups]]\nchat = "console:main:{NEW}"\ntitle = "群"\ngrid = "b3"\n', encoding="utf-8")
    assert staffed.restart(config.load(path)) == [
        f"groups: 'console:main:{NEW}' of the file was already made in chat; the one from the chat stays"
    ]


@pytest.mark.parametrize("words", [["/绑群 9号楼"], ["/绑群 5号楼", "/解绑"]])
def test_a_group_nobody_bound_in_chat_is_the_files_to_bind(staffed: Village, tmp_path: Path, words: list[str]) -> None:
    for said in words:
        staffed.says("李网格长", said, at=NEW)
    text = (Path(__file__).parents[1] / "village.toml").read_text(encoding="utf-8")
    path = tmp_path / "config.toml"
    path.write_text(text + f'\n[[groups]]\nchat = "console:main:{NEW}"\ntitle = "群"\ngrid = "b5"\n', encoding="utf-8")
    assert staffed.restart(config.load(path)) == []
    staffed.says("赵主任", "/解绑", at=NEW)
    assert staffed.sees(NEW)[-1].text == "这个群写在配置文件里,请管理员在文件里改。"


def test_a_group_the_file_names_no_more_may_be_bound_in_chat(staffed: Village, tmp_path: Path) -> None:
    text = (Path(__file__).parents[1] / "village.toml").read_text(encoding="utf-8")
    part = next(part for part in text.split("\n\n") if 'chat = "console:main:东网格群"' in part)
    path = tmp_path / "config.toml"
    path.write_text(text.replace(part, ""), encoding="utf-8")
    staffed.restart(config.load(path))
    staffed.says("李网格长", "/绑群 东网格", at="东网格群")
    staffed.restart(config.load(path))
    assert ChatKey("console", "main", "东网格群") in staffed.stage.app.known.chats


# -- the same people in several groups --------------------------------------------------------------------------------


def test_in_several_groups_one_is_the_same_person(staffed: Village) -> None:
    staffed.says("王阿姨", "3号楼电梯又坏了,按了没反应")
    staffed.says("王阿姨", "5号楼楼道堆满纸箱", at="东网格群")
    people = staffed.look(lambda session: session.exec(select(Person).where(Person.name == "王阿姨")).all())
    rows = staffed.look(lambda s: s.exec(select(Address).where(col(Address.user) == "王阿姨")).all())
    assert (len(people), len(rows), rows[0].person_id) == (1, 1, people[0].id)
    staffed.tells("王阿姨", "/start")
    assert staffed.tells("王阿姨", "我的")[0].startswith("您反映的 2 件:")
