"""From what was typed to what the groups read: a heading, the time spelt out, whom it concerns, what to do."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from handlers.desk import Desk, Sorry
from nlp import moments, places
from nlp.moments import Span

FINISHED = "。!?!?…"  # how a sentence ends
JOINED = (*",,。;;、::起前后有在的 ", "")  # after a time none of these needs a comma before it
BREAKS = ",,。;; \n"
QUESTION = 200  # characters
OPTIONS = range(2, 9)  # how many
OPTION = 12  # characters: a button's room
ASKING = "?\uff1f"
_BETWEEN = re.compile(r"[/\uff0f|\n]")
_NUMBERED = re.compile(r"(?:[A-Ha-h\d][.、．)）:：](?!\d)|[①-⑧])\s*")


@dataclass(frozen=True, slots=True)
class Template:
    """`everywhere`: it does not happen to houses, so none are named. `typed` and `said` are its example."""

    words: tuple[str, ...]
    heading: str
    advice: str
    typed: str
    said: str
    everywhere: bool = False


@cache
def templates(language: str) -> tuple[Template, ...]:
    text = files("handlers.wording").joinpath(f"notices.{language}.toml").read_text(encoding="utf-8")
    return tuple(_template(entry) for entry in tomllib.loads(text)["notice"])


def _template(entry: Mapping[str, object]) -> Template:
    words = entry["words"]
    assert isinstance(words, list)  # the file is ours; its test reads every entry
    return Template(**{**entry, "words": tuple(words)})  # type: ignore[arg-type]


def compose(desk: Desk, typed: str, where: str) -> str:
    """What begins with a heading of its own is left as it is. `where`: the houses it is for, empty for everybody."""
    typed = typed.strip()
    if typed.startswith("【"):
        return typed
    found = [one for one in templates(desk.house.language) if any(word in typed for word in one.words)]
    template = min(found, key=lambda one: min(typed.find(word) for word in one.words if word in typed), default=None)
    before, said, rest = _parted(desk, typed)
    if template and where and not template.everywhere and not places.find(typed):
        before, rest = _placed(template.words, where, before, rest)
    houses_first = bool(said and where) and rest.startswith(where)
    comma = "," if not before and (houses_first or (said[-1:].isdigit() and rest[:1] not in JOINED)) else ""
    body = f"{before}{said}{comma}{rest}"
    body = body if body[-1:] in FINISHED else f"{body}。"
    heading = template.heading if template else desk.say("notice.heading")
    return f"【{heading}】{body}{template.advice if template else ''}"


def _parted(desk: Desk, typed: str) -> tuple[str, str, str]:
    """What stands before the time, the time spelt out, and the rest; without a time all is rest."""
    span = moments.find(typed, desk.now.astimezone(desk.house.zone).replace(tzinfo=None))
    if span is None:
        return "", "", typed
    before = typed[: span.start].lstrip()
    rest = typed[span.stop :]
    return before, _spelt(desk, span), rest if before else rest.lstrip()


def _placed(words: Iterable[str], where: str, before: str, rest: str) -> tuple[str, str]:
    """The houses before the piece that says what happens: "楼道消杀" → "1–5号楼楼道消杀"."""
    early = [before.find(word) for word in words if word in before]
    text = before if early else rest
    at = min(early or [rest.find(word) for word in words if word in rest])
    piece = max(text.rfind(mark, 0, at) for mark in BREAKS) + 1
    placed = text[:piece] + where + text[piece:]
    return (placed, rest) if early else (before, placed)


def _spelt(desk: Desk, span: Span) -> str:
    """ "11月24日(周二) 09:00–15:00"; the second day only where it is another."""
    begin, end = (at.replace(tzinfo=desk.house.zone) if at else None for at in (span.begin, span.end))
    assert begin
    first = f"{desk.say.day(begin)} {desk.say.clock(begin)}" if span.clock else desk.say.day(begin)
    if end is None or end == begin:
        return first
    if not span.clock:
        return f"{first}–{desk.say.day(end)}"
    same = end.date() == begin.date()
    return f"{first}–{desk.say.clock(end) if same else f'{desk.say.day(end)} {desk.say.clock(end)}'}"


# -- a question and its options ---------------------------------------------------------------------------------------


def question(desk: Desk, typed: str) -> tuple[str, list[str]]:
    """ "…吗? 好/一般/差": the question, and the options if any follow it. Sorry for what will not do."""
    typed = typed.strip()
    end = max(typed.rfind(mark) for mark in ASKING) + 1 or len(typed.split("\n")[0])
    asked, rest = typed[:end], typed[end:].strip()
    if not _BETWEEN.search(rest):
        asked, rest = typed, ""
    if len(asked) > QUESTION:
        raise Sorry(desk.say("survey.too_long", count=len(asked), most=QUESTION))
    return asked, options(desk, rest) if rest else []


def options(desk: Desk, typed: str) -> list[str]:
    """ "好/一般/差" or a line each, numbered or not. Sorry for too few, too many, too long, or twice the same."""
    found = [_NUMBERED.sub("", piece.strip(), count=1).strip() for piece in _BETWEEN.split(typed)]
    found = [piece for piece in found if piece]
    if len(found) not in OPTIONS or len(set(found)) < len(found) or any(len(one) > OPTION for one in found):
        raise Sorry(desk.say("survey.options", least=OPTIONS[0], most=OPTIONS[-1], longest=OPTION))
    return found
