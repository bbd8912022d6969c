"""The bot is let into groups and put out of them; people stop it and come back."""

import pytest
from fake import BOT_ID
from sqlmodel import Session, col, select
from street import Street
from test_upkeep import beside, step
from village import GROUP

from bot.upkeep import Upkeep
from handlers.message import Sender, Standing
from storage import chats
from storage.chats import Chat, ChatKey
from storage.deliveries import Delivery
from storage.outbox import Letter
from storage.people import Person

assert beside  # the fixture
LIFT = "3号楼电梯又坏了,按了没反应"
STRANGE = "别处群"


def letters(street: Street, where: str = GROUP) -> list[Letter]:
    def look(session: Session) -> list[Letter]:
        chat = chats.find(session, ChatKey.parse(street.fake.address(where)))
        return list(session.exec(select(Letter).where(Letter.chat_id == chat.id))) if chat else []

    return street.look(look)


def test_added_to_a_group_nobody_bound_it_tells_who_added_it_and_keeps_silent(
    street: Street, caplog: pytest.LogCaptureFixture
) -> None:
    before = len(street.fake.texts("李网格长"))
    street.fake.stands("李网格长", STRANGE, "member", "left")
    street.settle()
    street.says("路人", LIFT, at=STRANGE)
    told = street.fake.texts("李网格长")[before:]
    assert len(told) == 1
    assert street.fake.address(STRANGE) in told[0]
    assert "[[groups]]" in told[0]
    assert street.fake.texts(STRANGE) == []
    assert street.cases() == []
    assert f"the bot was added to the group {street.fake.address(STRANGE)}" in caplog.text
    assert STRANGE not in caplog.text


def test_who_never_wrote_to_the_bot_is_told_nothing_and_not_kept(street: Street) -> None:
    street.fake.stands("路人", STRANGE, "administrator", "left")
    street.settle()
    street.fake.stands("路人", STRANGE, "kicked", "administrator")
    street.settle()
    assert street.fake.texts("路人") == street.fake.texts(STRANGE) == []
    assert street.look(lambda s: s.exec(select(Person).where(Person.name == "路人")).all()) == []
    assert street.look(lambda s: s.exec(select(Chat).where(col(Chat.title).contains("别处"))).all()) == []


def test_put_out_of_a_bound_group_its_letters_end_at_once_and_the_worker_is_told_once(street: Street) -> None:
    street.says("王阿姨", LIFT)
    calls = len(street.fake.called("sendMessage")) + len(street.fake.called("editMessageText"))
    street.fake.stands("王阿姨", GROUP, "kicked", "administrator")
    street.settle()
    told = [text for text in street.fake.texts("张网格员") if "已不在" in text]
    assert told == ["小格已不在3号楼群:群里的话它听不到,通知和进展也发不进去。请群主把它加回来。"]
    street.wait(minutes=1)
    street.presses("张网格员", "接单")
    street.wait(minutes=1)
    assert [letter.reason for letter in letters(street) if letter.state == "failed"] == [
        "the bot is kept out of the chat"
    ]
    to_group = [call for call in street.fake.calls if call[1].get("chat_id") == str(street.fake.id(GROUP))]
    assert all(name != "editmessagetext" for name, _ in to_group)
    assert calls  # it had spoken there before


def test_added_again_it_works_again(street: Street) -> None:
    street.fake.stands("王阿姨", GROUP, "left")
    street.settle()
    street.fake.stands("王阿姨", GROUP, "member", "left")
    street.settle()
    street.says("王阿姨", LIFT)
    assert street.card().startswith("#1 电梯故障")


def test_words_from_a_group_show_that_the_bot_is_there(street: Street) -> None:
    street.fake.stands("王阿姨", GROUP, "left")
    street.settle()
    street.fake.blocked.clear()
    street.says("王阿姨", LIFT)
    assert street.card().startswith("#1 电梯故障")


def test_put_out_of_a_units_group_the_community_is_told(street: Street) -> None:
    street.fake.stands("马班长", "环卫群", "kicked")
    street.settle()
    assert "小格已不在环卫所" in street.fake.texts("王总网格长")[-1]


def test_where_nobody_can_be_told_nobody_is(street: Street) -> None:
    for person in ("张网格员", "李网格长", "王总网格长", "赵主任"):
        street.fake.stands(person, person, "kicked")
    street.fake.stands("王阿姨", GROUP, "kicked")
    street.settle()
    assert not any("已不在" in (letter.text or "") for letter in street.look(lambda s: s.exec(select(Letter)).all()))


