"""Places in a message, each in one normal form: 3号楼2单元501室, 4层, 地下车库B1-117, 东门."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Final

from nlp.lexicon import load
from nlp.numerals import HAN, LIST, NUMBER, expand, number
from nlp.spelling import plain

_DATA: Final = load("places")
_SPOTS: Final = tuple(_DATA["spots"].split())
CUES: Final = (*_DATA["cues"].split(), *_SPOTS, *_DATA["bare"].split())  # without one there is no place
_BARE: Final = tuple(_DATA["bare"].split())
_DECOYS: Final = tuple(_DATA["decoys"].split())
_THINGS: Final = frozenset(_DATA["things"].split())
_BESIDE: Final = re.compile(
    r"(?:那|这)?(?:旁|边|门口|门前|口|对面|附近|前面|后面|后头|前头|里|上|下|处|东|西|南|北|头|角|跟前|中间|外|侧|顶)"
)
_AT: Final = re.compile(r"(?:在|到|从|离|挨着|靠近)[^,。 ]{0,2}$")
_TO: Final = 5  # characters before a thing that say where something is
_NAMED: Final = re.compile(r"@[\da-zA-Z#-][^\s,。:]*")  # @6-1802 is somebody, not somewhere

_FREE: Final = r"(?<![\d.:/\-¥$a-zA-Z])"
_NO_AMOUNT: Final = r"(?![\d.:/]|[-~]\d|[元块年月日度平米人户次天个点分秒斤岁万千百多路%]|号[楼院线文栋])"
_UNITS: Final = "块人平米斤字公里分钟单个万千天次位只份条度倍本集页楼层张"
_GARAGE: Final = "地下车库|地下停车场|地下停车库|地库|车库(?![入出]?口)"
_LEVEL: Final = (
    r"负[一二三四1-4](?![百千万分\d])|(?<![维素])[Bb][1-4](?![\da-zA-Z维族])"
    r"|地下[一二三四1-4](?=层|楼)|(?<!\d)-[1-4](?=层|楼)"
)
_BLOCK: Final = r"号院楼|号楼|号住宅楼|#楼?|(?<=[\da-zA-Z])(?:[栋幢]楼?|座(?!谈))|(?<=[甲乙丙丁戊])[楼栋座]"
_TOWER: Final = rf"座(?=[{HAN}\d]|单元|门|楼|的|电梯|大堂|地|负|顶|$|[ ,。!?])"  # 一座桥 is none
_HAN_BLOCK: Final = rf"[栋幢](?![小大老高新旧破房别公]|楼[^道下上顶门后前梯里的])楼?|{_TOWER}"
_BEFORE_MEASURE: Final = "(?<![那这每整某另哪有同了盖建买隔几第厚薄刷铺上下])"

# One alternative per kind of part; the parts that touch are joined into one place afterwards.
_PARTS: Final = re.compile(
    "|".join(
        (
            rf"(?P<garage>{_GARAGE})",
            rf"(?P<level>{_LEVEL})[层楼]?",
            r"(?:(?<=[Bb][1-4][-区])|(?<=库-))(?P<bay>\d{1,4})号?(?:车位)?",
            r"(?P<parking>\d{2,4})号?车位",
            rf"{_FREE}(?P<triple>(?:\d{{1,2}}|[A-Za-z])-\d{{1,2}}-\d{{1,4}})(?![\d\-:/年月日元.])(?:室|号(?!楼))?",
            rf"{_FREE}(?P<hash>\d{{1,2}}#\d{{1,2}}-\d{{3,4}})(?![\d\-])室?",
            rf"{_FREE}(?P<pair>(?:\d{{1,2}}|[A-Za-z])-(?!\d*00(?!\d))\d{{3,4}})(?![\d\-:/.年月日元~号栋{_UNITS}])室?",
            rf"{_FREE}(?P<door>(?:\d{{1,2}}|[A-Za-z])-\d{{1,2}})(?:单元|门(?![口禁]))",
            rf"{_FREE}(?P<gate>{NUMBER}号(?:大门|门(?![口禁卫面诊牌])))",
            rf"{_FREE}(?P<block>{LIST}) ?(?:{_BLOCK})",
            rf"{_BEFORE_MEASURE}(?P<han>{LIST})(?:{_HAN_BLOCK})",
            rf"{_FREE}(?P<house>\d{{1,2}})号(?=[ 的]?{NUMBER}(?:单元|门))",
            rf"{_FREE}(?<![同每另哪整])(?P<unit>{LIST})(?:单元|门洞儿?)",
            rf"{_FREE}(?P<hall>{NUMBER})(?:门儿?(?![口禁卫面诊岗铃窗锁槛板牌框把外前后里头厅心])|洞(?!口))",
            rf"{_FREE}{_BEFORE_MEASURE}(?P<floor>{LIST})(?:层(?![灰冰雪土皮油薄厚漆霜膜意关泥纱次楼口被布])|楼(?![道下上顶梯栋盘主房市长宇说组]))",
            rf"{_FREE}(?P<room>\d{{3,4}}|[{HAN}]{{3}}|\d{{1,2}})室(?![友内外温])",
            rf"{_FREE}(?P<neighbour>[1-9]\d?0[1-9])(?=的[^\d]|家|那家|业主|邻居|住户|户)户?",
            rf"(?<![\d.:/¥$a-zA-Z])(?P<number>\d{{3,4}}){_NO_AMOUNT}(?:号房?|户)?",
        )
    )
)
_RANKS: Final = {
    "garage": 0, "level": 1, "bay": 2, "parking": 2,
    "block": 0, "han": 0, "house": 0, "unit": 1, "hall": 1, "floor": 2, "room": 3, "neighbour": 3, "number": 3,
}  # fmt: skip
_SUFFIXES: Final = ("号楼", "单元", "层", "室")
_WEAK: Final = frozenset({"house", "hall", "number"})  # no place by themselves: 3号, 一门, 501
_UNDERGROUND: Final = frozenset({"garage", "level", "bay", "parking"})
_GLUE: Final = re.compile(r"[ 的\-]{0,2}")
_FORM: Final = re.compile(r"(?:([^号层单室]+)号楼)?(?:(\d+)单元)?(?:(\d+)层)?(?:(\d+)室)?")


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of a place; `values` are finished pieces of the normal form, such as 3号楼."""

    start: int
    end: int
    rank: int
    values: tuple[str, ...]
    weak: bool = False
    underground: bool = False
    ambiguous: bool = False  # 3-501: building 3 or unit 3; 9-19-4: floor 19 or unit 19


