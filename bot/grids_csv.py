"""Grids from a table: every row is checked, and either all of them are imported or none."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlmodel import Session, select

from nlp.places import building, find
from storage import grids
from storage.follow import CSV, FILE
from storage.grids import Grid, Level

COLUMNS = {
    "key": "编号", "name": "名称", "level": "级别", "under": "上级", "place": "地点", "households": "户数",
}  # fmt: skip
NEEDED = ("key", "name", "level", "under")
LEVELS = {"社区": Level.COMMUNITY, "网格": Level.GRID, "微网格": Level.MICROGRID, "楼栋": Level.BUILDING}
HOUSEHOLDS = range(300, 501)  # of a micro-grid
_KEY = re.compile(r"[A-Za-z0-9_.-]{1,24}")


class Unreadable(Exception):  # noqa: N818 (what is wrong, in sentences)
    """Nothing is imported; `sentences` name each row that is wrong by its line."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


@dataclass(frozen=True)
class Line:
    """One row of the table as it would stand in the database."""

    number: int
    key: str
    name: str
    level: Level
    under: str
    place: str | None
    households: int | None


@dataclass
class Import:
    """What becomes of the rows, by key; `warnings` are sentences about what works but is probably not meant."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read(path: Path) -> list[Line]:
    """The rows of a file in UTF-8 or GBK. Unreadable."""
    rows = csv.reader(io.StringIO(_text(path), newline=""))
    names = _header(next(rows, []))
    wrong: list[str] = []
    lines: list[Line] = []
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        cells = dict(zip(names, (cell.strip() for cell in row), strict=False))
        problems = list(_problems(cells, extra=len(row) - len(names)))
        wrong += [f"line {rows.line_num}: {problem}" for problem in problems]
        if not problems:
            lines.append(_line(rows.line_num, cells))
    if wrong:
        raise Unreadable(*wrong)
    return lines


def _text(path: Path) -> str:
    """A spreadsheet saves UTF-8 with a mark at its beginning, or GBK."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror})") from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("is neither UTF-8 nor GBK; save it again as CSV UTF-8")


def _header(cells: list[str]) -> list[str]:
    known = {**{name: name for name in COLUMNS}, **{chinese: name for name, chinese in COLUMNS.items()}}
    names = [known.get(cell.strip().casefold(), "") for cell in cells]
    strange = [cell for cell, name in zip(cells, names, strict=True) if not name]
    missing = [f"{name} ({COLUMNS[name]})" for name in NEEDED if name not in names]
    wrong = [f"line 1: no such column: {cell!r}" for cell in strange]
    wrong += [f"line 1: the column {name} is missing" for name in missing]
    wrong += [f"line 1: the column {name} is there twice" for name in COLUMNS if names.count(name) > 1]
    if wrong:
        raise Unreadable(*wrong)
    return names


def _problems(cells: Mapping[str, str], *, extra: int) -> Iterator[str]:
    if extra > 0:
        yield f"{extra} cells more than the header has columns"
    if not _KEY.fullmatch(cells.get("key", "")):
        yield f"key {cells.get('key', '')!r}: 1 to 24 of A-Z, a-z, 0-9, _ . and -"
    if not cells.get("name"):
        yield "the name is missing"
    if _level(cells.get("level", "")) is None:
        yield f"level {cells.get('level', '')!r}: write one of {', '.join((*LEVELS, *Level))}"
    if not cells.get("under"):
        yield "under (上级) is missing: the community itself stands in config.toml"
    if (count := cells.get("households")) and not re.fullmatch(r"\d{1,7}", count, re.ASCII):
        yield f"households {count!r}: write a number"


def _level(word: str) -> Level | None:
    return LEVELS.get(word) or next((level for level in Level if level.value == word.casefold()), None)


