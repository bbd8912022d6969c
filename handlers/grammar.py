"""From a line of text to a command: "/take 12", "接单 12", "办结#12 修好了"."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_GAP = r"[\s,，:：。]*"
_NOT_A_PLACE = r"(?!\d|[:点栋幢座楼单室-]|号[楼院])"  # "补充 3号楼" names a building, "接单 12-3" a flat
_REST = re.compile(
    rf"(?:@\S+)?(?P<gap>{_GAP})(?:[#＃]?\s*(?P<number>\d{{1,9}}){_NOT_A_PLACE}号?)?{_GAP}(?P<words>.*)", re.DOTALL
)
_SLASH = re.compile(r"/(?P<name>[a-z_]+)(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Parsed:
    """`sure` means nobody says this by accident: a slash, a button, or a verb with a number."""

    name: str
    number: int | None
    words: str
    sure: bool


class Grammar:
    """The names of the commands, Latin and Chinese; longer names win ("不是诉求" before "不")."""

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        self.commands = frozenset(names)
        verbs = {verb: name for name, own in names.items() for verb in own}
        self._verbs = verbs
        ordered = sorted(verbs, key=len, reverse=True)
        self._verb = (
            re.compile(f"(?P<verb>{'|'.join(map(re.escape, ordered))})(?P<rest>.*)", re.DOTALL) if ordered else None
        )

    def parse(self, text: str) -> Parsed | None:
        text = text.strip()
        if found := _SLASH.fullmatch(text):
            name = self._verbs.get(found["name"], found["name"])
            return self._rest(name, found["rest"], slash=True) if name in self.commands else None
        text = text.removeprefix("/")
        if self._verb and (found := self._verb.fullmatch(text)):
            return self._rest(self._verbs[found["verb"]], found["rest"], slash=False)
        return None

    @staticmethod
    def _rest(name: str, rest: str, *, slash: bool) -> Parsed | None:
        found = _REST.fullmatch(rest)
        if found is None:
            return None
        words = found["words"].strip()
        number = int(found["number"]) if found["number"] else None
        if not slash and number is None and words and not found["gap"]:
            return None  # "待办事项都做完了": the verb is only the beginning of a word
        return Parsed(name, number, words, sure=slash or number is not None)