# 叁号楼, ③号楼: numbers in other dress, one character for one. 伍 and 陆 are also names, so only where a place follows.
_DRESSED: Final = re.compile(r"[壹贰叁肆伍陆柒捌玖拾]{1,3}(?=号楼|号院|[栋幢座层]|单元|楼(?!上|下|道))")
_BARE_NUMBERS: Final = str.maketrans("壹贰叁肆伍陆柒捌玖拾①②③④⑤⑥⑦⑧⑨", "一二三四五六七八九十123456789")
_CIRCLED: Final = re.compile("[①-⑨]")

_DASHED_FLAT: Final = re.compile(r"(?<![\d-])(\d{1,2})(?:-\d{1,2})?-\d{3,4}(?![\d-])室?")
_SPELT_FLAT: Final = re.compile(r"(?:\d{1,2}(?:单元|门))?\d{3,4}[室房](?!间)")


def find(text: str, names: Iterable[str] = ()) -> tuple[str, ...]:
    """The places in their normal forms, in the order of the text, each once. `names`: spots of this community."""
    return _forms(_places(text, tuple(names)))


def ambiguous(text: str, names: Iterable[str] = ()) -> tuple[str, ...]:
    """Those of the places that could be read another way."""
    return _forms([place for place in _places(text, tuple(names)) if any(part.ambiguous for part in place)])