def _line(number: int, cells: Mapping[str, str]) -> Line:
    """A place in its normal form; a building without one is where its name says."""
    level = _level(cells["level"]) or Level.GRID
    place = cells.get("place") or (cells["name"] if level == Level.BUILDING else "")
    normal = next(filter(None, map(building, find(place))), None)
    households = cells.get("households")
    return Line(
        number,
        cells["key"],
        cells["name"],
        level,
        cells["under"],
        normal or cells.get("place") or None,
        int(households) if households else None,
    )


def bring_in(session: Session, lines: list[Line]) -> Import:
    """Adds and changes grids by key. Unreadable if any row cannot stand beside the others and what is there."""
    there = {grid.key: grid for grid in session.exec(select(Grid))}
    paths = _paths(lines, there)
    if wrong := [*_doubles(lines), *_conflicts(lines, there, paths), *_lost(lines, there, paths)]:
        raise Unreadable(*(sentence for _, sentence in sorted(wrong)))
    done = Import(warnings=list(_warnings(lines)))
    for line in lines:
        values = _values(line, paths)
        grid = there.get(line.key)
        if grid is None:
            session.add(Grid(key=line.key, source=CSV, **values))
            done.added.append(line.key)
        elif _same(grid, values):
            done.unchanged.append(line.key)
        else:
            grid.sqlmodel_update({**values, "gone": False, "source": CSV})
            done.changed.append(line.key)
    grids.follow_parents(session)
    return done


def _values(line: Line, paths: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": line.name,
        "level": line.level,
        "path": paths[line.key],
        "place": line.place,
        "households": line.households,
    }


def _same(grid: Grid, values: Mapping[str, Any]) -> bool:
    return not grid.gone and all(getattr(grid, name) == value for name, value in values.items())


def _paths(lines: list[Line], there: Mapping[str, Grid]) -> dict[str, str]:
    """The path of each row that has one: its parents are rows or grids, and lead to the root."""
    parents = {line.key: line.under for line in lines}
    paths: dict[str, str] = {}
    for key in parents:
        keys = [key]
        while keys[-1] in parents and keys.count(keys[-1]) == 1:
            keys.append(parents[keys[-1]])
        above = there.get(keys[-1])
        if keys[-1] not in parents and above is not None and not above.gone:
            paths[key] = above.path + "".join(f"{key}/" for key in reversed(keys[:-1]))
    return paths


def _doubles(lines: list[Line]) -> Iterator[tuple[int, str]]:
    first: dict[str, int] = {}
    for line in lines:
        if line.key in first:
            yield line.number, f"line {line.number}: the key {line.key!r} stands in line {first[line.key]}, too"
        first.setdefault(line.key, line.number)


def _lost(lines: list[Line], there: Mapping[str, Grid], paths: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """Rows that lead nowhere: their own parent is unknown, or they are under each other in a circle."""
    keys = {line.key for line in lines}
    for line in lines:
        known = line.under in keys or (line.under in there and not there[line.under].gone)
        if not known:
            yield line.number, f"line {line.number}: there is no grid {line.under!r}"
        elif line.key not in paths and _circle(line, lines):
            yield line.number, f"line {line.number}: {line.key!r} is under itself"


def _circle(line: Line, lines: list[Line]) -> bool:
    parents = {one.key: one.under for one in lines}
    seen: list[str] = []
    key = line.key
    while key in parents and key not in seen:
        seen.append(key)
        key = parents[key]
    return key in seen


def _conflicts(lines: list[Line], there: Mapping[str, Grid], paths: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """What the file or somebody in chat made is not changed by a table; a row that says the same is none."""
    for line in lines:
        grid = there.get(line.key)
        if grid is None or grid.gone or grid.source == CSV or line.key not in paths:
            continue
        if not _same(grid, _values(line, paths)):
            where = "config.toml: change it there" if grid.source == FILE else "chat: change it there"
            yield line.number, f"line {line.number}: {line.key!r} was made in {where}"


def _warnings(lines: list[Line]) -> Iterator[str]:
    for line in lines:
        if line.level == Level.MICROGRID and line.households is not None and line.households not in HOUSEHOLDS:
            yield f"line {line.number}: {line.key}: {line.households} households; a micro-grid holds 300–500"
