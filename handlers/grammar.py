"""From a line of text to a command: "/take 12", "接单 12", "办结#12 修好了"."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# "补充 3号楼" names a building, "接单 12-3" a flat, "好了 2 点见" an hour, "办结2件" an amount.
_NO_NUMBER = r"(?!\d|[:：]\d|\s*[点栋幢座楼单室-]|\s*号[楼院]|[个件条次户元块分年月])"
_GAP = r"[\s,，:：。]*"
_AFTER_VERB = re.compile(
    rf"(?:@\w+)?(?P<gap>{_GAP})(?P<all>(?:[#＃]?\s*(?P<number>\d{{1,9}}){_NO_NUMBER}号?)?{_GAP}(?P<words>.*))",
    re.DOTALL,
)
_SLASH = re.compile(r"/(?P<name>[a-z_]+)(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Parsed:
    """`sure` means nobody says this by accident: a slash, a button, or a verb with a number.

    `all_words` is what follows the verb, for commands about no case: there "110报警了" holds no number.
    """

    name: str
    number: int | None
    words: str
    all_words: str
    sure: bool


class Grammar:
    """The names of the commands, Latin and Chinese; longer names win ("不是诉求" before "不")."""

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        self.commands = frozenset(names)
        self._verbs = {verb: name for name, own in names.items() for verb in own}
        ordered = sorted(self._verbs, key=len, reverse=True)
        self._verb = re.compile(f"(?P<verb>{'|'.join(map(re.escape, ordered))})(?P<rest>.*)", re.DOTALL)

    def parse(self, text: str) -> Parsed | None:
        text = text.strip()
        if found := _SLASH.fullmatch(text):
            return _parsed(found["name"], found["rest"], slash=True) if found["name"] in self.commands else None
        found = self._verb.fullmatch(text.removeprefix("/"))
        if found is None or (found["verb"][-1].isdigit() and found["rest"][:1].isdigit()):  # "+1" is not in "+12"
            return None
        return _parsed(self._verbs[found["verb"]], found["rest"], slash=False)


def _parsed(name: str, rest: str, *, slash: bool) -> Parsed | None:
    found = next(_AFTER_VERB.finditer(rest))
    number = int(found["number"]) if found["number"] else None
    words = found["words"].strip()
    if not slash and number is None and words and not found["gap"]:
        return None  # "待办事项都做完了": the verb is only the beginning of a word
    return Parsed(name, number, words, found["all"].strip(), sure=slash or number is not None)