def _forms(places: Iterable[Sequence[_Part]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(form for place in places for form in _form(place)))


def _places(text: str, names: tuple[str, ...]) -> list[list[_Part]]:
    text = _NAMED.sub(lambda name: " " * len(name[0]), _undressed(plain(text)))
    spots = list(_spots(text, names))
    taken = {index for spot in spots for index in range(spot.start, spot.end)}
    places = list(_joined(text, [part for part in _parts(text) if part.start not in taken]))
    ends = {place[-1].end for place in places}
    places += [[spot] for spot in spots if spot.values[0] and not (spot.start in ends and spot.weak)]
    return sorted(places, key=lambda place: place[0].start)


def _undressed(text: str) -> str:
    text = _DRESSED.sub(lambda number: number[0].translate(_BARE_NUMBERS), text)
    return _CIRCLED.sub(lambda number: number[0].translate(_BARE_NUMBERS), text)


def _spots(text: str, names: tuple[str, ...]) -> Iterator[_Part]:
    for match in _names(names).finditer(text):
        known = match[0] in names or not (match[0] in _DECOYS or _is_thing(text, match))
        is_gate = match[0].endswith("门")  # 3号楼东门 is a door of building 3
        yield _Part(match.start(), match.end(), 0, (match[0] if known else "",), weak=is_gate)


def _is_thing(text: str, match: re.Match[str]) -> bool:
    """Whether it is only spoken of, and nothing is said to be there."""
    if match[0] not in _THINGS or _BESIDE.match(text, match.end()):
        return False
    return _AT.search(text[max(0, match.start() - _TO) : match.start()]) is None


@lru_cache(maxsize=64)
def _names(names: tuple[str, ...]) -> re.Pattern[str]:
    words = sorted({*map(plain, names), *_SPOTS, *_DECOYS} - {""}, key=len, reverse=True)
    bare = "|".join(_BARE)
    return re.compile(
        "|".join(map(re.escape, words)) + rf"|(?<![\u4e00-\u9fff])(?:{bare})|(?<=[在到从的了把去])(?:{bare})"
    )


def _parts(text: str) -> Iterator[_Part]:
    for match in _PARTS.finditer(text):
        kind = match.lastgroup or ""
        start, end, value = match.start(), match.end(), match[kind]
        if kind in ("triple", "hash", "pair", "door"):
            yield from _dashed(kind, value.replace("#", "-"), start, end)
        elif kind == "gate":
            yield _Part(start, end, 0, (match[0],))
        elif kind in _UNDERGROUND:
            yield _Part(start, end, _RANKS[kind], (_underground(kind, value),), kind == "parking", underground=True)
        else:
            rank = _RANKS[kind]
            numbers = expand(value) if rank < 3 else (number(value),)
            values = tuple(each + _SUFFIXES[rank] for each in numbers)
            yield _Part(start, end, rank, values, weak=kind in _WEAK)


def _dashed(kind: str, value: str, start: int, end: int) -> Iterator[_Part]:
    """3-2-501 and 3#2-501 are building, unit, flat; 9-19-4 building, floor, flat (public housing); 3-501; 5-2单元."""
    pieces = [number(piece) for piece in value.split("-")]
    doubtful = kind == "pair" or (kind == "triple" and len(pieces[2]) < 3)
    suffixes = {"triple": "号楼 单元 室", "hash": "号楼 单元 室", "pair": "号楼 室", "door": "号楼 单元"}[kind].split()
    if kind == "triple" and len(pieces[2]) < 3:
        suffixes[1] = "层"
    for piece, suffix in zip(pieces, suffixes, strict=True):
        yield _Part(start, end, _SUFFIXES.index(suffix), (piece + suffix,), ambiguous=doubtful)


def _underground(kind: str, value: str) -> str:
    if kind == "garage":
        return "地下车库"
    return f"B{number(value[-1])}" if kind == "level" else f"-{value}"


def _joined(text: str, parts: Sequence[_Part]) -> Iterator[list[_Part]]:
    """Parts that touch and go from large to small are one place."""
    place: list[_Part] = []
    for part in parts:
        if place and _continues(place[-1], part, text):
            place.append(part)
            continue
        if _is_place(place):
            yield place
        place = [part]
    if _is_place(place):
        yield place


def _continues(last: _Part, part: _Part, text: str) -> bool:
    if last.underground != part.underground:
        return False
    touching = part.start < last.end or _GLUE.fullmatch(text, last.end, part.start) is not None
    return part.rank > last.rank and touching


def _is_place(place: Sequence[_Part]) -> bool:
    return any(not part.weak for part in place) or (len(place) > 1 and place[0].rank < 2)


def _form(place: Sequence[_Part]) -> Iterator[str]:
    lead = "地下车库" if place[0].underground and place[0].rank else ""
    for pieces in product(*(part.values for part in place)):
        yield lead + "".join(pieces)


def without_flats(text: str) -> str:
    """A text as a group may read it: 2-1-301 → 2号楼, 3号楼2单元501室 → 3号楼; everything else as it was."""
    text = _DASHED_FLAT.sub(r"\1号楼", text)
    return _SPELT_FLAT.sub("", text)


def building(place: str) -> str | None:
    """What a group may read of a place: 3号楼2单元501室 → 3号楼, 401室 → None, 东门 → 东门."""
    form = _FORM.fullmatch(place)
    if form is None:
        return place
    return f"{form[1]}号楼" if form[1] else None


def near(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether two reports can mean one place: the same building with no two units, or the same named spot."""
    return any(_meet(one, other) for one in first for other in second)


def _meet(one: str, other: str) -> bool:
    mine, yours = _FORM.fullmatch(one), _FORM.fullmatch(other)
    if mine is None or yours is None:
        return one == other
    if mine[1] is None or mine[1] != yours[1]:
        return one == other
    return mine[2] is None or yours[2] is None or mine[2] == yours[2]