def test_an_update_that_comes_twice_is_said_once(street: Street) -> None:
    key = ChatKey.parse(street.fake.address(GROUP))
    out = Standing(key, private=False, sender=Sender("1", "王阿姨"), delivery="7", was_here=True, is_here=False)
    for _ in range(2):
        street.do(street.app.observe(out))
        street.settle()
    assert len([text for text in street.fake.texts("张网格员") if "已不在" in text]) == 1


def test_what_raises_twice_is_noted_and_let_go(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise LookupError("王阿姨的话")

    monkeypatch.setattr("bot.app.standing.changed", broken)
    street.fake.stands("王阿姨", GROUP, "kicked")
    street.settle()
    failures = street.look(lambda s: [one.failure for one in s.exec(select(Delivery)).all() if one.failure])
    assert failures == ["LookupError"]


def test_promoted_or_demoted_the_ears_are_looked_at_anew(street: Street, beside: Upkeep) -> None:
    street.telegram.observe = beside.observe
    street.fake.hears_all = False
    for group in (GROUP, "东网格群"):
        street.fake.administered.add(street.fake.id(group))
    step(street, beside)
    assert street.fake.texts(GROUP) == []
    street.fake.stands("王阿姨", GROUP, "member", "administrator")
    street.settle()
    step(street, beside)
    assert "设为管理员" in street.fake.texts(GROUP)[0]
    street.fake.stands("王阿姨", GROUP, "administrator")
    street.settle()
    step(street, beside)
    assert street.fake.texts(GROUP) == []


def test_an_unbound_group_is_named_in_the_log(street: Street, beside: Upkeep, caplog: pytest.LogCaptureFixture) -> None:
    street.telegram.observe = beside.observe
    street.fake.stands("王阿姨", STRANGE, "member", "left")
    street.settle()
    assert f"nobody bound the group {street.fake.address(STRANGE)}" in caplog.text


# -- people -------------------------------------------------------------------------------------------------------


def unreachable(street: Street, name: str) -> bool:
    person = street.look(lambda s: s.exec(select(Person).where(Person.name == name)).one())
    return person.unreachable_at is not None


def test_who_stops_the_bot_is_out_of_reach_at_once_and_the_case_goes_on(street: Street) -> None:
    street.fake.stands("张网格员", "张网格员", "kicked")
    street.settle()
    assert unreachable(street, "张网格员")
    street.says("王阿姨", LIFT)
    assert not any("#1" in text for text in street.fake.texts("张网格员"))
    assert "#1 电梯故障" in street.fake.texts("刘网格员")[-1]  # who stands in
    assert "unreached" in street.history()


def test_who_starts_it_again_gets_the_cards_that_waited(street: Street) -> None:
    street.fake.stands("张网格员", "张网格员", "kicked")
    street.settle()
    street.says("王阿姨", LIFT)
    street.fake.stands("张网格员", "张网格员", "member", "kicked")
    street.settle()
    assert not unreachable(street, "张网格员")
    told = street.tells("张网格员", "/start")
    assert told[0].startswith("张网格员您好")
    assert told[1].startswith("#1 电梯故障 · 3号楼")
    assert street.presses("张网格员", "接单") == "已接单 #1 电梯故障 · 3号楼"
    assert street.tells("张网格员", "/start")[1:] == []  # it stands there already


def test_a_stranger_who_stops_the_bot_leaves_nothing(street: Street) -> None:
    street.fake.stands("路人", "路人", "kicked")
    street.settle()
    assert street.look(lambda s: s.exec(select(Person).where(Person.name == "路人")).all()) == []


def test_people_who_come_go_or_are_deleted_leave_nothing_and_break_nothing(street: Street) -> None:
    deleted = {"id": 4242, "is_bot": False, "first_name": ""}
    before = street.look(lambda s: len(s.exec(select(Person)).all()))
    for more in (
        {"new_chat_members": [street.fake.user("新邻居"), deleted]},
        {"left_chat_member": deleted},
        {"left_chat_member": {"id": BOT_ID, "is_bot": True, "first_name": "小格"}},
    ):
        street.says("王阿姨", "", **more)
    street.says("", LIFT, **{"from": deleted})
    assert len(street.cases()) == 1
    assert street.fake.texts(GROUP) == [street.card()]
    assert street.look(lambda s: len(s.exec(select(Person)).all())) == before + 1
