"""What may be told of few answers, and how many households a grid has."""

from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from storage.database import Database
from storage.grids import Grid, Level
from storage.surveys import FEWEST, Part, households, rolled_up, told_apart, total

COUNTS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12)


@given(COUNTS)
def test_no_split_of_few_is_told_nor_follows_from_what_is(counts: list[tuple[int, int]]) -> None:
    parts = [Part(number, both) for number, both in enumerate(counts)]
    told = told_apart(parts)
    hidden = [part for part in parts if part.grid_id not in told]
    assert all(part.answers >= FEWEST for part in parts if part.grid_id in told)
    rest = sum(part.answers for part in hidden)
    assert rest == 0 or rest >= FEWEST or not told


@given(COUNTS)
def test_no_more_than_one_is_hidden_without_need(counts: list[tuple[int, int]]) -> None:
    parts = [Part(number, both) for number, both in enumerate(counts)]
    enough = {part.grid_id for part in parts if part.answers >= FEWEST}
    assert len(enough - told_apart(parts)) <= 1


@given(COUNTS)
def test_the_whole_is_the_sum_of_its_parts(counts: list[tuple[int, int]]) -> None:
    parts = [Part(number, both) for number, both in enumerate(counts)]
    assert sum(total(parts, 2)) == sum(part.answers for part in parts)


def tree(database: Database, counts: dict[str, int | None]) -> None:
    """c › g1 g2, g1 › m › b1 b2."""
    levels = {"c": Level.COMMUNITY, "g1": Level.GRID, "g2": Level.GRID, "m": Level.MICROGRID}
    paths = {"c": "c/", "g1": "c/g1/", "g2": "c/g2/", "m": "c/g1/m/", "b1": "c/g1/m/b1/", "b2": "c/g1/m/b2/"}
    with database.transaction() as session:
        for key, path in paths.items():
            level = levels.get(key, Level.BUILDING)
            session.add(Grid(key=key, name=key, level=level, path=path, households=counts.get(key), source="file"))


def counted(session: Session, key: str) -> int | None:
    return households(session, grid(session, key))


def grid(session: Session, key: str) -> Grid:
    return session.exec(select(Grid).where(Grid.key == key)).one()


def test_households_are_those_counted_nearest_above(database: Database) -> None:
    tree(database, {"g1": None, "g2": 300, "m": None, "b1": 40, "b2": 60})
    with database.transaction() as session:
        found = {key: counted(session, key) for key in ("b1", "m", "g1", "g2", "c")}
    assert found == {"b1": 40, "m": 100, "g1": 100, "g2": 300, "c": 400}


def test_what_nobody_counted_is_none(database: Database) -> None:
    tree(database, {"b1": 40})
    with database.transaction() as session:
        assert [counted(session, key) for key in ("b2", "g2", "g1")] == [None, None, 40]


def test_a_whole_community_is_told_by_grid_and_a_part_as_it_was_asked(database: Database) -> None:
    tree(database, {})
    with database.transaction() as session:
        parts = [Part(grid(session, key).id or 0, (1, number)) for number, key in enumerate(("b1", "b2", "g2", "c"))]
        by_grid = rolled_up(session, parts, [grid(session, "c")])
        assert [(one.name, part.counts) for one, part in by_grid] == [("c", (1, 3)), ("g1", (2, 1)), ("g2", (1, 2))]
        for aim in ("g1", "m"):
            as_asked = rolled_up(session, parts[:2], [grid(session, aim)])
            assert [(one.name, part.counts) for one, part in as_asked] == [("b1", (1, 0)), ("b2", (1, 1))]
