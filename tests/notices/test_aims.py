"""How grids are named back, and how long it takes until all their groups have a notice."""

from dataclasses import replace

import pytest
from sqlmodel import Session, select
from village import Village

from handlers import aims
from handlers.announcing import takes
from handlers.desk import Desk
from storage.chats import Chat
from storage.follow import FILE
from storage.grids import Grid, Level
from storage.notices import Notice


def house(number: int) -> Grid:
    return Grid(
        key=f"b{number}",
        name=f"{number}号楼",
        level=Level.BUILDING,
        path=f"v/b{number}/",
        place=f"{number}号楼",
        source="file",
    )


VILLAGE = Grid(key="v", name="柳树村社区", level=Level.COMMUNITY, path="v/", source="file")


@pytest.mark.parametrize(
    ("grids", "name", "houses"),
    [
        ([VILLAGE], "全社区", ""),
        ([VILLAGE, house(3)], "柳树村社区、3号楼", ""),
        ([house(3)], "3号楼", "3号楼"),
        ([house(n) for n in (2, 1, 3)], "1–3号楼", "1–3号楼"),
        ([house(n) for n in (1, 3)], "1号楼、3号楼", "1号楼、3号楼"),
        (
            [house(n) for n in (1, 3, 5, 7, 9, 11)],
            "1号楼、3号楼、5号楼、7号楼等 2 处",
            "1号楼、3号楼、5号楼、7号楼等 2 处",
        ),
    ],
)
def test_grids_are_named_as_people_name_them(desk: Desk, grids: list[Grid], name: str, houses: str) -> None:
    assert aims.name(desk, grids) == name
    assert aims.houses(desk, grids) == houses


def test_the_whole_community_is_for_who_answers_for_it(office: Village) -> None:
    office.tells("王总网格长", "通知")
    assert office.buttons("王总网格长") == ["全社区", "东网格"]
    office.presses("王总网格长", "全社区")
    assert "这样发给全社区的 2 个群" in office.tells("王总网格长", "明天停水")[-1]


@pytest.mark.parametrize(
    ("groups", "pace", "said"),
    [(1, 29.5, "约 1 秒"), (400, 29.5, "约 14 秒"), (3_000, 29.5, "约 2 分钟"), (10, None, "约 1 秒")],
)
def test_how_long_it_takes(office: Village, desk: Desk, groups: int, pace: float | None, said: str) -> None:
    def look(session: Session) -> str:
        east = session.exec(select(Grid).where(Grid.key == "east")).one()
        for number in range(groups - 2):
            session.add(
                Chat(
                    platform="console",
                    account="main",
                    address=f"{number}",
                    title="",
                    private=False,
                    source=FILE,
                    grid_id=east.id,
                )
            )
        session.flush()
        return takes(replace(desk, session=session, pace=lambda *_: pace), [east])

    assert office.look(look) == said


def test_a_notice_has_its_number_once_it_is_stored() -> None:
    with pytest.raises(ValueError, match="stored"):
        _ = Notice(grid_id=1, schedule="", text="", source="chat").number
