"""An invitation makes somebody staff without a number: at the command line or in chat, once, for seven days."""

from pathlib import Path

import pytest
from sqlmodel import Session, select
from village import GROUP, Village

from bot import config
from bot.config import Settings
from storage import invitations, people
from storage.grids import by_key
from storage.invitations import GOOD_FOR, Invitation
from storage.people import Person, Rank, Role
from storage.units import Unit

LIFT = "3号楼电梯又坏了,按了没反应"
VILLAGE = Path(__file__).parents[1] / "village.toml"


def invited(village: Village, rank: Rank = Rank.WORKER, grid: str | None = "b5", **more: object) -> str:
    def make(session: Session) -> str:
        found = by_key(session, grid) if grid else None
        invitation = Invitation(
            digest="",
            rank=rank,
            grid_id=found.id if found else None,
            made_at=village.clock.at,
            expires_at=village.clock.at + GOOD_FOR,
        )
        invitation.sqlmodel_update(more)
        return invitations.invite(session, invitation)

    return village.look(make)


def ranks(village: Village, name: str) -> list[tuple[str, str]]:
    """What somebody holds: rank and path."""

    def look(session: Session) -> list[tuple[str, str]]:
        found = people.at_address(session, "console", "main", name)
        assert found
        return [(post.rank.value, post.path or "") for post in people.posts(session, found[0])]

    return village.look(look)


def test_whoever_says_the_code_works_here_from_then_on(staffed: Village) -> None:
    code = invited(staffed, grid="b5")
    told = staffed.tells("周师傅", f"/start {code}")
    assert told[0] == "邀请已生效。"
    assert told[1].startswith("周师傅您好,您在柳树村社区的职责:网格员。")
    assert ranks(staffed, "周师傅") == [("worker", "village/east/b5/")]
    staffed.says("李明", "5号楼楼道堆满纸箱", at="东网格群")
    staffed.wait(minutes=1)
    assert staffed.card(1, at="周师傅").startswith("#1")
    assert staffed.presses("周师傅", "接单").startswith("已接单 #1")  # type: ignore[union-attr]


def test_only_the_hash_of_a_code_is_kept(staffed: Village) -> None:
    code = invited(staffed)
    (row,) = staffed.look(lambda session: session.exec(select(Invitation)).all())
    assert code not in str(row.model_dump())
    assert len(row.digest) == 64


def test_a_code_typed_in_capitals_is_the_same(staffed: Village) -> None:
    assert staffed.tells("周师傅", f"/start {invited(staffed).upper()}")[0] == "邀请已生效。"


def test_a_code_is_good_once_and_for_seven_days(staffed: Village) -> None:
    code, late = invited(staffed), invited(staffed)
    staffed.tells("周师傅", f"/start {code}")
    assert staffed.tells("吴师傅", f"/start {code}") == ["这个邀请码已经用过了,请发给您的人再发一个。"]
    assert staffed.tells("吴师傅", "/start i" + "a" * 16) == ["没有这个邀请码,请核对,或请发给您的人再发一个。"]
    staffed.wait(days=7)
    assert staffed.tells("吴师傅", f"/start {late}") == ["这个邀请码已经过期,请发给您的人再发一个。"]
    assert staffed.tells("吴师傅", "待办") == ["「待办」由工作人员使用。"]


def test_who_holds_the_role_already_keeps_the_code_for_another(staffed: Village) -> None:
    code = invited(staffed, grid="east")
    assert staffed.tells("张网格员", f"/start {code}") == ["您已经有这个职责,邀请码没有用掉,可以转给别人。"]
    assert staffed.tells("周师傅", f"/start {code}")[0] == "邀请已生效。"


def test_said_in_a_group_a_code_is_not_used_up(staffed: Village) -> None:
    code = invited(staffed)
    staffed.says("周师傅", f"/start {code}", mentioned=True)
    assert "请私聊我再发一次" in staffed.sees(GROUP)[-1].text
    assert staffed.tells("周师傅", f"/start {code}")[0] == "邀请已生效。"


