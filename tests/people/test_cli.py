"""Inviting people and importing grids at the command line."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fake import TOKEN, FakeTelegram
from sqlmodel import Session, select
from typer.testing import CliRunner, Result
from village import MORNING

from bot.cli import app
from storage.database import Database
from storage.grids import Grid
from storage.invitations import Invitation
from storage.people import Person

VILLAGE = Path(__file__).parents[1] / "village.toml"
HEADER = "key,name,level,under,place,households\n"
Gridbot = Callable[..., Result]


@pytest.fixture
def gridbot(url: str, monkeypatch: pytest.MonkeyPatch) -> Gridbot:
    monkeypatch.setenv("GRIDBOT_DATABASE__URL", url)

    def run(*words: str, config: Path = VILLAGE) -> Result:
        return CliRunner().invoke(app, [*words, "-c", str(config)])

    return run


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., str]:
    def write(text: str, encoding: str = "utf-8") -> str:
        path = tmp_path / "grids.csv"
        path.write_bytes(text.encode(encoding))
        return str(path)

    return write


def there(database: Database) -> dict[str, tuple[str, str, str | None, int | None, str]]:
    def row(grid: Grid) -> tuple[str, str, str | None, int | None, str]:
        return grid.name, grid.path, grid.place, grid.households, grid.source

    with database.transaction() as session:
        return {grid.key: row(grid) for grid in session.exec(select(Grid))}


# -- inviting -----------------------------------------------------------------------------------------------------


def made(database: Database) -> list[tuple[str | None, str | None, str | None]]:
    """Rank, grid and person of every invitation."""

    def keys(session: Session, row: Invitation) -> tuple[str | None, str | None, str | None]:
        grid = session.get(Grid, row.grid_id) if row.grid_id else None
        person = session.get(Person, row.person_id) if row.person_id else None
        return row.rank and row.rank.value, grid and grid.key, person and person.key

    with database.transaction() as session:
        return [keys(session, row) for row in session.exec(select(Invitation).order_by(Invitation.id))]  # type: ignore[arg-type]


def test_an_invitation_is_printed_as_words_to_type(gridbot: Gridbot, database: Database) -> None:
    for words, expected in (
        (("管理员",), ("admin", "village", None)),
        (("CHIEF",), ("chief", "village", None)),
        (("网格员", "--grid", "b3"), ("worker", "b3", None)),
        (("contact", "--unit", "wuye"), ("contact", None, None)),
        (("--person", "zhang"), (None, None, "zhang")),
    ):
        result = gridbot("invite", *words)
        assert result.exit_code == 0, result.output
        assert re.fullmatch(r"to the bot, alone, once, within 7 days:  /start i[a-z2-9]{16}\n", result.output)
        assert made(database)[-1] == expected


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("皇帝",), "'皇帝' is no rank; write one of 楼门长 (building)"),
        (("网格员",), "--grid: say where; worker needs its grid"),
        (("网格员", "--grid", "moon"), "--grid: there is no grid 'moon'"),
        (("contact",), "--unit: a contact speaks for a unit; there is no unit None"),
        (("contact", "--unit", "moon"), "there is no unit 'moon'"),
        (("--person", "moon"), "--person: there is no person 'moon'"),
        ((), "say either a rank, or --person"),
        (("admin", "--person", "zhang"), "say either a rank, or --person"),
    ],
)
def test_what_cannot_be_invited_is_said(
    gridbot: Gridbot, database: Database, words: tuple[str, ...], sentence: str
) -> None:
    result = gridbot("invite", *words)
    assert (result.exit_code, sentence in result.output) == (1, True)
    assert made(database) == []


def test_on_telegram_there_is_a_link_if_it_can_be_reached(
    gridbot: Gridbot, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    fake = FakeTelegram(lambda: MORNING)
    try:
        monkeypatch.setenv("GRIDBOT_PLATFORMS__TELEGRAM__TOKEN", TOKEN)
        monkeypatch.setenv("GRIDBOT_PLATFORMS__TELEGRAM__BASE_URL", fake.base_url)
        link, words = gridbot("invite", "admin").output.splitlines()
        assert link.startswith("https://t.me/xiaoge_bot?start=i")
        assert link.split("=")[1] == words.split("/start ")[1]
    finally:
        fake.close()
    (words,) = gridbot("invite", "admin").output.splitlines()
    assert "/start i" in words
    assert TOKEN not in words
    assert len(made(database)) == 2


# -- grids --------------------------------------------------------------------------------------------------------


def test_grids_come_from_a_table_in_any_order(gridbot: Gridbot, table: Callable[..., str], database: Database) -> None:
    text = HEADER + "b7,7号楼,building,m1,,96\nm1,一号微网格,microgrid,west,,400\n\nwest,西网格,grid,village,,\n"
    result = gridbot("grids", "import", table(text))
    assert result.exit_code == 0, result.output
    assert "added: 3 (b7, m1, west)" in result.output
    assert "note" not in result.output
    found = there(database)
    assert found["b7"] == ("7号楼", "village/west/m1/b7/", "7号楼", 96, "csv")
    assert found["west"] == ("西网格", "village/west/", None, None, "csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_header_may_be_chinese_and_the_file_a_spreadsheets(
    gridbot: Gridbot, table: Callable[..., str], database: Database, encoding: str
) -> None:
    text = "编号,名称,级别,上级,地点,户数\r\nb7,七栋,楼栋,east,7栋,\r\ngate,南门岗,楼栋,east,南门,\r\n"
    assert gridbot("grids", "import", table(text, encoding)).exit_code == 0
    assert there(database)["b7"] == ("七栋", "village/east/b7/", "7号楼", None, "csv")
    assert there(database)["gate"][2] == "南门"


def test_a_dry_run_says_what_would_be_and_does_nothing(
    gridbot: Gridbot, table: Callable[..., str], database: Database
) -> None:
    gridbot("grids", "import", table(HEADER + "b7,7号楼,building,east,,90\nb8,8号楼,building,east,,90\n"))
    changed = table(HEADER + "b7,7号楼,building,east,,91\nb8,8号楼,building,east,,90\nb9,9号楼,building,east,,90\n")
    before = there(database)
    dry = gridbot("grids", "import", changed, "--dry-run")
    assert dry.output.splitlines() == [
        "would be added: 1 (b9)", "would be changed: 1 (b7)", "would be unchanged: 1 (b8)",
    ]  # fmt: skip
    assert there(database) == before
    assert "changed: 1 (b7)" in gridbot("grids", "import", changed).output
    assert there(database)["b7"][3] == 91
    assert gridbot("grids", "import", changed).output.splitlines()[:2] == ["added: 0", "changed: 0"]


def test_a_micro_grid_of_an_unusual_size_is_a_warning(gridbot: Gridbot, table: Callable[..., str]) -> None:
    text = (
        HEADER + "m1,一号,微网格,east,,299\nm2,二号,微网格,east,,300\nm3,三号,微网格,east,,501\nb9,9号楼,楼栋,m1,,20\n"
    )
    output = gridbot("grids", "import", table(text)).output
    assert [line for line in output.splitlines() if line.startswith("note")] == [
        "note: line 2: m1: 299 households; a micro-grid holds 300–500",
        "note: line 4: m3: 501 households; a micro-grid holds 300–500",
    ]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", ["line 1: the column key (编号) is missing"]),
        ("key,name,level,under,colour\n", ["line 1: no such column: 'colour'"]),
        ("key,key,name,level,under\n", ["line 1: the column key is there twice"]),
        (HEADER + "b 7,7号楼,building,east,,\n", ["line 2: key 'b 7': 1 to 24 of"]),
        (HEADER + "b7,,tower,,,many\n", ["line 2: the name is missing", "line 2: level 'tower'", "line 2: under",
                                          "line 2: households 'many': write a number"]),
        (HEADER + "b7,7号楼,building,east,,9,9,9\n", ["line 2: 2 cells more than the header has columns"]),
        (HEADER + "b7\n", ["line 2: the name is missing"]),
        (HEADER + "b7,7号楼,building,moon,,\n", ["line 2: there is no grid 'moon'"]),
        (HEADER + "a,a,grid,b,,\nb,b,grid,a,,\nc,c,grid,b,,\n", ["line 2: 'a' is under itself",
                                                                  "line 3: 'b' is under itself"]),
        (HEADER + "a,a,grid,a,,\n", ["line 2: 'a' is under itself"]),
        (HEADER + "b7,7,grid,east,,\nb7,7,grid,east,,\n", ["line 3: the key 'b7' stands in line 2, too"]),
        (HEADER + "b3,三号楼,building,east,,\n", ["line 2: 'b3' was made in config.toml: change it there"]),
    ],
)  # fmt: skip
def test_if_one_row_is_wrong_nothing_is_imported(
    gridbot: Gridbot, table: Callable[..., str], database: Database, text: str, sentences: list[str]
) -> None:
    gridbot("invite", "admin")  # the file is known
    before = there(database)
    more = "ok,好的,grid,village,,\n" if text else ""
    result = gridbot("grids", "import", table(text + more))
    assert result.exit_code == 1
    for sentence in sentences:
        assert sentence in result.output
    assert there(database) == before


def test_what_the_file_says_too_is_no_conflict(gridbot: Gridbot, table: Callable[..., str], database: Database) -> None:
    result = gridbot("grids", "import", table(HEADER + "b3,3号楼,building,east,3号楼,\n"))
    assert "unchanged: 1 (b3)" in result.output
    assert there(database)["b3"][4] == "file"


def test_a_grid_made_in_chat_is_not_changed_by_a_table(
    gridbot: Gridbot, table: Callable[..., str], database: Database
) -> None:
    gridbot("invite", "admin")
    with database.transaction() as session:
        session.add(Grid(key="b9", name="9号楼", level="building", path="village/east/b9/", source="chat"))
    result = gridbot("grids", "import", table(HEADER + "b9,九号楼,building,east,,\n"))
    assert "line 2: 'b9' was made in chat: change it there" in result.output


def test_the_file_does_not_overwrite_what_was_imported(
    gridbot: Gridbot, table: Callable[..., str], tmp_path: Path
) -> None:
    gridbot("grids", "import", table(HEADER + "b7,7号楼,building,east,,90\n"))
    path = tmp_path / "config.toml"
    text = VILLAGE.read_text(encoding="utf-8")
    path.write_text(
        text + '\n[[grids]]\nkey = "b7"\nname = "七号"\nlevel = "building"\nunder = "b3"\n', encoding="utf-8"
    )
    assert (
        "at the next start: grids: 'b7' of the file was already imported from a table; the imported one stays"
        in gridbot("check", config=path).output
    )


def test_what_was_imported_moves_with_its_parent_and_survives_the_file(
    gridbot: Gridbot, table: Callable[..., str], database: Database, tmp_path: Path
) -> None:
    text = HEADER + "m1,一号,microgrid,east,,400\nb7,7号楼,building,m1,,90\n"
    gridbot("grids", "import", table(text))
    path = tmp_path / "config.toml"
    moved = VILLAGE.read_text(encoding="utf-8").replace(
        'key = "east"\nname = "东网格"\nlevel = "grid"\nunder = "village"',
        'key = "area"\nname = "片区"\nlevel = "grid"\nunder = "village"\n\n'
        '[[grids]]\nkey = "east"\nname = "东网格"\nlevel = "grid"\nunder = "area"',
    )
    path.write_text(moved, encoding="utf-8")
    assert gridbot("invite", "admin", config=path).exit_code == 0
    assert there(database)["b7"][1] == "village/area/east/m1/b7/"


def test_a_grid_the_file_gave_up_may_be_imported(
    gridbot: Gridbot, table: Callable[..., str], database: Database
) -> None:
    gridbot("invite", "admin")
    with database.transaction() as session:
        session.exec(select(Grid).where(Grid.key == "b5")).one().gone = True
    assert "there is no grid 'b5'" in gridbot("grids", "import", table(HEADER + "x,x,grid,b5,,\n")).output
    assert "changed: 1 (b5)" in gridbot("grids", "import", table(HEADER + "b5,5号楼,building,east,,\n")).output
    assert there(database)["b5"][4] == "csv"


def test_a_file_that_cannot_be_read_is_no_traceback(gridbot: Gridbot, tmp_path: Path) -> None:
    missing = gridbot("grids", "import", str(tmp_path / "none.csv"))
    assert (missing.exit_code, "cannot be read" in missing.output) == (1, True)
    odd = tmp_path / "odd.csv"
    odd.write_bytes(b"\xff\xff\xff")
    assert "is neither UTF-8 nor GBK" in gridbot("grids", "import", str(odd)).output