def test_a_unit_gets_a_contact(staffed: Village) -> None:
    unit = staffed.look(lambda session: session.exec(select(Unit.id).where(Unit.key == "wuye")).one())
    code = invited(staffed, Rank.CONTACT, None, unit_id=unit)
    assert staffed.tells("钱经理", f"/start {code}")[1].startswith("钱经理您好,您在柳树村社区的职责:单位联系人。")
    staffed.says("王阿姨", "3号楼暖气不热")
    staffed.wait(minutes=1)
    assert staffed.card(1, at="钱经理").startswith("#1")


def test_what_was_made_in_chat_survives_a_restart(staffed: Village, settings: Settings) -> None:
    staffed.tells("周师傅", f"/start {invited(staffed, name='周志强')}")
    assert staffed.restart(settings) == []
    assert ranks(staffed, "周师傅") == [("worker", "village/east/b5/")]
    assert staffed.tells("周师傅", "/start")[0].startswith("周志强您好")


def test_who_left_the_file_and_is_invited_stays(staffed: Village, settings: Settings, tmp_path: Path) -> None:
    text = VILLAGE.read_text(encoding="utf-8")
    zhang = next(part for part in text.split("\n\n") if 'key = "zhang"' in part)
    path = tmp_path / "config.toml"
    path.write_text(text.replace(zhang, ""), encoding="utf-8")
    staffed.restart(config.load(path))
    assert staffed.tells("张网格员", "待办") == ["「待办」由工作人员使用。"]
    staffed.tells("张网格员", f"/start {invited(staffed, grid='b3')}")
    staffed.restart(config.load(path))
    assert ranks(staffed, "张网格员") == [("worker", "village/east/b3/")]
    assert staffed.restart(settings) == [
        "people: 'zhang' of the file was already made in chat; the one from the chat stays"
    ]


def test_a_person_of_the_file_gets_their_account(village: Village, tmp_path: Path) -> None:
    text = VILLAGE.read_text(encoding="utf-8").replace('accounts = ["console:main:张网格员"]', "accounts = []")
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    village.restart(config.load(path))
    zhang = village.look(lambda session: session.exec(select(Person).where(Person.key == "zhang")).one())
    code = invited(village, None, None, person_id=zhang.id)  # type: ignore[arg-type]
    village.says("老张", "3号楼门口路灯坏了")
    assert village.tells("老张", f"/start {code}")[1].startswith("张网格员您好")
    assert "#1" in village.tells("老张", "待办")[0]
    village.restart(config.load(path))
    assert village.tells("老张", "/start")[0].startswith("张网格员您好")
    again = invited(village, None, None, person_id=zhang.id)  # type: ignore[arg-type]
    assert village.tells("老张", f"/start {again}") == ["您已经有这个职责,邀请码没有用掉,可以转给别人。"]
    assert village.tells("李网格长", f"/start {again}") == ["您的账号已经是李网格长的,这个邀请码是给别人的。"]


def test_a_role_is_known_at_once_to_the_talk_and_the_menu(staffed: Village) -> None:
    known = staffed.stage.app.known
    key = ("console", "main", "周师傅")
    assert key not in known.staff
    staffed.tells("周师傅", f"/start {invited(staffed)}")
    assert staffed.stage.app.known.staff[key] == {Rank.WORKER}


@pytest.mark.parametrize("code", ["i", "i123", "iaaaaaaaaaaaaaaa1", "x" + "a" * 16])
def test_what_is_no_code_is_a_plain_start(staffed: Village, code: str) -> None:
    assert staffed.tells("周师傅", f"/start {code}")[0].startswith("您好,我是小格")


def test_a_dismissed_role_can_be_given_again(staffed: Village) -> None:
    staffed.tells("周师傅", f"/start {invited(staffed)}")
    staffed.tells("赵主任", "免去 周师傅")
    assert ranks(staffed, "周师傅") == []
    staffed.tells("周师傅", f"/start {invited(staffed)}")
    assert ranks(staffed, "周师傅") == [("worker", "village/east/b5/")]
    assert len(staffed.look(lambda s: s.exec(select(Role).where(Role.source == "chat")).all())) == 1


def test_who_says_a_bad_code_can_be_reached_all_the_same(village: Village) -> None:
    village.tells("张网格员", "/start i" + "a" * 16)
    village.says("王阿姨", LIFT)
    assert village.card(1, at="张网格员").startswith("#1")
